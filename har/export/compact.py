"""ONNX files without the names that only their exporter needed."""

from collections.abc import Callable

import onnx


def compact(model: onnx.ModelProto) -> None:
    """Give values short names and drop the names of nodes, in place.

    Exporters name a value after the place in the source that made it. In a small model
    these names take more bytes than the weights. Inputs, outputs and metadata stay as they are.

    Parameters
    ----------
    model : ModelProto
        Each of its values has a name of its own, those of graphs inside of it too.
    """
    graph = model.graph
    public = {value.name for value in (*graph.input, *graph.output)}
    short: dict[str, str] = {"": ""}

    def renamed(name: str) -> str:
        return name if name in public else short.setdefault(name, f"v{len(short)}")

    _rename(graph, renamed)


def _rename(graph: onnx.GraphProto, renamed: Callable[[str], str]) -> None:
    """Rename the values of a graph and of those inside of it, which see them too."""
    for value in (*graph.initializer, *graph.output):
        value.name = renamed(value.name)
    for node in graph.node:
        node.name = node.doc_string = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, renamed)
    del graph.value_info[:]
