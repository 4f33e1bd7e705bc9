"""Whether a whole recording is unlike what the model was trained on: one warning, not a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from har.arrays import Float32, Float64
from har.config import WindowGrid
from har.data.recording import RecordingMeta
from har.models.causes import moments
from har.models.reference import Reference
from har.models.reference_limits import MIN_PEOPLE

# Stretches of a recording that are judged, from all over it: two hours tell a day.
MOST_STRETCHES = 120
# Of the stretches of a recording; fewer are a person's odd minutes.
SHARE = 0.5
# Of the model's rate; between it and the model's, movements are a little blunter.
COARSE = 0.9
HINT = "the answers are not to be relied on"


@dataclass(frozen=True)
class Warned:
    """Why a recording is unlike training.

    Attributes
    ----------
    what : str
        In one sentence or more.
    hint : str
        What to do.
    """

    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.what}; {self.hint}"


@dataclass(frozen=True)
class Judged:
    """What was found of a recording's stretches.

    Attributes
    ----------
    n : int
        Windows in each of them.
    stretches, unlike : int
        How many were judged, and how many of them are unlike training.
    surprises : ndarray of shape (1 + n_causes,)
        Of the stretches that are unlike training, as `Reference.surprises` returns them.
    """

    n: int
    stretches: int
    unlike: int
    surprises: Float64

    @property
    def is_unlike(self) -> bool:
        """Whether the recording is."""
        return self.unlike > 0 and self.unlike >= SHARE * self.stretches


@dataclass(frozen=True)
class Likeness:
    """How a recording compares with the training recordings.

    Attributes
    ----------
    stretches, unlike : int
        Stretches of up to a minute that were judged, and those that are unlike training.
    is_unlike : bool
        Whether so many are that the recording is.
    is_withheld : bool
        Whether it is so by a wrong unit or sign, or by so much, that the answers mean nothing.
    gravity : tuple of float or None
        Median over the windows of the mean of each axis of acceleration, m/s²; None for a
        model of acceleration without gravity.
    unknown_share : float
        Share of the windows that are unknown, 0 to 1.
    warnings : tuple of Warned
        Empty where nothing speaks against the answers.
    not_judged : Warned or None
        Why nothing could speak against them.
    """

    stretches: int
    unlike: int
    is_unlike: bool
    is_withheld: bool
    gravity: tuple[float, float, float] | None
    unknown_share: float
    warnings: tuple[Warned, ...]
    not_judged: Warned | None = None

    @property
    def notes(self) -> tuple[Warned, ...]:
        """All that is to be said: the warnings, or why there are none."""
        return (*self.warnings, *([self.not_judged] if self.not_judged else []))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "stretches": self.stretches,
            "unlike_stretches": self.unlike,
            "unlike_training": self.is_unlike,
            "withheld": self.is_withheld,
            "gravity_m_s2": self.gravity and [round(v, 3) for v in self.gravity],
            "unknown_share": round(self.unknown_share, 4),
            "warnings": [str(warned) for warned in self.warnings],
            "not_judged": self.not_judged and str(self.not_judged),
        }


@dataclass
class Judge:
    """Collects a recording's windows, part by part, and judges them at the end.

    Attributes
    ----------
    reference : Reference or None
        Of the model's file; older files have none.
    grid : WindowGrid
        How the model's windows are cut.
    """

    reference: Reference | None
    grid: WindowGrid
    _moments: list[Float32] = field(default_factory=list)
    _unknown: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def add(self, windows: Float32, unknown: npt.NDArray[np.bool_]) -> None:
        """Take windows of shape (n_windows, n_samples, n_channels), and which are unknown."""
        # A day of them is a few MB.
        self._moments.append(moments(windows).astype(np.float32))
        self._unknown.append(unknown)

    def forget(self, stretches: int) -> None:
        """Keep the windows of the last so many stretches, and those that follow them."""
        n = max(self.reference.lengths, default=0) if self.reference else 0
        windows = sum(map(len, self._moments))
        drop = (windows // n - stretches) * n if n else windows
        if drop > 0:
            self._moments = [np.concatenate(self._moments)[drop:]]
            self._unknown = [np.concatenate(self._unknown)[drop:]]

    def to_dict(self) -> dict[str, Any]:
        """Return the windows that were taken as a JSON-able dict."""
        return {
            "moments": [one for part in self._moments for one in part.tolist()],
            "unknown": [one for part in self._unknown for one in part.tolist()],
        }

    def restore(self, fields: Mapping[str, Any]) -> None:
        """Take the windows of what `to_dict` returned."""
        if fields["moments"]:
            self._moments = [np.array(fields["moments"], np.float32)]
            self._unknown = [np.array(fields["unknown"], bool)]

    @property
    def moments(self) -> Float32:
        """Moments of all windows, as `har.models.causes.moments` has them."""
        return (
            np.concatenate(self._moments) if self._moments else np.empty((0, 1, 4, 3), np.float32)
        )

    def verdict(self, meta: RecordingMeta) -> Likeness:
        """Return how the recording compares, of which `meta` tells the own rate."""
        windows = sum(map(len, self._moments))
        unknown = float(np.concatenate(self._unknown).mean()) if windows else 0.0
        gravity = _gravity(self._moments, self.reference)
        judged = self._judged()
        warnings = list(self._stated(meta))
        is_withheld = False
        if judged and judged.is_unlike:
            warned, is_withheld = self._explained(judged, gravity, unknown)
            warnings.insert(0, warned)
        return Likeness(
            stretches=judged.stretches if judged else 0,
            unlike=judged.unlike if judged else 0,
            is_unlike=bool(judged and judged.is_unlike),
            is_withheld=is_withheld,
            gravity=gravity,
            unknown_share=unknown,
            warnings=tuple(warnings),
            not_judged=self._not_judged(windows),
        )

    def _judged(self) -> Judged | None:
        """Judge stretches of as many windows as can be; None where the recording is too short."""
        of = np.concatenate(self._moments) if self._moments else np.empty((0, 1, 4, 3))
        n = self.reference.length(len(of)) if self.reference else 0
        if self.reference is None or not n:
            return None
        whole = len(of) // n
        chosen = np.linspace(0, whole - 1, min(whole, MOST_STRETCHES)).astype(int)
        rows = (chosen[:, None] * n + np.arange(n)).ravel()
        surprises = self.reference.surprises(of[rows].astype(np.float64))
        means = surprises.reshape(len(surprises), len(chosen), n).mean(axis=2)
        unlike = self.reference.unlike(means, n)
        of_unlike = means[:, unlike].mean(axis=1) if unlike.any() else means.mean(axis=1)
        return Judged(n, len(chosen), int(unlike.sum()), of_unlike)

    def _not_judged(self, n_windows: int) -> Warned | None:
        """Return why a recording cannot be told from those of training."""
        if self.reference is None or not self.reference.lengths:
            return None
        least = self.reference.lengths[0]
        if n_windows < least:
            seconds = np.ceil((least - 1) * self.grid.hop_s + self.grid.length_s)
            return Warned(
                "not judged whether the recording is like those of training, for it is too short",
                f"{seconds:.0f} s without a gap or more can be judged",
            )
        if (people := self.reference.people) is not None and people < MIN_PEOPLE:
            return Warned(
                "judged by its units alone, for too few people were in training to tell how "
                f"much people differ ({people})",
                f"train on {MIN_PEOPLE} people or more",
            )
        return None

    def _explained(
        self, judged: Judged, gravity: tuple[float, ...] | None, unknown: float
    ) -> tuple[Warned, bool]:
        """Return the warning, and whether the answers mean nothing."""
        assert self.reference is not None
        is_far = self.reference.is_far(judged.surprises, judged.n)
        if cause := self.reference.cause(judged.surprises, judged.n):
            warned = Warned(cause.what, f"{cause.hint}; until then {HINT}")
            return warned, is_far or not cause.is_turn
        where = ", ".join(self.reference.placements)
        worn = f" (worn at the {where} there)" if where else ""
        level = "" if gravity is None else f"gravity lies along ({_numbers(gravity)}) m/s², "
        what = (
            "the recording is unlike all training recordings: another placement, device or "
            f"activity{worn}; {level}{unknown:.0%} of the windows are unknown"
        )
        return Warned(what, HINT), is_far

    def _stated(self, meta: RecordingMeta) -> Sequence[Warned]:
        """Return what the recording states of itself that the model does not know."""
        found = []
        rate_hz = self.grid.rate_hz
        if meta.rate_hz < COARSE * rate_hz:
            found.append(
                Warned(
                    f"recorded at {meta.rate_hz:.3g} Hz for a model of {rate_hz:g} Hz: its "
                    "fast movements are missing",
                    f"record at {rate_hz:g} Hz or more; until then {HINT}",
                )
            )
        known = self.reference.placements if self.reference else ()
        if known and meta.placement not in ("unknown", "", *known):
            found.append(
                Warned(
                    f"worn at the {meta.placement}; the model was trained at the "
                    f"{', '.join(known)}",
                    HINT,
                )
            )
        return found


def _gravity(
    parts: Sequence[Float32], reference: Reference | None
) -> tuple[float, float, float] | None:
    if reference is None or not reference.gravity or not parts:
        return None
    sensor = reference.acceleration.index(True)
    x, y, z = np.median(np.concatenate([part[:, sensor, 0] for part in parts]), axis=0)
    return float(x), float(y), float(z)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{v:.1f}" for v in values)
