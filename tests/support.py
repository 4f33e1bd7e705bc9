"""What end-to-end tests share: a project folder, and real servers."""

import contextlib
import io
import json
import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import typer
from click.testing import Result
from typer.testing import CliRunner

from har.cli import app, main
from har.config import (
    Environment,
    ExportSettings,
    GateSettings,
    IntervalSettings,
    RegistrySettings,
)
from har.config.section import Section
from har.registry.gate import promotion
from har.registry.handle import Registry
from har.registry.locations import local_path
from har.registry.versions.decision import Decision
from har.registry.versions.version import Version

T = TypeVar("T")
# Kills its own process before a write to the registry, counted from 0.
DIE_BEFORE = """
import os, signal
from mlflow import MlflowClient
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

WRITES = {
    MlflowClient: ("log_param", "set_model_version_tag", "set_registered_model_alias",
                   "delete_registered_model_alias", "transition_model_version_stage"),
    LocalArtifactRepository: ("log_artifact",),
    HttpArtifactRepository: ("log_artifact",),
}

def die_before(number):
    left = [number]
    def counted(method):
        def write(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*args, **kwargs)
        return write
    for kind, names in WRITES.items():
        for name in names:
            setattr(kind, name, counted(getattr(kind, name)))
"""
MAIN = "from har.cli import main; main()"

# Eight made people, one fine-tuning seed, few epochs: small, but every step is the real one.
SMALL = {
    "HAR_DATA__DATASETS": '["people"]',
    "HAR_SPLIT__TEST_SUBJECTS": '["people-2", "people-4", "people-6"]',
    "HAR_SPLIT__VALIDATION_SUBJECTS": '["people-7"]',
    "HAR_MODELS__SVM__C_GRID": "[10]",
    "HAR_MODELS__SVM__GAMMA_SCALE": "[1]",
    "HAR_MODELS__SVM__COPIES": "0",
    "HAR_PRETRAIN__CHECKPOINT": "own",
    "HAR_PRETRAIN__EPOCHS": "1",
    "HAR_FINETUNE__EPOCHS": "4",
    "HAR_FINETUNE__MIN_STEPS": "60",
    "HAR_FINETUNE__FREEZE_STEPS": "20",
    "HAR_SEEDS": "[0]",
    # Starting workers takes longer than what they would save.
    "HAR_RUN__WORKERS": "1",
    "HAR_EVALUATE__BOOTSTRAP": "100",
    "HAR_EXPORT__CALIBRATION_WINDOWS": "64",
    "HAR_EXPORT__LATENCY_REPEATS": "20",
    "HAR_GATE__MIN_MACRO_F1": "0.5",
    "HAR_GATE__MIN_CLASS_F1": "0.2",
    "HAR_GATE__MIN_SUBJECT_F1": "0.2",
    "HAR_GATE__MAX_ECE": "0.5",
    "HAR_GATE__ROBUSTNESS": '{"gain -5 %": 0.03}',
}


def patience_s() -> float:
    """Return how long a test waits before it says what it waits for, s.

    A part of the limit of a test (`timeout` in ``pyproject.toml``), which PYTEST_TIMEOUT
    raises on a slow machine.
    """
    return 0.8 * float(os.environ["PYTEST_TIMEOUT"])


# Begins a program of another process that is given a `Setup` as JSON.
WITH_SETUP = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from support import Setup
"""


class Setup(Section):
    """What a test of the registry is set up with: an environment, and the gate's sections."""

    store: Path = Path("data/store")
    registry: RegistrySettings = RegistrySettings()
    gate: GateSettings = GateSettings()
    export: ExportSettings = ExportSettings()
    intervals: IntervalSettings = IntervalSettings()

    @property
    def environment(self) -> Environment:
        """Where the store and the registry are, and who acts."""
        return Environment(store=self.store, registry=self.registry)


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Project:
    """A folder in which `har` commands run with small settings."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def har(self, *arguments: str) -> Done:
        """Run a command in this process, which is afterwards as it was."""
        stdout, stderr = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self._env),
            mock.patch.multiple(sys, argv=["har", *arguments], stdin=io.StringIO()),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            kept_logging(),
        ):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        return Done(code, stdout.getvalue(), stderr.getvalue())

    def json(self, *arguments: str) -> Any:
        """Run a command with ``--json`` in this process and return what it printed."""
        done = self.har(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(
        self, *arguments: str, program: str = MAIN, under: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """Start a command as a process with pipes, or a program in its place.

        For what only a process can show: kills, races, and that it works from nothing. It
        may run under another command, as a tracer.
        """
        return subprocess.Popen(
            [*under, sys.executable, "-c", program, *arguments],
            cwd=self.folder,
            env={**os.environ, **self._env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def end_of(process: subprocess.Popen[str]) -> Done:
        """Wait for a process that was started."""
        stdout, stderr = process.communicate(timeout=patience_s())
        return Done(process.returncode, stdout, stderr)

    def copy(self, folder: Path) -> "Project":
        """Return a copy of the project in a new folder, for a test that changes it."""
        shutil.copytree(self.folder, folder)
        return Project(folder, self.env)

    @property
    def _env(self) -> dict[str, str]:
        return {
            "COLUMNS": "160",
            "PREFECT_HOME": str(self.folder / "prefect"),
            **SMALL,
            **self.env,
        }


@contextlib.contextmanager
def kept_logging() -> Iterator[None]:
    """Take back what a command sets up to tell of its progress."""
    logger = logging.getLogger("har")
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    try:
        yield
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@contextlib.contextmanager
def small_files(n_bytes: int) -> Iterator[None]:
    """Let no file of this process become larger: the next write fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def commands() -> list[str]:
    """Return every command of the app, as ``registry list``."""
    return sorted(_below(typer.main.get_command(app), ()))


def _below(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    groups = getattr(command, "commands", None)
    if groups is None:
        yield " ".join(path)
    for name, child in (groups or {}).items():
        yield from _below(child, (*path, name))


def opened(settings: Setup) -> Registry:
    """Return a new handle of the model that some settings name."""
    return Registry.open(settings.environment)


def promote(version: Version, settings: Setup, **options: Any) -> Decision:
    """Judge a version by the bounds of some settings, and move it."""
    return promotion.promote(
        opened(settings),
        str(version.number),
        gate=settings.gate,
        export=settings.export,
        intervals=settings.intervals,
        **options,
    )


def files_of(version: Version, settings: Setup) -> Path:
    """Return the folder of a registered version's files, where the registry is local."""
    registry = opened(settings)
    path = local_path(registry, registry.reader.run_location(version.run_id))
    assert path is not None
    return path


def registry_command(settings: Setup, *words: str) -> Result:
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
        deadline = time.monotonic() + patience_s()
        while subprocess.run(ready, check=False, capture_output=True).returncode:
            assert process.poll() is None, f"PostgreSQL ended with {process.returncode}"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)
        yield f"postgresql://har@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)  # ends at once, connections or not
        process.wait(timeout=patience_s())
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
    command: list[str],
    health: str,
    *,
    port: int | None = None,
    program: str | None = None,
    **env: str,
) -> Iterator[str]:
    """Run a server until the block ends, on a free port unless one is given; yield its address.

    ``{port}`` in the command is replaced; ``health`` is a path that answers when it is up. The
    command is a module with its arguments, or those of a program.
    """
    port = port or _free_port()
    words = [word.format(port=port) for word in command]
    process = subprocess.Popen(
        [sys.executable, *(["-c", program] if program else ["-m"]), *words],
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
        process.wait(timeout=patience_s())


def wait_for(look: Callable[[], T], done: Callable[[T], bool]) -> T:
    """Look until what is seen will do, and return it."""
    deadline = time.monotonic() + patience_s()
    while not done(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.1)
    return seen


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + patience_s()
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise TimeoutError(url)
