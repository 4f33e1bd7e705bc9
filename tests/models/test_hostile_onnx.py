"""ONNX files of strangers: a build answers as its metadata says, or is refused before it does."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from graphs import write_rule
from hostile_models import GRAPHS, before
from onnx import helper

from har.data.channels import units_of
from har.data.recording import CHANNELS, UNITS
from har.errors import DataError
from har.models import runtime
from har.models.onnx_metadata import OnnxMetadata
from har.models.reference import Reference
from har.models.smoothing import HMM, Average, Smoothing
from har.serving.predictor import Predictor

SMOOTHING = Smoothing(Average(3), HMM(np.full((2, 2), 0.5), np.full(2, 0.5)))
REFERENCE = Reference(
    weights=np.ones(1),
    means=np.zeros((1, 9)),
    whitening=np.eye(9)[None],
    acceleration=(True, False),
    typical=1.0,
    limits={5: 3.0},
)
DEEP, NESTED = "[" * 100_000, "[" * 900 + "]" * 900


def test_metadata_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The writer and the reader are one type, and texts stay the same."""
    facts = OnnxMetadata(
        classes=("walking", "sitting"),
        channels=CHANNELS,
        rate_hz=50.0,
        n_samples=20,
        n_hop=10,
        smoothing=SMOOTHING,
        smoother="hmm",
        reference=REFERENCE,
        candidate="svm",
        dataset="hapt",
    ).to_dict()
    read = OnnxMetadata.from_dict(facts, "it")
    assert read.to_dict() == facts
    assert Predictor(saying(tmp_path / "a.onnx", facts)).metadata.to_dict() == facts


def test_a_file_from_before_has_the_defaults_of_then(tmp_path: Path) -> None:
    """Gravity, as worn, nothing unknown, averaged if smoothed at all; units of all sensors."""
    read = Predictor(saying(tmp_path / "a.onnx", {"units": json.dumps(UNITS)})).metadata
    assert read.units == units_of(CHANNELS)
    assert (read.gravity, read.upright, read.threshold) == (True, None, np.inf)
    assert (read.smoothing, read.smoother, read.reference) == (None, "average", None)


def saying(path: Path, facts: Mapping[str, str]) -> Path:
    """Write a rule whose metadata says something else."""
    proto = onnx.load(write_rule(path))
    helper.set_model_props(proto, {**{p.key: p.value for p in proto.metadata_props}, **facts})
    onnx.save(proto, path)
    return path


def smoothing(**changed: Any) -> str:
    """Return smoothers with something else in them."""
    fields = SMOOTHING.to_dict()
    return json.dumps({**fields, **changed, "hmm": {**fields["hmm"], **changed.get("hmm", {})}})


def reference(**changed: Any) -> str:
    """Return a reference with something else in it."""
    return json.dumps({**REFERENCE.to_dict(), **changed})


LIES: dict[str, dict[str, str]] = {
    "one class of two": {"classes": '["x"]'},
    "five classes of two": {"classes": '["a", "b", "c", "d", "e"]'},
    "one name twice": {"classes": '["x", "x"]'},
    "no name": {"classes": '["x", ""]'},
    "a long name": {"classes": json.dumps(["x", "y" * 1000])},
    "classes are no names": {"classes": "[1, 2]"},
    "classes are a number": {"classes": "7"},
    "classes are not JSON": {"classes": "walking"},
    "classes are deep": {"classes": DEEP},
    "classes are as deep as JSON may be": {"classes": NESTED},
    "gravity is as deep as JSON may be": {"gravity": NESTED},
    "units are as deep as JSON may be": {"units": f'{{"acc_x": {NESTED}}}'},
    "means are as deep as JSON may be": {"reference": NESTED},
    "one channel six times": {"channels": json.dumps(["acc_x"] * 6)},
    "an unknown channel": {"channels": json.dumps([*CHANNELS[:5], "evil"])},
    "fewer channels": {
        "channels": json.dumps(CHANNELS[:3]),
        "units": json.dumps(units_of(CHANNELS[:3])),
    },
    "half a sensor": {"channels": json.dumps(CHANNELS[:5])},
    "units g": {"units": json.dumps({**units_of(CHANNELS), "acc_x": "g"})},
    "no units": {"units": "{}"},
    "units are a list": {"units": "[]"},
    "rate 0": {"rate_hz": "0"},
    "rate nan": {"rate_hz": "nan"},
    "rate inf": {"rate_hz": "inf"},
    "rate x": {"rate_hz": "x"},
    "a rate below 0": {"rate_hz": "-50"},
    "a rate of 1e300": {"rate_hz": "1e300"},
    "0 samples": {"n_samples": "0"},
    "-1 samples": {"n_samples": "-1"},
    "x samples": {"n_samples": "x"},
    "other samples": {"n_samples": "40"},
    "samples of 10,000 digits": {"n_samples": "9" * 10_000},
    "a hop of 0": {"n_hop": "0"},
    "a hop of -1": {"n_hop": "-1"},
    "a hop of x": {"n_hop": "x"},
    "a hop of years": {"n_hop": "9999999999"},
    "gravity x": {"gravity": '"x"'},
    "gravity 1": {"gravity": "1"},
    "upright q": {"upright": '"q"'},
    "upright a list": {"upright": '["x"]'},
    "threshold nan": {"distance_threshold": "nan"},
    "threshold -1": {"distance_threshold": "-1"},
    "a threshold without a distance": {"distance_threshold": "3.0"},
    "an unknown smoother": {"smoother": "evil"},
    "smoothers of other classes": {
        "smoothing": smoothing(hmm={"transition": [[1.0]], "prior": [1.0]})
    },
    "rows that do not sum to 1": {
        "smoothing": smoothing(hmm={"transition": [[0.9, 0.9], [0.5, 0.5]]})
    },
    "transition nan": {"smoothing": smoothing(hmm={"transition": [[float("nan")] * 2] * 2})},
    "a ragged transition": {"smoothing": smoothing(hmm={"transition": [[1.0], [0.5, 0.5]]})},
    "a mean of 0": {"smoothing": smoothing(n_average=0)},
    "a mean of x": {"smoothing": smoothing(n_average="x")},
    "smoothing is a list": {"smoothing": "[1]"},
    "smoothing is deep": {"smoothing": DEEP},
    "a reference of one sensor": {"reference": reference(acceleration=[True])},
    "a reference of no acceleration": {"reference": reference(acceleration=[False, False])},
    "other means": {"reference": reference(means=[[0.0] * 8])},
    "weights that do not sum to 1": {"reference": reference(weights=[7.0])},
    "limits of x": {"reference": reference(limits={"x": 3.0})},
    "limits of no stretch": {"reference": reference(limits={"0": 3.0})},
    "evidence of x": {"reference": reference(evidence={"5": {"x": "y"}})},
    "a reference is a text": {"reference": '"evil"'},
    "a detector of other windows": {
        "unlikeness": json.dumps({"mean": [0.0], "whitening": [[1.0]], "threshold": 1.0})
    },
    "a detector without a threshold": {"unlikeness": json.dumps({"mean": [], "whitening": []})},
    "a field of 9 MB": {"reference": " " * (9 << 20)},
}


@pytest.mark.parametrize("lie", LIES)
def test_metadata_that_lies_is_refused(lie: str, tmp_path: Path) -> None:
    """Before anything is answered, with the file and what is wrong."""
    path = saying(tmp_path / "lies.onnx", LIES[lie])
    with pytest.raises(DataError, match=r"lies\.onnx: (metadata|the graph)") as caught:
        Predictor(path)
    assert caught.value.expected or caught.value.found
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("content", [b"", b"evil" * 1000, b"\x08\x09", bytes(range(256)) * 20])
def test_what_is_no_onnx_file_is_bad_input(content: bytes, tmp_path: Path) -> None:
    """Empty, random, or a message that is another one."""
    (path := tmp_path / "random.onnx").write_bytes(content)
    with pytest.raises(DataError, match=r"random\.onnx: cannot be loaded"):
        Predictor(path)


def test_a_cut_file_is_bad_input(tmp_path: Path) -> None:
    """Wherever it ends."""
    whole = write_rule(tmp_path / "whole.onnx").read_bytes()
    for end in range(1, len(whole), 97):
        (path := tmp_path / "cut.onnx").write_bytes(whole[:end])
        with pytest.raises(DataError, match=r"cut\.onnx: "):
            Predictor(path)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_har_would_not_export_is_refused(name: str, tmp_path: Path) -> None:
    """Neither for ever nor with gigabytes, and in no words but ours."""
    change, says = GRAPHS[name]
    proto = onnx.load(write_rule(tmp_path / "rule.onnx"))
    change(proto)
    (path := tmp_path / "hostile.onnx").write_bytes(proto.SerializeToString())
    (tmp_path / "weights.bin").write_bytes(bytes(1000))
    with pytest.raises(DataError, match=says):
        Predictor(path)


def test_a_graph_that_takes_long_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two of its operators, when its time is over."""
    proto = onnx.load(write_rule(tmp_path / "rule.onnx"))
    names = ["large", *(f"m{i}" for i in range(300))]
    before(
        proto,
        helper.make_node("ReduceMax", ["windows"], ["most"], keepdims=0),
        helper.make_node("Expand", ["most", "shape"], ["large"]),
        *(helper.make_node("MatMul", [a, a], [b]) for a, b in pairwise(names)),
        helper.make_node("ReduceMax", [names[-1]], ["end"], keepdims=0),
        helper.make_node("Add", ["windows", "end"], ["changed"]),
        shape=[1000, 1000],
    )
    (path := tmp_path / "long.onnx").write_bytes(proto.SerializeToString())
    monkeypatch.setattr(runtime, "PATIENCE_S", 0.3)
    with pytest.raises(DataError, match="cannot be run"):
        Predictor(path)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """By its size alone."""
    with (path := tmp_path / "large.onnx").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(DataError, match="too large"):
        Predictor(path)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """Bytes of a name of the input that are no UTF-8 are told, and decoded nowhere."""
    path = write_rule(tmp_path / "rule.onnx")
    path.write_bytes(path.read_bytes().replace(b"windows", b"window\x9a"))
    with pytest.raises(DataError):
        Predictor(path)
