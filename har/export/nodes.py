"""Nodes of an ONNX graph, appended one after the other."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper


class Nodes:
    """Appends nodes and constants to a graph under names of their own.

    Parameters
    ----------
    graph : GraphProto
        Is changed.
    prefix : str
        How the names begin; no others in the graph do.
    """

    def __init__(self, graph: onnx.GraphProto, prefix: str) -> None:
        self.graph, self.prefix, self.count = graph, prefix, 0

    def name(self) -> str:
        """Return a new name."""
        self.count += 1
        return f"{self.prefix}{self.count}"

    def constant(self, value: npt.ArrayLike) -> str:
        """Append a constant."""
        name = self.name()
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append a node with one output; return the output's name."""
        output = output or self.name()
        self.graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def reduce(self, operator: str, value: str, axis: int, *, keep: bool = False) -> str:
        """Append a reduction over an axis."""
        return self.add(operator, value, self.constant(np.array([axis])), keepdims=int(keep))
