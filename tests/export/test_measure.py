"""A build is compared with the model that it was made from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from har.config import ExportSettings
from har.export.artifact import Build, Latency
from har.export.measure import measure, mismatches
from har.models.runtime import latencies


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"max_probability_gap": 0.4}, "probability gap 0.4 > 0.1"),
        ({"agreement": 0.98}, "disagreement 0.02 > 0.005"),
        ({"macro_f1_change": -0.01}, "macro-F1 drop 0.01 > 0.005"),
        ({"pair_sum": 2 * 255 * 127}, "products / 16 bits 1.977 > 1"),
        ({"batch_gap": 0.02}, "gap alone and in a batch 0.02 > 0.01"),
    ],
)
def test_a_broken_bound_of_parity_is_named_with_its_value(
    fault: dict[str, float], message: str
) -> None:
    """A build that keeps them all has no mismatch."""
    parity = {"max_probability_gap": 1e-6, "agreement": 1.0, "macro_f1_change": 0.0}
    file = {"name": "fp32", "file": "model-fp32.onnx", "bytes": 1000, "sha256": "0" * 64}
    latency = Latency(1.0, 1.2)
    good = Build(**file, **parity, macro_f1=0.97, mismatches=(), latency=latency)
    assert mismatches(good, ExportSettings()) == ()
    assert mismatches(replace(good, **fault), ExportSettings()) == (message,)


def test_measurement_by_hand(tmp_path: Path) -> None:
    """Gap, agreement and change of macro-F1 of a graph that always says (.7, .3)."""
    constant = numpy_helper.from_array(np.array([[0.7, 0.3]], np.float32), "constant")
    zero = numpy_helper.from_array(np.zeros((24, 2), np.float32), "zero")
    shape = numpy_helper.from_array(np.array([-1, 24], np.int64), "shape")
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["windows", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "constant"], ["probabilities"]),
        ],
        "constant",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["n", 4, 6])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])],
        [constant, zero, shape],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, tmp_path / "model-fp32.onnx")
    path = tmp_path / "model-fp32.onnx"
    (times,) = latencies([path], np.ones((1, 4, 6), np.float32), 20)
    build = measure(
        path,
        times,
        windows=np.ones((4, 4, 6), np.float32),
        reference=np.array([[0.7, 0.3], [0.6, 0.4], [0.9, 0.1], [0.4, 0.6]]),
        y=np.array([0, 0, 0, 1]),
        bounds=ExportSettings(),
    )
    assert build.max_probability_gap == pytest.approx(0.3)
    assert build.agreement == 0.75
    assert build.macro_f1 == pytest.approx((6 / 7 + 0) / 2)
    assert build.macro_f1_change == pytest.approx(build.macro_f1 - 1)
    assert (build.pair_sum, build.batch_gap, build.elsewhere) == (0, 0.0, ())
    assert len(times) == 20
    assert 0 < build.latency.latency_ms <= build.latency.latency_p95_ms
    assert build.mismatches == (
        "probability gap 0.3 > 0.1",
        "disagreement 0.25 > 0.005",
        "macro-F1 drop 0.5714 > 0.005",
    )
