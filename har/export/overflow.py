"""Whether the integer products of a graph can overflow on any processor.

Processors without VNNI multiply unsigned by signed bytes with ``vpmaddubsw``: two neighbouring
products are added in 16 bits, and what does not fit is cut off (Intel, oneDNN developer guide,
"Nuances of int8 computations"). So the same file answers differently on different processors,
and the loss is silent. Weights of 7 bits cannot do that: 2 × 255 × 64 = 32,640. Products of
unsigned bytes by unsigned bytes are safe as well: kernels widen them to 16 bits first and add
them in 32.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

_ACTIVATION = 255  # the largest value of an unsigned byte; signed ones are shifted to it
# Where each kind of product has its right operand, of which kernels take signed bytes as such.
_RIGHT = {
    **{"MatMul": 1, "Gemm": 1, "Conv": 1, "MatMulInteger": 1, "ConvInteger": 1},
    **{"QLinearMatMul": 3, "QLinearConv": 3},
}


def largest_pair_sum(model: onnx.ModelProto) -> int:
    """Return the largest magnitude that a sum of two products of integers can have.

    It is a bound for any input and any order of the operands: both products have the largest
    weight of the graph and the largest activation. 0 says that nothing can overflow.

    Parameters
    ----------
    model : ModelProto
        Graphs inside of its own are not looked at: those of `har.export.quartiles` have floats.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    producers = {name: node for node in model.graph.node for name in node.output}
    operands = (n.input[_RIGHT[n.op_type]] for n in model.graph.node if n.op_type in _RIGHT)
    largest = max((_signed_byte(name, constants, producers) for name in operands), default=0)
    return 2 * _ACTIVATION * largest


def _signed_byte(
    name: str,
    constants: Mapping[str, TensorProto],
    producers: Mapping[str, onnx.NodeProto],
) -> int:
    """Return the largest magnitude that a value has as a signed byte; 0 if it is none."""
    if name in constants:
        return _magnitude(constants[name])
    node = producers.get(name)
    if node is None:
        return 0
    if node.op_type == "DequantizeLinear":
        return _signed_byte(node.input[0], constants, producers)
    # What flows through may be anything that its type holds.
    if node.op_type == "QuantizeLinear" and len(node.input) == 3:
        return 128 * (constants[node.input[2]].data_type == TensorProto.INT8)
    return 0


def _magnitude(tensor: TensorProto) -> int:
    if tensor.data_type != TensorProto.INT8:
        return 0
    return int(np.abs(numpy_helper.to_array(tensor).astype(np.int16)).max(initial=0))
