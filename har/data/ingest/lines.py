"""Lines of text as rows, one by one: for blocks in which not every line is a row."""

import csv
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from har import parquet
from har.data.ingest.ledger import Ledger

if TYPE_CHECKING:
    from har.data.ingest.text import Layout

MAX_LINE = 64 * 2**10  # bytes; no row of any sensor is as long
MISSING = ("", "NaN", "nan", "NAN", "NA", "N/A", "null", "NULL", "None", "-")
KEPT_CHARACTERS = 1000  # of a line that goes to quarantine
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.I | re.A)
_NAN = re.compile(r"[+-]?nan(\(\w*\))?", re.I | re.A)


def words(column: pa.Array) -> pa.Array:
    """Trim texts; those that say that something is missing become null."""
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(trimmed, value_set=pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def frame_of(columns: dict[str, pa.Array]) -> pd.DataFrame:
    """Return columns as a frame, texts as categories of text."""
    table = pa.table(columns)
    threads = table.num_rows > parquet.SMALL
    frame: pd.DataFrame = table.to_pandas(strings_to_categorical=True, use_threads=threads)
    for name in frame.select_dtypes("category"):
        if frame[name].cat.categories.empty:  # of object, which joins with no others
            frame[name] = frame[name].astype(pd.CategoricalDtype(pd.Index([], dtype="str")))
    return frame


class _Row(NamedTuple):
    line: int
    repaired: bool
    fields: Sequence[str]


def read_lines(
    body: bytes, layout: "Layout", ledger: Ledger, name: str, first: int
) -> pd.DataFrame:
    """Parse the lines of a block one by one; quarantine what is no row.

    Parameters
    ----------
    body : bytes
        Whole lines in UTF-8.
    layout, ledger
        As for `har.data.ingest.text.iter_tables`.
    name : str
        Of the file.
    first : int
        The number of its first line.
    """
    rows: list[_Row] = []
    bad: dict[str, list[tuple[int, str]]] = {}
    for number, raw in enumerate(body.split(b"\n")[:-1], start=first):
        line, problem = _decode(raw)
        if problem is None and (not line.strip() or _is_comment(line, layout)):
            continue
        parts, repaired = ([line], False) if problem else _parts(line, layout)
        ledger.read(len(parts))
        for part in parts:
            fields = () if problem else _fields(part, layout)
            if len(fields) == len(layout.columns):
                rows.append(_Row(number, repaired, fields))
            else:
                reason = problem or _wanted(layout)
                bad.setdefault(reason, []).append((number, part[:KEPT_CHARACTERS]))
    for reason, lines in bad.items():
        ledger.set_aside(name, [n for n, _ in lines], [text for _, text in lines], reason)
    return _to_numbers(rows, layout, ledger, name)


def _is_comment(line: str, layout: "Layout") -> bool:
    return bool(layout.comment) and line.lstrip().startswith(layout.comment)


def _decode(raw: bytes) -> tuple[str, str | None]:
    """Return a line, and why it can be no row."""
    if len(raw) >= MAX_LINE:
        return raw[:KEPT_CHARACTERS].decode(errors="replace"), "longer than any row"
    try:
        line = raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace"), "not UTF-8"
    return line, "holds a NUL byte" if "\0" in line else None


def _parts(line: str, layout: "Layout") -> tuple[list[str], bool]:
    """Return the rows in a line, and whether it had to be repaired."""
    if layout.mend is None or len(_fields(line, layout)) == len(layout.columns):
        return [line], False
    parts = layout.mend(line)
    return (parts, True) if parts else ([line], False)


def _wanted(layout: "Layout") -> str:
    end = f" and {layout.end!r} at the end" if layout.end else ""
    return f"not {len(layout.columns)} fields{end}"


def _fields(line: str, layout: "Layout") -> Sequence[str]:
    if layout.end:
        line = line.rstrip()
        if not line.endswith(layout.end):
            return ()
        line = line.removesuffix(layout.end)
    if layout.separator == " ":
        line = re.sub(r"[ \t]+", " ", line).strip(" ")
    if layout.quotes and '"' in line:
        return next(csv.reader([line], delimiter=layout.separator))
    return line.split(layout.separator)


def _to_numbers(rows: list[_Row], layout: "Layout", ledger: Ledger, name: str) -> pd.DataFrame:
    """Convert the numeric columns; quarantine rows with a word where a number belongs."""
    texts = {n: [row.fields[i] for row in rows] for i, n in enumerate(layout.columns)}
    numbers = {
        n: [_number(text, layout.decimal) for text in texts[n]]
        for n in layout.kept
        if n not in layout.text
    }
    bad = np.zeros(len(rows), bool)
    for values in numbers.values():
        bad |= np.array([value is None for value in values], bool)
    origin = pd.DataFrame(
        {
            "line": np.array([row.line for row in rows], np.int64),
            "repaired": np.array([row.repaired for row in rows], bool),
        }
    )
    if bad.any():
        ledger.quarantine(origin.assign(file=name, **texts)[bad], "not a number")
    good = pa.array(~bad)
    columns = {
        n: (
            words(pa.array(texts[n], pa.string()).filter(good))
            if n in layout.text
            else pa.array(numbers[n], pa.float64(), from_pandas=False).filter(good)
        )
        for n in layout.kept
    }
    frame = frame_of(columns).join(origin[~bad].reset_index(drop=True))
    if repaired := int(frame["repaired"].sum()):
        ledger.repairs["malformed line"] += repaired
    return frame


def _number(text: str, decimal: str) -> float | None:
    """Return a number, NaN where one is missing, or None for a word."""
    text = text.strip()
    if text in MISSING or _NAN.fullmatch(text):
        return float("nan")
    if decimal != ".":
        text = text.replace(".", "?").replace(decimal, ".")
    return float(text) if _NUMBER.fullmatch(text) else None
