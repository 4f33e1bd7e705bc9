"""Delimited text as frames: fast where it is sound, line by line where it is not.

A file is read in blocks of whole lines. A block that Arrow parses strictly is taken
as it is; any other is parsed line by line, and the lines that are no rows go to
quarantine with the reason.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from har.data.ingest.files import RawFiles, reading
from har.data.ingest.ledger import Ledger
from har.errors import DataError

BLOCK = 16 * 2**20  # bytes; the most of a file that is in memory at once
MAX_LINE = 64 * 2**10  # bytes; no row of any sensor is as long
MISSING = ("", "NaN", "nan", "NAN", "NA", "N/A", "null", "NULL", "None", "-")
KEPT_CHARACTERS = 1000  # of a line that goes to quarantine
_LINE_END = re.compile(rb"\r{0,2}\n|\r")  # two: Windows' ends written again by Windows
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.I | re.A)
_NAN = re.compile(r"[+-]?nan(\(\w*\))?", re.I | re.A)


@dataclass(frozen=True)
class Layout:
    """How lines of a file become rows.

    Attributes
    ----------
    columns : tuple of str
        Names of the fields in their order. Names that start with ``_`` are dropped.
    text : tuple of str
        Those that are not numbers.
    separator : str
        One character; ``" "`` stands for any run of blanks.
    decimal : str
        ``"."`` or ``","``.
    header : int
        Lines before the first row.
    quotes : bool
        Whether fields may stand in double quotes.
    end : str
        What every row ends with, before the end of its line; a line without it is no
        row, for it may have been cut off.
    mend : callable, optional
        Given a line that is no row, returns the rows' texts in it, or none.
    """

    columns: tuple[str, ...]
    text: tuple[str, ...] = ()
    separator: str = ","
    decimal: str = "."
    header: int = 0
    quotes: bool = False
    end: str = ""
    mend: Callable[[str], list[str]] | None = None


def read_table(files: RawFiles, name: str, layout: Layout, ledger: Ledger) -> pd.DataFrame:
    """Return all rows of a file; see `iter_tables`."""
    return joined(list(iter_tables(files, name, layout, ledger)))


def joined(blocks: list[pd.DataFrame]) -> pd.DataFrame:
    """Return blocks with the same columns as one frame; categories stay categories."""
    if len(blocks) == 1:
        return blocks[0]
    for column in blocks[0].select_dtypes("category"):  # or else they would not stay categories
        words = pd.api.types.union_categoricals([block[column] for block in blocks]).categories
        for block in blocks:
            block[column] = block[column].cat.set_categories(words)
    return pd.concat(blocks, ignore_index=True)


def iter_tables(
    files: RawFiles, name: str, layout: Layout, ledger: Ledger
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file, block by block; at least one frame, which may be empty.

    Parameters
    ----------
    files, name : RawFiles, str
        The file.
    layout : Layout
        Its columns.
    ledger : Ledger
        Told of every row, and given those that are none.

    Yields
    ------
    DataFrame
        The layout's columns (float64, or category of str), and ``file, line, repaired``.

    Raises
    ------
    DataError
        If the file is damaged or empty, or has no line breaks for the length of a block.
    """
    line, found = 1, False
    with reading(name), files.open(name) as file:
        for block in _blocks(file, name):
            n_lines = block.count(b"\n")
            skip = min(n_lines, max(0, layout.header - (line - 1)))
            body = block.split(b"\n", skip)[-1]
            frame = _fast(body, layout)
            if frame is None:
                frame = _slow(body, layout, ledger, name, line + skip)
            else:
                ledger.read(len(frame))
                frame["line"] = np.arange(len(frame)) + line + skip
                frame["repaired"] = False
            codes = np.zeros(len(frame), np.int8)
            frame["file"] = pd.Categorical.from_codes(codes, categories=pd.Index([name]))
            yield frame
            line, found = line + n_lines, True
    if not found:
        raise DataError(f"{name}: empty", expected="rows of sensor values")


def _blocks(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield blocks of whole lines in UTF-8 with line feeds at all ends."""
    rest = b""
    for text in _utf8(file):
        whole = rest + text
        held = 2 if whole.endswith(b"\r\r") else int(whole.endswith(b"\r"))  # a \n may follow
        end = len(whole) - held
        lines = _line_ends(whole[:end])
        cut = lines.rfind(b"\n") + 1
        if not cut and end > BLOCK:
            raise DataError(
                f"{name}: no line breaks",
                expected="text, one row per line",
                found=f"{end:,} bytes in one line",
            )
        if cut:
            yield lines[:cut]
        rest = lines[cut:] + whole[end:]
    rest = _line_ends(rest)
    if rest.strip():
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _line_ends(text: bytes) -> bytes:
    return _LINE_END.sub(b"\n", text) if b"\r" in text else text


def _utf8(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's blocks in UTF-8, without a byte order mark."""
    block = file.read(max(BLOCK, len(codecs.BOM_UTF8)))
    if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        while block:
            yield decoder.decode(block).encode()
            block = file.read(BLOCK)
        yield decoder.decode(b"", final=True).encode()
        return
    yield block.removeprefix(codecs.BOM_UTF8)
    while block := file.read(BLOCK):
        yield block


def _fast(body: bytes, layout: Layout) -> pd.DataFrame | None:
    """Parse a block strictly, or return None."""
    body = body.rstrip(b"\n") + b"\n"
    if not _is_plain(body, layout):
        return None
    if layout.separator == " ":
        body = _single_blanks(body)
    if layout.end:
        end = layout.end.encode() + b"\n"
        if body.count(end) != body.count(b"\n"):
            return None
        body = body.replace(end, b"\n")
    if body.startswith(b"\n") or b"\n\n" in body:
        return None  # a blank line, which would be taken for a row without values
    types = {name: pa.string() if name in layout.text else pa.float64() for name in layout.columns}
    try:
        table = pacsv.read_csv(
            io.BytesIO(body),
            read_options=pacsv.ReadOptions(column_names=list(layout.columns)),
            parse_options=pacsv.ParseOptions(
                delimiter=layout.separator,
                quote_char='"' if layout.quotes else False,
                ignore_empty_lines=False,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=_kept(layout),
                null_values=list(MISSING),
                decimal_point=layout.decimal,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != body.count(b"\n"):
        return None
    columns = {n: _words(table[n]) if n in layout.text else table[n] for n in table.column_names}
    return _frame(columns)


def _is_plain(body: bytes, layout: Layout) -> bool:
    """Tell whether every line is one that the slow path would take for a row."""
    if b"\0" in body:
        return False
    if len(layout.columns) == 1 and re.search(rb"(?m)^[ \t]+$", body):
        return False
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return False
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    return int(np.diff(ends, prepend=-1).max()) <= MAX_LINE


def _single_blanks(body: bytes) -> bytes:
    """Put one blank between the fields of a line, and none around them."""
    body = b"\n" + body.replace(b"\t", b" ")
    while b"  " in body:  # many times faster than a regular expression
        body = body.replace(b"  ", b" ")
    return body.replace(b" \n", b"\n").replace(b"\n ", b"\n")[1:]


def _kept(layout: Layout) -> list[str]:
    return [name for name in layout.columns if not name.startswith("_")]


def _words(column: pa.Array) -> pa.Array:
    """Trim texts; those that say that something is missing become null."""
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(trimmed, value_set=pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def _frame(columns: dict[str, pa.Array]) -> pd.DataFrame:
    frame: pd.DataFrame = pa.table(columns).to_pandas(strings_to_categorical=True)
    for name in frame.select_dtypes("category"):
        if frame[name].cat.categories.empty:  # of object, which joins with no others
            frame[name] = frame[name].astype(pd.CategoricalDtype(pd.Index([], dtype="str")))
    return frame


class _Row(NamedTuple):
    line: int
    repaired: bool
    fields: Sequence[str]


def _slow(body: bytes, layout: Layout, ledger: Ledger, name: str, first: int) -> pd.DataFrame:
    """Parse a block line by line; quarantine what is no row."""
    rows: list[_Row] = []
    bad: dict[str, list[tuple[int, str]]] = {}
    for number, raw in enumerate(body.split(b"\n")[:-1], start=first):
        line, problem = _decode(raw)
        if problem is None and not line.strip():
            continue  # a blank line is no row
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


def _decode(raw: bytes) -> tuple[str, str | None]:
    """Return a line, and why it can be no row."""
    if len(raw) >= MAX_LINE:
        return raw[:KEPT_CHARACTERS].decode(errors="replace"), "longer than any row"
    try:
        line = raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace"), "not UTF-8"
    return line, "holds a NUL byte" if "\0" in line else None


def _parts(line: str, layout: Layout) -> tuple[list[str], bool]:
    """Return the rows in a line, and whether it had to be repaired."""
    if layout.mend is None or len(_fields(line, layout)) == len(layout.columns):
        return [line], False
    parts = layout.mend(line)
    return (parts, True) if parts else ([line], False)


def _wanted(layout: Layout) -> str:
    end = f" and {layout.end!r} at the end" if layout.end else ""
    return f"not {len(layout.columns)} fields{end}"


def _fields(line: str, layout: Layout) -> Sequence[str]:
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


def _to_numbers(rows: list[_Row], layout: Layout, ledger: Ledger, name: str) -> pd.DataFrame:
    """Convert the numeric columns; quarantine rows with a word where a number belongs."""
    texts = {n: [row.fields[i] for row in rows] for i, n in enumerate(layout.columns)}
    numbers = {
        n: [_number(text, layout.decimal) for text in texts[n]]
        for n in _kept(layout)
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
            _words(pa.array(texts[n], pa.string()).filter(good))
            if n in layout.text
            else pa.array(numbers[n], pa.float64(), from_pandas=False).filter(good)
        )
        for n in _kept(layout)
    }
    frame = _frame(columns).join(origin[~bad].reset_index(drop=True))
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
