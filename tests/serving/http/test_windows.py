"""Windows are answered as the predictor answers them, and refused by the field at fault."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from graphs import write_rule
from http_server import serving, windows

from har.data.recording import CHANNELS
from har.lineage import digest
from har.serving.predictor import Predictor
from har.serving.served import FileSource

BOTH = windows(1, 0)


def test_the_answers_are_the_predictors(client: httpx.Client, model: Path) -> None:
    """Walking and sitting, with the model's name and digest in the body and in the headers."""
    done = client.post("/v1/windows", json={"windows": BOTH.tolist()})
    assert done.status_code == 200
    found = done.json()
    assert [one["activity"] for one in found["answers"]] == ["walking", "sitting"]
    own = Predictor(model).answer(BOTH).probabilities
    assert np.array([one["probabilities"] for one in found["answers"]]) == pytest.approx(own)
    named = ("tiny", "", digest.of_file(model))
    assert (found["model"], found["version"], found["sha256"]) == named
    assert tuple(done.headers[f"x-har-{k}"] for k in ("model", "version", "sha256")) == named


def test_columns_are_put_in_the_models_order(client: httpx.Client) -> None:
    """By the names that the request gives them."""
    order = [*CHANNELS[3:], *CHANNELS[:3]]
    turned = BOTH[:, :, [CHANNELS.index(name) for name in order]]
    asked = {"windows": turned.tolist(), "channels": order, "units": {"acc_x": "m/s²"}}
    found = client.post("/v1/windows", json=asked).json()
    assert [one["activity"] for one in found["answers"]] == ["walking", "sitting"]


def changed(place: tuple[int, ...], value: Any) -> list[Any]:
    """Return both windows with another value at a place."""
    found: Any = BOTH.tolist()
    inner = found
    for i in place[:-1]:
        inner = inner[i]
    inner[place[-1]] = value
    return list(found)


FAULTS = {
    "NaN": ({"windows": changed((1, 3, 2), float("nan"))}, "windows[1][3][2]"),
    "infinite": ({"windows": changed((0, 0, 5), float("-inf"))}, "windows[0][0][5]"),
    "too large for float32": ({"windows": changed((1, 2, 3), 1e39)}, "windows[1][2][3]"),
    "null": ({"windows": changed((1, 3, 2), None)}, "windows[1][3][2]"),
    "text": ({"windows": changed((0, 0, 0), "1")}, "windows[0][0][0]"),
    "truth": ({"windows": changed((0, 0, 0), True)}, "windows[0][0][0]"),
    "short window": ({"windows": changed((1,), [[0.0] * 6] * 19)}, "windows[1]"),
    "missing channel": ({"windows": changed((1, 4), [0.0] * 5)}, "windows[1][4]"),
    "other shape": ({"windows": BOTH[:, :, :3].tolist()}, "windows"),
    "no window": ({"windows": []}, "windows"),
    "one window alone": ({"windows": BOTH[0].tolist()}, "windows[0][0]"),
    "nothing": ({}, "windows"),
    "misspelt": ({"windows": BOTH.tolist(), "unit": {}}, "unit"),
    "another channel": ({"windows": BOTH.tolist(), "channels": ["a"] * 6}, "channels"),
    "another unit": ({"windows": BOTH.tolist(), "units": {"acc_x": "g"}}, "units.acc_x"),
    "g": ({"windows": (BOTH / 9.80665).tolist()}, "windows"),
    "no gravity": ({"windows": (BOTH * [1, 1, 0, 1, 1, 1]).tolist()}, "windows"),
    "deg/s": ({"windows": windows(57.3, 0).tolist()}, "windows"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_by_its_field(client: httpx.Client, name: str) -> None:
    """422 with one form of error, and never 200."""
    import json

    asked, field = FAULTS[name]
    done = client.post("/v1/windows", content=json.dumps(asked))
    assert done.status_code == 422, done.text
    error = done.json()["error"]
    assert set(error) == {"message", "expected", "found", "hint", "field"}
    assert error["field"].startswith(field)


def test_a_model_of_upright_recordings_answers_no_windows(tmp_path: Path) -> None:
    """On no route: nobody knows how the sensor is worn in them."""
    served = FileSource(write_rule(tmp_path / "turned.onnx", upright='"x"'))
    flat = {"name": "windows", "shape": list(BOTH.shape), "datatype": "FP32", "data": []}
    asked = {
        "/v1/windows": {"windows": BOTH.tolist()},
        "/invocations": {"inputs": BOTH.tolist()},
        "/v2/models/turned/infer": {"inputs": [{**flat, "data": BOTH.ravel().tolist()}]},
    }
    with serving(served) as client:
        for route, body in asked.items():
            done = client.post(route, json=body)
            assert done.status_code in (400, 422), (route, done.text)
            assert "turns upright" in done.text


def test_what_is_no_json_is_refused(client: httpx.Client) -> None:
    """As bytes, as a text, and as nothing."""
    for body in (b"\xff\x00", b"windows", b""):
        assert client.post("/v1/windows", content=body).status_code == 422
