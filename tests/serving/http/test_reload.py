"""Another model takes over at once; a request keeps the one that it began with."""

import asyncio
import json
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from graphs import write_rule
from http_server import serving_app, windows
from support import wait_for

from har.errors import DataError, MissingError
from har.lineage import digest
from har.models.answers import Answers
from har.serving.http.batching import Batcher
from har.serving.served import FileSource, Served

ONE = json.dumps({"windows": windows(1).tolist()})


def replace(path: Path, channel: str) -> str:
    """Put another model in the place of one, at once; return its digest."""
    new = write_rule(path.with_suffix(".new"), channel=channel)
    new.replace(path)
    return digest.of_file(path)


def test_a_file_is_replaced_under_load(tmp_path: Path) -> None:
    """No request is lost, and each answer is that of the model that it names."""
    path = write_rule(tmp_path / "model.onnx", channel="gyro_x")
    activity = {digest.of_file(path): "walking"}
    with serving_app(FileSource(path)) as (client, app):
        ended = threading.Event()
        found: list[httpx.Response] = []

        def load() -> None:
            with httpx.Client(base_url=client.base_url, timeout=30) as own:
                while not ended.is_set():
                    found.append(own.post("/v1/windows", content=ONE))

        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        for channel in ("gyro_y", "gyro_x", "gyro_y"):
            sha256 = replace(path, channel)
            activity[sha256] = "walking" if channel == "gyro_x" else "sitting"
            n = len(found)
            wait_for(lambda n=n: len(found) - n, lambda more: more > 3)
            app.state.service.holder.look()
            assert client.post("/v1/windows", content=ONE).json()["sha256"] == sha256
        ended.set()
        for thread in threads:
            thread.join()
    assert {one.status_code for one in found} == {200}
    for one in (answer.json() for answer in found):
        assert one["answers"][0]["activity"] == activity[one["sha256"]]


def test_a_model_that_cannot_be_served_replaces_none(tmp_path: Path) -> None:
    """The old one goes on, /ready and the metrics tell it, until a good one comes."""
    path = write_rule(tmp_path / "model.onnx")
    with serving_app(FileSource(path)) as (client, app):
        old = client.get("/version").json()["sha256"]
        for content, told in ((b"damaged", "cannot be loaded"), (None, "no such file")):
            path.unlink()
            if content:
                path.write_bytes(content)
            app.state.service.holder.look()
            ready = client.get("/ready")
            assert (ready.status_code, ready.json()["sha256"]) == (200, old)
            assert told in ready.json()["problem"]["message"]
            assert "har_model_look_failed 1.0" in client.get("/metrics").text
        write_rule(path, channel="gyro_z")
        app.state.service.holder.look()
        assert client.get("/ready").json()["problem"] is None
        metrics = client.get("/metrics").text
        assert f'har_model_info{{model="model",sha256="{old}",version=""}} 0.0' in metrics
        assert f'{digest.of_file(path)}",version=""}} 1.0' in metrics
        assert "har_model_look_failures 2.0" in metrics


def test_a_folder_holds_one_model(tmp_path: Path) -> None:
    """It is served by its file's name; a damaged one, or none, is an error of its kind."""
    write_rule(tmp_path / "svm.onnx")
    served = FileSource(tmp_path).load()
    assert (served.model, served.version) == ("svm", "")
    assert FileSource(tmp_path).newer(served) is None
    (tmp_path / "svm.onnx").write_bytes(b"damaged")
    with pytest.raises(DataError, match="cannot be loaded"):
        FileSource(tmp_path).load()
    with pytest.raises(MissingError):
        FileSource(tmp_path / "none").load()


def test_requests_share_calls(model: Path) -> None:
    """Those of one model at once, at most a batch, and each gets its own answers."""
    calls: list[int] = []
    served, other = (FileSource(model).load() for _ in range(2))

    async def ask() -> list[Answers]:
        batcher = Batcher(8, 0, calls.append)
        asked: list[tuple[Served, np.ndarray]] = [
            *((served, windows(i % 2)) for i in range(5)),
            (other, windows(1, 0)),
            (other, windows(*[1] * 20)),
        ]
        found = await asyncio.gather(*(batcher.answer(who, X) for who, X in asked))
        batcher.close()
        return list(found)

    found = asyncio.run(ask())
    expected = ["sitting", "walking"]
    assert [one.activity.tolist() for one in found[:5]] == [[expected[i % 2]] for i in range(5)]
    assert found[5].activity.tolist() == ["walking", "sitting"]
    assert found[6].activity.tolist() == ["walking"] * 20
    assert calls[0] == 5
    assert (sum(calls), max(calls)) == (27, 8)


def test_an_error_of_the_model_reaches_each_request(model: Path) -> None:
    """And the next request is answered."""
    served = FileSource(model).load()

    async def ask() -> list[object]:
        batcher = Batcher(8, 0, lambda n: None)
        wrong = [batcher.answer(served, np.zeros((1, 2, 3), np.float32)) for _ in range(2)]
        failed = await asyncio.gather(*wrong, return_exceptions=True)
        after = await batcher.answer(served, windows(1))
        batcher.close()
        return [*failed, after.activity.tolist()]

    first, second, after = asyncio.run(ask())
    assert isinstance(first, DataError)
    assert isinstance(second, DataError)
    assert after == ["walking"]
