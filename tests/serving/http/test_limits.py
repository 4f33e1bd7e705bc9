"""What is too much, too slow or from nobody who may ask is refused, and the service stays up."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from http_server import serving, serving_app, windows
from pydantic import SecretStr
from support import wait_for

from har.config import ServeSettings
from har.errors import MissingError, UsageError
from har.models.answers import Answers
from har.serving.http.keys import Keys, require_keys
from har.serving.http.limits import QUEUE
from har.serving.predictor import Predictor
from har.serving.served import FileSource

KEY = "0123456789abcdef"
ONE = json.dumps({"windows": windows(1).tolist()})


@contextlib.contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the model wait, once it is asked, until an event."""
    may_go = threading.Event()
    answer = Predictor.answer

    def waits(own: Predictor, X: Any) -> Answers:
        may_go.wait(30)
        return answer(own, X)

    with monkeypatch.context() as patch:
        patch.setattr(Predictor, "answer", waits)
        try:
            yield may_go
        finally:
            may_go.set()


def ask(client: httpx.Client, found: list[httpx.Response]) -> threading.Thread:
    """Ask in a thread, and keep what comes."""
    url = f"{client.base_url}/v1/windows"
    thread = threading.Thread(target=lambda: found.append(httpx.post(url, content=ONE, timeout=30)))
    thread.start()
    return thread


def in_progress(app: FastAPI) -> float:
    value: float = app.state.service.metrics.in_progress._value.get()
    return value


def test_bodies_have_a_size(model: Path) -> None:
    """413, by the header and by what arrives; recordings have a limit of their own."""
    with serving(FileSource(model), max_json_mb=0.001, max_upload_mb=0.002) as client:
        assert client.post("/v1/windows", content=b" " * 1001).status_code == 413
        assert client.post("/v1/windows", content=iter([b" " * 600] * 2)).status_code == 413
        kind = {"content-type": "text/csv"}
        for size, status in ((1500, 422), (2001, 413)):
            done = client.post("/v1/recordings", content=b"1" * size, headers=kind)
            assert done.status_code == status, done.text
        assert "serve.max_upload_mb" in done.json()["error"]["hint"]
        assert client.get("/health").status_code == 200


def test_requests_at_once_are_bounded(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 for one client, 503 for all, both with Retry-After; those before are answered."""
    for limits, status in (({"per_client": 2}, 429), ({"concurrency": 2}, 503)):
        with serving_app(FileSource(model), **limits) as (client, app), held(monkeypatch) as go:
            found: list[httpx.Response] = []
            threads = [ask(client, found) for _ in range(2)]
            wait_for(lambda app=app: in_progress(app), lambda n: n == 2)
            refused = client.post("/v1/windows", content=ONE)
            assert (refused.status_code, refused.headers["retry-after"]) == (status, "1")
            assert client.get("/ready").status_code == 200
            go.set()
            for thread in threads:
                thread.join()
            assert [one.status_code for one in found] == [200, 200]


def test_uploads_that_wait_are_bounded(model: Path) -> None:
    """They lie on the disk; windows are answered meanwhile."""
    head = b"POST /v1/recordings HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\n"
    with (
        serving_app(FileSource(model), readers=1) as (client, app),
        contextlib.ExitStack() as held_open,
    ):
        for _ in range(QUEUE):
            address = (client.base_url.host, client.base_url.port)
            waiting = held_open.enter_context(socket.create_connection(address))
            waiting.sendall(head + b"content-length: 9\r\n\r\n1")
        wait_for(lambda: in_progress(app), lambda n: n == QUEUE)
        kind = {"content-type": "text/csv"}
        assert client.post("/v1/recordings", content=b"1", headers=kind).status_code == 503
        assert client.post("/v1/windows", content=ONE).status_code == 200


def test_time_is_bounded(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 for a late answer, 408 for a late body; a client that has gone holds nothing."""
    with serving_app(FileSource(model), timeout_s=1.5) as (client, app):
        with held(monkeypatch):
            late = client.post("/v1/windows", content=ONE)
            assert (late.status_code, late.headers["retry-after"]) == (503, "5")
        address = (client.base_url.host, client.base_url.port)
        with socket.create_connection(address) as slow:
            slow.sendall(
                b"POST /v1/windows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{"
            )
            assert b" 408 " in slow.recv(100)
        with socket.create_connection(address) as gone:
            gone.sendall(
                b"POST /v1/windows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{"
            )
        wait_for(lambda: in_progress(app), lambda n: n == 0)
        assert client.post("/v1/windows", content=ONE).status_code == 200


def test_a_client_that_reads_nothing_is_left(model: Path) -> None:
    """Its long answers stay unread; others are answered meanwhile."""
    body = json.dumps({"windows": np.repeat(windows(1), 500, axis=0).tolist()}).encode()
    head = b"POST /v1/windows HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body)
    with serving_app(FileSource(model), timeout_s=2) as (client, app):
        with socket.create_connection((client.base_url.host, client.base_url.port)) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0.5)
            with contextlib.suppress(OSError):
                for _ in range(40):
                    deaf.sendall(head + body)
            start = time.monotonic()
            assert client.post("/v1/windows", content=ONE).status_code == 200
            assert time.monotonic() - start < 10
        wait_for(lambda: in_progress(app), lambda n: n == 0)


def test_keys(model: Path, tmp_path: Path) -> None:
    """One of them is asked wherever there are any, but not by probes."""
    (tmp_path / "keys").write_text(f"# of the lab\n{KEY}\n")
    with serving(FileSource(model), api_keys_file=tmp_path / "keys") as client:
        for path in ("/health", "/ready", "/ping", "/v2/health/ready"):
            assert client.get(path).status_code == 200
        for path in ("/version", "/metrics", "/v2", "/v2/models/tiny"):
            refused = client.get(path)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
            done = client.post("/v1/windows", content=ONE, headers=headers)
            assert done.status_code == 200
        for headers in ({"x-api-key": KEY[:-1]}, {"authorization": f"Basic {KEY}"}):
            assert client.post("/v1/windows", content=ONE, headers=headers).status_code == 401
        assert KEY not in client.post("/invocations", content=ONE).text


def test_other_machines_need_keys(tmp_path: Path) -> None:
    """Without any, nothing is served beyond this machine; short ones are none."""
    for host, is_refused in (("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False)):
        settings = ServeSettings(host=host)
        with pytest.raises(UsageError) if is_refused else contextlib.nullcontext():
            require_keys(settings, Keys.of(settings))
    guarded = ServeSettings(host="0.0.0.0", api_keys=(SecretStr(KEY),))
    require_keys(guarded, Keys.of(guarded))
    (tmp_path / "keys").write_text("# of the lab\nshort\n")
    with pytest.raises(UsageError, match="keys, line 2: a key is shorter than 16 characters"):
        Keys.of(ServeSettings(api_keys_file=tmp_path / "keys"))
    with pytest.raises(MissingError, match="no-such-file"):
        Keys.of(ServeSettings(api_keys_file=tmp_path / "no-such-file"))
