"""Sessions run any number of windows and give every output."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from har.errors import MissingError
from har.models.runtime import BATCH, OnnxModel, latencies


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a graph that gives the mean of each channel, and the sum of those."""
    axis = numpy_helper.from_array(np.array([1]), "axis")
    inputs = [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", 4, 2])]
    outputs = [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2]),
        helper.make_tensor_value_info("distance", TensorProto.FLOAT, ["batch"]),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["windows", "axis"], ["probabilities"], keepdims=0),
        helper.make_node("ReduceSum", ["probabilities", "axis"], ["distance"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "means", inputs, outputs, [axis])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"made": "here"})
    onnx.save(model, folder := tmp_path_factory.mktemp("runtime") / "means.onnx")
    return folder


@pytest.mark.parametrize("n", [0, 1, BATCH, 2 * BATCH + 3])
def test_any_number_of_windows(path: Path, n: int) -> None:
    """Both outputs have one row per window, over batches and without a window."""
    windows = np.random.default_rng(0).normal(size=(n, 4, 2))
    found = OnnxModel(path).run(windows)
    assert list(found) == ["probabilities", "distance"]
    np.testing.assert_allclose(found["probabilities"], windows.mean(1), atol=1e-6)
    np.testing.assert_allclose(found["distance"], windows.mean(1).sum(1), atol=1e-6)


def test_a_file_tells_what_it_is(path: Path) -> None:
    """Metadata, outputs and the shape of a window."""
    model = OnnxModel(path)
    assert model.metadata == {"made": "here"}
    assert model.outputs == ("probabilities", "distance")
    assert model.window_shape == (4, 2)


def test_a_missing_file_is_a_missing_error(tmp_path: Path) -> None:
    """Exit code 6: not there."""
    with pytest.raises(MissingError, match="no such model"):
        OnnxModel(tmp_path / "none.onnx")


def test_models_are_timed_as_often_as_asked(path: Path) -> None:
    """One row of positive times per model; without a window, zeros are predicted."""
    times = latencies([path, path], None, 20)
    assert [len(row) for row in times] == [20, 20]
    assert all((row > 0).all() for row in times)
