"""The columns of one table, CSV or Parquet, in blocks; and a look at its first rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from har.data.ingest import columnar, form
from har.data.ingest.budget import beyond
from har.data.ingest.files import RawFiles, reading
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping, Entries
from har.data.ingest.text import Layout, iter_tables
from har.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".txt", ".txt.gz", ".tsv", ".tsv.gz", ".dat", ".parquet")
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")


@dataclass(frozen=True)
class Look:
    """The beginning of a table.

    Attributes
    ----------
    names, units : tuple of str
        Of its columns; units where a line of them stands in the file.
    named : bool
        Whether the names are the file's own or stated, and not numbers of columns.
    rows : DataFrame
        The first rows: text, or of Parquet the types of the file.
    decimal : str or None
        What a number's fraction stands behind, where one has a fraction.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    named: bool
    rows: pd.DataFrame
    decimal: str | None = None


def look(files: RawFiles, name: str, stated: Entries) -> Look:
    """Return the beginning of a table.

    Raises
    ------
    DataError
        If it cannot be read, or has no rows.
    """
    if is_parquet(name):
        rows = columnar.look(files, name, form.SAMPLE_LINES)
        return Look(tuple(rows.columns), (), True, rows)
    written, fields = form.look(files, name, _how(stated))
    _check_width(files, name, len(written.names))
    unique = [n or f" {i}" for i, n in enumerate(written.names)]
    # As objects, of which pandas makes a small frame, and numbers, in a third of the time.
    rows = pd.DataFrame(fields, columns=pd.Index(unique, dtype="str"), dtype="object")
    if not rows.columns.is_unique:
        rows = rows.loc[:, ~rows.columns.duplicated()]
    return Look(written.names, written.units, written.named, rows, written.decimal)


def is_parquet(name: str) -> bool:
    """Tell a Parquet file by its name."""
    return name.lower().endswith(".parquet")


def read_blocks(
    files: RawFiles,
    name: str,
    mapping: ColumnMapping,
    ledger: Ledger,
    *,
    columns: Sequence[str] | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield a table's columns block by block; numbers are float64.

    Parameters
    ----------
    files, name : RawFiles, str
        The table.
    mapping : ColumnMapping
        Its columns, and what was stated of how it is written.
    ledger : Ledger
        Told of every row.
    columns : sequence of str, optional
        Only these columns of the mapping.

    Yields
    ------
    DataFrame
        The columns, ``file, line, repaired``; of text also ``row``, which counts rows alone,
        and ``capture``, which counts the stretches between blank lines.

    Raises
    ------
    DataError
        If it cannot be read, or lacks a column.
    """
    read = _parquet_blocks if is_parquet(name) else _text_blocks
    yield from read(files, name, mapping, ledger, tuple(columns or mapping.columns))


def has_captures(files: RawFiles, name: str) -> bool:
    """Tell whether blank lines stand between stretches of a text table's rows."""
    if is_parquet(name) or form.form_of(files, name, form.Stated()).double_spaced:
        return False
    with reading(name), files.open(name) as file:
        rest = b""
        while block := file.read(2**20):
            text = rest + block
            # Between rows: what stands before the first or behind the last parts nothing.
            if _BLANK_LINE.search(text.strip()):
                return True
            rest = text[-200:]
    return False


def _how(stated: Entries) -> form.Stated:
    return form.Stated(
        names=stated.names,
        skip=stated.skip,
        separator=stated.separator,
        decimal=stated.decimal,
        encoding=stated.encoding,
        comment=stated.comment,
    )


def _text_blocks(
    files: RawFiles, name: str, mapping: ColumnMapping, ledger: Ledger, columns: tuple[str, ...]
) -> Iterator[pd.DataFrame]:
    written = form.form_of(files, name, _how(mapping))
    _check_width(files, name, len(written.names))
    _check_columns(name, written.names, columns)
    # A layout drops names that start with _, which a column that is read may do.
    names = {c: f" {c}" if c.startswith("_") else c for c in columns}
    text = [names[c] for c in mapping.text if c in names]
    layout = Layout(
        # A column that is not read may hold anything, even a name that is there twice.
        columns=tuple(names.get(c, f"_{i}") for i, c in enumerate(written.names)),
        text=(*text, *(f"_{i}" for i in range(len(written.names)))),
        separator=written.separator,
        decimal=written.decimal or ".",
        header=written.header,
        quotes=True,
        end=written.end,
        encoding=written.encoding,
        comment=mapping.comment,
        counted=mapping.time is None,
    )
    for block in iter_tables(files, name, layout, ledger):
        yield block.rename(columns={read: c for c, read in names.items()})


def _parquet_blocks(
    files: RawFiles, name: str, mapping: ColumnMapping, ledger: Ledger, columns: tuple[str, ...]
) -> Iterator[pd.DataFrame]:
    _check_columns(name, columnar.names_of(files, name), columns)
    yield from columnar.blocks(files, name, mapping, ledger, columns)


def _check_width(files: RawFiles, name: str, width: int) -> None:
    if width > (most := files.limits.columns):
        raise beyond(
            f"{name}: too many columns",
            "columns",
            expected=f"at most {most:,}",
            found=f"{width:,}",
        )


def _check_columns(name: str, header: Sequence[str], columns: Sequence[str]) -> None:
    if missing := [column for column in columns if column not in header]:
        raise DataError(
            f"{name}: no column {', '.join(missing)}",
            expected=", ".join(columns),
            found=", ".join(str(column)[:40] for column in header[:12] if column) or "no names",
        )
    if twice := [column for column in columns if list(header).count(column) > 1]:
        raise DataError(f"{name}: {', '.join(twice)} is the name of several columns")
