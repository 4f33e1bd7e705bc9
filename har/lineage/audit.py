"""An append-only log whose every line carries the digest of the line before it.

A line that is changed, removed or inserted breaks the chain behind it. What the chain
cannot show is that its newest lines were cut off: a model version therefore keeps the
digest of the line that decided its stage (the tag ``har.audit``).
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from har.errors import VerificationError
from har.lineage import digest

GENESIS = "0" * 64


def append(path: Path, event: Mapping[str, Any]) -> str:
    """Add an event and return the digest of its line, once it is on the disk.

    Parameters
    ----------
    path : Path
        The log, one JSON object a line; made with the first event.
    event : mapping
        JSON-able; ``sequence``, ``time`` and ``previous`` are added to it.

    Returns
    -------
    str
        SHA-256 of the line without its newline.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")), path.open("ab+") as file:
        file.seek(0)
        # A line without its newline was never acknowledged: its writer was killed.
        whole, _, _ = file.read().rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        line = digest.canonical(
            {
                **event,
                "sequence": len(lines),
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "previous": digest.of_bytes(lines[-1]) if lines else GENESIS,
            }
        )
        file.truncate(len(whole) + 1 if whole else 0)
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return digest.of_bytes(line)


def entries(path: Path) -> list[dict[str, Any]]:
    """Return the events, oldest first, each with the ``sha256`` of its line.

    Raises
    ------
    VerificationError
        If the chain is broken.
    """
    return list(_walk(path))


def verify_chain(path: Path) -> int:
    """Check every line against the next one; return how many lines there are.

    Raises
    ------
    VerificationError
        If a line was changed, removed, inserted or half-written; it names the line.
    """
    return sum(1 for _ in _walk(path))


def _walk(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes() if path.exists() else b""
    *lines, tail = content.split(b"\n")
    previous = GENESIS
    for number, line in enumerate(lines):
        event = _parsed(path, number, line)
        found = {"sequence": event.get("sequence"), "previous": event.get("previous")}
        expected = {"sequence": number, "previous": previous}
        if found != expected:
            raise VerificationError(
                f"{path}, line {number + 1}: the chain is broken here or one line before",
                expected=f"sequence {number} after {previous[:12]}…",
                found=f"sequence {found['sequence']} after {str(found['previous'])[:12]}…",
                hint="compare with a backup; versions keep digests in the tag har.audit",
            )
        previous = digest.of_bytes(line)
        yield {**event, "sha256": previous}
    if tail:
        raise VerificationError(
            f"{path}: the last line is half-written",
            hint="its writer was killed before it was acknowledged; the next entry replaces it",
        )


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise VerificationError(f"{path}, line {number + 1}: not JSON", found=str(error)) from None
    return event
