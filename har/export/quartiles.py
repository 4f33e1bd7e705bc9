"""Quartiles of many signals at once, inside an ONNX graph.

`har.features.statistics.OrderStatistics` is exported as a `TopK`: the smallest samples in
order, then one product. A runtime sorts signals one after the other and number by number,
which is the fastest for a few. Of many, whole rows of samples are compared instead: a bitonic
sort (Batcher 1968, Sorting networks and their applications, AFIPS), which ends when the
quarters are apart. With samples sorted, each quartile lies between two quarters of them, so the
largest of the one and the smallest of the next are all that is needed.
"""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from har.export.nodes import Nodes

# Windows of a call up to which sorting is the faster way, on a processor of x86-64.
FEW = 2
_PREFIX = "quartiles/"


def compare_rows(model: onnx.ModelProto) -> None:
    """Let every `TopK` of a graph be answered by comparisons of rows in larger calls, in place.

    One whose signals are not a power of two of samples long, or of unknown number, is left as it
    is.

    Parameters
    ----------
    model : ModelProto
        Takes ``windows``, the first axis of which is how many there are.
    """
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in graph.value_info}
    constants = {
        **{tensor.name: tensor for tensor in graph.initializer},
        **{n.output[0]: n.attribute[0].t for n in graph.node if n.op_type == "Constant"},
    }
    sorts = [node for node in model.graph.node if node.op_type == "TopK"]
    for number, sort in enumerate(sorts):
        *_, n_signals, n_samples = shapes[sort.input[0]]
        if n_signals == 0 or n_samples < 8 or n_samples.bit_count() > 1:
            continue
        (product,) = (node for node in model.graph.node if sort.output[0] in node.input)
        assert product.op_type == "MatMul"
        weights = numpy_helper.to_array(constants[product.input[1]])
        weights = np.pad(weights, ((0, n_samples - len(weights)), (0, 0)))
        rows = _by_rows(f"{_PREFIX}{number}/rows/", sort.input[0], weights, n_signals)
        _choose(model.graph, f"{_PREFIX}{number}/", sort, product, rows)


def _choose(
    graph: onnx.GraphProto,
    prefix: str,
    sort: onnx.NodeProto,
    product: onnx.NodeProto,
    rows: onnx.GraphProto,
) -> None:
    """Put a sort and the product behind it beside another graph of the same answer."""
    few = helper.make_graph([], "sorted", [], [_float(f"{prefix}few")])
    few.node.extend([sort, product])
    few.node[1].output[0] = f"{prefix}few"
    before = onnx.GraphProto()
    nodes = Nodes(before, prefix)
    count = nodes.add("Shape", graph.input[0].name, start=0, end=1)
    is_few = nodes.add("LessOrEqual", count, nodes.constant(np.array([FEW])))
    outputs = [product.output[0]]
    before.node.append(helper.make_node("If", [is_few], outputs, then_branch=few, else_branch=rows))
    place = list(graph.node).index(product)
    kept = [node for node in graph.node if node not in (sort, product)]
    del graph.node[:]
    graph.node.extend([*kept[: place - 1], *before.node, *kept[place - 1 :]])
    graph.initializer.extend(before.initializer)


def _by_rows(
    prefix: str, signals: str, weights: npt.NDArray[np.float32], n_signals: int
) -> onnx.GraphProto:
    """Return a graph of the order statistics of signals that a graph around it has.

    Parameters
    ----------
    prefix, signals : str
        How its names begin, and the name of the signals (batch, n_signals, n_samples).
    weights : ndarray of shape (n_samples, n_statistics)
        Of the sorted samples; other than zero at the ends of their quarters alone.
    n_signals : int
        How many a window has.
    """
    graph = helper.make_graph([], "compared", [], [_float(f"{prefix}out")])
    nodes, n = Nodes(graph, prefix), len(weights)
    columns = nodes.add("Reshape", signals, nodes.constant(np.array([-1, n])))
    rows = nodes.add("Transpose", columns, perm=[1, 0])
    ends = _ends_of_quarters(nodes, rows, n.bit_length() - 1)
    first = np.arange(0, n, n // 4)
    used = nodes.constant(weights[np.concatenate([first, first + n // 4 - 1])])
    statistics = nodes.add("MatMul", nodes.add("Transpose", ends, perm=[1, 0]), used)
    shape = nodes.constant(np.array([-1, n_signals, weights.shape[1]]))
    nodes.add("Reshape", statistics, shape, output=f"{prefix}out")
    return graph


def _ends_of_quarters(nodes: Nodes, rows: str, n_bits: int) -> str:
    """Append what finds the smallest of each quarter of sorted rows, then the largest of each.

    Parameters
    ----------
    nodes : Nodes
        Where to append.
    rows : str
        Name of values (2 ** n_bits, n_columns), each column to be sorted by itself.
    n_bits : int
        3 or more.

    Returns
    -------
    str
        Name of values (8, n_columns).
    """
    # One axis for each bit of a row's number, the highest first: a comparison is along one.
    values = nodes.add("Reshape", rows, nodes.constant(np.array([*[2] * n_bits, -1])))
    flipped = np.ones([1] * (n_bits + 1), np.float32)
    for bit in range(1, n_bits + 1):
        # Runs of 2 ** bit are merged, every other one downward: upward, with its sign flipped.
        flip = _signs(n_bits, bit)
        values = nodes.add("Mul", values, nodes.constant(flip * flipped))
        flipped = flip
        for axis in range(n_bits - bit, 2 if bit == n_bits else n_bits):
            values = nodes.add("Concat", *_in_order(nodes, values, axis), axis=axis)
    quarters = nodes.add("Reshape", values, nodes.constant(np.array([4, 2 ** (n_bits - 2), -1])))
    ends = (nodes.reduce(operator, quarters, 1) for operator in ("ReduceMin", "ReduceMax"))
    return nodes.add("Concat", *ends, axis=0)


def _in_order(nodes: Nodes, values: str, axis: int) -> tuple[str, str]:
    """Append what gives the smaller and the larger one of each pair along an axis of two."""
    if axis > 0:
        smaller, larger = (
            nodes.reduce(operator, values, axis, keep=True)
            for operator in ("ReduceMin", "ReduceMax")
        )
        return smaller, larger
    # ONNX Runtime is slow to reduce a first axis.
    first, second = (nodes.add("Gather", values, nodes.constant(np.array([i]))) for i in range(2))
    return nodes.add("Min", first, second), nodes.add("Max", first, second)


def _signs(n_bits: int, bit: int) -> npt.NDArray[np.float32]:
    """Return -1 where a bit of a row's number is set, and else 1."""
    shape = [1] * (n_bits + 1)
    if bit == n_bits:
        return np.ones(shape, np.float32)
    shape[n_bits - 1 - bit] = 2
    return np.array([1, -1], np.float32).reshape(shape)


def _float(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
