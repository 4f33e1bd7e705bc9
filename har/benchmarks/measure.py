"""Time and peak memory of a call, in a process of its own."""

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """What a call took.

    Attributes
    ----------
    seconds : float
        Wall clock, without the start of the process and its imports.
    cpu_seconds : float
        Of all its threads, and of its children.
    peak_mb : float
        Largest resident memory of the process, and of the largest of its children, MB.
    result : Any
        What the call returned.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    result: Any


def cost_of(call: Callable[..., Any], *arguments: Any) -> Cost:
    """Run a call in a new process and return what it took.

    Parameters
    ----------
    call : callable
        A function of a module.
    *arguments : Any
        Its arguments; they and the result must be picklable.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, call, arguments))
    process.start()
    theirs.close()
    try:
        cost: Cost = ours.recv()
    except EOFError:
        raise RuntimeError(f"{call.__name__} ended without a result") from None
    finally:
        process.join()
    return cost


def _run(pipe: Connection, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start, used = time.perf_counter(), _cpu_seconds()
    result = call(*arguments)
    seconds, cpu_seconds = time.perf_counter() - start, _cpu_seconds() - used
    pipe.send(Cost(seconds, cpu_seconds, peak_mb(), result))


def peak_mb() -> float:
    """Return the largest resident memory of this process, and of its largest child, MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return (_own_peak() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / unit


def _own_peak() -> int:
    """Return the largest resident memory of this process, in the unit of `ru_maxrss`.

    Linux counts in `ru_maxrss` what the parent held when it started this process.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
