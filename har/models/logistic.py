"""Logistic regression: its grid, its temperature and its graph."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from har.arrays import Float32, Float64, Int64
from har.config import LogisticSettings
from har.features.convolutions import Extractor
from har.models.graph import ScaledFeatures, write_graph
from har.models.temperature import fit_temperature


def grid(
    settings: LogisticSettings, _n_features: int, _seed: int
) -> Iterator[tuple[dict[str, float], LogisticRegression]]:
    """Yield parameters with a model, the smoother ones first."""
    for c in sorted(settings.c_grid):
        yield {"c": c}, LogisticRegression(C=c, max_iter=settings.max_iterations)


def decide(pipeline: Pipeline, features: Float32) -> Float64:
    """Return the logit of each class; of two classes that of the second one alone."""
    return np.asarray(pipeline.decision_function(features))


def calibrate(decisions: Float64, y: Int64) -> dict[str, float]:
    """Return the temperature with the smallest log-loss."""
    return {"temperature": fit_temperature(_logits(decisions), y)}


def log_proba(decisions: Float64, calibration: dict[str, float]) -> Float64:
    """Return log-probabilities of the classes' logits."""
    logp: Float64 = log_softmax(_logits(decisions) / calibration["temperature"], axis=1)
    return logp


def to_onnx(
    features: Extractor, pipeline: Pipeline, calibration: dict[str, float], path: Path
) -> None:
    """Write features, scaler and regression as one graph."""
    scaled = ScaledFeatures(features, pipeline["scale"])
    write_graph(LogisticProbabilities(scaled, pipeline["decide"], **calibration), path)


class LogisticProbabilities(nn.Module):
    """Features, scaler and regression in float32.

    Parameters
    ----------
    features : ScaledFeatures
        From raw windows to scaled features.
    regression : LogisticRegression
        Fitted.
    temperature : float
        As fitted by `calibrate`.
    """

    weights: Tensor
    intercept: Tensor

    def __init__(
        self, features: ScaledFeatures, regression: LogisticRegression, temperature: float
    ) -> None:
        super().__init__()
        self.features, self.temperature = features, temperature
        self.binary = len(regression.coef_) == 1
        for name, array in (("weights", regression.coef_.T), ("intercept", regression.intercept_)):
            self.register_buffer(name, torch.tensor(array, dtype=torch.float32))

    def forward(self, windows: Tensor) -> Tensor:
        """Return probabilities of shape (batch, n_classes) for raw windows."""
        decisions = self.features(windows) @ self.weights + self.intercept
        if self.binary:
            decisions = torch.cat([torch.zeros_like(decisions), decisions], dim=1)
        probabilities: Tensor = (decisions / self.temperature).softmax(1)
        return probabilities


def _logits(decisions: Float64) -> Float64:
    """Return one logit per class; of two classes scikit-learn gives the second one's alone."""
    if decisions.ndim == 1:
        return np.stack([np.zeros_like(decisions), decisions], axis=1)
    return decisions
