"""Delimited text as frames: fast where it is sound, line by line where it is not.

A file is read in blocks of whole lines. A block that Arrow parses strictly is taken
as it is; any other is parsed line by line, and the lines that are no rows go to
quarantine with the reason.
"""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from har.data.ingest import times
from har.data.ingest.budget import beyond
from har.data.ingest.captures import body_of, count
from har.data.ingest.files import RawFiles, reading
from har.data.ingest.ledger import Ledger
from har.data.ingest.lines import MAX_LINE, MISSING, frame_of, read_lines, words
from har.errors import DataError

# Bytes. Waking other threads for fewer takes more time than it saves.
SMALL = 2**20
BLOCK = 16 * 2**20  # bytes; the most of a file that is in memory at once
MOST_LINES = 400_000  # of them; rows of sensors have 40 bytes and more
_LINE_END = re.compile(rb"\r{0,2}\n|\r")  # two: Windows' ends written again by Windows


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
    dates : tuple of str
        Those of `text` that are dates with times, as ISO 8601 writes them, and become
        seconds since 1970; NaN where one cannot be read. Without a zone they count as UTC.
    encoding : str
        UTF-16 is told from it by its byte order mark.
    comment : str
        What lines that are no rows begin with; empty: nothing.
    counted : bool
        Whether rows are numbered, for those that have no time: ``row``, from 0, and
        ``capture``, the number of blank stretches before.
    """

    columns: tuple[str, ...]
    text: tuple[str, ...] = ()
    separator: str = ","
    decimal: str = "."
    header: int = 0
    quotes: bool = False
    end: str = ""
    mend: Callable[[str], list[str]] | None = None
    dates: tuple[str, ...] = ()
    encoding: str = "utf-8"
    comment: str = ""
    counted: bool = False

    @property
    def kept(self) -> list[str]:
        """The columns that are not dropped."""
        return [name for name in self.columns if not name.startswith("_")]


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
    line, found, before = 1, False, (0, 0)
    with reading(name), files.open(name) as file:
        for block in _blocks(file, name, layout.encoding):
            n_lines = block.count(b"\n")
            if line - 1 + n_lines - layout.header > (most := files.limits.rows):
                raise beyond(f"{name}: too many rows", "rows", expected=f"at most {most:,}")
            skip = min(n_lines, max(0, layout.header - (line - 1)))
            body = body_of(block.split(b"\n", skip)[-1], layout)
            first = line + skip
            frame = _fast(body.rows, layout)
            if frame is None:
                frame = read_lines(body.text, layout, ledger, name, first)
            else:
                ledger.read(len(frame))
                frame["line"] = body.lines + first
                frame["repaired"] = False
            codes = np.zeros(len(frame), np.int8)
            frame["file"] = pd.Categorical.from_codes(codes, categories=pd.Index([name]))
            for date in layout.dates:
                frame[date] = times.of_iso(frame[date])
            if layout.counted:
                before = count(frame, body, first, before)
            yield frame
            line, found = line + n_lines, True
    if not found:
        raise DataError(f"{name}: empty", expected="rows of sensor values")


def _blocks(file: IO[bytes], name: str, encoding: str) -> Iterator[bytes]:
    """Yield blocks of whole lines in UTF-8 with line feeds at all ends."""
    rest = b""
    for text in _utf8(file, encoding):
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
            yield from _parted(lines[:cut])
        rest = lines[cut:] + whole[end:]
    rest = _line_ends(rest)
    if rest.strip():
        yield from _parted(rest if rest.endswith(b"\n") else rest + b"\n")


def _parted(block: bytes) -> Iterator[bytes]:
    """Yield whole lines in blocks of at most `MOST_LINES`, each of which takes memory."""
    start = 0
    if block.count(b"\n") > MOST_LINES:
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
        for end in ends[MOST_LINES - 1 :: MOST_LINES]:
            yield block[start : end + 1]
            start = int(end) + 1
    if start < len(block):
        yield block[start:] if start else block


def _line_ends(text: bytes) -> bytes:
    return _LINE_END.sub(b"\n", text) if b"\r" in text else text


def _utf8(file: IO[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a file's blocks in UTF-8, without a byte order mark."""
    block = file.read(max(BLOCK, len(codecs.BOM_UTF8)))
    wide = block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if wide or codecs.lookup(encoding).name not in ("utf-8", "ascii"):
        decoder = codecs.getincrementaldecoder("utf-16" if wide else encoding)(errors="replace")
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
    # Many times faster than by their words, of which no two are alike.
    types |= dict.fromkeys(layout.dates, pa.timestamp("ns"))
    try:
        table = pacsv.read_csv(
            io.BytesIO(body),
            read_options=pacsv.ReadOptions(
                column_names=list(layout.columns), use_threads=len(body) > SMALL
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=layout.separator,
                quote_char='"' if layout.quotes else False,
                ignore_empty_lines=False,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=layout.kept,
                null_values=list(MISSING),
                decimal_point=layout.decimal,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != body.count(b"\n"):
        return None
    columns = {
        n: words(table[n]) if types[n] == pa.string() else table[n] for n in table.column_names
    }
    return frame_of(columns)


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
