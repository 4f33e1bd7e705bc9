"""Inputs that fail, made small, and kept with the command that runs them again."""

import json
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz import guard
from fuzz.target import Files, Target

PATIENCE_S = 60  # for making one input smaller
_ROOTS = ("/har/", "/tests/fuzz/")


@dataclass(frozen=True)
class Finding:
    """An input that fails.

    Attributes
    ----------
    target, seed : str
        What was fuzzed, and the name of the sound input.
    origin : str
        The seed and number that it follows from.
    files : mapping of str to bytes
        The input.
    problem : str
        What makes it the same finding as another: the kind of error and where it was raised.
    details : str
        The traceback.
    """

    target: str
    seed: str
    origin: str
    files: Files
    problem: str
    details: str


def find(target: Target, seed: str, files: Files, origin: str) -> Finding | None:
    """Check an input; return what is wrong, if anything."""
    try:
        guard.checked(target, seed, files)
    except (Exception, guard.Hang) as error:
        details = "".join(traceback.format_exception(error))
        return Finding(target.name, seed, origin, dict(files), _problem(error), details)
    return None


def _problem(error: BaseException) -> str:
    """Return the kind of an error and the innermost lines of ours that raised it."""
    frames = [
        f"{frame.filename.rsplit(root, 1)[-1]}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        for root in _ROOTS
        if root in frame.filename
    ]
    said = str(error).partition(":")[0][:60] if isinstance(error, guard.Wrong) else ""
    return " ".join([type(error).__name__, *frames[-1:], *([said] if said else [])])


def minimised(finding: Finding, target: Target) -> Finding:
    """Return the same finding with fewer files and bytes, as far as a minute goes."""
    end = time.monotonic() + PATIENCE_S

    def fails(files: Files) -> Finding | None:
        again = find(target, finding.seed, files, finding.origin)
        return again if again and again.problem == finding.problem else None

    best = finding
    for name in finding.files:
        without = {k: v for k, v in best.files.items() if k != name}
        best = (fails(without) if without else None) or best
    for name in best.files:
        for pieces_of in (_lines_of, _bytes_of):
            for size in _sizes(len(pieces_of(best.files[name]))):
                best = _without_runs(best, name, pieces_of, size, fails, end)
    return best


Pieces = Callable[[bytes], list[bytes]]


def _without_runs(
    best: Finding,
    name: str,
    pieces_of: Pieces,
    size: int,
    fails: Callable[[Files], Finding | None],
    end: float,
) -> Finding:
    """Return a finding without those runs of a file's pieces that it does not need (ddmin)."""
    start = 0
    while start < len(pieces := pieces_of(best.files[name])) and time.monotonic() < end:
        shorter = b"".join(pieces[:start] + pieces[start + size :])
        if again := fails({**best.files, name: shorter}):
            best = again
        else:
            start += size
    return best


def _lines_of(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _bytes_of(content: bytes) -> list[bytes]:
    return [content[i : i + 1] for i in range(len(content))]


def _sizes(n: int) -> Iterator[int]:
    """Yield halves of a length down to 1."""
    while n > 1:
        n = (n + 1) // 2
        yield n


def save(finding: Finding, folder: Path) -> Path:
    """Write a finding below a folder: ``input/``, and ``finding.json`` with the rest."""
    made = folder / f"{finding.target}-{finding.origin.replace('/', '-')}"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    guard.write(finding.files, made / "input")
    facts: dict[str, Any] = {
        "target": finding.target,
        "seed": finding.seed,
        "origin": finding.origin,
        "problem": finding.problem,
        "again": f"python scripts/fuzz.py --again {made}",
        "files": {name: content.hex() for name, content in finding.files.items()},
        "details": finding.details,
    }
    (made / "finding.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return made


def load(folder: Path) -> Finding:
    """Return what `save` wrote."""
    facts = json.loads((folder / "finding.json").read_text(encoding="utf-8"))
    files = {name: bytes.fromhex(content) for name, content in facts["files"].items()}
    own = {name: facts[name] for name in ("target", "seed", "origin", "problem", "details")}
    return Finding(files=files, **own)


def first_of_each(found: list[Finding]) -> list[Finding]:
    """Return one finding of each problem, the smallest."""
    by_size = sorted(found, key=lambda one: -sum(map(len, one.files.values())))
    return list({(one.target, one.problem): one for one in by_size}.values())
