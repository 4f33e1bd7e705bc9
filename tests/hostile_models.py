"""Hostile models: ONNX files, skops files and checkpoints, for tests and the page of hostile files.

`GRAPHS` are changes of a sound ONNX file, which ``tests/models/test_hostile_onnx.py`` tries all;
the entries of `hostile_files.FILES` made here are tried with their time and memory measured.
"""

import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from graphs import write_rule
from hostile_files import hostile
from onnx import TensorProto, helper, numpy_helper
from support import Done

from har.config import WindowGrid
from har.errors import HarError
from har.models import catalogue

Graph = onnx.ModelProto
ANSWER = ("predict", "sound.csv", "--model", "{path}", "--yes")


def before(proto: Graph, *nodes: onnx.NodeProto, **constants: Any) -> None:
    """Put nodes before those of a rule, whose mean is then of ``changed``."""
    for name, value in constants.items():
        proto.graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    own = list(proto.graph.node)
    own[0].input[0] = "changed"
    del proto.graph.node[:]
    proto.graph.node.extend([*nodes, *own])


def loop(proto: Graph) -> None:
    """Go on for ever."""
    state = helper.make_tensor_value_info("s", TensorProto.FLOAT, None)
    yes = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c2"]), helper.make_node("Identity", ["s"], ["s2"])],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), yes, state],
        [
            helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
            helper.make_tensor_value_info("s2", TensorProto.FLOAT, None),
        ],
    )
    before(
        proto,
        helper.make_node("Loop", ["n", "yes", "windows"], ["changed"], body=body),
        n=2**62,
        yes=True,
    )


def loop_in_a_choice(proto: Graph) -> None:
    """Hide a loop in a branch."""
    loop(proto)
    looping = proto.graph.node[0]
    looping.output[0] = "looped"
    out = [helper.make_tensor_value_info("looped", TensorProto.FLOAT, None)]
    branch = helper.make_graph([looping], "branch", [], out)
    choice = helper.make_node("If", ["yes"], ["changed"], then_branch=branch, else_branch=branch)
    proto.graph.node[0].CopyFrom(choice)


def expand(proto: Graph) -> None:
    """Repeat the windows eight million times."""
    before(
        proto,
        helper.make_node("Expand", ["windows", "shape"], ["large"]),
        helper.make_node("ReduceMean", ["large", "first"], ["changed"], keepdims=1),
        shape=[8_000_000, 1, 1],
        first=[0],
    )


def tile(proto: Graph) -> None:
    """Repeat a constant, which a runtime would compute when it loads."""
    before(
        proto,
        helper.make_node("Tile", ["one", "shape"], ["large"]),
        helper.make_node("ReduceMean", ["large", "first"], ["mean1"], keepdims=0),
        helper.make_node("Add", ["windows", "mean1"], ["changed"]),
        one=np.ones((1, 1), np.float32),
        shape=[40_000, 40_000],
        first=[0, 1],
    )


def foreign_operator(proto: Graph) -> None:
    """Use an operator that nobody knows."""
    proto.opset_import.append(helper.make_opsetid("evil", 1))
    before(proto, helper.make_node("Evil", ["windows"], ["changed"], domain="evil"))


def function(proto: Graph) -> None:
    """Bring an operator along."""
    opsets = [helper.make_opsetid("", 18)]
    body = [helper.make_node("Identity", ["x"], ["y"])]
    proto.functions.append(helper.make_function("", "Own", ["x"], ["y"], body, opsets))
    before(proto, helper.make_node("Own", ["windows"], ["changed"]))


def external(location: str) -> Callable[[Graph], None]:
    """Keep weights in another file."""

    def change(proto: Graph) -> None:
        onnx.external_data_helper.set_external_data(proto.graph.initializer[0], location)
        proto.graph.initializer[0].ClearField("raw_data")

    return change


def opset(proto: Graph) -> None:
    """Want operators of the future."""
    proto.opset_import[0].version = 999


def fixed_batch(proto: Graph) -> None:
    """Answer one window, however many there are."""
    before(
        proto,
        helper.make_node("Gather", ["windows", "one"], ["changed"], axis=0),
        one=[0],
    )


def not_finite(proto: Graph) -> None:
    """Answer NaN."""
    proto.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.full((6, 2), np.nan, np.float32), "weights")
    )


def not_probabilities(proto: Graph) -> None:
    """Answer what the softmax is of."""
    proto.graph.node[-1].CopyFrom(helper.make_node("Identity", ["logits"], ["probabilities"]))


def other_input(proto: Graph) -> None:
    """Take something else beside windows."""
    proto.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def other_type(proto: Graph) -> None:
    """Take whole numbers."""
    proto.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64


def other_output(proto: Graph) -> None:
    """Give the answer another name."""
    proto.graph.node[-1].output[0] = proto.graph.output[0].name = "evil"


GRAPHS: Mapping[str, tuple[Callable[[Graph], None], str]] = {
    "a loop": (loop, "not a graph that har exports"),
    "a loop in a choice": (loop_in_a_choice, "not a graph that har exports"),
    "windows repeated": (expand, "cannot be run"),
    "a constant repeated": (tile, "cannot be (loaded|run)"),
    "a foreign operator": (foreign_operator, "not a graph that har exports"),
    "a function": (function, "not a graph that har exports"),
    "weights elsewhere": (external("weights.bin"), "not a graph that har exports"),
    "weights above": (external("../weights.bin"), "not a graph that har exports"),
    "weights at the root": (external("/etc/passwd"), "not a graph that har exports"),
    "a future operator set": (opset, "cannot be loaded"),
    "one answer for all": (fixed_batch, "the graph is not what the metadata says"),
    "NaN": (not_finite, "the graph is not what the metadata says"),
    "no probabilities": (not_probabilities, "the graph is not what the metadata says"),
    "two inputs": (other_input, "does not take windows"),
    "whole numbers": (other_type, "(does not take windows|cannot be loaded)"),
    "another output": (other_output, "the graph is not what the metadata says"),
}


def loader() -> Callable[..., Done]:
    """Return what loads a model as a run does, where no command takes a path to one.

    What is imported for it is no part of what a file costs.
    """
    from har.models.checkpoint import load_backbone
    from har.models.interface import load_model

    def load(_load: str, kind: str, path: str) -> Done:
        folder = Path(path).parent
        try:
            if kind == "checkpoint":
                load_backbone(str(folder), WindowGrid(), 16, ("acc_x", "acc_y", "acc_z"))
            else:
                load_model(folder)
        except HarError as error:
            return Done(error.exit_code, "", f"error: {error}")
        return Done(0, "", "")

    return load


def changed(name: str, folder: Path) -> Path:
    """Write a sound ONNX file, changed as `GRAPHS` names it."""
    proto = onnx.load(write_rule(folder / "sound.onnx"))
    GRAPHS[name][0](proto)
    (path := folder / "hostile.onnx").write_bytes(proto.SerializeToString())
    return path


for _name, (_, _says) in GRAPHS.items():
    _measured = _name in ("windows repeated", "a constant repeated")
    hostile(f"ONNX: {_name}", says=_says, commands=(ANSWER,), heavy=not _measured)(
        partial(changed, _name)
    )


@hostile("ONNX: 1 GB of nothing", says="too large", commands=(ANSWER,), heavy=True)
def _large(folder: Path) -> Path:
    with (path := folder / "large.onnx").open("wb") as file:
        file.truncate(1 << 30)
    return path


@hostile("ONNX: 500 MB of weights", says="the graph is not what", commands=(ANSWER,), heavy=True)
def _weights(folder: Path) -> Path:
    proto = onnx.load(write_rule(folder / "sound.onnx"))
    before(
        proto,
        helper.make_node("ReduceMax", ["large"], ["most"], keepdims=0),
        helper.make_node("Add", ["windows", "most"], ["changed"]),
        large=np.full(125_000_000, np.nan, np.float32),
    )
    (path := folder / "hostile.onnx").write_bytes(proto.SerializeToString())
    return path


LOAD_MODEL, LOAD_CHECKPOINT = (("load", kind, "{path}") for kind in ("model", "checkpoint"))


@hostile("skops: a schema of 3 GB", says="too large", commands=(LOAD_MODEL,), heavy=True)
def _schema(folder: Path) -> Path:
    path = folder / "model.skops"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("schema.json", "w", force_zip64=True) as member,
    ):
        for _ in range(48):
            member.write(bytes(64 << 20))
    return path


@hostile("skops: a schema of lists", says="cannot be read", commands=(LOAD_MODEL,), heavy=True)
def _lists(folder: Path) -> Path:
    schema = b"[" + b"[]," * (5 << 20) + b"[]]"
    with zipfile.ZipFile(path := folder / "model.skops", "w") as file:
        file.writestr("schema.json", schema)
    return path


def _bert(folder: Path, **stated: Any) -> Path:
    """Write a checkpoint whose configuration states something, with weights of another network."""
    fields = {"model_type": "bert", **stated}
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    bundled = catalogue.bundled("encoder-small", "acc+gyro")
    shutil.copyfile(bundled / "model.safetensors", folder / "model.safetensors")
    return folder / "config.json"


@hostile(
    "checkpoint: 10^9 hidden units",
    says="hidden_size: ",
    commands=(LOAD_CHECKPOINT,),
    heavy=True,
)
def _wide(folder: Path) -> Path:
    return _bert(folder, hidden_size=10**9)


@hostile(
    "checkpoint: as large as it may be, without weights",
    says="lacks weights",
    commands=(LOAD_CHECKPOINT,),
    heavy=True,
)
def _largest(folder: Path) -> Path:
    return _bert(folder, num_hidden_layers=17)


def _safetensors(content: bytes, folder: Path) -> Path:
    _bert(folder)
    (folder / "model.safetensors").write_bytes(content)
    return folder / "config.json"


def _header(entries: dict[str, Any]) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text


_HUGE = {"a": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}}
_MANY = {f"{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(60_000)}
for _name, _content in {
    "a header of 100 MB": struct.pack("<Q", 100_000_000) + b" " * 100_000_000,
    "a tensor of 4 TB": _header(_HUGE),
}.items():
    hostile(
        f"checkpoint: {_name}",
        says=r"model\.safetensors: ",
        commands=(LOAD_CHECKPOINT,),
        heavy=True,
    )(partial(_safetensors, _content))


@hostile(
    "checkpoint: 60,000 tensors of nothing",
    says="too large",
    commands=(LOAD_CHECKPOINT,),
    heavy=True,
)
def _many(folder: Path) -> Path:
    return _safetensors(_header(_MANY), folder)
