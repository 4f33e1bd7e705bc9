"""ONNX files without the names that only their exporter needed."""

import onnx


def compact(model: onnx.ModelProto) -> None:
    """Give values short names and drop the names of nodes, in place.

    Exporters name a value after the place in the source that made it. In a small model
    these names take more bytes than the weights. Inputs, outputs and metadata stay as they are.

    Parameters
    ----------
    model : ModelProto
        Without subgraphs.
    """
    graph = model.graph
    public = {value.name for value in (*graph.input, *graph.output)}
    short: dict[str, str] = {"": ""}

    def renamed(name: str) -> str:
        return name if name in public else short.setdefault(name, f"v{len(short)}")

    for initializer in graph.initializer:
        initializer.name = renamed(initializer.name)
    for node in graph.node:
        node.name = node.doc_string = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    del graph.value_info[:]
