"""The distance from the training windows as a second output of an ONNX graph.

So every runtime that runs the graph tells what is unknown in the same way, in any
language. The nodes compute what `har.models.out_of_distribution` does, in float64 as
it does: in float32 a dead axis would seem to move by the rounding of its mean.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from har.data.channels import AXES
from har.errors import DataError
from har.models.out_of_distribution import FLOOR, MahalanobisDetector, lags_within
from har.models.runtime import DISTANCE

# The first operator set in which ReduceMean and ReduceMin take their axes as an input.
MIN_OPSET = 18
_PREFIX = "distance/"
_SAMPLES, _AXES = 1, -1  # of (batch, n_samples, sensors, 3 axes)


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
    nodes = _Nodes(model.graph)
    quantities = _quantities(nodes, windows.name, n_samples, n_channels)
    centred = nodes.add("Sub", quantities, nodes.constant(detector.mean))
    white = nodes.add("MatMul", centred, nodes.constant(detector.whitening))
    squares = nodes.reduce("ReduceSum", nodes.add("Mul", white, white), -1)
    distance = nodes.add("Sqrt", squares)
    nodes.add("Cast", distance, output=DISTANCE, to=TensorProto.FLOAT)
    batch = windows.type.tensor_type.shape.dim[0].dim_param or "batch"
    output = helper.make_tensor_value_info(DISTANCE, TensorProto.FLOAT, [batch])
    model.graph.output.append(output)


class _Nodes:
    """Appends nodes and constants to a graph under names of their own."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph, self.count = graph, 0

    def name(self) -> str:
        self.count += 1
        return f"{_PREFIX}{self.count}"

    def constant(self, value: npt.ArrayLike) -> str:
        name = self.name()
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or self.name()
        self.graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def reduce(self, operator: str, value: str, axis: int) -> str:
        return self.add(operator, value, self.constant(np.array([axis])), keepdims=0)

    def slice(self, value: str, start: int, stop: int) -> str:
        bounds = [self.constant(np.array([number])) for number in (start, stop, _SAMPLES)]
        return self.add("Slice", value, *bounds)


def _quantities(nodes: _Nodes, windows: str, n_samples: int, n_channels: int) -> str:
    """Append `physical_quantities`; return the name of the result, (batch, n_quantities)."""
    shape = nodes.constant(np.array([0, n_samples, n_channels // AXES, AXES]))  # 0 keeps the batch
    doubles = nodes.add("Cast", windows, to=TensorProto.DOUBLE)
    sensors = nodes.add("Reshape", doubles, shape)
    mean = nodes.add("ReduceMean", sensors, nodes.constant(np.array([_SAMPLES])), keepdims=1)
    deviation = nodes.add("Sub", sensors, mean)
    variance = nodes.reduce("ReduceMean", nodes.add("Mul", deviation, deviation), _SAMPLES)
    level = nodes.reduce("ReduceMean", sensors, _SAMPLES)
    squares = [
        nodes.reduce("ReduceSum", nodes.add("Mul", level, level), _AXES),
        nodes.reduce("ReduceSum", variance, _AXES),
        nodes.reduce("ReduceMin", variance, _AXES),
        *(_square_change(nodes, sensors, lag, n_samples) for lag in lags_within(n_samples)),
    ]
    joined = nodes.add("Concat", *squares, axis=1)
    root = nodes.add("Sqrt", joined)
    return nodes.add("Log", nodes.add("Add", root, nodes.constant(np.float64(FLOOR))))


def _square_change(nodes: _Nodes, sensors: str, lag: int, n_samples: int) -> str:
    """Append the mean square change of each sensor over a lag, (batch, n_sensors)."""
    later = nodes.slice(sensors, lag, n_samples)
    earlier = nodes.slice(sensors, 0, n_samples - lag)
    change = nodes.add("Sub", later, earlier)
    mean = nodes.reduce("ReduceMean", nodes.add("Mul", change, change), _SAMPLES)
    return nodes.reduce("ReduceSum", mean, _AXES)
