"""Weights become integers, and each build computes what its name says."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from har.export.quantize import quantize_weights
from har.models.runtime import OnnxModel


def write_products(path: Path) -> dict[str, np.typing.NDArray[np.float32]]:
    """Write a product, a convolution and a spared product; return their weights."""
    random = np.random.default_rng(0)
    shapes = {"filters": (5, 6, 3), "spared": (5, 4), "matrix": (4, 3), "rows": (2, 3)}
    weights = {name: random.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    weights["matrix"][:, 1] = 0
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["windows"], ["t"], perm=[0, 2, 1]),
            helper.make_node("Conv", ["t", "filters"], ["c"], name="/network/Conv"),
            helper.make_node("ReduceMean", ["c", "axes"], ["mean"], keepdims=0),
            helper.make_node("MatMul", ["mean", "spared"], ["p"], name="/preprocess/MatMul"),
            helper.make_node("MatMul", ["p", "matrix"], ["m"], name="/network/MatMul"),
            helper.make_node("Gemm", ["m", "rows"], ["g"], name="/network/Gemm", transB=1),
            helper.make_node("Softmax", ["g"], ["probabilities"], axis=-1),
        ],
        "products",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", 8, 6])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [
            *(numpy_helper.from_array(array, name) for name, array in weights.items()),
            numpy_helper.from_array(np.array([2], np.int64), "axes"),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return weights


def test_weights_are_integers_times_a_scale_of_each_output(tmp_path: Path) -> None:
    """Half a step from what they were; those of the preprocessing stay as they are."""
    weights = write_products(tmp_path / "fp32.onnx")
    quantize_weights(tmp_path / "fp32.onnx", tmp_path / "int8.onnx")
    model = onnx.load(tmp_path / "int8.onnx")
    onnx.checker.check_model(model, full_check=True)
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    np.testing.assert_array_equal(held["spared"], weights["spared"])
    for name, others in {"filters": (1, 2), "matrix": (0,), "rows": (1,)}.items():
        assert name not in held
        integers, scale = held[f"{name}/int8"], held[f"{name}/scale"]
        largest = np.abs(weights[name]).max(axis=others, keepdims=True)
        assert integers.dtype == np.int8
        assert scale.shape == largest.shape
        np.testing.assert_allclose(scale, np.where(largest > 0, largest / 127, 1))
        assert np.abs(integers * scale - weights[name]).max() <= scale.max() / 2 * 1.0001
        assert np.abs(integers).max() == 127


def test_answers_are_those_of_the_restored_weights(tmp_path: Path) -> None:
    """The build computes in float32: the same file answers as a float32 file with them."""
    path = tmp_path / "fp32.onnx"
    write_products(path)
    quantize_weights(path, tmp_path / "int8.onnx")
    held = {
        t.name: numpy_helper.to_array(t)
        for t in onnx.load(tmp_path / "int8.onnx").graph.initializer
    }
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if f"{tensor.name}/int8" in held:
            restored = held[f"{tensor.name}/int8"].astype("float32") * held[f"{tensor.name}/scale"]
            tensor.CopyFrom(numpy_helper.from_array(restored, tensor.name))
    onnx.save(model, tmp_path / "restored.onnx")
    windows = np.random.default_rng(1).normal(size=(20, 8, 6)).astype("float32")
    a, b = (OnnxModel(tmp_path / f"{n}.onnx").predict_proba(windows) for n in ("int8", "restored"))
    np.testing.assert_allclose(a, b, atol=1e-6)
