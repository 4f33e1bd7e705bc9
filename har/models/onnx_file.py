"""ONNX files of strangers: what a graph is made of, looked at before a runtime builds it.

ONNX Runtime runs whatever a graph says: loops without end, functions of its own, weights of other
files. What `har.export` writes needs none of these. The memory of what remains is bounded while
it runs (`har.models.runtime`).
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from har.errors import DataError

MAX_BYTES = 512 << 20
"""Of a file: BERT-base in float32, without its words, has 350 MB."""
DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Whose operators a graph may have: ONNX's own, those for trees, and ONNX Runtime's."""
LOOPS = ("Loop", "Scan", "SequenceMap")
"""What may go on for ever; a choice (``If``) is taken once."""
MAX_NODES = 200_000
_FIELD = descriptor_pb2.FieldDescriptorProto
# The fields of onnx.proto3 that are looked at, by message: number, and type or message.
_SCHEMA: dict[str, dict[str, tuple[int, int | str]]] = {
    "Model": {
        "graph": (7, "Graph"),
        "training": (20, _FIELD.TYPE_BYTES),
        "functions": (25, _FIELD.TYPE_BYTES),
    },
    "Graph": {"nodes": (1, "Node"), "tensors": (5, "Tensor"), "sparse": (15, _FIELD.TYPE_BYTES)},
    "Node": {
        "operator": (4, _FIELD.TYPE_BYTES),
        "attributes": (5, "Attribute"),
        "domain": (7, _FIELD.TYPE_BYTES),
    },
    "Attribute": {
        "tensor": (5, "Tensor"),
        "graph": (6, "Graph"),
        "tensors": (10, "Tensor"),
        "graphs": (11, "Graph"),
        "sparse": (22, _FIELD.TYPE_BYTES),
        "sparses": (23, _FIELD.TYPE_BYTES),
    },
    "Tensor": {"external": (13, _FIELD.TYPE_BYTES), "location": (14, _FIELD.TYPE_INT32)},
}
_SINGLE = {("Model", "graph"), ("Tensor", "location")}


def check_graph(path: Path) -> None:
    """Refuse an ONNX file that needs other files, or has operators that no model of ours has.

    Raises
    ------
    DataError
        If it is no ONNX file, too large, has loops, functions or operators of its own, or keeps
        weights elsewhere.
    """
    if (size := path.stat().st_size) > MAX_BYTES:
        raise DataError(
            f"{path}: too large", expected=f"at most {MAX_BYTES:,} bytes", found=f"{size:,} bytes"
        )
    model = _messages()["Model"]()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError:
        raise _no_onnx(path, "bytes that are no message of protobuf") from None
    if not model.graph.nodes:
        raise _no_onnx(path, "no graph" if size else "an empty file")
    for found in _foreign(model):
        raise DataError(
            f"{path}: not a graph that har exports",
            expected="known operators, no loops, and all weights in the file",
            found=found,
            hint="export the model with `har`",
        )


def _no_onnx(path: Path, found: str) -> DataError:
    return DataError(
        f"{path}: cannot be loaded",
        expected="an ONNX file",
        found=found,
        hint="copy it again from where it was made",
    )


def _foreign(model: Any) -> Iterator[str]:
    """Yield what no graph of ours has."""
    if model.functions or model.training:
        yield "functions of its own"
    graphs = [model.graph]
    n_nodes = 0
    while graphs:
        graph = graphs.pop()
        n_nodes += len(graph.nodes)
        if n_nodes > MAX_NODES:
            yield f"more than {MAX_NODES:,} nodes"
        if graph.sparse:
            yield "sparse weights"
        yield from _elsewhere(graph.tensors)
        for node in graph.nodes:
            yield from _foreign_node(node)
            for attribute in node.attributes:
                graphs += [*attribute.graph, *attribute.graphs]


def _foreign_node(node: Any) -> Iterator[str]:
    operator, domain = (
        _last(field).decode(errors="replace") for field in (node.operator, node.domain)
    )
    if domain not in DOMAINS or operator in LOOPS:
        yield f"the operator {operator[:50]!r}" + (f" of {domain[:50]!r}" if domain else "")
    for attribute in node.attributes:
        if attribute.sparse or attribute.sparses:
            yield "sparse weights"
        yield from _elsewhere([*attribute.tensor, *attribute.tensors])


def _elsewhere(tensors: Any) -> Iterator[str]:
    if any(tensor.location or tensor.external for tensor in tensors):
        yield "weights in another file"


def _last(values: Any) -> bytes:
    """Return the value of a field that stands once: of several the last one counts."""
    return bytes(values[-1]) if values else b""


@cache
def _messages() -> dict[str, Any]:
    """Return the classes of the messages of `_SCHEMA`; what else a file has is skipped."""
    file = descriptor_pb2.FileDescriptorProto(name="har_onnx.proto", package="har_onnx")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            is_single = (name, field) in _SINGLE
            added = message.field.add(
                name=field,
                number=number,
                label=_FIELD.LABEL_OPTIONAL if is_single else _FIELD.LABEL_REPEATED,
            )
            if isinstance(kind, str):
                added.type, added.type_name = _FIELD.TYPE_MESSAGE, f".har_onnx.{kind}"
            else:
                added.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"har_onnx.{name}"))
        for name in _SCHEMA
    }
