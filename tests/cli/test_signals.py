"""Asked to end, a command leaves no process behind."""

import signal
from pathlib import Path
from subprocess import Popen

import psutil
import pytest
from support import Project, patience_s, wait_for

# Trains for hours, in a thread of the command itself.
ENDLESS = (
    *(
        "candidates=['encoder-nano']",
        "pretrain.checkpoint=none",
        "finetune.epochs=100000",
        "finetune.patience=100000",
    ),
    *("data.datasets=['hapt']", "data.subjects=['hapt-01', 'hapt-02', 'hapt-07']"),
    *("split.test_subjects=['hapt-02']", "split.validation_subjects=['hapt-07']"),
)


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_ends_with_its_server(tmp_path: Path, asked: signal.Signals) -> None:
    """Prefect's temporary server too, and although a thread would train on for hours."""
    project = Project(tmp_path)
    process = project.start("run", *(word for pair in ENDLESS for word in ("--set", pair)))
    assert process.stderr is not None
    next(line for line in process.stderr if line.startswith("train-encoder-nano"))
    check_that_all_end(process, asked)


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGHUP])
def test_workers_that_read_end(tmp_path: Path, asked: signal.Signals) -> None:
    """Those of an ingestion, as of every pool."""
    rows = "".join(f"{i / 50},{i % 7},0,9.8\n" for i in range(400_000))
    for number in range(8):
        (tmp_path / f"s{number}.csv").write_text(f"t,ax,ay,az\n{rows}")
    process = Project(tmp_path).start("data", "ingest", "own", ".", "--yes", "--jobs", "2")
    started = psutil.Process(process.pid)
    wait_for(lambda: len(started.children()), lambda n: n >= 3)  # and multiprocessing's tracker
    check_that_all_end(process, asked)


def check_that_all_end(process: Popen[str], asked: signal.Signals) -> None:
    """Send a signal twice, as `timeout` does, and wait for a process and all that it started."""
    everyone = [*psutil.Process(process.pid).children(recursive=True)]
    assert everyone
    process.send_signal(asked)
    process.send_signal(asked)
    assert process.wait(timeout=patience_s()) == 128 + asked
    wait_for(lambda: [p for p in everyone if runs(p)], lambda left: not left)


def runs(process: psutil.Process) -> bool:
    """Tell whether a process is there and not only waiting to be reaped."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
