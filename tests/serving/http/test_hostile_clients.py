"""Clients are strangers: none stops the service for others, fills memory or asks in disguise."""

import base64
import contextlib
import gzip
import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from http_server import serving
from pydantic import SecretStr

from har.config import ServeSettings
from har.data.ingest.files import open_files
from har.serving.http import connections
from har.serving.http.connections import AHEAD, most_connections
from har.serving.http.errors import HttpError
from har.serving.http.metrics import Metrics
from har.serving.http.request_log import RequestLog
from har.serving.http.schemas import MOST_LISTS
from har.serving.http.uploads import Asked, predicted
from har.serving.http.watched import WatchedFiles
from har.serving.served import FileSource

MB = 2**20
# What a client may send in vain: what is on its way, in buffers of the system.
SOON = 64 * MB
HEAD = b"GET /health HTTP/1.1\r\nhost: localhost\r\n"
POST = b"POST /v1/windows HTTP/1.1\r\nhost: localhost\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
KEY = "0123456789abcdef"


def connected(client: httpx.Client) -> socket.socket:
    connection = socket.create_connection((client.base_url.host, client.base_url.port))
    connection.settimeout(20)
    return connection


def sent_before_it_closed(connection: socket.socket, more: bytes, most: int = SOON) -> int:
    """Send the same again and again until the service closes; return how many bytes went out."""
    n = 0
    with contextlib.suppress(ConnectionError):
        while n < most:
            connection.sendall(more)
            n += len(more)
    return n


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (HEAD, b"x: " + b"y" * 1000 + b"\r\n"),
        (HEAD + b"x: ", b"y" * 65_536),
        (b"GET /", b"y" * 65_536),
        (HEAD + b"\r\n", b"\r\n" * 32_768),
        (b"", (HEAD + b"\r\n") * 500),
        (CHUNKED + b"1;", b"x" * 65_536),
        (CHUNKED + b"0\r\n", b"x: " + b"y" * 10_000 + b"\r\n"),
    ],
    ids=["headers", "header", "url", "blank lines", "requests ahead", "chunk", "trailers"],
)
def test_what_is_no_end_of_a_head(client: httpx.Client, start: bytes, more: bytes) -> None:
    """Nobody reads heads, requests ahead or trailers without end: the connection is closed."""
    before = psutil.Process().memory_info().rss
    with connected(client) as connection:
        connection.sendall(start)
        assert sent_before_it_closed(connection, more) < SOON
    assert client.get("/health").status_code == 200
    assert psutil.Process().memory_info().rss - before < 100 * MB


def test_a_head_has_a_time(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing, or drips, is told 408 and closed; blank lines are no head."""
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    with serving(FileSource(model)) as client:
        for start in (b"", b"GET /health HTTP/1.1\r\nx", b"\r\n"):
            with connected(client) as connection:
                connection.sendall(start)
                assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
        with connected(client) as connection:
            connection.sendall(HEAD + b"\r\n")
            answer = b""
            while b"alive" not in answer:
                answer += connection.recv(4096)
            connection.sendall(b"\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_connections_have_a_number(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many, the one on which nothing was asked for longest is closed for a new one."""
    monkeypatch.setattr(connections, "most_connections", lambda: 5)
    monkeypatch.setattr(connections, "HEAD_S", 300.0)
    with serving(FileSource(model)) as client, contextlib.ExitStack() as idle:
        first, *_ = [idle.enter_context(connected(client)) for _ in range(20)]
        assert httpx.get(f"{client.base_url}/health").status_code == 200
        assert first.recv(100) == b""
    assert AHEAD <= most_connections() <= connections.MOST


def _filled(start: str, unit: str, end: str) -> bytes:
    return (start + ",".join([unit] * (MOST_LISTS + 1)) + end).encode()


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/windows", _filled('{"windows":[', "[]", "]}"), 413, "too many lists"),
        ("/invocations", _filled('{"instances":[', "{}", "]}"), 413, "too many lists"),
        ("/v2/models/tiny/infer", _filled('{"inputs":[', "{}", "]}"), 413, "too many lists"),
        ("/v1/recordings", _filled('{"columns":{"x":[', "[]", "]}}"), 413, "too many lists"),
        ("/v1/sessions/a/sensor-logger", _filled('{"payload":[', "{}", "]}"), 413, "too many"),
        ("/v1/windows", _filled('{"windows":[', '""', "]}"), 422, "windows[0]: input should be"),
        ("/v1/windows", b'{"windows":' + b"[" * 100_000, 422, "recursion limit"),
        ("/v1/windows", b'{"windows":[[[' + b"9" * 100_000 + b"]]]}", 422, "out of range"),
        ("/v1/windows", b'{"windows":[[[1e999]]]}', 422, "finite number"),
        ("/v1/windows", b'{"windows":[[[NaN]]]}', 422, "finite number"),
        (
            "/v1/windows",
            b"{" + b",".join(b'"%d":1' % i for i in range(2000)) + b"}",
            422,
            "2,001 faults",
        ),
        (
            "/v1/recordings",
            b'{"columns":{' + b",".join(b'"%d":[]' % i for i in range(1001)) + b"}}",
            422,
            "at most 1000 items",
        ),
        (
            "/v2/models/tiny/infer",
            b'{"inputs":[{"name":"windows","datatype":"FP32","data":[1],"shape":[%s,%s]}]}'
            % (b"9" * 4000, b"9" * 4000),
            422,
            "less than or equal to",
        ),
        (
            "/v1/sessions/a/sensor-logger",
            b'{"payload":[{"name":"totalacceleration","time":%s,"values":{"x":1,"y":2,"z":3}}]}'
            % (b"9" * 400),
            200,
            "windows",
        ),
    ],
)
def test_json(client: httpx.Client, path: str, body: bytes, status: int, said: str) -> None:
    """What would take hundreds of times its size is refused before it is read, others in words."""
    before = psutil.Process().memory_info().rss
    answer = client.post(path, content=body, headers={"content-type": "Application/JSON"})
    client.delete("/v1/sessions/a")
    assert (answer.status_code, said in answer.text) == (status, True), answer.text[:300]
    assert psutil.Process().memory_info().rss - before < 300 * MB


def test_bodies_in_memory_are_bounded_together(model: Path) -> None:
    """Eight of the largest size, of however many clients: the next one gets 503."""
    with serving(FileSource(model), max_json_mb=0.01) as client, contextlib.ExitStack() as held:
        for _ in range(8):
            waiting = held.enter_context(connected(client))
            waiting.sendall(POST + b"content-length: 10000\r\n\r\n" + b" " * 9_999)
        deadline = time.monotonic() + 20
        while (status := client.post("/v1/windows", content=b" " * 99).status_code) == 422:
            assert time.monotonic() < deadline
        assert status == 503


def test_an_encoded_body(client: httpx.Client) -> None:
    """It is told that it is not taken, and not unpacked."""
    body = gzip.compress(b'{"windows": []}')
    answer = client.post("/v1/windows", content=body, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (415, "content-encoding")


@pytest.mark.parametrize(
    "parts",
    [
        b'--b\r\ncontent-disposition: form-data; name="map"\r\n\r\na=b\r\n' * 201,
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n' * 101,
        b'--b\r\ncontent-disposition: form-data; name="file"\r\nx: ' + b"y" * MB + b"\r\n\r\n\r\n",
        b'--b\r\ncontent-disposition: form-data; name="map"\r\n\r\n' + b"y" * 2 * MB + b"\r\n",
    ],
    ids=["fields", "files", "header", "field"],
)
def test_forms(client: httpx.Client, parts: bytes) -> None:
    """Parts, their heads and fields have sizes."""
    kind = {"content-type": "multipart/form-data; boundary=b"}
    assert (
        client.post("/v1/recordings", content=parts + b"--b--\r\n", headers=kind).status_code == 400
    )


@pytest.mark.parametrize(
    "head",
    [b"content-length: 5\r\ntransfer-encoding: chunked", b"content-length: 5\r\n" * 2 + b"x: y"],
)
def test_a_body_of_two_lengths(client: httpx.Client, head: bytes) -> None:
    """Where a proxy may read another request than the service, it is none."""
    with connected(client) as connection:
        connection.sendall(POST + head + b"\r\n\r\n0\r\n\r\nGET /version HTTP/1.1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


EVIL = "http://evil.example"


def test_pages_of_strangers(client: httpx.Client) -> None:
    """Neither by their own name, nor by one that they made lead here; those of this machine may."""
    own = f"localhost:{client.base_url.port}"
    for headers, status in (
        ({"origin": EVIL}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example", "origin": EVIL}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "["}, 403),
        ({"host": own, "origin": f"http://{own}"}, 200),
        ({"host": "[::1]:8000"}, 200),
    ):
        assert client.get("/version", headers=headers).status_code == status, headers
        created = client.post("/v1/sessions", content=b"{}", headers=headers)
        assert created.status_code == {200: 201}.get(status, status)
        client.delete(created.headers.get("location", "/health"))


def test_pages_that_may_ask(model: Path) -> None:
    """Those that settings name, and all that have a key; browsers let the former read answers."""
    page = {"host": "lab.example.org", "origin": "https://page.example.org"}
    named = {"hosts": ["lab.example.org"], "origins": ["https://page.example.org"]}
    with serving(FileSource(model), **named) as client:
        answer = client.get("/version", headers=page)
        assert answer.headers["access-control-allow-origin"] == page["origin"]
        assert client.get("/version", headers={**page, "origin": EVIL}).status_code == 403
    with serving(FileSource(model), api_keys=[KEY]) as client:
        assert client.get("/version", headers=page).status_code == 401
        assert client.get("/version", headers={**page, "x-api-key": KEY}).status_code == 200


@contextlib.contextmanager
def _stream(client: httpx.Client, *headers: str) -> Iterator[tuple[socket.socket, bytes]]:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /v1/sessions/ws/stream HTTP/1.1",
        *("host: localhost", "upgrade: websocket", "connection: upgrade"),
        *(f"sec-websocket-key: {key}", "sec-websocket-version: 13", *headers),
    ]
    with connected(client) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        yield connection, connection.recv(4096)


def _frame(opcode: int, data: bytes, *, is_last: bool = True) -> bytes:
    length = (
        struct.pack("!BH", 0x80 | 126, len(data)) if len(data) > 125 else bytes([0x80 | len(data)])
    )
    return bytes([(0x80 if is_last else 0) | opcode]) + length + bytes(4) + data


def test_web_sockets(client: httpx.Client) -> None:
    """Not of other sites; messages have a size and an end, and pongs are read."""
    client.post("/v1/sessions", content=b'{"id": "ws"}')
    with _stream(client, f"origin: {EVIL}") as (_, answer):
        assert answer.startswith(b"HTTP/1.1 403 ")
    with _stream(client) as (connection, answer):
        assert answer.startswith(b"HTTP/1.1 101 ")
        connection.sendall(b"\x81\xff" + struct.pack("!Q", MB) + bytes(4))
        assert b"exceeds limit of 1000000 bytes" in connection.recv(100)
    before = psutil.Process().memory_info().rss
    for start, more in (
        (_frame(1, b"x", is_last=False), _frame(0, b"", is_last=False) * 1000),
        (b"", _frame(9, b"p" * 125) * 1000),
    ):
        with _stream(client) as (connection, _):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(start)
            assert sent_before_it_closed(connection, more) < SOON
    assert psutil.Process().memory_info().rss - before < 100 * MB
    client.delete("/v1/sessions/ws")


def test_web_sockets_have_a_number(model: Path) -> None:
    """As many as requests at once; the next one is told so."""
    with serving(FileSource(model), concurrency=1) as client:
        client.post("/v1/sessions", content=b'{"id": "ws"}')
        with _stream(client) as (_, first), _stream(client) as (_, second):
            assert (first[:12], second[:12]) == (b"HTTP/1.1 101", b"HTTP/1.1 503")


def test_numbers_have_few_names(client: httpx.Client) -> None:
    """Neither methods nor paths of clients become labels of metrics."""
    for method in ("PROPFIND", "SEARCH", "REPORT"):
        client.request(method, "/health")
        client.request(method, f"/{method}")
    labels = set(re.findall(r'method="(\w+)"', client.get("/metrics").text))
    assert labels <= {"GET", "HEAD", "OPTIONS", "POST", "DELETE", "any", "other"}
    assert Metrics().requests._labelnames == ("method", "route", "status")


def test_files_are_read_while_somebody_waits(model: Path, tmp_path: Path) -> None:
    """Each block looks at the clock, so that a file that takes long does not keep a reader."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(MB)))
    looks: list[None] = []

    def check() -> None:
        looks.append(None)
        if len(looks) > 3:
            raise TimeoutError

    files = WatchedFiles(open_files(tmp_path / "a.csv.gz"), check)
    with files.open("a.csv.gz") as file:
        assert file.read(100) == bytes(100)
        assert (file.seek(0), file.seekable()) == (0, True)
        with pytest.raises(TimeoutError):
            file.read()
    assert len(looks) == 4
    served = FileSource(model).load()
    with pytest.raises(HttpError, match="the answer took too long"):
        predicted(served, tmp_path, Asked(), time.monotonic())


def test_the_log_has_a_size(tmp_path: Path) -> None:
    """The oldest files go first."""
    settings = ServeSettings(log=tmp_path, log_mb=0.002, api_keys=(SecretStr(KEY),))
    for day in (1, 2, 3):
        (tmp_path / f"answers-2026110{day}T000000000000-1.parquet").write_bytes(bytes(900))
    RequestLog.of(settings)._remove_old()
    assert [path.name[8:16] for path in sorted(tmp_path.iterdir())] == ["20261102", "20261103"]
