"""Where the registry is, and what happens when it is not there."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import Setup, opened

from har.config import RegistrySettings
from har.errors import MissingError
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
