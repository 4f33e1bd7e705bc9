"""Worker processes do not outlive the process that started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import wait_for

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


def runs(pid: int) -> bool:
    """Whether a process is there and not only waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
