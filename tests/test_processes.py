"""Worker processes do not outlive the process that started them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import wait_for

from har.processes import THREADS, count

# Starts two workers, each of which writes its number and then waits for ever.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from har.processes import pool

def work(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(3600)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with pool(2) as workers:
        for future in [workers.submit(work, sys.argv[1]) for _ in range(2)]:
            future.result()
"""
# Asks a worker how many threads the libraries of a step would use.
ASK = """
from har.processes import pool

def threads():
    import pyarrow, sklearn.ensemble, threadpoolctl, torch
    own = {library["num_threads"] for library in threadpoolctl.threadpool_info()}
    return sorted(own | {torch.get_num_threads(), pyarrow.cpu_count()})

if __name__ == "__main__":
    with pool(1) as workers:
        print(workers.submit(threads).result())
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(tmp_path: Path, sent: int) -> None:
    """Asked to end, interrupted, or killed without a chance to say goodbye."""
    program, seen = tmp_path / "program.py", tmp_path / "seen"
    program.write_text(PROGRAM)
    seen.mkdir()
    parent = subprocess.Popen([sys.executable, program, seen], stderr=subprocess.DEVNULL)
    wait_for(lambda: len(list(seen.iterdir())), lambda started: started == 2)
    workers = [int(path.name) for path in seen.iterdir()]
    os.kill(parent.pid, sent)
    assert parent.wait() != 0
    wait_for(lambda: [pid for pid in workers if runs(pid)], lambda left: not left)


def test_a_worker_uses_one_thread_in_every_library(tmp_path: Path) -> None:
    """Processes share out the processors: threads would be in each other's way."""
    program = tmp_path / "program.py"
    program.write_text(ASK)
    env = {**os.environ, **dict.fromkeys(THREADS, "2")}
    done = subprocess.run(
        [sys.executable, program], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [1]


def test_processors_that_others_use_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task set on one processor of many gets one worker."""
    one = min(os.sched_getaffinity(0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {one})
    assert count(0) == 1


@pytest.mark.parametrize(
    ("limit", "expected"), [("150000 100000", 2), ("20000 100000", 1), ("max 100000", 8), ("", 8)]
)
def test_a_container_has_a_share_of_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, expected: int
) -> None:
    """Rounded up, and never none."""
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("har.processes.QUOTA", tmp_path / "cpu.max")
    assert count(0) == expected


def runs(pid: int) -> bool:
    """Whether a process is there and not only waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
