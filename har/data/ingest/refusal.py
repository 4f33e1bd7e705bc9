"""Items of which nothing could be taken: why, and how many rows that leaves out.

``refusal.json`` stands in the folder of such an item, with its account and its quarantine.
"""

from pathlib import Path
from typing import ClassVar, Self

import pandas as pd
from pydantic import StrictStr

from har.data.ingest import columnar
from har.data.ingest.files import RawFiles, reading
from har.data.sources.base import Item
from har.errors import DataError, HarError, VerificationError
from har.lineage.typed import TypedFile

# Why an item cannot be read; others of the data set may still be.
Refusal = DataError | VerificationError
BLOCK = 2**20  # bytes
KEPT_CHARACTERS = 1000  # of a line in quarantine


class Refused(TypedFile):
    """Why nothing of an item could be taken: an error, as `har.errors.HarError` has it."""

    FILE: ClassVar[str] = "refusal.json"

    damaged: bool
    message: StrictStr
    expected: StrictStr | None
    found: StrictStr | None
    hint: StrictStr | None

    @classmethod
    def of(cls, error: Refusal) -> Self:
        """Return what an error says."""
        return cls(
            damaged=isinstance(error, VerificationError),
            message=error.message,
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        )

    @classmethod
    def beside(cls, item: Path) -> Refusal | None:
        """Return why nothing of an item in a folder could be taken; None where something was."""
        if not (item / cls.FILE).exists():
            return None
        why = cls.read(item)
        kind = VerificationError if why.damaged else DataError
        return kind(why.message, expected=why.expected, found=why.found, hint=why.hint)


def reason_of(error: HarError, *names: str) -> str:
    """Return what is wrong, without the name of what it is wrong with.

    >>> reason_of(DataError("a.csv: no column t"), "a.csv")
    'no column t'
    """
    for name in names:
        if error.message.startswith(f"{name}: "):
            return error.message.removeprefix(f"{name}: ")
    return error.message


def set_aside(files: RawFiles, item: Item, reason: str) -> pd.DataFrame:
    """Return the quarantine of an item that could not be read: an entry for each file.

    Returns
    -------
    DataFrame
        ``file, line, reason, content`` of each file's first line, and ``rows``, the rows that
        the entry stands for: all of the file.
    """
    entries = []
    for name in item.files:
        rows, first = _lines(files, name)
        entries.append((name, 1, reason, first, rows))
    return pd.DataFrame(entries, columns=["file", "line", "reason", "content", "rows"])


def _lines(files: RawFiles, name: str) -> tuple[int, str]:
    """Return how many rows a file has, as far as that can be told, and its first line.

    Rows are those of Parquet, or the lines of text; what cannot be read has none.
    """
    try:
        if name.lower().endswith(".parquet"):
            return columnar.n_rows_of(files, name), ""
        with reading(name), files.open(name) as file:
            block = file.read(BLOCK)
            if b"\0" in block and not block.startswith((b"\xff\xfe", b"\xfe\xff")):
                return 0, ""
            first = block.split(b"\n", 1)[0][:KEPT_CHARACTERS].decode(errors="replace")
            rows, last = 0, b""
            while block:
                rows, last = rows + block.count(b"\n"), block
                block = file.read(BLOCK)
            return rows + bool(last and not last.endswith(b"\n")), first.strip("\ufeff\r")
    except (OSError, RuntimeError, EOFError, HarError):
        return 0, ""
