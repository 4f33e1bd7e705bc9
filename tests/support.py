"""What end-to-end tests share: a project folder, and real servers."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from click.testing import Result
from typer.testing import CliRunner

from har.cli import app
from har.config import Settings
from har.registry.gate import promotion
from har.registry.handle import Registry
from har.registry.versions.decision import Decision
from har.registry.versions.version import Version

T = TypeVar("T")
# Kills its own process before a write to the registry, counted from 0.
DIE_BEFORE = """
import os, signal
from mlflow import MlflowClient

WRITES = ("log_param", "log_dict", "set_model_version_tag", "set_registered_model_alias",
          "delete_registered_model_alias", "transition_model_version_stage")

def die_before(number):
    left = [number]
    def counted(method):
        def write(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*args, **kwargs)
        return write
    for name in WRITES:
        setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))
"""
MAIN = "from har.cli import main; main()"

# Six real subjects, one fine-tuning seed, few epochs: small, but every step is the real one.
SMALL = {
    "HAR_DATA__SUBJECTS": '["hapt-01", "hapt-02", "hapt-03", "hapt-04", "hapt-05", "hapt-07"]',
    "HAR_SPLIT__TEST_SUBJECTS": '["hapt-02", "hapt-04"]',
    "HAR_SPLIT__VALIDATION_SUBJECTS": '["hapt-07"]',
    "HAR_MODELS__SVM__C_GRID": "[10]",
    "HAR_MODELS__SVM__GAMMA_SCALE": "[1]",
    "HAR_MODELS__SVM__COPIES": "0",
    "HAR_PRETRAIN__CHECKPOINT": "own",
    "HAR_PRETRAIN__EPOCHS": "1",
    "HAR_FINETUNE__EPOCHS": "4",
    "HAR_SEEDS": "[0]",
    "HAR_EVALUATE__BOOTSTRAP": "200",
    "HAR_GATE__MIN_MACRO_F1": "0.5",
    "HAR_GATE__MIN_CLASS_F1": "0.2",
    "HAR_GATE__MIN_SUBJECT_F1": "0.2",
    "HAR_GATE__MAX_ECE": "0.5",
}


@dataclass
class Project:
    """A folder in which `har` commands run with small settings."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, program: str = MAIN) -> subprocess.Popen[str]:
        """Start a command with its input and output piped, or a program in its place."""
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "160", **SMALL, **self.env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def har(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command and return what it printed and its exit code."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=280)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def json(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return what it printed."""
        done = self.har(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def opened(settings: Settings) -> Registry:
    """Return a new handle of the model that some settings name."""
    return Registry.open(settings.environment)


def promote(version: Version, settings: Settings, **options: Any) -> Decision:
    """Judge a version by the bounds of some settings, and move it."""
    return promotion.promote(
        opened(settings),
        str(version.number),
        gate=settings.gate,
        export=settings.export,
        intervals=settings.evaluate,
        **options,
    )


def files_of(version: Version, settings: Settings) -> Path:
    """Return the folder of a registered version's files, where the registry is local."""
    uri = opened(settings).client.get_run(version.run_id).info.artifact_uri
    return Path(uri.removeprefix("file://"))


def registry_command(settings: Settings, *words: str) -> Result:
    """Run ``har registry …`` on the registry of these settings, which stand in no file."""
    place = settings.registry.model_dump(include={"tracking_uri", "model"}, exclude_none=True)
    named = [f"--set=registry.{name}={value}" for name, value in place.items()]
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["registry", *words, *named])


def postgresql_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, where it is installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian's place
    on_path = shutil.which("initdb")
    return folders[-1] if folders else Path(on_path).parent if on_path else None


@contextlib.contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Run PostgreSQL with an empty database until the block ends; yield its address."""
    # It refuses to run as root, and its user must reach the folder.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="har-postgresql-"))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", _free_port()
    make = [programs / "initdb", "-D", data, "-U", "har", "--auth", "trust", "-E", "UTF8"]
    subprocess.run(make, check=True, capture_output=True, user=user)
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", folder]
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user,
    )
    try:
        ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False, capture_output=True).returncode:
            assert process.poll() is None, f"PostgreSQL ended with {process.returncode}"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)
        yield f"postgresql://har@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)  # ends at once, connections or not
        process.wait(timeout=30)
        shutil.rmtree(folder)


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    """Run PostgreSQL, or use a file of sqlite where that is not installed; yield the address."""
    if programs := postgresql_programs():
        with postgresql(programs) as address:
            yield address
    else:
        yield f"sqlite:///{folder}/mlflow.db"


def mlflow_server(
    database: str, artifacts: Path, *, port: int | None = None
) -> contextlib.AbstractContextManager[str]:
    """Run `mlflow server` on a database until the block ends; yield its address."""
    command = [
        *("mlflow", "server", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
        *("--backend-store-uri", database, "--artifacts-destination", str(artifacts)),
    ]
    return server(command, "/health", port=port, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")


@contextlib.contextmanager
def server(
    command: list[str], health: str, *, port: int | None = None, **env: str
) -> Iterator[str]:
    """Run a server until the block ends, on a free port unless one is given; yield its address.

    ``{port}`` in the command is replaced; ``health`` is a path that answers when it is up.
    """
    port = port or _free_port()
    words = [word.format(port=port) for word in command]
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address + health, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(look: Callable[[], T], done: Callable[[T], bool], timeout_s: float = 60) -> T:
    """Look until what is seen will do, and return it."""
    deadline = time.monotonic() + timeout_s
    while not done(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.1)
    return seen


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes], timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise TimeoutError(url)
