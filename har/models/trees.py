"""Extremely randomised trees (Geurts et al. 2006): their grid, temperature and graph."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnx.compose
from onnx import TensorProto, helper
from scipy.special import log_softmax
from skl2onnx import to_onnx as to_onnx_trees
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import Pipeline

from har.arrays import Float32, Float64, Int64
from har.config import ExtraTreesSettings
from har.features.convolutions import Extractor
from har.models.graph import OPSET, ScaledFeatures, write_graph
from har.models.temperature import fit_temperature

# The least share of trees that counts, so that a logarithm is finite.
FLOOR = 1e-3
# Of ONNX's operators for trees.
ML_OPSET = 3


def grid(
    settings: ExtraTreesSettings, _n_features: int, seed: int
) -> Iterator[tuple[dict[str, float], ExtraTreesClassifier]]:
    """Yield parameters with a forest, the smoother ones first."""
    for leaf in sorted(settings.min_samples_leaf, reverse=True):
        forest = ExtraTreesClassifier(
            settings.n_estimators,
            min_samples_leaf=leaf,
            max_features=settings.max_features,
            class_weight="balanced",
            random_state=seed,
        )
        yield {"min_samples_leaf": leaf}, forest


def decide(pipeline: Pipeline, features: Float32) -> Float64:
    """Return the trees' mean votes for each class."""
    return np.asarray(pipeline.predict_proba(features))


def calibrate(decisions: Float64, y: Int64) -> dict[str, float]:
    """Return the temperature with the smallest log-loss."""
    return {"temperature": fit_temperature(np.log(decisions + FLOOR), y)}


def log_proba(decisions: Float64, calibration: dict[str, float]) -> Float64:
    """Return log-probabilities of the trees' mean votes."""
    logp: Float64 = log_softmax(np.log(decisions + FLOOR) / calibration["temperature"], axis=1)
    return logp


def to_onnx(
    features: Extractor, pipeline: Pipeline, calibration: dict[str, float], path: Path
) -> None:
    """Write features, scaler, trees and temperature as one graph."""
    scaled, forest = ScaledFeatures(features, pipeline["scale"]), pipeline["decide"]
    with tempfile.TemporaryDirectory() as folder:
        front = Path(folder) / "features.onnx"
        write_graph(scaled, front, output="features")
        model = onnx.compose.merge_models(
            onnx.load(front), _votes(forest), io_map=[("features", "trees/features")]
        )
    _append_softmax(model.graph, calibration["temperature"], len(forest.classes_))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _votes(forest: ExtraTreesClassifier) -> onnx.ModelProto:
    """Return the trees as a graph from ``trees/features`` to ``trees/probabilities``."""
    votes = to_onnx_trees(
        forest,
        initial_types=[("features", FloatTensorType([None, forest.n_features_in_]))],
        options={"zipmap": False, "output_class_labels": False},
        target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
    )
    prefixed: onnx.ModelProto = onnx.compose.add_prefix(votes, "trees/")
    return prefixed


def _append_softmax(graph: onnx.GraphProto, temperature: float, n_classes: int) -> None:
    """Turn the trees' votes into probabilities, as `log_proba` does."""
    for name, value in (("floor", FLOOR), ("temperature", temperature)):
        graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, (), [value]))
    graph.node.extend(
        [
            helper.make_node("Add", ["trees/probabilities", "floor"], ["floored"]),
            helper.make_node("Log", ["floored"], ["logs"]),
            helper.make_node("Div", ["logs", "temperature"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ]
    )
    del graph.output[:]
    shape: list[str | int] = ["batch", n_classes]
    graph.output.append(helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape))
