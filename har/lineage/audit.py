"""An append-only log whose every line carries the digest of the line before it.

A line that is changed, removed or inserted breaks the chain behind it. That its newest
lines were cut off, the chain cannot show: for that there are two logs, one in the
registry and a copy on this machine (`har.registry.history.trail`).
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from har.errors import VerificationError
from har.lineage import digest

GENESIS = "0" * 64

Entry = dict[str, Any]


def next_line(event: Mapping[str, Any], lines: Sequence[bytes]) -> bytes:
    """Return the line that adds an event to a log.

    Parameters
    ----------
    event : mapping
        JSON-able; ``sequence`` and ``previous`` are added to it.
    lines : sequence of bytes
        The log so far, without newlines.
    """
    previous = digest.of_bytes(lines[-1]) if lines else GENESIS
    return digest.canonical({**event, "sequence": len(lines), "previous": previous})


def verify(lines: Sequence[bytes], where: str) -> list[Entry]:
    """Check every line against the next one.

    Parameters
    ----------
    lines : sequence of bytes
        Without newlines, oldest first.
    where : str
        What the log is called in errors.

    Returns
    -------
    list of dict
        The events, oldest first, each with the ``sha256`` of its line.

    Raises
    ------
    VerificationError
        If a line was changed, removed or inserted; it names the line.
    """
    previous = GENESIS
    events = []
    for number, line in enumerate(lines):
        event = _parsed(line, f"{where}, line {number + 1}")
        found = {"sequence": event.get("sequence"), "previous": event.get("previous")}
        if found != {"sequence": number, "previous": previous}:
            raise VerificationError(
                f"{where}, line {number + 1}: the chain is broken here or one line before",
                expected=f"sequence {number} after {previous[:12]}…",
                found=f"sequence {found['sequence']} after {str(found['previous'])[:12]}…",
                hint="somebody changed the history: compare with the copies of other machines",
            )
        previous = digest.of_bytes(line)
        events.append({**event, "sha256": previous})
    return events


def read(path: Path) -> list[bytes]:
    """Return the whole lines of a log on disk; none if there is no file.

    What a killed writer left of its last line is not part of the log.
    """
    *lines, _ = (path.read_bytes() if path.exists() else b"").split(b"\n")
    return lines


def bring_up_to_date(
    path: Path, known: Sequence[bytes], lines: Sequence[bytes], where: str
) -> None:
    """Append to a copy what it lacks of a log.

    Parameters
    ----------
    path : Path
        The copy; made if there is none.
    known : sequence of bytes
        Its lines (`read`) *before* the log was read. What others copied in the meantime may
        be newer than `lines`, and is no sign of a change.
    lines : sequence of bytes
        The log, without newlines.
    where : str
        What the log is called in errors.

    Raises
    ------
    VerificationError
        If the copy holds a line that the log does not: one of them was changed.
    """
    _require_beginning(known, lines, path, where)
    if len(known) == len(lines):
        return  # so that a copy on a medium that cannot be written is read without a lock
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        copied = read(path)
        _require_beginning(copied[: len(lines)], lines, path, where)
        whole = b"".join(line + b"\n" for line in copied)
        missing = b"".join(line + b"\n" for line in lines[len(copied) :])
        if not missing:
            return
        with path.open("ab") as file:
            file.truncate(len(whole))  # drops what a killed writer left
            file.write(missing)
            file.flush()
            os.fsync(file.fileno())


def _require_beginning(
    copied: Sequence[bytes], lines: Sequence[bytes], path: Path, where: str
) -> None:
    for number, line in enumerate(copied):
        in_log = lines[number] if number < len(lines) else None
        if line != in_log:
            raise VerificationError(
                f"{path}, line {number + 1}: {where} has another line there",
                expected=line.decode(errors="replace"),
                found=in_log.decode(errors="replace") if in_log else "no such line",
                hint="one of the two was changed: nothing moves until they agree; of a registry "
                "that was made anew on purpose, move the old copy away",
            )


def _parsed(line: bytes, where: str) -> Entry:
    try:
        event = json.loads(line)
    except ValueError as error:
        raise VerificationError(f"{where}: not JSON", found=str(error)) from None
    if not isinstance(event, dict):
        raise VerificationError(f"{where}: not an event", found=line.decode(errors="replace"))
    return event
