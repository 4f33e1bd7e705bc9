"""One input after another, by number; by the hour in a process that may hang or die."""

import itertools
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from random import Random
from typing import Any

from fuzz import findings, guard
from fuzz.findings import Finding, find, minimised
from fuzz.target import Files, Target

# By name, where each is: a process imports what it fuzzes alone.
TARGETS = {
    "ingest": "readers",
    "predict": "readers",
    "mappings": "mappings",
    "settings": "settings",
    "onnx": "onnx_files",
    "checkpoints": "checkpoints",
    "streams": "streams",
}
# An input that hangs, and the minute in which a finding is made smaller, with room.
_SILENCE_S = 4 * guard.PATIENCE_S + findings.PATIENCE_S
# Bytes: what asks for more gets a MemoryError and takes no other process with it.
MOST_ADDRESSES = 12 * 2**30


@cache
def target(name: str) -> Target:
    """Return a target by its name."""
    found: Target = import_module(f"fuzz.{TARGETS.get(name, name)}").TARGETS[name]
    return found


def made(aim: Target, seed: int, number: int) -> tuple[str, Files]:
    """Return the name of a sound input, and the same with the faults of a number."""
    seeds = aim.seeds()
    name = sorted(seeds)[number % len(seeds)]
    return name, aim.damage(seeds[name], Random(f"{seed}/{aim.name}/{number}"))


def one(aim: Target, seed: int, number: int) -> Finding | None:
    """Check the input of a number."""
    name, files = made(aim, seed, number)
    return find(aim, name, files, f"{seed}/{number}")


def sound(aim: Target) -> Counter[str]:
    """Check all sound inputs as they are; return what was counted.

    Raises
    ------
    Exception
        Whatever is wrong with one.
    """
    total: Counter[str] = Counter()
    for name, files in aim.seeds().items():
        total += guard.checked(aim, name, files)
    return total


def run(name: str, seed: int, seconds: float) -> Iterator[Finding | None]:
    """Yield what was found of each input, in the order of their numbers, until the time is over.

    A process that dies, or hangs where no signal reaches it, is a finding; another one goes on
    behind its input.
    """
    end, number = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        with _working(name, seed, number, left) as (process, messages):
            for told in _heard(messages):
                if told == "over":
                    return
                yield told
                number += 1
        yield _lost(target(name), seed, number, f"ended with {process.exitcode}")
        number += 1


@contextmanager
def _working(*task: Any) -> Iterator[tuple[BaseProcess, Connection]]:
    """Start a process; it is none any more at the end."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_work, args=(*task, theirs), daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.join(0.5)
        process.kill()
        process.join()


def _heard(messages: Connection) -> Iterator[Any]:
    """Yield what a process sends until it dies or is silent for too long."""
    while messages.poll(_SILENCE_S):
        try:
            yield messages.recv()
        except EOFError:
            return


def _lost(aim: Target, seed: int, number: int, how: str) -> Finding:
    name, files = made(aim, seed, number)
    return Finding(aim.name, name, f"{seed}/{number}", files, "the process is lost", how)


def _work(name: str, seed: int, first: int, seconds: float, messages: Connection) -> None:
    """Check inputs from one on; tell of each, and at the end nothing more."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    aim = target(name)
    aim.seeds()
    end = time.monotonic() + seconds
    known: set[str] = set()
    for number in itertools.count(first):
        if time.monotonic() > end:
            break
        finding = one(aim, seed, number)
        if finding and finding.problem not in known:
            known.add(finding.problem)
            finding = minimised(finding, aim)
        messages.send(finding)
    messages.send("over")
