"""`har serve` begins with a model that can be served, and finishes before it ends."""

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from graphs import write_rule
from http_server import windows
from support import Done, Project, wait_for
from typer.testing import CliRunner

from har.cli import app
from har.errors import HarError

BODY = json.dumps({"windows": windows(1, 0).tolist()}).encode()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write the model."""
    return write_rule(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("--model model.onnx --host 0.0.0.0", 2, "openssl rand -hex 32"),
        ("--model model.onnx --version 3", 2, "one of the two"),
        ("--model model.onnx --port 1 --set serve.port=2", 2, "--port sets it"),
        ("--model damaged.onnx", 3, "cannot be loaded"),
        ("--model none.onnx", 6, "no such file"),
        ("--version champion", 6, "no registry"),
    ],
)
def test_what_cannot_be_served(model: Path, words: str, code: int, says: str) -> None:
    """Ends before anything listens, with what to do and the documented exit code."""
    Path("damaged.onnx").write_bytes(b"damaged")
    done = CliRunner().invoke(app, ["serve", *words.split()])
    assert isinstance(done.exception, HarError), done.output
    assert done.exception.exit_code == code
    assert says in str(done.exception)


def test_a_port_that_is_taken(model: Path) -> None:
    """Is a mistake in the command line."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(app, ["serve", "--model", str(model), "--port", port])
    assert isinstance(done.exception, HarError)
    assert done.exception.exit_code == 2
    assert "--port 0" in str(done.exception)


def started(project: Project, *words: str) -> tuple[subprocess.Popen[str], httpx.Client]:
    """Start the service and return a client of it."""
    process = project.start("serve", "--model", "model.onnx", "--port", "0", *words)
    assert process.stderr
    found = re.search(r"at (http://\S+:\d+),", process.stderr.readline())
    assert found
    client = httpx.Client(base_url=found[1], timeout=60)
    assert client.get("/health").status_code == 200
    return process, client


def test_asked_to_end_it_finishes_what_it_began(model: Path) -> None:
    """A request whose body is still on its way is answered; no other is taken; it ends with 0."""
    process, client = started(Project(model.parent))
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address) as slow:
        slow.sendall(
            b"POST /v1/windows HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n"
            % len(BODY)
        )
        slow.sendall(BODY[:100])
        wait_for(lambda: client.get("/metrics").text, lambda text: "in_progress 2.0" in text)
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: is_open(address), lambda is_open: not is_open)
        slow.sendall(BODY[100:])
        assert b" 200 OK" in slow.recv(100)
    done = Project.end_of(process)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def is_open(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=1):
            return True
    except OSError:
        return False


def test_processes_share_a_port_and_count_together(model: Path) -> None:
    """Whichever answers, any of them tells what all have counted, and has heard of all flags."""
    process, client = started(Project(model.parent), "--workers", "2", "--set", "limits.rows=10")
    n = 20
    for _ in range(n):
        # A connection each: whichever process is free takes it.
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            assert own.post("/v1/windows", content=BODY).status_code == 200
    rows = "time_s,acc_x,acc_y,acc_z\n" + "0.02,0.1,0.2,9.8\n" * 20
    with httpx.Client(base_url=client.base_url, timeout=60) as own:
        refused = own.post("/v1/recordings", files={"file": ("a.csv", rows.encode())})
        assert "limits.rows" in refused.json()["error"]["hint"]
        told = own.get("/metrics").text
    assert f'har_predictions_total{{activity="walking"}} {n:.1f}' in told
    assert f'route="/v1/windows",status="200"}} {n:.1f}' in told
    client.close()
    process.send_signal(signal.SIGTERM)
    done: Done = Project.end_of(process)
    assert done.returncode == 0, done.stderr
