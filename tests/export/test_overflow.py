"""Products of integers that 16 bits hold, by bound and by an emulated processor."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from har.export.artifact import MAX_PAIR_SUM
from har.export.overflow import largest_pair_sum


def model_of(
    nodes: list[onnx.NodeProto], **constants: np.typing.NDArray[np.generic]
) -> onnx.ModelProto:
    """Return a model with these nodes and constants."""
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    return helper.make_model(helper.make_graph(nodes, "products", [], [value], tensors))


WEIGHTS = np.array([[100, -3], [7, -120]], np.int8)
CASES = {
    "integers": (
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        {"w": WEIGHTS},
        2 * 255 * 120,
    ),
    "convolved": (
        [helper.make_node("ConvInteger", ["x", "w"], ["y"])],
        {"w": np.full((2, 2, 3), -64, np.int8)},
        32_640,
    ),
    "restored": (
        [
            helper.make_node("DequantizeLinear", ["w", "scale", "zero"], ["f"]),
            helper.make_node("Gemm", ["x", "f"], ["y"]),
        ],
        {"w": WEIGHTS, "scale": np.float32(1), "zero": np.int8(0)},
        2 * 255 * 120,
    ),
    "fused": (
        [helper.make_node("QLinearMatMul", ["x", "s", "z", "w", "s", "z", "s", "z"], ["y"])],
        {"w": WEIGHTS, "s": np.float32(1), "z": np.int8(0)},
        2 * 255 * 120,
    ),
    "flowing, signed": (
        [
            helper.make_node("QuantizeLinear", ["a", "scale", "zero"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["f"]),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        {"scale": np.float32(1), "zero": np.int8(0)},
        2 * 255 * 128,
    ),
    "flowing, unsigned": (
        [
            helper.make_node("QuantizeLinear", ["a", "scale", "zero"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["f"]),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        {"scale": np.float32(1), "zero": np.uint8(0)},
        0,
    ),
    "unsigned": (
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        {"w": np.full((2, 2), 255, np.uint8)},
        0,
    ),
    "floats": (
        [
            helper.make_node("Cast", ["w"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        {"w": WEIGHTS},
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_bound_is_that_of_the_largest_weight(case: str) -> None:
    """Twice the largest activation times it, wherever the right operand comes from."""
    nodes, constants, expected = CASES[case]
    assert largest_pair_sum(model_of(nodes, **constants)) == expected


def on_a_processor_without_vnni(
    activations: np.typing.NDArray[np.uint8], weights: np.typing.NDArray[np.int8]
) -> np.typing.NDArray[np.int32]:
    """Return a product of matrices as ``vpmaddubsw`` and ``vpmaddwd`` compute it."""
    products = activations[:, :, np.newaxis].astype(np.int32) * weights.astype(np.int32)
    pairs = products[:, 0::2] + products[:, 1::2]
    kept = pairs.clip(-(2**15), 2**15 - 1)
    return kept.sum(axis=1, dtype=np.int32)


@pytest.mark.parametrize(("largest", "same"), [(64, True), (127, False)])
def test_a_processor_without_vnni_answers_alike(largest: int, same: bool) -> None:
    """Weights of 7 bits lose nothing, even where all is largest; those of 8 bits do."""
    random = np.random.default_rng(0)
    weights = random.integers(-largest, largest, (64, 32), np.int8, endpoint=True)
    weights[:2, 0], weights[:2, 1] = largest, -largest
    activations = random.integers(0, 255, (200, 64), np.uint8, endpoint=True)
    activations[0] = 255
    exact = activations.astype(np.int32) @ weights.astype(np.int32)
    assert np.array_equal(on_a_processor_without_vnni(activations, weights), exact) == same
    model = model_of([helper.make_node("MatMulInteger", ["x", "w"], ["y"])], w=weights)
    assert (largest_pair_sum(model) <= MAX_PAIR_SUM) == same
