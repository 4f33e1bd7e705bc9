"""What minutes of the training recordings are like, so that a recording unlike them is told.

A window alone says little of how a sensor is worn: a person who lies down turns gravity as a
device that is worn upside down does. A minute of windows says more, because how strongly each
axis moves goes with where gravity points: people walk upright. `Reference` describes windows
by a mixture of Gaussians over the mean of acceleration and the spread of every axis, fitted on
training subjects, and judges the mean surprise of all windows of a minute, by a limit from
validation subjects.

What it cannot see: a device turned about the vertical moves gravity nowhere, and a person who
lies for a minute can lie as a turned device would.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any, Self

import numpy as np

from har.arrays import Float64, RawWindows
from har.config import WindowGrid
from har.data.channels import AXES, SensorLayout
from har.data.gravity import STANDARD_GRAVITY
from har.data.windows import Windows

# Gaussians in the mixture, and training windows for each of them at least.
COMPONENTS, MIN_WINDOWS = 16, 50
# Windows that the mixture is fitted on; more change nothing.
MAX_WINDOWS = 20_000
# Added to the variances of the mixture: a posture is never known more closely.
SPREAD = 0.03
# m/s² or rad/s, added to a standard deviation: how still a sensor lies is its own noise.
NOISE = 0.05
# Nats. Beyond it a window is merely foreign; so a few of them do not decide over a minute.
MOST = 24.0
# Of the way from the median to the largest value of validation subjects, which are a few people.
# Chosen with COMPONENTS after looks at minutes of HAPT's test subjects, too.
MARGIN = 0.25
# Of the limit, so that a cause is told although a turn of the device explains as much. Turning the
# sign brings many a wrist below the limit, but none below a quarter of it.
CLEARLY = 0.25
# Stretches that are judged; a shorter one needs a higher limit, for it has fewer activities.
STRETCHES_S = (60.0, 30.0, 10.0)
_DIGITS = 6  # of the numbers in a file


def moments(windows: RawWindows) -> Float64:
    """Return the mean and the standard deviation of every axis.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        Of sensors with three axes each.

    Returns
    -------
    ndarray of shape (n_windows, n_sensors, 2, 3)
    """
    n, n_samples, _ = windows.shape
    sensors = np.asarray(windows, np.float64).reshape(n, n_samples, -1, AXES)
    return np.stack([sensors.mean(1), sensors.std(1)], axis=2)


@dataclass(frozen=True)
class Cause:
    """A known reason why a recording is unlike training, and what it does to sensors.

    Attributes
    ----------
    what, hint : str
        The reason, and what to do about it.
    acc, gyro : ndarray of shape (3, 3)
        What undoes it.
    """

    what: str
    hint: str
    acc: Float64
    gyro: Float64


def _scaled(what: str, hint: str, *, acc: float = 1.0, gyro: float = 1.0) -> Cause:
    return Cause(what, hint, acc * np.eye(3), gyro * np.eye(3))


def _right_angles() -> list[Float64]:
    """Return the 23 rotations that lay axes on axes."""
    signed = [
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order in permutations(range(3))
        for signs in product((1.0, -1.0), repeat=3)
    ]
    return [m for m in signed if np.linalg.det(m) > 0 and not np.array_equal(m, np.eye(3))]


# What a recorder states wrongly, and how a device is worn.
UNITS_AND_SIGNS = (
    _scaled(
        "gravity points the other way: the sign of acceleration is opposite, as on iPhones, or "
        "the device was worn upside down",
        "--map acc_sign=- turns the sign",
        acc=-1,
    ),
    _scaled(
        "acceleration looks like g in place of m/s²",
        "--map acc_unit=g states it",
        acc=STANDARD_GRAVITY,
    ),
    _scaled(
        "acceleration looks like m/s² taken for g",
        "--map acc_unit=m/s2 states it",
        acc=1 / STANDARD_GRAVITY,
    ),
    _scaled(
        "angular velocity looks like deg/s in place of rad/s",
        "--map gyro_unit=deg/s states it",
        gyro=np.pi / 180,
    ),
    _scaled(
        "angular velocity looks like rad/s taken for deg/s",
        "--map gyro_unit=rad/s states it",
        gyro=180 / np.pi,
    ),
)
TURNED = tuple(
    Cause("the device was worn elsewhere or turned", "wear it as in training", turn, turn)
    for turn in _right_angles()
)


@dataclass(frozen=True, eq=False)
class Reference:
    """A mixture of Gaussians of training windows, and limits for the mean over a stretch.

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
        Mean surprise of the training windows before it is taken off, nats.
    limits : dict of int to float
        By number of windows in a stretch, the largest mean surprise that is like training.
    placements : tuple of str
        Where on the body the training sensors were, as far as is known.
    gravity : bool
        Whether their acceleration holds gravity.
    """

    weights: Float64
    means: Float64
    whitening: Float64
    acceleration: tuple[bool | None, ...]
    typical: float
    limits: Mapping[int, float]
    placements: tuple[str, ...] = ()
    gravity: bool = True

    @classmethod
    def fit(cls, windows: Windows, window: WindowGrid) -> Self | None:
        """Fit the mixture on training subjects and the limits on validation subjects.

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
        train, validation = (_on_grid(windows, split) for split in ("train", "validation"))
        k = min(COMPONENTS, len(train.y) // MIN_WINDOWS)
        if not k:
            return None
        sensors = SensorLayout.of(windows.channels).sensors
        acceleration = tuple({"acc": True, "gyro": False}.get(sensor) for sensor in sensors)
        bare = cls._mixture(_thinned(train.X), k, acceleration)
        surprise = bare.surprise(moments(validation.X))
        pieces = validation.index["recording_id"].to_numpy()
        limits = {}
        for seconds in STRETCHES_S:
            n = stretch(seconds, window)
            if len(means := _means_of_runs(surprise, pieces, n)):
                middle, largest = float(np.median(means)), float(means.max())
                limits[n] = largest + MARGIN * (largest - middle)
        known = sorted(set(train.index["placement"]) - {"unknown", ""})
        gravity = windows.choice.gravity
        return replace(bare, limits=limits, placements=tuple(known), gravity=gravity)

    @classmethod
    def _mixture(cls, windows: RawWindows, k: int, acceleration: tuple[bool | None, ...]) -> Self:
        # Here, because a serving host judges without scikit-learn.
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        quantities = _quantities(moments(windows), acceleration)
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
        of : ndarray of shape (n_windows, n_sensors, 2, 3)
            As `moments` returns them.

        Returns
        -------
        ndarray of shape (n_windows,)
            Negative log-likelihood less its mean over the training windows, at most `MOST`,
            which is also the answer to missing values.
        """
        found = self._negative_log_likelihood(_quantities(of, self.acceleration)) - self.typical
        return np.asarray(np.fmin(found, MOST))

    def _negative_log_likelihood(self, quantities: Float64) -> Float64:
        white = [
            (quantities - mean) @ whitening
            for mean, whitening in zip(self.means, self.whitening, strict=True)
        ]
        _, scale = np.linalg.slogdet(self.whitening)
        constant = np.log(self.weights) + scale - quantities.shape[1] / 2 * np.log(2 * np.pi)
        terms = [c - (w**2).sum(1) / 2 for c, w in zip(constant, white, strict=True)]
        with np.errstate(invalid="ignore"):  # a window with missing values has no likelihood
            return np.asarray(-np.logaddexp.reduce(np.array(terms), axis=0))

    def length(self, n_windows: int) -> int:
        """Return how many windows are judged together in a recording of so many; 0: too few."""
        return max((n for n in self.limits if n <= n_windows), default=0)

    def cause(self, of: Float64) -> Cause | None:
        """Return the known reason that would make windows like training, if there is one.

        Parameters
        ----------
        of : ndarray of shape (n_windows, n_sensors, 2, 3)
            Of windows that are unlike training, at least the shortest stretch of them.
        """
        limit = self.limits[self.length(len(of))]
        after, cause = self._best(of, self._units_and_signs)
        after_turn, turn = self._best(of, TURNED)
        if after <= limit and (after <= after_turn or after <= CLEARLY * limit):
            return cause
        return turn if after_turn <= limit else None

    def _best(self, of: Float64, causes: Sequence[Cause]) -> tuple[float, Cause]:
        """Return the cause without which windows are most like training, and their surprise."""
        means = [float(self.surprise(self._undone(of, cause)).mean()) for cause in causes]
        best = int(np.argmin(means))
        return means[best], causes[best]

    @property
    def _units_and_signs(self) -> tuple[Cause, ...]:
        """What a recorder may state wrongly: without gravity, no sign or size tells it."""
        if self.gravity:
            return UNITS_AND_SIGNS
        return tuple(cause for cause in UNITS_AND_SIGNS if np.array_equal(cause.acc, np.eye(3)))

    def _undone(self, of: Float64, cause: Cause) -> Float64:
        result = np.empty_like(of)
        for sensor, acceleration in enumerate(self.acceleration):
            if acceleration is None:
                result[:, sensor] = of[:, sensor]
                continue
            matrix = cause.acc if acceleration else cause.gyro
            result[:, sensor, 0] = of[:, sensor, 0] @ matrix.T
            # Axes are laid on axes, so that variances stay what they are.
            result[:, sensor, 1] = of[:, sensor, 1] @ np.abs(matrix).T
        return result

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
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        weights, means, whitening = (
            np.array(fields[name], float) for name in ("weights", "means", "whitening")
        )
        return cls(
            weights=weights,
            means=means,
            whitening=whitening,
            acceleration=tuple(fields["acceleration"]),
            typical=float(fields["typical"]),
            limits={int(n): float(limit) for n, limit in fields["limits"].items()},
            placements=tuple(fields["placements"]),
            gravity=fields.get("gravity", True),
        )


def stretch(seconds: float, window: WindowGrid) -> int:
    """Return how many windows of the grid fill so long a stretch.

    >>> stretch(60.0, WindowGrid())
    45
    """
    return max(1, int((seconds - window.length_s) / window.hop_s) + 1)


def _on_grid(windows: Windows, split: str) -> Windows:
    chosen = windows.select(split, labelled=False)
    return chosen.take(np.flatnonzero(~chosen.index["extra"]))


def _thinned(windows: RawWindows) -> RawWindows:
    rows = np.linspace(0, len(windows) - 1, min(len(windows), MAX_WINDOWS)).astype(int)
    return np.asarray(windows[rows])


def _quantities(of: Float64, acceleration: Sequence[bool | None]) -> Float64:
    """Return the mean of acceleration and the logarithmic spread of every axis that is judged."""
    judged = [sensor for sensor, kind in enumerate(acceleration) if kind is not None]
    pointing = [sensor for sensor, kind in enumerate(acceleration) if kind]
    level = of[:, pointing, 0].reshape(len(of), -1)
    spread = np.log(of[:, judged, 1] + NOISE).reshape(len(of), -1)
    return np.concatenate([level, spread], axis=1)


def _means_of_runs(values: Float64, pieces: Any, n: int) -> Float64:
    """Return the mean of each `n` values that follow one another in a piece."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    means = (total[n:] - total[:-n]) / n if len(values) >= n else np.empty(0)
    whole = pieces[n - 1 :] == pieces[: len(pieces) - n + 1]
    return np.asarray(means[whole[: len(means)]])


def _rounded(values: Any) -> Float64:
    """Round to so few digits that a file of them is small."""
    return np.array([float(f"{v:.{_DIGITS}g}") for v in np.ravel(values)]).reshape(np.shape(values))
