"""Windows that are like nothing seen in training, to be answered with "unknown".

A model's own confidence does not tell them: fed with g in the place of m/s², or with
noise, it is as sure as ever. What does is the distance of a few physical numbers of
the raw window from those of the training windows. They are the same however the sensor
is turned, but for the least moving axis, and nothing foreign is needed to fit them. One
Gaussian describes them: one for each kind of motion finds more, as shuffled samples,
but also refuses a sensor that is merely a little noisier or off in its gain.

Scoring is logarithms and one matrix product, and needs numpy alone.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
RawWindows = npt.NDArray[np.floating[Any]]

LAGS = (1, 2, 4, 8, 16, 32)  # samples: an octave apart, so a spectrum in six numbers
FLOOR = 1e-4  # m/s² or rad/s, far below a sensor's noise: only a dead axis is there


def physical_numbers(windows: RawWindows) -> Floats:
    """Describe windows by logarithms of physical quantities.

    Of each sensor: the norm of the mean, the standard deviation, that of the least
    moving axis, and the root mean square change over each of `LAGS`. The share of
    fast motion is in the differences of the last ones.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_samples, 6), m/s² and rad/s

    Returns
    -------
    ndarray of shape (n_windows, 18)
        Fewer if windows are not longer than the largest lag.
    """
    n, n_samples, _ = windows.shape
    sensors = np.asarray(windows, np.float64).reshape(n, n_samples, 2, 3)
    lags = [lag for lag in LAGS if lag < n_samples]
    variance = sensors.var(1)
    squares = [
        (sensors.mean(1) ** 2).sum(-1),
        variance.sum(-1),
        variance.min(-1),
        *(((sensors[:, lag:] - sensors[:, :-lag]) ** 2).mean(1).sum(-1) for lag in lags),
    ]
    return np.asarray(np.log(np.sqrt(np.concatenate(squares, axis=1)) + FLOOR))


@dataclass(frozen=True, eq=False)
class Unlikeness:
    """How unlike the training windows a window is, and from where on it is unknown.

    Attributes
    ----------
    mean : ndarray of shape (n_numbers,)
        Of the training windows' `physical_numbers`.
    whitening : ndarray of shape (n_numbers, n_numbers)
        Makes their covariance the identity.
    threshold : float
        Windows that score more are unknown.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, validation = rng.normal((0, 0, 9.8, 0, 0, 0), 1, (2, 500, 64, 6))
    >>> unlikeness = Unlikeness.fit(train, validation)
    >>> unlikeness.is_unknown(validation / 9.80665).mean()
    np.float64(1.0)
    """

    mean: Floats
    whitening: Floats
    threshold: float

    @classmethod
    def fit(cls, train: RawWindows, validation: RawWindows, *, refused: float = 0.01) -> Self:
        """Fit the distance on training windows and the threshold on validation windows.

        Parameters
        ----------
        train, validation : ndarray of shape (n_windows, n_samples, 6), m/s² and rad/s
            Of different subjects; windows without a label are as genuine as others.
        refused : float, default=0.01
            Share of the validation windows that the threshold refuses.
        """
        from sklearn.covariance import LedoitWolf

        fitted = LedoitWolf().fit(physical_numbers(train))
        whitening = np.linalg.cholesky(fitted.precision_)
        scores = cls(fitted.location_, whitening, np.inf).score(validation)
        return cls(fitted.location_, whitening, float(np.quantile(scores, 1 - refused)))

    def score(self, windows: RawWindows) -> Floats:
        """Return the Mahalanobis distance from the training windows, shape (n_windows,)."""
        white = (physical_numbers(windows) - self.mean) @ self.whitening
        return np.asarray(np.sqrt((white**2).sum(1)))

    def is_unknown(self, windows: RawWindows) -> npt.NDArray[np.bool_]:
        """Tell which windows are unlike the training windows; those with NaN are."""
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
