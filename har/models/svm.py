"""The probabilities of an SVM, in numpy for training and in torch for ONNX.

An SVM of k classes decides k(k-1)/2 pairs. Here a class's probability is the
product over its pairs of the logistic function of the decision, to a power::

    p_i  ~  prod_j  sigmoid(scale * d_ij) ** power

Two numbers are fitted to decisions on subjects that the SVM has not seen. It
keeps the order of a vote over pairs and, unlike the vote, has no jumps, so that
float32 gives the same numbers as float64.
"""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from har.features.extractor import WindowFeatures

Floats = npt.NDArray[np.float64]


def pair_signs(n_classes: int) -> npt.NDArray[np.float32]:
    """Return +1 where a class wins a pair by a positive decision, and -1 where it loses.

    Returns
    -------
    ndarray of shape (n_pairs, n_classes)
    """
    signs = np.zeros((n_classes * (n_classes - 1) // 2, n_classes), np.float32)
    for row, (i, j) in enumerate(combinations(range(n_classes), 2)):
        signs[row, i], signs[row, j] = 1, -1
    return signs


def couple(decisions: Floats, scale: float, power: float) -> Floats:
    """Return log-probabilities from pairwise decisions.

    Parameters
    ----------
    decisions : ndarray of shape (n_windows, n_pairs)
        Positive for the first class of the pair.
    scale, power : float
        As fitted by `fit_coupling`.

    Returns
    -------
    ndarray of shape (n_windows, n_classes)
    """
    n_classes = round((1 + np.sqrt(1 + 8 * decisions.shape[1])) / 2)
    signs = pair_signs(n_classes)
    wins = log_expit(scale * decisions) @ (signs > 0) + log_expit(-scale * decisions) @ (signs < 0)
    logp: Floats = log_softmax(power * wins, axis=1)
    return logp


def fit_coupling(decisions: Floats, y: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return the scale and power with the smallest log-loss."""

    def loss(logs: Floats) -> float:
        logp = couple(decisions, *np.exp(logs))
        return -float(logp[np.arange(len(y)), y].mean())

    best = minimize(loss, [0.0, 0.0], method="Nelder-Mead", bounds=[(-4, 4), (-4, 4)])
    scale, power = np.exp(best.x)
    return {"scale": float(scale), "power": float(power)}


class SvmProbabilities(nn.Module):
    """Features, scaler, RBF-SVM and coupling as one graph in float32.

    Parameters
    ----------
    features : WindowFeatures
        The extractor.
    svm : Pipeline
        A fitted `StandardScaler` named ``scale`` and a fitted RBF `SVC` named ``svc``.
    scale, power : float
        As fitted by `fit_coupling`.
    """

    def __init__(self, features: WindowFeatures, svm: Pipeline, scale: float, power: float) -> None:
        super().__init__()
        self.features, self.power = features, power
        scaler, svc = svm["scale"], svm["svc"]
        self.gamma = float(svc._gamma)
        signs = pair_signs(len(svc.classes_))
        weights, support = _pair_coefficients(svc), svc.support_vectors_
        arrays = {
            "mean": scaler.mean_,
            "spread": scaler.scale_,
            "support": support.T,
            "support_norm": (support**2).sum(1),
            "weights": scale * weights,
            "intercept": scale * svc.intercept_,
            "first": signs > 0,
            "second": signs < 0,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(np.asarray(array), dtype=torch.float32))

    mean: Tensor
    spread: Tensor
    support: Tensor
    support_norm: Tensor
    weights: Tensor
    intercept: Tensor
    first: Tensor
    second: Tensor

    def forward(self, windows: Tensor) -> Tensor:
        """Return probabilities of shape (batch, n_classes) for raw windows."""
        x = (self.features(windows) - self.mean) / self.spread
        distance = (x * x).sum(1, keepdim=True) + self.support_norm - 2 * (x @ self.support)
        decisions = (-self.gamma * distance).exp() @ self.weights + self.intercept
        # log(sigmoid(d)) = -softplus(-d), which ONNX Runtime computes without underflow.
        softplus = nn.functional.softplus
        losses = softplus(-decisions) @ self.first + softplus(decisions) @ self.second
        return (-self.power * losses).softmax(1)


def _pair_coefficients(svc: Any) -> Floats:
    """Return the weight of each support vector in each pair's decision.

    libsvm keeps, for a support vector of class i, its weight against class j in
    row j - 1 if j > i and in row j otherwise.

    Returns
    -------
    ndarray of shape (n_support, n_pairs)
    """
    ends = np.cumsum(svc.n_support_)
    rows = [slice(end - n, end) for end, n in zip(ends, svc.n_support_, strict=True)]
    pairs = list(combinations(range(len(rows)), 2))
    weights = np.zeros((ends[-1], len(pairs)))
    for column, (i, j) in enumerate(pairs):
        weights[rows[i], column] = svc.dual_coef_[j - 1, rows[i]]
        weights[rows[j], column] = svc.dual_coef_[i, rows[j]]
    return weights
