"""What training recordings are like, so that a recording unlike them is told.

A window alone says little of how a sensor is worn: a person who lies down turns gravity as a
device that is worn upside down does. A minute of windows says more, because how strongly each
axis moves goes with where gravity points: people walk upright. `Reference` describes windows
by a mixture of Gaussians over the mean of acceleration and the spread of every axis, fitted on
training subjects. A stretch of windows is judged twice: by its mean surprise, and, for each
known cause, by how much less surprising it would be without the cause, which is a likelihood
ratio (Neyman and Pearson, 1933) and finds far smaller turns than the surprise alone.

What it cannot see: a device turned about the vertical moves gravity nowhere, and a person who
lies for a minute can lie as a turned device would.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float64, Int64
from har.config import WindowGrid
from har.data.channels import SensorLayout
from har.data.windows import Windows
from har.errors import DataError
from har.models.causes import CAUSES, TURNED, UNITS_AND_SIGNS, Cause, moments
from har.models.reference_limits import (
    EVIDENCE_MARGIN,
    MIN_PEOPLE,
    STRETCHES_S,
    HeldOut,
    gross,
    held_out_limits,
    stretch,
)

# Gaussians in the mixture, and training windows for each of them at least.
COMPONENTS, MIN_WINDOWS = 16, 50
# In a file.
MOST_COMPONENTS, WEIGHT_TOLERANCE = 1_000, 1e-2
# Windows that a mixture is fitted on; more change little.
MAX_WINDOWS = 2_500
# Parts of the people; each is judged by a mixture of the others.
FOLDS = 5
# Windows of a person that inform the limits.
PERSON_WINDOWS = 1_000
# Added to the variances of the mixture: a posture is never known more closely.
SPREAD = 0.03
# m/s² or rad/s, added to a standard deviation: how still a sensor lies is its own noise.
NOISE = 0.05
# Nats. Beyond it a window is merely foreign; so a few of them do not decide over a minute.
MOST = 24.0
# Nothing is so ordinary; a file whose numbers somebody made up may say so.
LEAST = -1e6
# Of the limit, so that a sign is told although a turn of the device explains as much. Turning it
# brings many a wrist below the limit, but none below a quarter of it.
CLEARLY = 0.25
# Times the limit for a cause. Beyond it a recording has the cause, rather than an odd wearer.
FAR = 2.0
# Windows whose surprise is computed at once, with all causes, to bound memory.
BLOCK = 1024
_DIGITS = 6  # of the numbers in a file


@dataclass(frozen=True, eq=False)
class Reference:
    """A mixture of Gaussians of known windows, and limits for the mean over a stretch.

    Attributes
    ----------
    weights : ndarray of shape (n_components,)
    means : ndarray of shape (n_components, n_quantities)
    whitening : ndarray of shape (n_components, n_quantities, n_quantities)
        Makes the covariance of a component the identity.
    acceleration : tuple of (bool or None)
        Of each sensor, whether it measures acceleration; None: it is not judged, as the magnetic
        field, which is another one in every room.
    typical : float
        Mean surprise of the windows before it is taken off, nats.
    limits : dict of int to float
        By number of windows in a stretch, the largest mean surprise that is like training.
    placements : tuple of str
        Where on the body the training sensors were, as far as is known.
    gravity : bool
        Whether their acceleration holds gravity.
    evidence : dict of int to (dict of str to float)
        By number of windows and name of a cause, the largest gain that its undoing has in
        recordings like training, nats; empty in older files.
    people : int or None
        How many the limits are from; None in older files.
    """

    weights: Float64
    means: Float64
    whitening: Float64
    acceleration: tuple[bool | None, ...]
    typical: float
    limits: Mapping[int, float]
    placements: tuple[str, ...] = ()
    gravity: bool = True
    evidence: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    people: int | None = None

    @classmethod
    def fit(cls, windows: Windows, window: WindowGrid) -> Self | None:
        """Fit the mixture on training and validation subjects, and limits on each left out.

        A limit is from windows of people whom the mixture was not fitted on: it is fitted again
        without each part of them (cross-fitting).

        Parameters
        ----------
        windows : Windows
            All of them; of each subject those of the grid are read, unlabelled ones too.
        window : WindowGrid
            How they were cut.

        Returns
        -------
        Reference or None
            None where the windows are too few to tell.
        """
        known, pieces = _known(windows, stretch(max(STRETCHES_S), window))
        if len(known.y) < MIN_WINDOWS:
            return None
        sensors = SensorLayout.of(windows.channels).sensors
        acceleration = tuple({"acc": True, "gyro": False}.get(sensor) for sensor in sensors)
        of = _moments(known)
        people = len(set(known.subjects))
        whole = replace(
            cls.mixture(of, acceleration),
            placements=tuple(sorted(set(known.index["placement"]) - {"unknown", ""})),
            gravity=windows.choice.gravity,
            people=people,
        )
        if people < MIN_PEOPLE:
            limits = gross(whole.causes, window)
        else:
            held = HeldOut(_held_out(known, of, whole), known.subjects, pieces)
            limits = held_out_limits(held, whole.causes, window, most=MOST)
        return replace(whole, limits=limits.surprise, evidence=limits.evidence)

    @classmethod
    def mixture(cls, of: Float64, acceleration: tuple[bool | None, ...]) -> Self:
        """Fit a mixture alone, on moments of windows as `moments` returns them."""
        # Here, because a serving host judges without scikit-learn.
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        quantities = _quantities(_thinned(of), acceleration)
        k = min(COMPONENTS, max(1, len(quantities) // MIN_WINDOWS))
        with threadpool_limits(1):  # for the same bits whatever the number of processors
            fitted = GaussianMixture(k, reg_covar=SPREAD, random_state=0).fit(quantities)
        bare = cls(
            weights=_rounded(fitted.weights_),
            means=_rounded(fitted.means_),
            whitening=_rounded(fitted.precisions_cholesky_),
            acceleration=acceleration,
            typical=0.0,
            limits={},
        )
        typical = float(_rounded(bare._negative_log_likelihood(quantities).mean()))
        return replace(bare, typical=typical)

    def surprise(self, of: Float64) -> Float64:
        """Return how unlike training each window is, nats.

        Parameters
        ----------
        of : ndarray of shape (n_windows, n_sensors, 4, 3)
            As `moments` returns them.

        Returns
        -------
        ndarray of shape (n_windows,)
            Negative log-likelihood less its mean over the known windows, between `LEAST` and
            `MOST`, which is also the answer to missing values.
        """
        found = self._negative_log_likelihood(_quantities(of, self.acceleration)) - self.typical
        return np.asarray(np.fmax(np.fmin(found, MOST), LEAST))

    def surprises(self, of: Float64) -> Float64:
        """Return the surprise of windows as they are, and without each of `causes`.

        Parameters
        ----------
        of : ndarray of shape (n_windows, n_sensors, 4, 3)

        Returns
        -------
        ndarray of shape (1 + n_causes, n_windows)
        """
        found = np.empty((1 + len(self.causes), len(of)))
        for first in range(0, len(of), BLOCK):
            block = of[first : first + BLOCK]
            undone = [cause.undone(block, self.acceleration) for cause in self.causes]
            together = self.surprise(np.concatenate([block, *undone]))
            found[:, first : first + BLOCK] = together.reshape(len(found), len(block))
        return found

    def _negative_log_likelihood(self, quantities: Float64) -> Float64:
        k, d = self.means.shape
        # A window with missing values has no likelihood, nor has one that is beyond all numbers.
        with np.errstate(over="ignore", invalid="ignore"):
            # One product for all components.
            white = quantities @ self.whitening.swapaxes(0, 1).reshape(d, k * d)
            white -= (self.means[:, None] @ self.whitening).ravel()
            _, scale = np.linalg.slogdet(self.whitening)
            constant = np.log(self.weights) + scale - d / 2 * np.log(2 * np.pi)
            terms = constant - (white**2).reshape(-1, k, d).sum(axis=2) / 2
            highest = terms.max(axis=1)
            return np.asarray(-highest - np.log(np.exp(terms - highest[:, None]).sum(axis=1)))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What can be known: without gravity, no sign or size of acceleration tells anything."""
        if self.gravity:
            return CAUSES
        return tuple(c for c in CAUSES if c.is_turn or np.array_equal(c.acc, np.eye(3)))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Windows of the stretches that can be judged, the shortest first."""
        return tuple(sorted({*self.limits, *self.evidence}))

    def length(self, n_windows: int) -> int:
        """Return how many windows are judged together in a recording of so many; 0: too few."""
        return max((n for n in self.lengths if n <= n_windows), default=0)

    def unlike(self, means: Float64, n: int) -> npt.NDArray[np.bool_]:
        """Return which stretches are unlike training.

        Parameters
        ----------
        means : ndarray of shape (1 + n_causes, n_stretches)
            Of each stretch, the means of what `surprises` returns.
        n : int
            Windows in a stretch, one of `lengths`.
        """
        found = np.asarray(means[0] > self.limits.get(n, MOST))
        return np.asarray(found | self._gains(means, n, times=1.0))

    def is_far(self, means: Float64, n: int) -> bool:
        """Return whether a stretch is so far beyond the limits that no answer means much.

        Parameters
        ----------
        means : ndarray of shape (1 + n_causes,)
        n : int
            As `unlike` has them.
        """
        surprise = means[0] > (self.limits.get(n, MOST) + MOST) / 2
        return bool(surprise | self._gains(means, n, times=FAR))

    def _gains(self, means: Float64, n: int, *, times: float) -> Any:
        """Return whether undoing any cause gains so many times its limit, by stretch."""
        limits = self.evidence.get(n, {})
        least = [times * limits.get(cause.name, np.inf) for cause in self.causes]
        gains = (means[0] - means[1:]).T
        return np.asarray(gains > least).any(axis=-1)

    def cause(self, means: Float64, n: int) -> Cause | None:
        """Return the known reason that would make a stretch like training, if there is one.

        Parameters
        ----------
        means : ndarray of shape (1 + n_causes,)
            The means of what `surprises` returns, of windows that are unlike training.
        n : int
            Windows in the stretches that were judged.
        """
        limit = self.limits.get(n, MOST)
        known = dict(zip((cause.name for cause in self.causes), means[1:], strict=True))
        stated = self._best(known, UNITS_AND_SIGNS)
        turn = self._best(known, TURNED)
        if self._explains(stated, means[0], known, n) and (
            known[stated.name] <= max(known[turn.name], CLEARLY * limit)
        ):
            return stated
        return turn if self._explains(turn, means[0], known, n) else None

    @staticmethod
    def _best(known: Mapping[str, float], causes: Sequence[Cause]) -> Cause:
        return min(causes, key=lambda cause: known.get(cause.name, np.inf))

    def _explains(self, cause: Cause, before: float, known: Mapping[str, float], n: int) -> bool:
        """Whether a stretch is like training without the cause, and clearly more so than with."""
        after = known.get(cause.name, np.inf)
        least = self.evidence.get(n, {}).get(cause.name, EVIDENCE_MARGIN)
        return after <= self.limits.get(n, MOST) and before - after > least

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "whitening": self.whitening.tolist(),
            "acceleration": list(self.acceleration),
            "typical": self.typical,
            "limits": {str(n): limit for n, limit in self.limits.items()},
            "placements": list(self.placements),
            "gravity": self.gravity,
            "evidence": {str(n): dict(limits) for n, limits in self.evidence.items()},
            "people": self.people,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        weights, means, whitening = (
            np.array(fields[name], float) for name in ("weights", "means", "whitening")
        )
        limits = {int(n): float(limit) for n, limit in fields["limits"].items()}
        return cls(
            weights=weights,
            means=means,
            whitening=whitening,
            acceleration=tuple(fields["acceleration"]),
            typical=float(fields["typical"]),
            # Older files have limits that no stretch can reach.
            limits={n: limit for n, limit in limits.items() if limit < MOST},
            placements=tuple(fields["placements"]),
            gravity=fields.get("gravity", True),
            evidence={
                int(n): {str(cause): float(limit) for cause, limit in found.items()}
                for n, found in fields.get("evidence", {}).items()
            },
            people=fields.get("people"),
        )

    def require_fits(self, n_sensors: int) -> None:
        """Refuse a mixture that cannot judge windows of so many sensors.

        Raises
        ------
        DataError
            If its matrices are of another shape or no mixture, or a limit is of no stretch.
        """
        kinds = self.acceleration
        d = 3 * sum(kind is True for kind in kinds) + 3 * sum(kind is not None for kind in kinds)
        k = len(self.weights) if self.weights.ndim == 1 else 0
        shapes = self.weights.shape, self.means.shape, self.whitening.shape
        gains = [limit for limits in self.evidence.values() for limit in limits.values()]
        limits = [self.typical, *self.limits.values(), *gains]
        matrices = map(np.ravel, (self.weights, self.means, self.whitening))
        numbers = np.concatenate([*matrices, limits])
        fits = (
            0 < k <= MOST_COMPONENTS
            and shapes == ((k,), (k, d), (k, d, d))
            and len(kinds) == n_sensors
            and True in kinds
            and {*map(type, kinds)} <= {bool, type(None)}
            and np.isfinite(numbers).all()
            and (self.weights > 0).all()
            and abs(self.weights.sum() - 1) < WEIGHT_TOLERANCE
            and min(self.lengths, default=1) > 0
            and isinstance(self.gravity, bool)
            and isinstance(self.people, int | None)
            and all(isinstance(one, str) for one in self.placements)
        )
        if not fits:
            raise DataError(
                "not a reference of the model's windows",
                expected=f"a mixture over the quantities of {n_sensors} sensors, and its limits",
                found=f"shapes {', '.join(map(str, shapes))} of {len(kinds)} sensors",
            )


def _known(windows: Windows, n: int) -> tuple[Windows, Int64]:
    """Return windows of training and validation people, and which of them follow one another.

    Of a person with more than `PERSON_WINDOWS`, stretches of `n` windows from all over.
    """
    index = windows.index
    on_grid = index["split"].isin(["train", "validation"]) & ~index["extra"]
    pieces = index["recording_id"].ne(index["recording_id"].shift()).cumsum().to_numpy()
    rows: list[Int64] = []
    for _, own in pd.Series(np.flatnonzero(on_grid)).groupby(windows.subjects[on_grid]):
        blocks = [own.to_numpy()]
        if len(own) > PERSON_WINDOWS:
            blocks = np.split(own.to_numpy(), range(n, len(own), n))
            chosen = np.linspace(0, len(blocks) - 1, max(1, PERSON_WINDOWS // n)).astype(int)
            blocks = [blocks[i] for i in chosen]
        rows += blocks
    numbers = np.repeat(np.arange(len(rows)), [len(block) for block in rows])
    taken = np.concatenate([*rows, np.empty(0, np.int64)])
    return windows.take(taken), numbers * len(index) + pieces[taken]


def _moments(windows: Windows) -> Float64:
    """Return the moments of windows, computed a block at a time."""
    blocks = range(0, len(windows.y), BLOCK)
    return np.concatenate([moments(windows.X[first : first + BLOCK]) for first in blocks])


def _held_out(known: Windows, of: Float64, whole: Reference) -> Float64:
    """Return what `Reference.surprises` does, of each person by a mixture of other people."""
    people, person = np.unique(known.subjects, return_inverse=True)
    fold = person % min(FOLDS, len(people))
    found = np.empty((1 + len(whole.causes), len(of)))
    for out in np.unique(fold):
        mixture = Reference.mixture(of[fold != out], whole.acceleration)
        mixture = replace(mixture, gravity=whole.gravity)
        found[:, fold == out] = mixture.surprises(of[fold == out])
    return found


def _thinned(of: Float64) -> Float64:
    rows = np.linspace(0, len(of) - 1, min(len(of), MAX_WINDOWS)).astype(int)
    return np.asarray(of[rows])


def _quantities(of: Float64, acceleration: Sequence[bool | None]) -> Float64:
    """Return the mean of acceleration and the logarithmic spread of every axis that is judged."""
    judged = [sensor for sensor, kind in enumerate(acceleration) if kind is not None]
    pointing = [sensor for sensor, kind in enumerate(acceleration) if kind]
    level = of[:, pointing, 0].reshape(len(of), -1)
    variances = np.diagonal(of[:, judged, 1:], axis1=2, axis2=3)
    # Turning can leave a variance of nothing a little below it.
    spread = np.log(np.sqrt(np.maximum(variances, 0)) + NOISE).reshape(len(of), -1)
    return np.concatenate([level, spread], axis=1)


def _rounded(values: Any) -> Float64:
    """Round to so few digits that a file of them is small."""
    return np.array([float(f"{v:.{_DIGITS}g}") for v in np.ravel(values)]).reshape(np.shape(values))
