"""A table in JSON: an array of objects, one a row, whose values may be texts."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from har.data.ingest.budget import beyond
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.parts.objects import elements
from har.data.recorders.parts.sheets import SAMPLE, Columns, Sheet
from har.errors import DataError

ROWS = 50_000  # in memory at once
LONGEST = 2**16  # characters of a row; SensorLog's have 100 values and 10,000
LONGEST_TEXT = 1000  # characters of a value


def sheet(files: RawFiles, name: str, *, first: str) -> Sheet:
    """Return the columns of a file, the one named `first` before the others, and its first rows.

    Raises
    ------
    DataError
        If it is no JSON, or not an array of objects.
    """
    rows = list(itertools.islice(_objects(files, name), SAMPLE))
    keys = dict.fromkeys(key for row in rows for key in row)
    if len(keys) > (most := files.limits.columns):
        raise beyond(f"{name}: too many columns", "columns", expected=f"at most {most:,}")
    names = (first, *(key for key in keys if key != first))
    texts = tuple(tuple(str(row.get(key, "")) for key in names) for row in rows)
    return Sheet(name, names, ",", ".", 0, texts)


def blocks(
    files: RawFiles, ledger: Ledger, of: Sheet, columns: Columns, *, text: tuple[str, ...] = ()
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file, block by block; see `har.data.recorders.parts.sheets.blocks`.

    A value that is no number is missing, as one that is not there.
    """
    line = 0
    rows = (
        {name: _value(row.get(of.names[place])) for name, place in columns.items()}
        for row in _objects(files, of.file)
    )
    while batch := list(itertools.islice(rows, ROWS)):
        ledger.read(len(batch))
        block = pd.DataFrame({"line": np.arange(line + 1, line + 1 + len(batch))})
        block["file"] = pd.Categorical.from_codes(np.zeros(len(batch), int), pd.Index([of.file]))
        block["repaired"] = False
        for name in columns:
            values = [row[name] for row in batch]
            if name in text:
                block[name] = pd.Categorical([None if v is None else str(v) for v in values])
            else:
                column = pd.Series(values, dtype="object")
                block[name] = pd.to_numeric(column, errors="coerce").astype("float64")
        line += len(batch)
        yield block


def _objects(files: RawFiles, name: str) -> Iterator[Mapping[str, Any]]:
    for element in elements(files, name, LONGEST):
        if not isinstance(element, dict):
            raise DataError(
                f"{name}: not an array of objects", expected="{…}", found=str(element)[:60]
            )
        yield element


def _value(value: Any) -> Any:
    """Return a number or a text of bounded length; None for anything else."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return value if isinstance(value, float | bool) or _is_small(value) else None


def _is_small(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 2**63
