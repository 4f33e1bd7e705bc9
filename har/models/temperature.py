"""One temperature: the simplest way from a model's log-probabilities to honest ones."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = npt.NDArray[np.float64]
LARGEST = 20.0  # and its inverse the smallest


def fit_temperature(logits: Floats, y: npt.NDArray[np.int64]) -> float:
    """Return the temperature with the smallest log-loss (Guo et al. 2017).

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

    bound = np.log(LARGEST)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))
