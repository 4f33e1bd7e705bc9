"""Worker processes: one thread each, no longer alive than the process that started them."""

import logging
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from har.terminal.log import LineFormatter
from har.terminal.stream import guard

# Read by BLAS and OpenMP when they are loaded: processes share out the cores, not threads.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

# Where Linux tells a container of its limit: microseconds of processor time, and in which.
QUOTA = Path("/sys/fs/cgroup/cpu.max")


@contextmanager
def pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Run a pool of processes until the block ends; an error ends them at once.

    Parameters
    ----------
    jobs : int
        How many; started when they are needed. A fork would inherit locks and threads,
        so they are spawned: a calling script needs its ``if __name__ == "__main__"``.
    """
    spawn = multiprocessing.get_context("spawn")
    level = logging.getLogger("har").level
    workers = ProcessPoolExecutor(
        jobs, mp_context=spawn, initializer=start_worker, initargs=(level,)
    )
    with workers:
        try:
            yield workers
        except BaseException:
            end_workers()
            raise


def end_workers() -> None:
    """End the processes that this one has started, at once."""
    for process in multiprocessing.active_children():
        process.terminate()


def count(jobs: int) -> int:
    """Return how many processes are meant: 0 stands for one per processor that may be used.

    >>> count(3)
    3
    """
    return jobs or usable_processors()


def usable_processors() -> int:
    """Return how many processors this process may use, by its affinity and its container."""
    affinity = getattr(os, "sched_getaffinity", None)
    there = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, math.ceil(min(there, _quota())))


def _quota() -> float:
    """Return how many processors' time a container is given."""
    try:
        quota, period = QUOTA.read_text(encoding="utf-8").split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return math.inf


def start_worker(level: int = logging.INFO) -> None:
    """Prepare a worker: one thread, progress on standard error, ends with its parent."""
    os.environ |= dict.fromkeys(THREADS, "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    guard()
    tell_progress(level)
    # On a terminal Ctrl-C reaches all processes: the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def tell_progress(level: int = logging.INFO) -> None:
    """Send what the steps say of themselves to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(message)s"))
    logger = logging.getLogger("har")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """End this process when its parent has ended, however it was killed."""
    parent.join()
    os._exit(1)
