"""Builds are measured, judged by their bounds, and the smallest good one serves."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from har.config import ExportSettings
from har.export.builds import judge_all, serving
from har.export.measure import Build, measure
from har.models.runtime import latencies

GOOD = Build(
    name="fp32",
    file="model-fp32.onnx",
    bytes=1000,
    sha256="0" * 64,
    max_probability_gap=1e-6,
    agreement=1.0,
    macro_f1=0.97,
    macro_f1_change=0.0,
    latency_ms=1.0,
    latency_p95_ms=1.2,
)
INT8 = replace(GOOD, name="int8-dynamic", bytes=300, max_probability_gap=0.02, latency_ms=0.8)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"max_probability_gap": 0.4}, "probability gap 0.4 > 0.15"),
        ({"agreement": 0.98}, "disagreement 0.02 > 0.005"),
        ({"macro_f1_change": -0.01}, "macro-F1 drop 0.01 > 0.005"),
        ({"latency_ms": 20.0}, "latency, ms 20 > 10"),
        ({"latency_ms": 1.5}, "latency / fp32 1.5 > 1.2"),
    ],
)
def test_broken_bound_is_marked_and_does_not_serve(fault: dict[str, float], message: str) -> None:
    """A build that breaks a bound is kept, says which, and fp32 serves instead."""
    builds = judge_all([GOOD, replace(INT8, **fault)], ExportSettings())
    assert [build.passed for build in builds] == [True, False]
    assert message in builds[1].failures
    assert serving(builds) == "fp32"


def test_smallest_good_build_serves() -> None:
    """Among those that pass, size decides, never the score on the test set."""
    better = replace(GOOD, name="int8-static", bytes=400, macro_f1=0.99, macro_f1_change=0.02)
    assert serving(judge_all([GOOD, INT8, better], ExportSettings())) == "int8-dynamic"


def test_nothing_serves_when_all_fail() -> None:
    """No build is better than a wrong one."""
    slow = replace(GOOD, latency_ms=99.0)
    assert serving(judge_all([slow], ExportSettings())) is None


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
    )
    assert build.max_probability_gap == pytest.approx(0.3)
    assert build.agreement == 0.75
    assert build.macro_f1 == pytest.approx((6 / 7 + 0) / 2)
    assert build.macro_f1_change == pytest.approx(build.macro_f1 - 1)
    assert len(times) == 20
    assert 0 < build.latency_ms <= build.latency_p95_ms
