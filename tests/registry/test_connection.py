"""Where the registry is, and what happens when it is not there."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support import Setup, opened

from har.config import RegistrySettings
from har.errors import MissingError, UsageError
from har.registry.connection import connect, experiment_id, tracking_uri


def test_tracking_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting goes before the environment, and both before the local database."""
    assert tracking_uri(RegistrySettings()) == f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://a")
    assert tracking_uri(RegistrySettings()) == "http://a"
    assert tracking_uri(RegistrySettings(tracking_uri="http://b")) == "http://b"


def test_unreachable_server() -> None:
    """A server that is not there is an error within seconds."""
    start = time.monotonic()
    with pytest.raises(MissingError, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
        connect("http://127.0.0.1:9")
    assert time.monotonic() - start < 10
    assert "unset MLFLOW_TRACKING_URI" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["localhost:5000", "./mlruns", "file:///x", "postgres://bob:secret@host/db", "sqlite://", "ab"],
)
def test_no_address(address: str) -> None:
    """What is no address is refused before anything is done, with what is one."""
    with pytest.raises(UsageError, match="not the address of a registry") as caught:
        tracking_uri(RegistrySettings(tracking_uri=address))
    assert "secret" not in str(caught.value)


def test_user_in_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """User and password go where MLflow reads them too, and stand in no address."""
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "before")
    settings = RegistrySettings(tracking_uri="https://bob:p%40ss@models.example.org/mlflow")
    assert tracking_uri(settings) == "https://models.example.org/mlflow"
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "bob"
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "p@ss"
    assert "p%40ss" not in str(settings.model_dump(mode="json"))


@pytest.mark.parametrize(
    "uri", ["postgresql://bob:secret@127.0.0.1:9/db", "postgresql://bob:secret@no.such.host/db"]
)
def test_unreachable_database(uri: str) -> None:
    """A database server that is not there is an error within seconds, without its password."""
    start = time.monotonic()
    with pytest.raises(MissingError, match="cannot be used") as caught:
        connect(uri)
    assert time.monotonic() - start < 30
    assert "secret" not in str(caught.value)


class _Answers(BaseHTTPRequestHandler):
    """Answers every question with the status in its address."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(int(self.path.split("/")[1]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[str]:
    """Run a server that is no MLflow; yield its address."""
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "refuses"), (403, "refuses"), (404, "no MLflow server"), (503, "does not answer")],
)
def test_server_that_refuses(answering: str, status: int, message: str) -> None:
    """A wrong password, a lack of rights and the server of something else are told apart."""
    with pytest.raises(MissingError, match=message) as caught:
        connect(f"{answering}/{status}")
    assert str(status) in str(caught.value)


def test_experiment_is_made_once(local: Setup) -> None:
    """The experiment of a data set is made once, with its files beside the database."""
    client = opened(local).client
    first = experiment_id(client, "har/tiny")
    assert experiment_id(client, "har/tiny") == first
    experiment = client.get_experiment(first)
    assert experiment.name == "har/tiny"
    assert experiment.artifact_location == Path("mlruns/artifacts").resolve().as_uri()


def test_quiet_and_lean(tmp_path: Path) -> None:
    """Reading prints nothing of MLflow's own, and loads none of the training stack."""
    script = (
        "import sys\n"
        "from har.config import Environment\n"
        "from har.registry.handle import Registry\n"
        "from har.registry.versions.lookup import list_versions\n"
        "registry = Registry.open(Environment())\n"
        "assert 'mlflow' not in sys.modules\n"
        "assert list_versions(registry) == []\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'matplotlib', 'onnx', 'onnxruntime'}"
        " & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert list(tmp_path.iterdir()) == []
