"""The distance from the training windows as a second output of an ONNX graph.

So every runtime that runs the graph tells what is unknown in the same way, in any
language. The nodes compute what `har.models.out_of_distribution` does. Only differences
of samples are in float32, which holds them exactly to its last digit: of a mean in
float32, a dead axis would seem to move by the rounding.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

from har.data.channels import AXES
from har.errors import DataError
from har.export.nodes import Nodes
from har.models.out_of_distribution import FLOOR, Doubles, MahalanobisDetector, lags_within
from har.models.runtime import DISTANCE

# The first operator set in which ReduceMean and ReduceMin take their axes as an input.
MIN_OPSET = 18
_PREFIX = "distance/"
# The place of the least moving axis among `physical_quantities` of a sensor.
_LEAST = 2


def add_distance(model: onnx.ModelProto, detector: MahalanobisDetector) -> None:
    """Append the output ``distance`` of shape (batch,), float32, to a graph, in place.

    Parameters
    ----------
    model : ModelProto
        Takes ``windows`` (batch, n_samples, n_channels), float32, in m/s² and rad/s.
    detector : MahalanobisDetector
        Fitted on windows of that length.

    Raises
    ------
    DataError
        If the graph's operator set is older than `MIN_OPSET`.
    """
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if opset < MIN_OPSET:
        raise DataError(
            "the graph cannot compute the distance",
            expected=f"operator set {MIN_OPSET} or newer",
            found=f"operator set {opset}",
        )
    (windows,) = model.graph.input
    _, n_samples, n_channels = (d.dim_value for d in windows.type.tensor_type.shape.dim)
    nodes, n_sensors = Nodes(model.graph, _PREFIX), n_channels // AXES
    quantities = _quantities(nodes, windows.name, n_samples, n_sensors)
    mean, whitening = _in_graphs_order(detector, n_sensors)
    shift = nodes.constant(-(whitening.T @ mean)[:, None])
    white = nodes.add("Gemm", nodes.constant(whitening.T), quantities, shift)
    distance = nodes.reduce("ReduceL2", white, 0)
    nodes.add("Cast", distance, output=DISTANCE, to=TensorProto.FLOAT)
    batch = windows.type.tensor_type.shape.dim[0].dim_param or "batch"
    output = helper.make_tensor_value_info(DISTANCE, TensorProto.FLOAT, [batch])
    model.graph.output.append(output)


def _quantities(nodes: Nodes, windows: str, n_samples: int, n_sensors: int) -> str:
    """Append `physical_quantities`; return the name of the result, (n_quantities, batch)."""
    lags, size = lags_within(n_samples), n_samples * n_sensors * AXES
    # Time first and windows last: what is gathered is then long stretches of memory.
    flat = nodes.add("Reshape", windows, nodes.constant(np.array([-1, size])))
    turned = nodes.add("Transpose", flat, perm=[1, 0])
    columns = nodes.add("Reshape", turned, nodes.constant(np.array([n_samples, -1])))
    # Numbers of one byte, which a runtime turns into others once: a file holds few constants.
    one = nodes.constant(np.ones((1, n_samples), np.uint8))
    ones, exact_ones = (
        nodes.add("Cast", one, to=t) for t in (TensorProto.FLOAT, TensorProto.DOUBLE)
    )
    moved, squares = _differences(nodes, columns, ones, n_samples)
    values, moved, squares = (
        nodes.add("Cast", v, to=TensorProto.DOUBLE) for v in (columns, moved, squares)
    )
    sums = nodes.add("Concat", nodes.add("MatMul", exact_ones, values), moved, axis=0)
    parts = nodes.add("Concat", nodes.add("Mul", sums, sums), squares, axis=0)
    # Of the squared sums of samples and of what they moved, then the sums of squares.
    counts = [n_samples**2, n_samples**2, *(n_samples - lag for lag in (0, *lags))]
    combine = np.delete(np.diag(1 / np.array(counts)), 1, axis=0)
    combine[1, 1] = -1 / n_samples**2
    by_axis = nodes.add("MatMul", nodes.constant(combine), parts)
    shape = nodes.constant(np.array([2 + len(lags), n_sensors, AXES, -1]))
    by_sensor = nodes.add("Reshape", by_axis, shape)
    variance = nodes.add("Gather", by_sensor, nodes.constant(np.array([1])))
    sums, least = nodes.reduce("ReduceSum", by_sensor, 2), nodes.reduce("ReduceMin", variance, 2)
    joined = nodes.add("Concat", sums, least, axis=0)
    rows = nodes.constant(np.array([(3 + len(lags)) * n_sensors, -1]))
    root = nodes.add("Sqrt", nodes.add("Reshape", joined, rows))
    return nodes.add("Log", nodes.add("Add", root, nodes.constant(np.float64(FLOOR))))


def _differences(nodes: Nodes, columns: str, ones: str, n_samples: int) -> tuple[str, str]:
    """Append sums of how far each sample moved from the first, and of squared differences.

    The squares are of the distances from the first sample, then of the changes over each lag.
    A difference of float32 is exact to its last digit, so a dead axis does not move.
    """
    lags, time = lags_within(n_samples), np.arange(n_samples)
    # What a sample is compared with: the first, then the one a lag before; itself, if none is.
    before = [0 * time, *(np.where(time < lag, time, time - lag) for lag in lags)]
    places = nodes.constant(np.array(before, np.uint16))
    earlier = nodes.add("Gather", columns, nodes.add("Cast", places, to=TensorProto.INT64))
    differences = nodes.add("Sub", columns, earlier)
    from_first = nodes.add("Gather", differences, nodes.constant(np.array(0)))
    squares = nodes.add("MatMul", ones, nodes.add("Mul", differences, differences))
    moved = nodes.add("MatMul", ones, from_first)
    return moved, nodes.add("Squeeze", squares, nodes.constant(np.array([1])))


def _in_graphs_order(detector: MahalanobisDetector, n_sensors: int) -> tuple[Doubles, Doubles]:
    """Return mean and whitening with what the least moving axis does at the end."""
    places = np.arange(len(detector.mean)).reshape(-1, n_sensors)
    order = np.concatenate([np.delete(places, _LEAST, axis=0), places[[_LEAST]]]).ravel()
    return detector.mean[order], detector.whitening[order]
