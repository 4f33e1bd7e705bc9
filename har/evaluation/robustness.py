"""What happens to a model's score when the sensor, its place or its rate differ.

A perturbation turns windows into what another sensor would have read of the same
motion. Each is drawn from a seed of its own, so every model that is compared meets
exactly the same ones, and a model is compared with itself window by window.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from har.arrays import Float32, Float64
from har.config import IntervalSettings
from har.data.channels import (
    AXES,
    SensorLayout,
    bare,
    has_gyro,
    has_mag,
    placement_of,
    placements_of,
)
from har.data.recording import ACC, CHANNELS, GYRO, MAG, Recording
from har.data.resample import MAX_FACTOR
from har.data.upright import turn, unit
from har.data.windows import Windows
from har.evaluation.metrics import Counts, interval, macro_f1, resample, subject_confusions
from har.evaluation.results.robustness import CleanScore, PerturbedScore, Robustness
from har.evaluation.results.scores import Interval

PredictProba = Callable[[Float32], npt.NDArray[np.floating[Any]]]
Change = Callable[[Windows, np.random.Generator], npt.NDArray[np.floating[Any]]]


@dataclass(frozen=True)
class Perturbation:
    """A named change of windows.

    Attributes
    ----------
    kind : str
        What it belongs to.
    name : str
        What is changed and how much; it also seeds the draws.
    change : callable
        From windows and a generator to the changed ``X``.
    """

    kind: str
    name: str
    change: Change

    def __call__(self, windows: Windows, *, seed: int) -> Float32:
        """Return the changed ``windows.X``, which itself stays; one seed, one result."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return self.change(windows, rng).astype(windows.X.dtype)


def rotation(degrees: float, *, per: Literal["subject", "window"] = "subject") -> Perturbation:
    """Turn all sensors of a placement by one rotation about a random axis.

    One rotation per subject is what a sensor worn differently does: it stays turned as
    long as it is worn, so all windows of that person are off in the same way, and the
    spread over subjects has the luck with the axis in it. One per window has no such
    cause, but covers more axes.

    Where recordings are turned upright, so are these afterwards, and of a subject's rotation
    only that about the vertical is left.
    """
    from scipy.spatial.transform import Rotation

    def change(windows: Windows, rng: np.random.Generator) -> Float64:
        whose = windows.subjects if per == "subject" else np.arange(len(windows.X))
        names, place = np.unique(whose, return_inverse=True)
        layout = SensorLayout.of(windows.channels)
        axes = rng.normal(size=(len(names) * layout.n_places, 3))
        axes /= np.linalg.norm(axes, axis=1, keepdims=True)
        matrices = Rotation.from_rotvec(np.deg2rad(degrees) * axes).as_matrix()
        if per == "subject" and (axis := windows.choice.upright):
            matrices = np.stack([turn(each @ unit(axis), axis) @ each for each in matrices])
        own = matrices.reshape(-1, layout.n_places, 3, 3)[place][:, list(layout.places)]
        sensors = windows.X.reshape(*windows.X.shape[:2], -1, AXES)
        turned = np.einsum("wsij,wtsj->wtsi", own, sensors)
        return np.asarray(turned.reshape(windows.X.shape))

    return Perturbation("worn differently", f"turned {degrees:g}°, each {per}", change)


def gain(change: float) -> Perturbation:
    """Let all sensors read too much or too little; 0.1 is 10 % too much."""
    return Perturbation(
        "gain", f"gain {100 * change:+g} %", lambda windows, rng: windows.X * (1 + change)
    )


def noise(std: float) -> Perturbation:
    """Add white noise of a standard deviation in m/s²: a tenth of it in rad/s, as much in µT."""

    def change(windows: Windows, rng: np.random.Generator) -> Float64:
        each = std * np.where(np.isin([bare(name) for name in windows.channels], GYRO), 0.1, 1)
        return np.asarray(windows.X + each * rng.normal(size=windows.X.shape))

    return Perturbation("noise", f"noise {std:g} m/s²", change)


def loss(channels: tuple[str, ...]) -> Perturbation:
    """Let channels read zero, at all placements."""
    sensors: dict[tuple[str, ...], str] = {GYRO: "gyroscope", MAG: "magnetometer"}
    what = sensors.get(channels, ", ".join(channels))
    return Perturbation(
        "loss",
        f"no {what}",
        lambda windows, rng: (
            windows.X * ~np.isin([bare(name) for name in windows.channels], channels)
        ),
    )


def unworn(placement: str) -> Perturbation:
    """Let all channels of a placement read zero: what is worn there is lost."""
    return Perturbation(
        "loss",
        f"nothing at {placement}",
        lambda windows, rng: (
            windows.X * (np.array([placement_of(name) for name in windows.channels]) != placement)
        ),
    )


def sampling(rate_hz: float, *, model_hz: float = 50.0) -> Perturbation:
    """Sample at another rate, and resample to the model's as `har.data.resample` does.

    The filters start anew in every window, and see a line beyond its ends.
    """
    from scipy.signal import resample_poly

    ratio = Fraction(rate_hz / model_hz).limit_denominator(MAX_FACTOR)
    up, down = ratio.numerator, ratio.denominator

    def change(windows: Windows, rng: np.random.Generator) -> npt.NDArray[np.floating[Any]]:
        there = resample_poly(windows.X, up, down, axis=1, padtype="line")
        back = resample_poly(there, down, up, axis=1, padtype="line")
        return np.asarray(back[:, : windows.X.shape[1]])

    return Perturbation("sampling", f"sampled at {rate_hz:g} Hz", change)


def shift(
    seconds: float, *, model_hz: float = 50.0, recordings: Iterable[Recording] = ()
) -> Perturbation:
    """Start the windows later; the labels stay.

    Parameters
    ----------
    seconds : float
    model_hz : float, default=50
        Of the windows.
    recordings : iterable of Recording
        Those that the windows were cut from, at the model's rate. Samples beyond the end
        of a recording, or of a window whose recording is not there, are mirrored.
    """
    tables = {recording.meta.recording_id: recording.table for recording in recordings}

    def change(windows: Windows, rng: np.random.Generator) -> Float32:
        n = windows.X.shape[1]
        place = np.arange(n) + round(seconds * model_hz)
        starts = np.rint(windows.index["start_s"].to_numpy() * model_hz).astype(int)
        changed = windows.X[:, _mirrored(place, n)]
        for name, rows in windows.index.groupby("recording_id").indices.items():
            if (table := tables.get(str(name))) is not None:
                values = table[list(windows.channels)].to_numpy()
                changed[rows] = values[_mirrored(starts[rows, None] + place, len(values))]
        return changed

    return Perturbation("time", f"{seconds:g} s later", change)


def catalogue(
    *,
    model_hz: float = 50.0,
    recordings: Iterable[Recording] = (),
    channels: Sequence[str] = CHANNELS,
) -> tuple[Perturbation, ...]:
    """Return the perturbations that models are measured with, by kind, mildest first.

    Parameters
    ----------
    model_hz : float, default=50
        Of the windows.
    recordings : iterable of Recording
        Those that the windows were cut from, see `shift`.
    channels : sequence of str, optional
        Of the windows: what they lack cannot be lost.
    """
    known = tuple(recordings)
    return (
        *(rotation(degrees) for degrees in (15, 45, 90)),
        *(rotation(degrees, per="window") for degrees in (15, 45, 90)),
        *(gain(sign * size) for size in (0.05, 0.1, 0.2) for sign in (1, -1)),
        *(noise(std) for std in (0.1, 0.5, 1.0)),
        *(loss((channel,)) for channel in ACC),
        *([loss(GYRO)] if has_gyro(channels) else []),
        *([loss(MAG)] if has_mag(channels) else []),
        *(unworn(placement) for placement in placements_of(channels)),
        *(sampling(rate, model_hz=model_hz) for rate in (25, 100)),
        *(shift(seconds, model_hz=model_hz, recordings=known) for seconds in (0.1, 0.32)),
    )


def robustness(
    predict_proba: PredictProba,
    windows: Windows,
    *,
    settings: IntervalSettings,
    seed: int,
    perturbations: Iterable[Perturbation] | None = None,
) -> Robustness:
    """Score a model on perturbed windows and compare it with itself on clean ones.

    Parameters
    ----------
    predict_proba : callable
        From windows of shape (n_windows, n_samples, n_channels) to probabilities.
    windows : Windows
        Labelled ones, of subjects that the model has not seen.
    settings : IntervalSettings
        Of the intervals over subjects; a difference is taken on the same resampled ones.
    seed : int
        Of the perturbations: the same for all models that are compared.
    perturbations : iterable of Perturbation, optional
        Default: the `catalogue` of their channels.
    """
    chosen = catalogue(channels=windows.channels) if perturbations is None else perturbations
    clean = _confusions(predict_proba(windows.X), windows)
    rows = []
    for perturbation in chosen:
        matrices = _confusions(predict_proba(perturbation(windows, seed=seed)), windows)
        rows.append(
            PerturbedScore(
                **dict(_score(matrices, settings)),
                kind=perturbation.kind,
                name=perturbation.name,
                difference=float(macro_f1(matrices.sum(0)) - macro_f1(clean.sum(0))),
                difference_interval=_difference_interval(matrices, clean, settings),
            )
        )
    return Robustness(
        n_windows=len(windows.X),
        n_subjects=len(clean),
        confidence=settings.confidence,
        seed=seed,
        clean=_score(clean, settings),
        perturbations=tuple(rows),
    )


def measure_robustness(
    predict_proba: PredictProba,
    windows: Windows,
    out: Path,
    *,
    recordings: Iterable[Recording],
    rate_hz: float,
    settings: IntervalSettings,
) -> None:
    """Measure a model on the test windows and write ``robustness.json``.

    Parameters
    ----------
    predict_proba : callable
        From windows of shape (n_windows, n_samples, n_channels) to probabilities.
    windows : Windows
        All windows; the labelled ones of the test split are used.
    out : Path
        Gets the file.
    recordings : iterable of Recording
        Those that the windows were cut from.
    rate_hz : float
        Of the windows.
    settings : IntervalSettings
        Of the intervals and of the draws.
    """
    test = windows.select("test")
    subjects = set(test.subjects)
    own = [recording for recording in recordings if recording.meta.subject_id in subjects]
    changes = catalogue(model_hz=rate_hz, recordings=own, channels=test.channels)
    result = robustness(
        predict_proba, test, settings=settings, seed=settings.seed, perturbations=changes
    )
    result.write(out)


def _confusions(probabilities: npt.NDArray[Any], windows: Windows) -> Counts:
    predicted = np.asarray(probabilities).argmax(1)
    return subject_confusions(windows.y, predicted, windows.subjects, len(windows.classes))[1]


def _score(matrices: Counts, settings: IntervalSettings) -> CleanScore:
    return CleanScore(
        macro_f1=float(macro_f1(matrices.sum(0))),
        macro_f1_interval=interval(macro_f1(resample(matrices, settings)), settings),
    )


def _difference_interval(matrices: Counts, clean: Counts, settings: IntervalSettings) -> Interval:
    resampled = macro_f1(resample(matrices, settings)) - macro_f1(resample(clean, settings))
    return interval(resampled, settings)


def _mirrored(place: npt.NDArray[Any], n: int) -> npt.NDArray[Any]:
    """Return indices into n samples; those beyond an end are reflected at it."""
    inside = np.abs(place)
    return np.asarray(np.where(inside < n, inside, 2 * (n - 1) - inside))
