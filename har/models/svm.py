"""The RBF-SVM: its grid, and its probabilities in numpy for training and in torch for ONNX.

An SVM of k classes decides k(k-1)/2 pairs. Here a class's probability is the
product over its pairs of the logistic function of the decision, to a power::

    p_i  ~  prod_j  sigmoid(scale * d_ij) ** power

Two numbers are fitted to decisions on subjects that the SVM has not seen. It
keeps the order of a vote over pairs and, unlike the vote, has no jumps, so that
float32 gives the same numbers as float64.
"""

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from har.arrays import Float32, Float64, Int64
from har.config import SvmSettings
from har.features.convolutions import Extractor
from har.models.graph import ScaledFeatures, write_graph

# Windows that are decided at once, so that their kernel stays in the processor's cache.
BLOCK = 256


def grid(
    settings: SvmSettings, n_features: int, _seed: int
) -> Iterator[tuple[dict[str, float], SVC]]:
    """Yield parameters with an SVM, the smoother ones first."""
    for c, gamma_scale in product(sorted(settings.c_grid), sorted(settings.gamma_scale)):
        gamma = gamma_scale / n_features
        svc = SVC(C=c, gamma=gamma, decision_function_shape="ovo", cache_size=500)
        yield {"c": c, "gamma": gamma}, svc


def pair_signs(n_classes: int) -> Float32:
    """Return +1 where a class wins a pair by a positive decision, and -1 where it loses.

    Returns
    -------
    ndarray of shape (n_pairs, n_classes)
    """
    signs = np.zeros((n_classes * (n_classes - 1) // 2, n_classes), np.float32)
    for row, (i, j) in enumerate(combinations(range(n_classes), 2)):
        signs[row, i], signs[row, j] = 1, -1
    return signs


def couple(decisions: Float64, scale: float, power: float) -> Float64:
    """Return log-probabilities from pairwise decisions.

    Parameters
    ----------
    decisions : ndarray of shape (n_windows, n_pairs)
        Positive for the first class of the pair.
    scale, power : float
        As fitted by `calibrate`.

    Returns
    -------
    ndarray of shape (n_windows, n_classes)
    """
    n_classes = round((1 + np.sqrt(1 + 8 * decisions.shape[1])) / 2)
    signs = pair_signs(n_classes)
    wins = log_expit(scale * decisions) @ (signs > 0) + log_expit(-scale * decisions) @ (signs < 0)
    logp: Float64 = log_softmax(power * wins, axis=1)
    return logp


def decide(pipeline: Pipeline, features: Float32) -> Float64:
    """Return the decision of each pair of classes, positive for the first one.

    They are scikit-learn's up to rounding. It computes kernels one by one, which takes
    several times longer than one product of matrices. On one thread the products have the
    same bits on a machine of any size.

    Returns
    -------
    ndarray of shape (n_windows, n_pairs)
    """
    svc = pipeline["decide"]
    support, (weights, intercept) = svc.support_vectors_, _pair_weights(svc)
    norm = (support * support).sum(1)
    decisions = np.empty((len(features), len(intercept)))
    with threadpool_limits(1):
        for start in range(0, len(features), BLOCK):
            rows = slice(start, start + BLOCK)
            x = np.asarray(pipeline["scale"].transform(features[rows]), np.float64)
            distance = (x * x).sum(1, keepdims=True) + norm - 2 * (x @ support.T)
            decisions[rows] = np.exp(-svc._gamma * distance) @ weights + intercept
    return decisions


def calibrate(decisions: Float64, y: Int64) -> dict[str, float]:
    """Return the scale and power with the smallest log-loss."""

    def loss(logs: Float64) -> float:
        logp = couple(decisions, *np.exp(logs))
        return -float(logp[np.arange(len(y)), y].mean())

    best = minimize(loss, [0.0, 0.0], method="Nelder-Mead", bounds=[(-4, 4), (-4, 4)])
    scale, power = np.exp(best.x)
    return {"scale": float(scale), "power": float(power)}


def log_proba(decisions: Float64, calibration: dict[str, float]) -> Float64:
    """Return log-probabilities of pairwise decisions."""
    return couple(decisions, calibration["scale"], calibration["power"])


def to_onnx(
    features: Extractor, pipeline: Pipeline, calibration: dict[str, float], path: Path
) -> None:
    """Write features, scaler, SVM and coupling as one graph."""
    scaled = ScaledFeatures(features, pipeline["scale"])
    write_graph(SvmProbabilities(scaled, pipeline["decide"], **calibration), path)


class SvmProbabilities(nn.Module):
    """Features, scaler, RBF-SVM and coupling as one graph in float32.

    Parameters
    ----------
    features : ScaledFeatures
        From raw windows to scaled features.
    svc : SVC
        Fitted, with an RBF kernel.
    scale, power : float
        As fitted by `calibrate`.
    """

    def __init__(self, features: ScaledFeatures, svc: SVC, scale: float, power: float) -> None:
        super().__init__()
        self.features, self.power = features, power
        self.gamma = float(svc._gamma)
        signs = pair_signs(len(svc.classes_))
        support, (weights, intercept) = svc.support_vectors_, _pair_weights(svc)
        arrays = {
            "support": support.T,
            "support_norm": (support**2).sum(1),
            "weights": scale * weights,
            "intercept": scale * intercept,
            "first": signs > 0,
            "second": signs < 0,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(np.asarray(array), dtype=torch.float32))

    support: Tensor
    support_norm: Tensor
    weights: Tensor
    intercept: Tensor
    first: Tensor
    second: Tensor

    def forward(self, windows: Tensor) -> Tensor:
        """Return probabilities of shape (batch, n_classes) for raw windows."""
        x = self.features(windows)
        distance = (x * x).sum(1, keepdim=True) + self.support_norm - 2 * (x @ self.support)
        decisions = (-self.gamma * distance).exp() @ self.weights + self.intercept
        # log(sigmoid(d)) = -softplus(-d), which ONNX Runtime computes without underflow.
        softplus = nn.functional.softplus
        losses = softplus(-decisions) @ self.first + softplus(decisions) @ self.second
        return (-self.power * losses).softmax(1)


def _pair_weights(svc: Any) -> tuple[Float64, Float64]:
    """Return the weight of each support vector in each pair's decision, and the intercepts.

    libsvm keeps, for a support vector of class i, its weight against class j in
    row j - 1 if j > i and in row j otherwise. Decisions are positive for a pair's first
    class; of two classes alone scikit-learn flips the sign, which is flipped back here.

    Returns
    -------
    weights : ndarray of shape (n_support, n_pairs)
    intercepts : ndarray of shape (n_pairs,)
    """
    ends = np.cumsum(svc.n_support_)
    rows = [slice(end - n, end) for end, n in zip(ends, svc.n_support_, strict=True)]
    pairs = list(combinations(range(len(rows)), 2))
    weights = np.zeros((ends[-1], len(pairs)))
    for column, (i, j) in enumerate(pairs):
        weights[rows[i], column] = svc.dual_coef_[j - 1, rows[i]]
        weights[rows[j], column] = svc.dual_coef_[i, rows[j]]
    sign = -1 if len(rows) == 2 else 1
    return sign * weights, sign * svc.intercept_
