"""One temperature: the simplest way from a model's log-probabilities to honest ones."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from har.arrays import Float64, Int64

# Few people without a single error would ask for a temperature of 0, which is no answer.
BOUNDS = (0.2, 5.0)


def fit_temperature(logits: Float64, y: Int64) -> float:
    """Return the temperature with the smallest log-loss (Guo et al. 2017), within `BOUNDS`.

    Parameters
    ----------
    logits : ndarray of shape (n_windows, n_classes)
        Or log-probabilities, of people that the model was not fitted on.
    y : ndarray of shape (n_windows,)
        Labels.
    """

    def loss(log_temperature: float) -> float:
        logp = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(logp[np.arange(len(y)), y].mean())

    bounds = tuple(np.log(BOUNDS))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
