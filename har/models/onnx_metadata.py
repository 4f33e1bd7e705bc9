"""What an ONNX build says of itself: one type, which the export writes and every reader checks.

It is kept as texts, the values of what is not text as JSON. Files come from anyone: each field
has bounds, and `OnnxMetadata.require_fits` holds all of them against what the graph really takes
and gives, before anything is answered. Fields that came later have the defaults of files from
before there were any.
"""

import json
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar, get_args

import numpy as np

from har.arrays import Float32
from har.config import WindowGrid
from har.config.data import Axis
from har.data.channels import AXES, bare, require_channels, units_of
from har.data.gravity import STANDARD_GRAVITY
from har.data.recording import UNITS
from har.errors import DataError, HarError
from har.foreign import json_of
from har.models.out_of_distribution import MahalanobisDetector
from har.models.reference import Reference
from har.models.runtime import DISTANCE, PROBABILITIES, OnnxModel
from har.models.smoothing import Name, Smoothing

NEEDED = ("classes", "rate_hz", "n_samples", "n_hop", "channels", "units")
MAX_CLASSES, MAX_LETTERS = 1_000, 200
MAX_AVERAGE = 1_000
MAX_VALUES = 2_000_000
"""Numbers of a window: ten minutes of nine channels at 100 Hz are 540,000."""
MAX_TEXT = 8 << 20
"""Bytes of one field: the reference of a fused model has 200 kB."""
_SUM_TOLERANCE = 1e-2  # of the probabilities of a window

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class OnnxMetadata:
    """The metadata of a build.

    Attributes
    ----------
    classes : tuple of str
        Class names, in the order of the probabilities.
    channels : tuple of str
        Columns of a recording that the model reads, in its order.
    rate_hz : float
        Sampling rate that the model was trained at, Hz.
    n_samples, n_hop : int
        Length of a window and step between windows, samples.
    gravity : bool
        Whether the acceleration that it was trained on holds gravity.
    upright : str or None
        The axis along which recordings are turned upright; None: they are read as worn.
    threshold : float
        Distance from the training windows above which a window is unknown; infinite where the
        file tells none.
    smoothing : Smoothing or None
        The smoothers.
    smoother : {"none", "average", "hmm"}
        Which of them was best; files from before one was named are smoothed by the average.
    reference : Reference or None
        What recordings are held against.
    detector : MahalanobisDetector or None
        Of a file whose graph has no distance: it has the detector's matrices instead.
    candidate, dataset : str
        Which model, trained on what; empty where a file does not say.

    Raises
    ------
    DataError
        If a field is out of bounds, or two do not fit each other.
    """

    classes: tuple[str, ...]
    channels: tuple[str, ...]
    rate_hz: float
    n_samples: int
    n_hop: int
    gravity: bool = True
    upright: str | None = None
    threshold: float = math.inf
    smoothing: Smoothing | None = None
    smoother: Name = "average"
    reference: Reference | None = None
    detector: MahalanobisDetector | None = None
    candidate: str = ""
    dataset: str = ""

    def __post_init__(self) -> None:
        _check_classes(self.classes)
        require_channels(self.channels, "channels")
        _require(isinstance(self.gravity, bool), "gravity", "true or false", self.gravity)
        axes = (None, *get_args(Axis))
        _require(self.upright in axes, "upright", f"one of {axes}", self.upright)
        _require(self.threshold >= 0, "distance_threshold", "0 or more", self.threshold)
        _require(self.smoother in get_args(Name), "smoother", "none, average or hmm", self.smoother)
        self._check_window()
        self._check_parts()

    @cached_property
    def window(self) -> WindowGrid:
        """How recordings are cut."""
        length, hop = self.n_samples / self.rate_hz, self.n_hop / self.rate_hz
        return WindowGrid(rate_hz=self.rate_hz, length_s=length, hop_s=hop)

    @property
    def units(self) -> dict[str, str]:
        """The unit of each channel: there is one for each sensor, whatever the model."""
        return units_of(self.channels)

    def _check_window(self) -> None:
        values = self.n_samples * len(self.channels)
        _require(values <= MAX_VALUES, "n_samples", f"at most {MAX_VALUES:,} numbers", values)
        try:
            grid = self.window
        except (HarError, ValueError, ArithmeticError) as error:
            raise DataError(
                "rate_hz, n_samples, n_hop: not a way to cut windows",
                expected="a rate of at most 10,000 Hz, 2 samples or more, a hop of 1 or more",
                found=f"{self.rate_hz} Hz, {self.n_samples} and {self.n_hop}"[:100],
            ) from error
        cut = (grid.n_samples, grid.n_hop)
        _require(cut == (self.n_samples, self.n_hop), "n_samples, n_hop", "whole numbers", cut)

    def _check_parts(self) -> None:
        n, sensors = len(self.classes), len(self.channels) // AXES
        if self.smoothing:
            states = len(self.smoothing.hmm.prior)
            _require(states == n, "smoothing", f"{n} classes", states)
            average = self.smoothing.average.n
            fits = isinstance(average, int) and 1 <= average <= MAX_AVERAGE
            _require(fits, "smoothing", f"a mean of 1 to {MAX_AVERAGE:,} windows", average)
        if self.reference:
            self.reference.require_fits(sensors)
        if self.detector:
            self.detector.require_fits(self.n_samples, sensors)

    # --- as a file keeps it ----------------------------------------------------------------

    def to_dict(self) -> dict[str, str]:
        """Return it as a file of today keeps it."""
        smoothing, reference = self.smoothing, self.reference
        return {
            "candidate": self.candidate,
            "dataset": self.dataset,
            "classes": json.dumps(self.classes),
            "channels": json.dumps(self.channels),
            "units": json.dumps(self.units),
            "gravity": json.dumps(self.gravity),
            "upright": json.dumps(self.upright),
            "rate_hz": repr(self.rate_hz),
            "n_samples": str(self.n_samples),
            "n_hop": str(self.n_hop),
            "distance_threshold": repr(self.threshold),
            **({"smoothing": json.dumps(smoothing.to_dict())} if smoothing else {}),
            "smoother": self.smoother,
            **({"reference": json.dumps(reference.to_dict())} if reference else {}),
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, str], where: str) -> Self:
        """Read what `to_dict` wrote, or an earlier `har`.

        Parameters
        ----------
        facts : mapping of str to str
            The metadata of a file.
        where : str
            What the file is called in errors.

        Raises
        ------
        DataError
            If it is not the metadata of a model of this project, or a field is malformed.
        """
        if missing := [name for name in NEEDED if name not in facts]:
            raise DataError(
                f"{where}: not a model of this project",
                expected=f"metadata {', '.join(NEEDED)}",
                found=f"no {', '.join(missing)}",
            )
        try:
            return cls._read(facts)
        except DataError as error:
            raise DataError(
                f"{where}: metadata {error.message}",
                expected=error.expected,
                found=error.found,
                hint="export the model again with `har`",
            ) from None

    @classmethod
    def _read(cls, facts: Mapping[str, str]) -> Self:
        detector = _read(facts, "unlikeness", MahalanobisDetector.from_dict, None)
        states_one = "distance_threshold" in facts
        threshold = _number(facts, "distance_threshold", float) if states_one else math.inf
        read = cls(
            classes=_names(facts, "classes"),
            channels=_names(facts, "channels"),
            rate_hz=_number(facts, "rate_hz", float),
            n_samples=_number(facts, "n_samples", int),
            n_hop=_number(facts, "n_hop", int),
            gravity=_read(facts, "gravity", _same, True),
            upright=_read(facts, "upright", _same, None),
            threshold=detector.threshold if detector else threshold,
            smoothing=_read(facts, "smoothing", Smoothing.from_dict, None),
            smoother=facts.get("smoother", "average"),  # type: ignore[arg-type] # it is checked
            reference=_read(facts, "reference", Reference.from_dict, None),
            detector=detector,
            candidate=facts.get("candidate", "")[:MAX_LETTERS],
            dataset=facts.get("dataset", "")[:MAX_TEXT],
        )
        stated: dict[str, str] = _read(facts, "units", dict, {})
        # Files from before channels were a choice tell the units of all sensors.
        if {**stated, **read.units} != stated or _units(stated) != stated:
            raise DataError(
                "units: not those in which recordings are read",
                expected=", ".join(f"{unit} of {name}" for name, unit in read.units.items()),
                found=reprlib.repr(stated),
            )
        return read

    # --- against the graph -------------------------------------------------------------------

    def require_fits(self, model: OnnxModel) -> None:
        """Refuse a graph that does not take and give what the metadata says.

        It is asked for its declared input, and tried on two windows at rest.

        Raises
        ------
        DataError
            If the window, the number of classes or the outputs are others, or its answers are
            no probabilities.
        """
        where = str(model.path)
        shape = (self.n_samples, len(self.channels))
        declared = model.window_shape
        if any(isinstance(n, int) and n != m for n, m in zip(declared, shape, strict=True)):
            raise _no_fit(where, f"windows of shape {shape}", f"{declared}"[:100])
        named = self.detector is None and math.isfinite(self.threshold)
        if PROBABILITIES not in model.outputs or (named and DISTANCE not in model.outputs):
            wanted = f"the outputs {PROBABILITIES}" + (f" and {DISTANCE}" if named else "")
            raise _no_fit(where, wanted, ", ".join(model.outputs)[:200])
        windows = self._at_rest()
        found = model.tried(windows)
        _check_probabilities(found[PROBABILITIES], (len(windows), len(self.classes)), where)
        if named and found[DISTANCE].shape != (len(windows),):
            raise _no_fit(where, "a distance of each window", f"shape {found[DISTANCE].shape}")

    def _at_rest(self) -> Float32:
        """Return two windows of a sensor that lies still, with a little noise."""
        shape = (2, self.n_samples, len(self.channels))
        windows = np.random.default_rng(0).normal(0, 0.05, shape)
        down = [bare(channel) == "acc_z" for channel in self.channels]
        windows[:, :, down] += STANDARD_GRAVITY if self.gravity else 0.0
        return windows.astype(np.float32)


def _check_classes(classes: tuple[str, ...]) -> None:
    fine = all(isinstance(name, str) and 0 < len(name) <= MAX_LETTERS for name in classes)
    if not fine or not 1 <= len(classes) <= MAX_CLASSES or len(set(classes)) < len(classes):
        raise DataError(
            "classes: not names of classes",
            expected=f"1 to {MAX_CLASSES:,} names, all different, of 1 to {MAX_LETTERS} letters",
            found=reprlib.repr(classes),
        )


def _check_probabilities(found: Float32, shape: tuple[int, int], where: str) -> None:
    if found.shape != shape:
        raise _no_fit(where, f"{shape[1]} classes, as the metadata names", f"shape {found.shape}")
    sums = np.asarray(found, np.float64).sum(axis=1)
    if not (np.isfinite(sums) & (abs(sums - 1) < _SUM_TOLERANCE)).all() or (found < -1e-3).any():
        raise _no_fit(where, "probabilities that sum to 1", np.array2string(sums, precision=4))


def _no_fit(where: str, expected: str, found: str) -> DataError:
    return DataError(
        f"{where}: the graph is not what the metadata says",
        expected=expected,
        found=found,
        hint="export the model again with `har`",
    )


def _require(fits: bool, name: str, expected: str, found: object) -> None:
    if not fits:
        raise DataError(
            f"{name}: not a value that it can have", expected=expected, found=reprlib.repr(found)
        )


def _number(facts: Mapping[str, str], name: str, kind: Callable[[str], T]) -> T:
    try:
        return kind(facts[name])
    except ValueError:
        raise DataError(
            f"{name}: not a number", expected=kind.__name__, found=facts[name][:100]
        ) from None


def _names(facts: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = _json(facts, name)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DataError(f"{name}: not names", expected="a list of texts", found=reprlib.repr(found))
    return tuple(found)


def _units(names: Iterable[str]) -> dict[str, str]:
    """Return the units of those names that are channels."""
    return units_of([name for name in names if bare(name) in UNITS])


def _json(facts: Mapping[str, str], name: str) -> Any:
    _require(len(facts[name]) <= MAX_TEXT, name, f"at most {MAX_TEXT:,} letters", "more")
    return json_of(facts[name], name)


def _same(value: T) -> T:
    return value


def _read(facts: Mapping[str, str], name: str, read: Callable[[Any], T], default: T) -> T:
    """Return a field that is kept as JSON; `default` if a file does not have it."""
    if not facts.get(name):
        return default
    fields = _json(facts, name)
    try:
        return read(fields)
    except DataError:
        raise
    # Whatever a field is in place of what it should be, the parts of it say so in their own way.
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        raise DataError(
            f"{name}: malformed",
            expected="what `har` writes of it",
            found=f"{type(error).__name__}: {error}"[:200],
        ) from None
