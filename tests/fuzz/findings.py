"""Inputs that fail, made small, and kept with the command that runs them again."""

import json
import shutil
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    improved = True
    while improved:
        improved = False
        for files in _smaller(finding.files):
            if time.monotonic() > end:
                return finding
            again = find(target, finding.seed, files, finding.origin)
            if again and again.problem == finding.problem:
                finding, improved = again, True
                break
    return finding


def _smaller(files: Files) -> Iterator[Files]:
    """Yield the files without one of them, then with one without a part, the largest first."""
    for name in files:
        if len(files) > 1:
            yield {k: v for k, v in files.items() if k != name}
    for name, content in files.items():
        for shorter in _shorter(content):
            yield {**files, name: shorter}


def _shorter(content: bytes) -> Iterator[bytes]:
    """Yield a text without runs of its lines, then bytes without runs of them (ddmin)."""
    for pieces in (content.splitlines(keepends=True), [bytes([b]) for b in content]):
        size = len(pieces) // 2
        while size and len(pieces) > 1 and size > len(pieces) // 64:
            for start in range(0, len(pieces), size):
                yield b"".join(pieces[:start] + pieces[start + size :])
            size //= 2


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


def without_details(finding: Finding) -> Finding:
    """Return a finding that is short enough for a list."""
    return replace(finding, details="")
