"""A tiny ONNX model with a known rule, and a recording that it can answer."""

import json
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from har.data.recording import CHANNELS, UNITS

RATE, SIZE, HOP = 50.0, 20, 10


def write_rule(
    path: Path,
    *,
    channel: str = "gyro_x",
    channels: tuple[str, ...] = CHANNELS,
    **metadata: str,
) -> Path:
    """Write a model that says walking where the window's mean of a channel exceeds 0.5.

    The windows have some channels, by default all. Its probabilities are softmax([8 m, 4])
    of the mean m; metadata is added or changed.
    """
    shape = ["batch", SIZE, len(channels)]
    weights = np.zeros((len(channels), 2), np.float32)
    weights[channels.index(channel)] = [8, 0]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["windows", "axes"], ["mean"], keepdims=0),
            helper.make_node("MatMul", ["mean", "weights"], ["scores"]),
            helper.make_node("Add", ["scores", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        ],
        "tiny",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([0, 4], np.float32), "bias"),
            numpy_helper.from_array(np.array([1], np.int64), "axes"),
        ],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    facts = {
        "classes": json.dumps(["walking", "sitting"]),
        "channels": json.dumps(channels),
        "units": json.dumps({name: UNITS[name] for name in channels}),
        "rate_hz": str(RATE),
        "n_samples": str(SIZE),
        "n_hop": str(HOP),
        **metadata,
    }
    helper.set_model_props(proto, facts)
    onnx.save(proto, path)
    return path


def walk_then_sit() -> pd.DataFrame:
    """Return two seconds: walking (gyro_x 1 rad/s) for 1 s, then sitting."""
    n = round(2 * RATE)
    frame = pd.DataFrame({"time_s": np.arange(n) / RATE, "acc_x": 0.0, "acc_y": 0.0})
    frame["acc_z"] = 9.8 + np.linspace(0, 0.01, n)
    frame["gyro_x"] = np.where(frame["time_s"] < 1, 1.0, 0.0)
    frame["gyro_y"] = frame["gyro_z"] = np.linspace(0, 0.01, n)
    return frame
