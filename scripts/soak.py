"""Serve under load for minutes, with reloads and an outage of the registry; nothing may be lost.

    .venv/bin/python scripts/soak.py FOLDER [--minutes 20] [--per-s 50]

FOLDER is a project in which `har run` has ended with two versions; it is copied, never changed. An
MLflow server stands before the copy's registry and `har serve` takes the champion from it. While
requests come at an even rate, the champion's alias moves three times and the registry is away
for a tenth of the time. Every answer must be, to the bit, that of the version that it names.
Prints a line each minute; exit code 1 if a request failed or was answered by half a version, if a
reload was missed, or if memory grew by more than a tenth after the first fifth of the time.
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil

from har.config import Environment
from har.config.environment import RegistrySettings
from har.models.runtime import OnnxModel
from har.registry.handle import Registry
from har.registry.moves.reconcile import reconcile
from har.registry.versions.files import fetch
from har.registry.versions.lookup import find
from har.serving.predictor import Predictor

CONNECTIONS = 8
WINDOWS = 8  # of one request


@dataclass
class Soak:
    """What came of it.

    Attributes
    ----------
    expected : dict of str to ndarray
        By version, the probabilities that it must answer.
    body : dict
        The request.
    answers : Counter
        By version.
    wrong : list of str
        Requests that failed, and answers that are of no version.
    memory_mb : list of float
        Of the service, every second.
    """

    expected: dict[str, np.ndarray]
    body: dict[str, object]
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    async def ask(self, client: httpx.AsyncClient, url: str) -> None:
        """Send the request and compare the answer with that of the version that it names."""
        try:
            answer = await client.post(f"{url}/v1/windows", json=self.body)
        except httpx.HTTPError as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
            return
        if answer.status_code != httpx.codes.OK:
            self.wrong.append(f"{answer.status_code}: {answer.text[:200]}")
            return
        version = answer.headers["x-har-version"]
        rows = answer.json()["answers"]
        found = np.array([row["probabilities"] for row in rows], np.float32)
        self.answers[version] += 1
        # Not equal: the rows of a batch are rounded as its size has it.
        if not np.allclose(found, self.expected[version], atol=1e-5):
            self.wrong.append(f"an answer that is not of version {version}")

    @property
    def growth(self) -> float:
        """Memory at the end over memory after the first fifth; medians of a twentieth each."""
        n = max(len(self.memory_mb) // 20, 1)
        fifth = len(self.memory_mb) // 5
        return float(np.median(self.memory_mb[-n:]) / np.median(self.memory_mb[fifth : fifth + n]))


def main() -> int:
    """Copy the project, start both servers, send, meddle, and judge."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--minutes", type=float, default=20)
    arguments.add_argument("--per-s", type=float, default=50)
    given = arguments.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="har-soak-"))) / "copy"
        shutil.copytree(given.folder, home)
        os.chdir(home)
        soak = prepared(home)
        registry_port, port = free_port(), free_port()
        registry = Server(
            registry_command(home, registry_port),
            f":{registry_port}/health",
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
        )
        stack.callback(registry.stop)
        registry.start()
        uri = f"http://127.0.0.1:{registry_port}"
        served = Server(
            [
                *(sys.executable, "-c", "from har.cli import main; main()"),
                *("serve", "--port", str(port), "--set", "serve.poll_s=2"),
            ],
            f":{port}/ready",
            MLFLOW_TRACKING_URI=uri,
        )
        stack.callback(served.stop)
        served.start()
        asyncio.run(run(soak, given, registry, served, f"http://127.0.0.1:{port}", uri))
    return judged(soak)


def prepared(home: Path) -> Soak:
    """Compute what each version must answer to the request."""
    registry = Registry.open(
        Environment(
            store=home / "data/store",
            registry=RegistrySettings(tracking_uri=f"sqlite:///{home}/mlruns/mlflow.db"),
        )
    )
    expected: dict[str, np.ndarray] = {}
    for number in ("1", "2"):
        path = fetch(registry, find(registry, number))
        shape = OnnxModel(path).window_shape
        gravity = np.where(np.arange(shape[1]) == 0, 9.8, 0.0)
        windows = (np.random.default_rng(1).normal(0, 0.3, (WINDOWS, *shape)) + gravity).round(3)
        expected[number] = Predictor(path).answer(windows).probabilities
    assert not np.allclose(expected["1"], expected["2"], atol=1e-3)
    return Soak(expected, {"windows": windows.tolist()})


class Server:
    """A process that answers HTTP, started and stopped.

    Parameters
    ----------
    command : list of str
        The process.
    health : str
        Port and path that answer 200 once it serves.
    **env
        Added to the environment.
    """

    def __init__(self, command: list[str], health: str, **env: str) -> None:
        self._command, self._env = command, env
        self._health = f"http://127.0.0.1{health}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.process = subprocess.Popen(
            self._command,
            env={**os.environ, **self._env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 180
        while time.monotonic() < end:
            try:
                if httpx.get(self._health, timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        raise SystemExit(f"{self._health} does not answer")

    def stop(self) -> None:
        """End it and all its children."""
        if self.process is None:
            return
        children = [psutil.Process(self.process.pid), *self._children()]
        for child in children:
            child.terminate()
        psutil.wait_procs(children, timeout=30)
        self.process.wait()
        self.process = None

    @property
    def memory_mb(self) -> float:
        """Resident memory of it and its children, MB."""
        assert self.process is not None
        own = [psutil.Process(self.process.pid), *self._children()]
        return sum(process.memory_info().rss for process in own) / 1e6

    def _children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)


async def run(
    soak: Soak, given: argparse.Namespace, registry: Server, served: Server, url: str, uri: str
) -> None:
    """Send requests while the champion moves and the registry goes away and comes back."""
    seconds = 60 * given.minutes
    meddling = asyncio.create_task(meddle(registry, uri, seconds))
    start, tasks = time.monotonic(), set()
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        watching = asyncio.create_task(watch(soak, served, start))
        for number in range(int(seconds * given.per_s)):
            await asyncio.sleep(max(0.0, start + number / given.per_s - time.monotonic()))
            task = asyncio.create_task(soak.ask(client, url))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        watching.cancel()
    await meddling


async def meddle(registry: Server, uri: str, seconds: float) -> None:
    """Move the champion three times; take the registry away for a tenth of the time."""
    settings = RegistrySettings(tracking_uri=uri, identity="soak")

    def move(version: str) -> None:
        # By hand, which serves nobody until the history says so, too.
        handle = Registry.open(Environment(registry=settings))
        handle.writer.set_registered_model_alias(handle.model, "champion", version)
        reconcile(handle, choice="adopt", reason="soak")

    async def champion(version: str) -> None:
        await asyncio.to_thread(move, version)
        print(f"the champion is version {version}", flush=True)

    for version in ("2", "1"):
        await asyncio.sleep(0.2 * seconds)
        await champion(version)
    await asyncio.sleep(0.2 * seconds)
    await asyncio.to_thread(registry.stop)
    print("the registry is away", flush=True)
    await asyncio.sleep(0.1 * seconds)
    await asyncio.to_thread(registry.start)
    print("the registry is back", flush=True)
    await champion("2")


async def watch(soak: Soak, served: Server, start: float) -> None:
    """Note memory every second; print a line each minute."""
    while True:
        await asyncio.sleep(1)
        soak.memory_mb.append(served.memory_mb)
        if len(soak.memory_mb) % 60 == 0:
            minutes = (time.monotonic() - start) / 60
            print(
                f"{minutes:5.1f} min  {dict(soak.answers)}  wrong {len(soak.wrong)}  "
                f"{soak.memory_mb[-1]:.0f} MB",
                flush=True,
            )


def judged(soak: Soak) -> int:
    """Print what came of it; return the exit code."""
    print(f"answers by version {dict(soak.answers)}; memory times {soak.growth:.3f}")
    for what, n in Counter(soak.wrong).most_common(5):
        print(f"wrong {n} times: {what}")
    missed = set(soak.expected) - set(soak.answers)
    return int(bool(soak.wrong) or bool(missed) or soak.growth > 1.1)


def registry_command(home: Path, port: int) -> list[str]:
    """Return the command of an MLflow server before a project's registry."""
    database = f"sqlite:///{home}/mlruns/mlflow.db"
    return [
        *(sys.executable, "-m", "mlflow", "server", "--backend-store-uri", database),
        *("--default-artifact-root", f"{home}/mlruns/artifacts", "--port", str(port)),
    ]


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
