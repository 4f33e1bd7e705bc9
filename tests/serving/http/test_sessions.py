"""Sessions over HTTP: pushed by anybody and by Sensor Logger, followed by events and sockets."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from graphs import write_rule
from http_server import serving, serving_app
from support import wait_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from har.serving.http import sessions as module
from har.serving.http.sessions import Sessions
from har.serving.predictor import Predictor
from har.serving.served import FileSource
from har.serving.session import Chunk, Session, SessionSettings

KEY = "0123456789abcdef"
NS = 1_700_000_000_000_000_000


def samples(seconds: float, *, first: float = 0.0, x: float = 0.0) -> dict[str, Any]:
    """Return so many seconds of lying still at 50 Hz, turning about x."""
    time = (first + np.arange(round(seconds * 50)) / 50).tolist()
    return {
        "acc": {"time_s": time, "values": [[0.0, 0.0, 9.8]] * len(time)},
        "gyro": {"time_s": time, "values": [[x, 0.0, 0.0]] * len(time)},
    }


def begun(client: httpx.Client, **options: Any) -> str:
    """Begin a session that waits for no late samples, and return its address."""
    done = client.post("/v1/sessions", json={"late_s": 0, **options})
    assert done.status_code == 201, done.text
    return done.headers["location"]


def pushed(client: httpx.Client, address: str, *args: Any, **options: Any) -> dict[str, Any]:
    """Push samples and return the answer."""
    done = client.post(f"{address}/samples", json=samples(*args, **options))
    assert done.status_code == 200, done.text
    return done.json()


def sent_by_app(n: int, *, at: int = NS) -> dict[str, Any]:
    """Return the n-th message of a phone: a second at 50 Hz, numbers as texts, not in order."""
    rows = [
        {"name": name, "time": str(at + (n * 50 + i) * 20_000_000), "values": values}
        for i in range(50)
        for name, values in (
            ("gyroscope", {"z": "0", "y": "0", "x": "1"}),
            ("totalacceleration", {"z": "9.8", "y": "0", "x": "0.1"}),
            ("location", {"latitude": 0, "longitude": 0}),
        )
    ]
    return {"messageId": n, "sessionId": "s", "deviceId": "d", "payload": rows[::-1]}


def events_of(client: httpx.Client, address: str, n: int, **headers: str) -> list[dict[str, Any]]:
    """Return the next so many events of a session as a browser reads them."""
    found: list[dict[str, Any]] = []
    with client.stream("GET", f"{address}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
            if len(found) == n:
                return found
    return found


def test_pushed_samples_are_answered_as_by_a_session(client: httpx.Client, model: Path) -> None:
    """The same windows; the view tells what goes on; deleting answers what waited."""
    address = begun(client, id="mine", placement="waist")
    answers = [pushed(client, address, 4, x=2.0), pushed(client, address, 4, first=4)]
    session = Session(Predictor(model), SessionSettings(late_s=0))
    own = []
    for first, x in ((0, 2.0), (4, 0.0)):
        sent = samples(4, first=first, x=x)
        chunks = [Chunk.of(name, **sent[name]) for name in ("acc", "gyro")]
        own += session.push(*chunks).windows
    found = [window for answer in answers for window in answer["windows"]]
    assert [w["activity"] for w in found] == [w.activity for w in own]
    assert [w["start_s"] for w in found] == [w.start_s for w in own]
    view = client.get(address).json()
    assert (view["activity"], view["id"], view["quiet_s"] < 60) == ("sitting", "mine", True)
    assert view["since_s"] == pytest.approx(4.1)
    assert view["probabilities"]["sitting"] == view["probability"] == pytest.approx(0.982, abs=1e-3)
    assert [segment["activity"] for segment in view["segments"]] == ["walking", "sitting"]
    assert view["samples"] == {"received": {"acc": 400, "gyro": 400}, "lost": {}}
    assert "mine" in [one["id"] for one in client.get("/v1/sessions").json()["sessions"]]
    last = client.delete(address).json()
    assert [segment["end_s"] for segment in last["segments"]][-1] == 8.0
    assert client.get(address).status_code == 404


def test_a_phone_needs_no_more_than_an_address() -> None:
    """The key is in a header or in the address; the app's test is answered; texts are numbers."""
    folder = Path("model")
    folder.mkdir()
    source = FileSource(write_rule(folder / "rule.onnx"))
    with serving(source, api_keys=[KEY]) as client:
        address = "/v1/sessions/my-phone"
        test = {"messageId": 0, "sessionId": "s", "deviceId": "d", "payload": [{"name": "test"}]}
        told = {"Authorization": f"Bearer {KEY}"}
        assert client.post(f"{address}/sensor-logger", json=test).status_code == 401
        assert client.get(f"/v1/sessions?key={KEY}").status_code == 401
        for number in range(10):
            message = sent_by_app(number) if number else test
            to = f"{address}/sensor-logger" + ("" if number % 2 else f"?key={KEY}")
            done = client.post(to, json=message, headers=told if number % 2 else {})
            assert done.status_code == 200, done.text
        view = client.get(address, headers=told).json()
        assert (view["activity"], view["rate_hz"]) == ("walking", pytest.approx(50))
        assert view["since_s"] == pytest.approx(NS / 1e9 + 1)
        assert view["unread"] == 0


def test_what_a_phone_does_not_tell_is_asked_for(client: httpx.Client) -> None:
    """An iPhone without its platform: 422 says what to add; what is no message begins nothing."""
    message = sent_by_app(0)
    for row in message["payload"]:
        if row["name"] == "location":
            row |= {"name": "gravity", "values": {"x": 0, "y": 0, "z": -9.8}}
        row["name"] = row["name"].replace("totalacceleration", "accelerometer")
    done = client.post("/v1/sessions/iphone/sensor-logger", json=message)
    assert done.status_code == 422
    assert "platform=ios" in done.json()["error"]["expected"]
    to = "/v1/sessions/iphone-2/sensor-logger?platform=ios"
    assert client.post(to, json=message).status_code == 200
    for body in (b"[1]", b"{", b'{"payload": 3}', b"[" * 100_000):
        done = client.post("/v1/sessions/none/sensor-logger", content=body)
        assert (done.status_code, done.json()["error"]["field"] is None) == (422, False)
    assert client.get("/v1/sessions/none").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"acc": {"time_s": [0.0], "values": [[0.0, 0.0]]}}, "acc.values"),
        (
            {"acc": {"time_s": [0.0, 1.0], "values": [[0.0] * 3, [0.0, 900.0, 0.0]]}},
            "acc.values[1][1]",
        ),
        ({"gyro": {"time_s": [0.0], "values": [[1.0] * 3], "unit": "g"}}, "gyro.unit"),
        ({"gyro": {"time_s": ["0"], "values": [[1.0] * 3]}}, "gyro.time_s[0]"),
        ({"mag": {}}, "mag"),
    ],
)
def test_the_field_at_fault_is_named(client: httpx.Client, change: Any, field: str) -> None:
    """And nothing of the request is taken."""
    address = begun(client)
    done = client.post(f"{address}/samples", json={**samples(1), **change})
    assert (done.status_code, done.json()["error"]["field"]) == (422, field)
    assert client.get(address).json()["samples"]["received"] == {}
    client.delete(address)


def test_numbers_that_are_none_are_refused(client: httpx.Client) -> None:
    """NaN and infinity, which Python's JSON writes; and acceleration in g, which looks like it."""
    address = begun(client)
    for text in ("NaN", "Infinity", "1e400"):
        body = f'{{"acc": {{"time_s": [0.0], "values": [[0.0, 0.0, {text}]]}}}}'
        done = client.post(f"{address}/samples", content=body)
        assert done.status_code == 422
        assert done.json()["error"]["field"] == "acc.values[0][2]"
    sent = samples(4)
    sent["acc"]["values"] = [[0.0, 0.0, 1.0]] * 200
    done = client.post(f"{address}/samples", json=sent)
    assert done.status_code == 422
    assert "looks like g" in done.json()["error"]["found"]
    assert [event["kind"] for event in done.json()["events"]] == ["refused"]
    client.delete(address)


def test_events_are_followed_and_taken_up_again(client: httpx.Client) -> None:
    """Each change once; who comes again goes on behind the last event that it saw."""
    address = begun(client)
    for n in range(4):
        pushed(client, address, 4, first=4 * n, x=2.0 * (n % 2 == 0))
    first = events_of(client, address, 2)
    assert [(e["id"], e["activity"]) for e in first] == [(1, "walking"), (2, "sitting")]
    client.delete(f"{address}")
    assert client.get(f"{address}/events").status_code == 404
    address = begun(client)
    for n in range(4):
        pushed(client, address, 4, first=4 * n, x=2.0 * (n % 2 == 0))
    rest = events_of(client, address, 2, **{"Last-Event-ID": "2"})
    assert [(e["id"], e["before"]) for e in rest] == [(3, "sitting"), (4, "walking")]
    assert events_of(client, f"{address}", 1, **{"Last-Event-ID": "3"})[0]["id"] == 4
    client.delete(address)


def test_a_stream_ends_with_its_session(model: Path) -> None:
    """Those who follow are told the last events, and why it ended."""
    with serving_app(FileSource(model)) as (client, app):
        address = begun(client, id="a")
        pushed(client, address, 4)
        with client.stream("GET", f"{address}/events?after=1") as answer:
            client.delete(address)
            lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
        assert json.loads(lines[-1][6:])["kind"] == "end"
        assert len(app.state.sessions) == 0


def test_who_stops_reading_costs_no_memory_and_is_told(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten events the last four are kept."""
    monkeypatch.setattr(module, "KEPT", 4)
    with serving_app(FileSource(model)) as (client, app):
        address = begun(client, id="a")
        for n in range(10):
            pushed(client, address, 4, first=4 * n, x=2.0 * (n % 2 == 0))
        assert len(app.state.sessions.get("a").events) == 4
        found = events_of(client, address, 5)
        assert [event["kind"] for event in found] == ["missed", *["activity"] * 4]
        assert (found[0]["id"], found[0]["message"], found[1]["id"]) == (6, "6 events", 7)
        assert client.get(address).json()["events"] == 10


def test_a_socket_goes_both_ways(client: httpx.Client) -> None:
    """Samples one way, updates and events the other; an error ends nothing."""
    address = begun(client)
    url = str(client.base_url).replace("http", "ws").rstrip("/") + address + "/stream"
    with connect(url) as socket:
        socket.send(json.dumps({"acc": {"time_s": [0.0], "values": [["a"]]}}))
        assert json.loads(socket.recv())["error"]["field"] == "acc.values[0][0]"
        socket.send("{")
        assert json.loads(socket.recv())["error"]["message"].startswith("the body: invalid JSON")
        socket.send(json.dumps(samples(4)).encode())
        got = [json.loads(socket.recv()) for _ in range(2)]
        told = {key: value for one in got for key, value in one.items()}
        assert len(told["update"]["windows"]) == 19
        assert told["event"]["activity"] == "sitting"
        pushed(client, address, 4, first=4, x=2.0)
        assert json.loads(socket.recv())["event"]["activity"] == "walking"
        client.delete(address)
        assert json.loads(socket.recv())["event"]["kind"] == "end"
    with pytest.raises(InvalidStatus) as caught, connect(url):
        pass
    assert caught.value.response.status_code == 404


def test_there_are_limits(model: Path) -> None:
    """As many sessions as are allowed, each name once, names that are paths nowhere."""
    with serving(FileSource(model), sessions=2) as client:
        for name in ("../x", "a b", "", "x" * 65):
            assert client.post("/v1/sessions", json={"id": name}).status_code == 422
        assert client.post("/v1/sessions", json={"late_s": 1e9}).status_code == 422
        assert client.post("/v1/sessions", json={"gravity": False}).status_code == 422
        begun(client, id="a")
        again = client.post("/v1/sessions", json={"id": "a"})
        assert (again.status_code, again.json()["error"]["field"]) == (409, "id")
        begun(client)
        full = client.post("/v1/sessions", json={})
        assert (full.status_code, full.headers["retry-after"]) == (429, "60")
    with serving(FileSource(model), workers=2) as client:
        done = client.post("/v1/sessions", json={})
        assert (done.status_code, "one process" in done.text) == (409, True)


def test_who_pushes_no_more_is_ended(model: Path) -> None:
    """And those who follow are told."""
    with serving_app(FileSource(model), session_idle_s=0.2) as (client, app):
        address = begun(client)
        pushed(client, address, 4)
        assert events_of(client, address, 2)[-1] == {"id": 1, "kind": "end", "message": "idle"}
        wait_for(lambda: len(app.state.sessions), lambda n: n == 0)
        assert client.get(address).status_code == 404


def test_a_session_keeps_the_model_that_it_began_with(tmp_path: Path) -> None:
    """Another one is served meanwhile; new sessions begin with that."""
    path = write_rule(tmp_path / "rule.onnx")
    with serving_app(FileSource(path)) as (client, app):
        address = begun(client)
        pushed(client, address, 4)
        before = client.get(address).headers["x-har-sha256"]
        write_rule(path, classes='["sitting", "walking"]')
        app.state.service.holder.look()
        assert client.get("/version").json()["sha256"] != before
        update = pushed(client, address, 4, first=4)
        assert {window["activity"] for window in update["windows"]} == {"sitting"}
        assert client.get(address).headers["x-har-sha256"] == before
        other = pushed(client, begun(client), 4)
        assert {window["activity"] for window in other["windows"]} == {"walking"}


def test_windows_of_sessions_are_counted(client: httpx.Client) -> None:
    """As those of other routes."""

    def sitting() -> float:
        lines = client.get("/metrics").text.splitlines()
        found = [line for line in lines if line.startswith('har_predictions_total{activity="sit')]
        return float(found[0].split()[-1]) if found else 0.0

    before = sitting()
    address = begun(client)
    pushed(client, address, 4)
    client.delete(address)
    assert sitting() == before + 19


@pytest.fixture
def few(model: Path) -> Iterator[Sessions]:
    """Return sessions without a service."""
    with serving_app(FileSource(model)) as (_, app):
        yield app.state.sessions


def test_followers_are_bounded(few: Sessions, model: Path) -> None:
    """Who comes when many follow already is refused; who leaves makes room."""
    served = FileSource(model).load()

    async def follow() -> None:
        live = few.create(served, SessionSettings())
        others = [few.follow(live, 0) for _ in range(module.MOST_FOLLOWERS)]
        live.ended = "idle"
        for other in others:
            await anext(other)
        with pytest.raises(Exception, match="too many follow"):
            await anext(few.follow(live, 0))
        await others[0].aclose()
        assert (await anext(few.follow(live, 0)) or {})["kind"] == "end"
        for other in others:
            await other.aclose()

    asyncio.run(follow())
