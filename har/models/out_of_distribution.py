"""Out-of-distribution detection: windows unlike all training windows are "unknown".

A model's own confidence does not reveal them: fed with g in place of m/s², or with
noise, it is as sure as ever. What reveals them is the Mahalanobis distance of a few
physical quantities of the raw window from those of the training windows (Lee and
others, "A simple unified framework for detecting out-of-distribution samples", NeurIPS
2018, who measure it in a network's features). The quantities are the same however the
sensor is turned, but for the least moving axis, and no foreign windows are needed to
fit them. One Gaussian describes them all. One Gaussian per kind of motion would find
more, such as shuffled samples, but would also refuse a sensor that is merely a little
noisier or off in its gain.

Scoring is logarithms and one matrix product, and needs numpy alone;
`har.export.distance` computes the same inside an ONNX graph.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from har.arrays import RawWindows
from har.data.channels import AXES
from har.errors import DataError

Doubles = npt.NDArray[np.float64]

# Samples. They are an octave apart, so the changes over them are a spectrum in six numbers.
LAGS = (1, 2, 4, 8, 16, 32)
# m/s² or rad/s. It is far below any sensor's noise, so only a dead axis comes near it.
FLOOR = 1e-4


def physical_quantities(windows: RawWindows) -> Doubles:
    """Describe windows by logarithms of physical quantities.

    For each sensor: the norm of its mean, its standard deviation, that of its least
    moving axis, and its root mean square change over each of `LAGS`. The differences
    of the last ones show how much of the motion is fast.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s

    Returns
    -------
    ndarray of shape (n_windows, 9 * n_sensors)
        Fewer if windows are not longer than the largest lag.
    """
    n, n_samples, n_channels = windows.shape
    sensors = np.asarray(windows, np.float64).reshape(n, n_samples, n_channels // AXES, AXES)
    variance = sensors.var(1)
    changes = [sensors[:, lag:] - sensors[:, :-lag] for lag in lags_within(n_samples)]
    squares = [
        (sensors.mean(1) ** 2).sum(-1),
        variance.sum(-1),
        variance.min(-1),
        *((change**2).mean(1).sum(-1) for change in changes),
    ]
    return np.asarray(np.log(np.sqrt(np.concatenate(squares, axis=1)) + FLOOR))


def lags_within(n_samples: int) -> list[int]:
    """Return those of `LAGS` that fit into a window."""
    return [lag for lag in LAGS if lag < n_samples]


@dataclass(frozen=True, eq=False)
class MahalanobisDetector:
    """How far a window is from the training windows, and from which distance it is unknown.

    Attributes
    ----------
    mean : ndarray of shape (n_quantities,)
        Mean of the training windows' `physical_quantities`.
    whitening : ndarray of shape (n_quantities, n_quantities)
        Makes their covariance the identity.
    threshold : float
        Windows at a larger distance are unknown.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, validation = rng.normal((0, 0, 9.8, 0, 0, 0), 1, (2, 500, 64, 6))
    >>> detector = MahalanobisDetector.fit(train, validation)
    >>> detector.is_unknown(validation / 9.80665).mean()
    np.float64(1.0)
    """

    mean: Doubles
    whitening: Doubles
    threshold: float

    @classmethod
    def fit(cls, train: RawWindows, validation: RawWindows, *, refused: float = 0.01) -> Self:
        """Fit the distance on training windows and the threshold on validation windows.

        Parameters
        ----------
        train, validation : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
            Of different subjects; windows without a label are as genuine as others.
        refused : float, default=0.01
            Share of the validation windows that the threshold refuses.
        """
        # Here, because a serving host scores without scikit-learn.
        from sklearn.covariance import LedoitWolf

        fitted = LedoitWolf().fit(physical_quantities(train))
        whitening = np.linalg.cholesky(fitted.precision_)
        scores = cls(fitted.location_, whitening, np.inf).score(validation)
        return cls(fitted.location_, whitening, float(np.quantile(scores, 1 - refused)))

    # A distance beyond all numbers is infinite, or none at all: either is unknown.
    @np.errstate(over="ignore", invalid="ignore")
    def score(self, windows: RawWindows) -> Doubles:
        """Return the Mahalanobis distance from the training windows, shape (n_windows,)."""
        white = (physical_quantities(windows) - self.mean) @ self.whitening
        return np.asarray(np.sqrt((white**2).sum(1)))

    def is_unknown(self, windows: RawWindows) -> npt.NDArray[np.bool_]:
        """Tell which windows are out of distribution; windows with NaN always are."""
        return ~(self.score(windows) <= self.threshold)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "mean": self.mean.tolist(),
            "whitening": self.whitening.tolist(),
            "threshold": self.threshold,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        mean, whitening = (np.array(fields[name], float) for name in ("mean", "whitening"))
        return cls(mean, whitening, float(fields["threshold"]))

    def require_fits(self, n_samples: int, n_sensors: int) -> None:
        """Refuse a detector that cannot judge windows of such a shape.

        Raises
        ------
        DataError
            If its matrices are of another shape, or have what is no number.
        """
        n = n_sensors * (3 + len(lags_within(n_samples)))
        numbers = np.append(self.whitening, [*np.ravel(self.mean), self.threshold])
        shapes = self.mean.shape, self.whitening.shape
        if shapes != ((n,), (n, n)) or not np.isfinite(numbers).all():
            raise DataError(
                "not a detector of the model's windows",
                expected=f"finite numbers of {n} quantities",
                found=f"shapes {shapes[0]} and {shapes[1]}",
            )
