"""Tables of text with a line of names."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.form import LONGEST_NAME
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, iter_tables
from har.data.recorders.parts.heads import Head
from har.errors import DataError

SEPARATORS = ",;\t|"
SAMPLE = 300  # rows that are looked at
LONGEST_UNIT = 200  # characters
_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
Columns = Mapping[str, int]
"""Which column is what: ``{"acc_x": 4}``."""


@dataclass(frozen=True)
class Sheet:
    """How a table is written, and its first rows.

    Attributes
    ----------
    file : str
        Its name.
    names : tuple of str
        Of the columns, without quotes and the blanks around them.
    separator, decimal : str
        Between fields, and within numbers.
    header : int
        Lines before the first row.
    rows : tuple of tuple of str
        The first ones, with as many fields as there are names.
    """

    file: str
    names: tuple[str, ...]
    separator: str
    decimal: str
    header: int
    rows: tuple[tuple[str, ...], ...]

    def column(self, pattern: str) -> int | None:
        """Return the first column whose name matches in whole, whatever its case."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return next((i for i, name in enumerate(self.names) if compiled.fullmatch(name)), None)

    def axes(self, what: str, pattern: str) -> dict[str, int] | None:
        """Return the columns of three axes, ``{}`` in the pattern, or none.

        >>> Sheet("f", ("t", "aX", "aY", "aZ"), ",", ".", 1, ()).axes("acc", "a{}")
        {'acc_x': 1, 'acc_y': 2, 'acc_z': 3}
        """
        found = {f"{what}_{axis}": self.column(pattern.format(axis)) for axis in "xyz"}
        columns = {name: column for name, column in found.items() if column is not None}
        return columns if len(columns) == 3 else None

    def unit(self, column: int) -> str:
        """Return what stands in brackets at the end of a name.

        >>> Sheet("f", ("X (m/s^2)",), ",", ".", 1, ()).unit(0)
        'm/s^2'
        """
        end = self.names[column][-LONGEST_UNIT:]
        match = re.search(r"[(\[]([^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]$", end)
        return match[1] if match else ""


def sheet(head: Head, *, names_at: int | None = None, separator: str = "") -> Sheet:
    """Return how a table is written.

    Parameters
    ----------
    head : Head
        Of the file.
    names_at : int, optional
        The line of names, from 0; by default the first that is not blank.
    separator : str, optional
        By default the one that is most often in the line of names.

    Raises
    ------
    DataError
        If a name is longer than any.
    """
    if names_at is None:
        names_at = next((i for i, line in enumerate(head.lines) if line.strip()), 0)
    line = head.lines[names_at] if names_at < len(head.lines) else ""
    separator = separator or max(SEPARATORS, key=line.count)
    names = tuple(name.strip().strip('"').strip() for name in _fields(line, separator))
    if any(len(name) > LONGEST_NAME for name in names):
        raise DataError(
            f"{head.name}: the name of a column is longer than any",
            expected=f"at most {LONGEST_NAME:,} characters",
        )
    return table(head, names, header=names_at + 1, separator=separator)


def table(head: Head, names: tuple[str, ...], *, header: int, separator: str) -> Sheet:
    """Return how a table is written whose names are known."""
    lines = [line for line in head.lines[header:] if line.strip()][:SAMPLE]
    rows = [tuple(_fields(line, separator)) for line in lines]
    if rows and len(rows[0]) == len(names) + 1 and not rows[0][-1].strip():
        names = (*names, "")  # every row ends with a separator
    sound = tuple(row for row in rows if len(row) == len(names))
    commas = separator != "," and any(
        _COMMA.fullmatch(cell.strip()) for row in sound for cell in row
    )
    return Sheet(head.name, names, separator, "," if commas else ".", header, sound)


def _fields(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator))


def blocks(
    files: RawFiles,
    ledger: Ledger,
    of: Sheet,
    columns: Columns,
    *,
    text: tuple[str, ...] = (),
    dates: tuple[str, ...] = (),
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table, block by block, with the columns that are asked for.

    Parameters
    ----------
    files, ledger : RawFiles, Ledger
        Where it lies, and who is told of every row.
    of : Sheet
        How it is written.
    columns : Columns
        Names that the columns get; the others are not read.
    text : tuple of str
        Those that are not numbers.
    dates : tuple of str
        Those that are dates with times in ISO 8601: they become seconds since 1970.

    Yields
    ------
    DataFrame
        Of `har.data.ingest.text.iter_tables`.
    """
    given = {column: name for name, column in columns.items()}
    layout = Layout(
        columns=tuple(given.get(i, f"_{i}") for i in range(len(of.names))),
        text=(*text, *dates, *(f"_{i}" for i in range(len(of.names)))),
        dates=dates,
        separator=of.separator,
        decimal=of.decimal,
        header=of.header,
        quotes=True,
    )
    return iter_tables(files, of.file, layout, ledger)
