"""What a method of a classical model is: a module with these functions.

`har.models.svm`, `har.models.logistic` and `har.models.trees` are the methods.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sklearn.pipeline import Pipeline

from har.arrays import Float32, Float64, Int64


class Method(Protocol):
    """How one kind of estimator is searched, decides, is calibrated and exported."""

    def grid(
        self, settings: Any, n_features: int, seed: int, /
    ) -> Iterator[tuple[dict[str, float], Any]]:
        """Yield parameters with an estimator, the smoother ones first."""

    def decide(self, pipeline: Pipeline, features: Float32, /) -> Float64:
        """Return a fitted pipeline's decisions, shape (n_windows, n_decisions)."""

    def calibrate(self, decisions: Float64, y: Int64) -> dict[str, float]:
        """Return what turns decisions into probabilities with the smallest log-loss."""

    def log_proba(self, decisions: Float64, calibration: dict[str, float]) -> Float64:
        """Return log-probabilities of shape (n_windows, n_classes)."""

    def to_onnx(
        self, features: Any, model: Pipeline, calibration: dict[str, float], path: Path
    ) -> None:
        """Write one graph from raw windows to probabilities."""
