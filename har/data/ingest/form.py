"""How a text table is written: found from its first lines, for each file by itself.

Before the rows may stand blank lines, a line ``sep=;``, comments, a header of its device,
one or several lines of names, and a line of units. A row is what looks like most lines do.
"""

import codecs
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from har.data.ingest.columns import is_unit
from har.data.ingest.files import RawFiles, reading
from har.errors import DataError

HEAD = 2**17  # bytes that the names and a sample are looked for in
SAMPLE_LINES = 400
LONGEST_NAME = 2**14  # characters of a column's name
MAX_KNOWN = 10_000  # files whose form is remembered, some 10 MB
LAST = 60  # lines of the sample, which tell what a row is
SEPARATORS = (",", ";", "\t", "|", " ")
# A file with as large a share of blank lines has them between all rows, not between captures.
DOUBLE_SPACED = 0.3
_LINE_END = re.compile(r"\r{0,2}\n|\r")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?|[+-]?(nan|inf)", re.I | re.A)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.I | re.A)
_STAMP = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\D.*\d|\d{1,2}:\d{2}:\d{2}.*", re.A)


@dataclass(frozen=True)
class Stated:
    """What a person said of how tables are written; None and empty: to be found.

    Attributes
    ----------
    names : tuple of str
        Of the columns, for tables without a line of names.
    skip : int or None
        Lines before the names, or before the rows if names are stated.
    separator, decimal, encoding : str or None
    comment : str
        What lines that are no rows begin with.
    """

    names: tuple[str, ...] = ()
    skip: int | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Form:
    """How one text table is written.

    Attributes
    ----------
    names : tuple of str
        Of its columns; the numbers from 1 on where it has no line of names.
    units : tuple of str
        As a line of units says them; empty without one.
    named : bool
        Whether the file itself has the names.
    header : int
        Lines before the first row.
    separator : str
        One character; a blank stands for any run of them.
    decimal : str or None
        ``"."`` or ``","``; None where no number has a fraction.
    encoding : str
        ``"utf-8"`` (UTF-16 by its byte order mark too) or ``"cp1252"``.
    end : str
        What every row ends with; empty: nothing.
    double_spaced : bool
        Whether blank lines stand between all rows.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    named: bool
    header: int
    separator: str
    decimal: str | None
    encoding: str
    end: str = ""
    double_spaced: bool = False


# A file is understood when ingestion is planned and when it is read; small ones cost little else.
_known: dict[tuple[bytes, Stated], Form] = {}


def look(files: RawFiles, name: str, stated: Stated) -> tuple[Form, list[list[str]]]:
    """Return how a text table is written, and the fields of its first rows.

    Raises
    ------
    DataError
        If it has no rows of several fields.
    """
    data = _head_of(files, name)
    form, rows = of_bytes(data, name, stated)
    # A mapping that follows from it states the decimal sign that was found.
    for known in {stated, replace(stated, decimal=form.decimal)}:
        _remember(_key(data, known), form)
    return form, rows


def form_of(files: RawFiles, name: str, stated: Stated) -> Form:
    """Return how a text table is written, which `look` may have found before; see there."""
    data = _head_of(files, name)
    key = _key(data, stated)
    return _known.get(key) or _remember(key, of_bytes(data, name, stated)[0])


def _head_of(files: RawFiles, name: str) -> bytes:
    with reading(name), files.open(name) as file:
        return file.read(HEAD)


def _key(data: bytes, stated: Stated) -> tuple[bytes, Stated]:
    return hashlib.blake2b(data, digest_size=16).digest(), stated


def _remember(key: tuple[bytes, Stated], form: Form) -> Form:
    if len(_known) >= MAX_KNOWN:
        _known.clear()
    return _known.setdefault(key, form)


def of_bytes(data: bytes, name: str, stated: Stated) -> tuple[Form, list[list[str]]]:
    """Return how a table is written, given its first bytes; see `look`."""
    lines, encoding = _lines(data, stated)
    start = _start(lines, stated)
    separator = stated.separator or _announced(lines[:start]) or _separator(lines[start:])
    end = _end(lines[start:], separator)
    fields = [split(_without(line, end), separator) for line in lines]
    comment = stated.comment
    solid = [i for i in range(start, len(lines)) if _is_solid(lines[i], comment)]
    first, width = _first_row(fields, solid)
    if first is None:
        raise DataError(
            f"{name}: no rows", expected="a line of names, then rows", found=_shown(lines)
        )
    above = [i for i in solid if i < first]
    trailing = all(len(fields[i]) != width or not fields[i][-1] for i in solid if i >= first)
    names, units, last = _names([fields[i] for i in above], width, trailing=trailing)
    if longest := next((n for n in names if len(n) > LONGEST_NAME), ""):
        raise DataError(
            f"{name}: the name of a column is longer than any",
            expected=f"at most {LONGEST_NAME:,} characters",
            found=f"{len(longest):,}, {longest[:40]!r}…",
        )
    # What stands between the names and the first row is a row that is damaged.
    header = above[last] + 1 if names else max(first if above else start, start)
    rows = [fields[i][:width] for i in solid if i >= first and len(fields[i]) == width]
    blank = sum(not line.strip() for line in lines[first:]) / max(1, len(lines) - first)
    form = Form(
        names=_fitting(stated.names or names, width) or _numbered(width),
        units=_fitting(units, width),
        named=bool(names or stated.names),
        header=header,
        separator=separator,
        decimal=stated.decimal or _decimal(rows, separator),
        encoding=encoding,
        end=end,
        double_spaced=blank >= DOUBLE_SPACED,
    )
    return form, rows


def split(line: str, separator: str) -> list[str]:
    """Return the fields of a line, trimmed."""
    if separator == " ":
        return line.split()
    if '"' in line:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    return [cell.strip() for cell in line.split(separator)]


def is_number(cell: str) -> bool:
    """Tell whether a field is a number, with a point or a comma."""
    return bool(_NUMBER.fullmatch(cell))


def _lines(data: bytes, stated: Stated) -> tuple[list[str], str]:
    """Return the whole lines among a file's first bytes, and their encoding."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = stated.encoding or ("utf-16" if wide else "utf-8")
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if len(data) == HEAD:
        text = text[: max(text.rfind("\n"), text.rfind("\r"), 0)]
    lines = _LINE_END.split(text, SAMPLE_LINES)[:SAMPLE_LINES]
    if encoding == "utf-8" and not stated.encoding and "\ufffd" in _head(lines):
        latin = data.decode("cp1252", errors="replace")
        return _LINE_END.split(latin, SAMPLE_LINES)[:SAMPLE_LINES], "cp1252"
    return lines, "utf-8" if wide else encoding


def _head(lines: Sequence[str]) -> str:
    """Return the lines before the first that begins with numbers."""
    for i, line in enumerate(lines):
        cells = re.split(r"[,;\t|]", line)
        if len(cells) > 1 and sum(is_number(c.strip()) for c in cells) >= len(cells) / 2:
            return "\n".join(lines[:i])
    return "\n".join(lines[:1])


def _start(lines: Sequence[str], stated: Stated) -> int:
    """Return how many lines stand before anything that matters."""
    if stated.skip is not None:
        return min(stated.skip, len(lines))
    return next((i + 1 for i, line in enumerate(lines[:2]) if _announced([line])), 0)


def _announced(lines: Iterable[str]) -> str | None:
    """Return the separator that a line ``sep=;`` states."""
    found = (re.fullmatch(r'"?sep=(.)"?', line.strip("\ufeff \n")) for line in lines)
    return next((match[1] for match in found if match), None)


def _separator(lines: Sequence[str]) -> str:
    """Return the separator by which most lines have most numbers."""
    sample = [line.rstrip("; ") for line in lines if line.strip()][-LAST:]

    def numbers(separator: str) -> int:
        if not any(separator in line for line in sample):
            return 0
        counts = Counter(_values(split(line, separator)) for line in sample)
        return max(count * n_lines for count, n_lines in counts.items())

    return max(SEPARATORS, key=numbers)


def _end(lines: Sequence[str], separator: str) -> str:
    """Return a semicolon if all rows end with one that separates nothing."""
    rows = [line.rstrip() for line in lines if line.strip()][-50:]
    ended = bool(rows) and all(row.endswith(";") for row in rows)
    return ";" if ended and separator != ";" else ""


def _without(line: str, end: str) -> str:
    return line.rstrip().removesuffix(end) if end else line


def _is_solid(line: str, comment: str) -> bool:
    text = line.strip()
    return bool(text) and not (comment and text.startswith(comment))


def _first_row(fields: Sequence[list[str]], solid: Sequence[int]) -> tuple[int | None, int]:
    """Return the line of the first row, and how many fields rows have."""
    # Headers are short beside rows: the last lines are rows.
    last = {i: n for i in solid[-LAST:] if len(fields[i]) > 1 and (n := _values(fields[i]))}
    if not last:
        return None, 0
    width = Counter(len(fields[i]) for i in last).most_common(1)[0][0]
    counts = sorted(n for i, n in last.items() if len(fields[i]) == width)
    least = max(1, counts[len(counts) // 2] / 2)
    rows = (i for i in solid if len(fields[i]) == width and _values(fields[i]) >= least)
    return next(rows, None), width


def _values(cells: Sequence[str]) -> int:
    """Return how many fields are numbers or dates."""
    return sum(is_number(cell) or bool(_STAMP.fullmatch(cell)) for cell in cells)


def _names(
    above: Sequence[list[str]], width: int, *, trailing: bool
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Return the names and the units in the lines above the rows, and the last line of them.

    With `trailing`, the last field of every row is blank.
    """
    lines = [list(line) for line in above]
    for line in lines:
        if line and line[0][:1] in ("%", "#"):
            line[0] = line[0].lstrip("%# ")
    while lines and not _fitted(lines[-1], width, trailing=trailing):
        lines.pop()
    last = len(lines) - 1
    units: tuple[str, ...] = ()
    if len(lines) > 1 and _are_units(lines[-1]):
        units = tuple(lines.pop())
    full: list[list[str]] = []
    while lines and (fitted := _fitted(lines[-1], width, trailing=trailing)):
        if full and not all(fitted[:-1]):
            break  # a line of a header, not of names: some of its fields are blank
        full.insert(0, fitted)
        lines.pop()
    columns = zip(*full, strict=True)
    names = tuple("_".join(dict.fromkeys(p for p in parts if p)) for parts in columns)
    return names, units, last


def _are_units(cells: Sequence[str]) -> bool:
    words = [cell for cell in cells if cell]
    return len(words) > 1 and sum(map(is_unit, words)) >= len(words) / 2


def _fitted(cells: list[str], width: int, *, trailing: bool) -> list[str]:
    """Return the names of all fields of a row, or none if these are no names."""
    if _values(cells) > len(cells) / 2:
        return []
    if len(cells) == width + 1 and not cells[-1]:
        return cells[:-1]
    if len(cells) == width - 1:  # without the last separator, or R's number of the row
        return [*cells, ""] if trailing else ["", *cells]
    return cells if len(cells) == width else []


def _fitting(names: Sequence[str], width: int) -> tuple[str, ...]:
    """Return names for all fields; a field without one has none."""
    return (*names, *[""] * (width - len(names)))[:width] if names else ()


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, width + 1))


def _decimal(rows: Sequence[Sequence[str]], separator: str) -> str | None:
    cells = [cell for row in rows for cell in row]
    if separator != "," and any(map(_DECIMAL_COMMA.fullmatch, cells)):
        return ","
    return "." if any("." in cell and is_number(cell) for cell in cells) else None


def _shown(lines: Sequence[str]) -> str | None:
    return next((line.strip()[:60] for line in lines if line.strip()), None)
