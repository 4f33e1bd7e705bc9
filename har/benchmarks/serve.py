"""One model behind several servers, asked by one client: requests in a second, time, memory."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import numpy as np
import requests

from har.arrays import Float32
from har.benchmarks import page
from har.benchmarks.load import Load, as_fast_as_possible, at_a_rate
from har.data.windows import count_windows
from har.errors import HarError, UsageError
from har.registry.handle import Registry
from har.registry.versions.files import download_model, fetch
from har.registry.versions.lookup import find
from har.serving.predictor import Predictor

if TYPE_CHECKING:
    from psutil import Process

CONNECTIONS = 16
# A recording of a minute, in windows.
MINUTE_S = 60.0
_LONGEST_START_S = 180.0
# LitServe as its pages advise: batches, and one process that calls the model.
_LITSERVE = """
import sys
import litserve, numpy as np, onnxruntime as ort

class API(litserve.LitAPI):
    def setup(self, device):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(sys.argv[1], options)
    def decode_request(self, request):
        return np.asarray(request["inputs"], np.float32)
    def batch(self, inputs):
        self.sizes = [len(one) for one in inputs]
        return np.concatenate(inputs)
    def predict(self, windows):
        return self.session.run(["probabilities"], {"windows": windows})[0]
    def unbatch(self, output):
        return np.split(output, np.cumsum(self.sizes)[:-1])
    def encode_response(self, output):
        return {"predictions": output.tolist()}

if __name__ == "__main__":
    api = API(max_batch_size=64, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="error"
    )
"""
_BENTOML = """
import bentoml, numpy as np, onnxruntime as ort, os

@bentoml.service(workers=1)
class Served:
    def __init__(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["MODEL"], options)
    @bentoml.api(batchable=True, max_batch_size=256, max_latency_ms=60000)
    def predict(self, inputs: np.ndarray) -> np.ndarray:
        windows = inputs.astype(np.float32)
        return self.session.run(["probabilities"], {"windows": windows})[0]
"""
LIBRARIES = ("numpy", "onnxruntime", "mlflow", "fastapi", "uvicorn")
SERVERS = ("har", "har-2", "mlflow", "litserve", "bentoml")


@dataclass(frozen=True)
class Entry:
    """One server under one kind of request.

    Attributes
    ----------
    server : str
        Its name and version.
    windows : int
        Of one request.
    full : Load
        With as many requests as it takes.
    half : Load
        At half that rate.
    cpu_ms : float
        Of all its processes, for one request with as many as it takes; other work on the
        machine hardly changes it.
    memory_mb : float
        Of all its processes, each page that they share counted once, MB.
    """

    server: str
    windows: int
    full: Load
    half: Load
    cpu_ms: float
    memory_mb: float


@dataclass(frozen=True)
class _Server:
    name: str
    command: list[str]
    path: str
    health: str
    env: dict[str, str]


def run(
    registry: Registry, selector: str, names: Sequence[str], *, seconds: float
) -> Iterator[Entry]:
    """Yield what each server does with one window, and with a minute of them, in a request.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        Which version of it.
    names : sequence of str
        Of `SERVERS`; those that are not installed are left out.
    seconds : float
        Of each measurement.

    Raises
    ------
    UsageError
        If a name is none.
    HarError
        If a server does not start, or refuses.
    """
    for name in names:
        if name not in SERVERS:
            raise UsageError(f"{name}: no server", expected=", ".join(SERVERS))
    found = find(registry, selector)
    file = fetch(registry, found)
    predictor = Predictor(file)
    minute = _windows(
        predictor, count_windows(round(MINUTE_S * predictor.rate_hz), predictor.window)
    )
    with tempfile.TemporaryDirectory(prefix="har-") as folder:
        model = file.parent
        if "mlflow" in names:
            model = download_model(registry, found.number, Path(folder) / "mlflow")
        for name in installed(names):
            server = _server(name, file, model, Path(folder))
            with _started(server) as (url, process):
                for windows in (minute[:1], minute):
                    yield _measured(server, url, process, windows, seconds)


def installed(names: Sequence[str]) -> list[str]:
    """Return those servers that are there."""
    return [n for n in names if n.startswith("har") or importlib.util.find_spec(n)]


def _windows(predictor: Predictor, n: int) -> Float32:
    """Return windows of a device that is moved a little, in the model's units."""
    rng = np.random.default_rng(0)
    size = (n, predictor.n_samples, len(predictor.channels))
    found = rng.normal(0, 0.5, size).astype(np.float32)
    vertical = [i for i, name in enumerate(predictor.channels) if name.endswith("acc_z")]
    found[:, :, vertical] += 9.81 if predictor.gravity else 0
    return found


def _server(name: str, file: Path, model: Path, folder: Path) -> _Server:
    python, port = sys.executable, "{port}"
    if name.startswith("har"):
        workers = name.partition("-")[2] or "1"
        main = "from har.cli import main; main()"
        words = ["serve", "--model", str(file), "--port", port, "--workers", workers]
        title = f"har serve --workers {workers}"
        return _Server(title, [python, "-c", main, *words], "/invocations", "/ready", {})
    title = f"{name} {version(name)}"
    if name == "mlflow":
        words = ["models", "serve", "-m", str(model), "--env-manager", "local", "--port", port]
        command = [python, "-m", "mlflow", *words]
        return _Server(title, command, "/invocations", "/ping", {"MLFLOW_LOGGING_LEVEL": "ERROR"})
    script = folder / f"{name}_service.py"
    if name == "litserve":
        script.write_text(_LITSERVE, encoding="utf-8")
        command = [python, str(script), str(file), port]
        return _Server(f"{title}, batches", command, "/predict", "/health", {})
    script.write_text(_BENTOML, encoding="utf-8")
    command = [python, "-m", "bentoml", "serve", f"{script.stem}:Served", "--port", port]
    own = {"MODEL": str(file), "PYTHONPATH": str(folder), "BENTOML_DO_NOT_TRACK": "True"}
    return _Server(f"{title}, batches", command, "/predict", "/readyz", own)


@contextlib.contextmanager
def _started(server: _Server) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run a server until the block ends; yield its address and its process."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # MLflow finds uvicorn by its name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        [word.format(port=port) if word == "{port}" else word for word in server.command],
        env={**os.environ, "PATH": path, **server.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}{server.health}", process, server.name)
        yield url, process
    finally:
        _end(process)


def _wait(url: str, process: "subprocess.Popen[bytes]", name: str) -> None:
    end = time.monotonic() + _LONGEST_START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.RequestException):
            requests.get(url, timeout=5).raise_for_status()
            return
        time.sleep(0.2)
    raise HarError(f"{name} does not start", hint=f"it has {_LONGEST_START_S:g} s for {url}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    from psutil import NoSuchProcess, wait_procs

    try:
        every = _every(process.pid)
    except NoSuchProcess:
        return
    process.terminate()
    _, alive = wait_procs(every, timeout=10)
    for one in alive:
        one.kill()
    process.wait()


def _measured(
    server: _Server,
    url: str,
    process: "subprocess.Popen[bytes]",
    windows: Float32,
    seconds: float,
) -> Entry:
    body = json.dumps({"inputs": windows.tolist()}).encode()
    target = f"{url}{server.path}"
    as_fast_as_possible(target, body, CONNECTIONS, seconds / 4)
    before = _cpu_s(process.pid)
    full = as_fast_as_possible(target, body, CONNECTIONS, seconds)
    cpu_ms = 1000 * (_cpu_s(process.pid) - before) / full.answers
    half = at_a_rate(target, body, CONNECTIONS, seconds, full.per_s / 2)
    if full.failed or half.failed:
        raise HarError(f"{server.name}: {full.failed + half.failed} requests were refused")
    return Entry(server.name, len(windows), full, half, cpu_ms, _memory_mb(process.pid))


def _every(pid: int) -> "list[Process]":
    from psutil import Process

    return [Process(pid), *Process(pid).children(recursive=True)]


def _cpu_s(pid: int) -> float:
    times = [one.cpu_times() for one in _every(pid)]
    return float(sum(spent.user + spent.system for spent in times))


def _memory_mb(pid: int) -> float:
    sizes = [one.memory_full_info() for one in _every(pid)]
    return float(sum(getattr(size, "pss", size.uss) for size in sizes) / 1e6)


def rows(entries: Sequence[Entry]) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a table."""
    columns = ["server", "windows", "requests/s", "of mlflow's", "p50 ms", "p99 ms"]
    columns += ["p50 at half", "p99 at half", "CPU ms", "MB"]
    base = {e.windows: e.full.per_s for e in entries if e.server.startswith("mlflow")}
    return columns, [_row(e, base.get(e.windows)) for e in entries]


def _row(entry: Entry, base: float | None) -> list[str]:
    full, half = entry.full, entry.half
    ratio = f"{full.per_s / base:.1f}" if base else ""
    times = [f"{ms:.1f}" for ms in (full.p50_ms, full.p99_ms, half.p50_ms, half.p99_ms)]
    rate, costs = f"{full.per_s:,.0f}", [f"{entry.cpu_ms:.2f}", f"{entry.memory_mb:,.0f}"]
    return [entry.server, str(entry.windows), rate, ratio, *times, *costs]


def lines(
    entries: Sequence[Entry], label: str, *, seconds: float, absent: Sequence[str]
) -> list[str]:
    """Return the page."""
    columns, cells = rows(sorted(entries, key=lambda e: e.windows))
    cores = len(os.sched_getaffinity(0))
    busy = os.getloadavg()[0]
    told = [
        "# Servers of one model",
        "",
        *page.made_by((), LIBRARIES),
        f"Each server has {label} as the same ONNX file, on one thread of ONNX Runtime (MLflow: as "
        "it comes), and is asked by the same asynchronous client on the same machine "
        f"({cores} processors, which both share; load average {busy:.1f} at the end), one server "
        f"at a time, from {CONNECTIONS} connections for {seconds:g} s after a warm-up. A request "
        "is JSON: one window, or a minute of them. *At half*: requests at even times, at half of "
        "what the server took; each counts from when it was due. Memory is that of all its "
        "processes, shared pages once (PSS); *CPU ms* is what they spend on one request when they "
        "take as many as they can, which other work on the machine hardly changes.",
        "",
        *page.table(columns, cells),
    ]
    if absent:
        told.append(f"Not installed here, and so not measured: {', '.join(absent)}.")
    return told


def absent_of(names: Sequence[str]) -> list[str]:
    """Return those servers that are not there."""
    return sorted(set(names) - set(installed(names)))
