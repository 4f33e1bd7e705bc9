"""A user's own tables, CSV or Parquet, read by a mapping of their columns."""

import codecs
import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from har import parquet
from har.data.ingest.files import RawFiles, reading
from har.data.ingest.harmonise import slug
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import TIME_UNITS, ColumnMapping
from har.data.ingest.partition import partition
from har.data.ingest.plan import Group, Plan
from har.data.ingest.text import Layout, iter_tables
from har.data.recording import ACC, GYRO
from har.data.sources.base import Item, Raw
from har.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".txt", ".tsv", ".parquet")
SAMPLE_LINES = 400
HEAD = 2**17  # bytes that the names and a sample are looked for in
SEPARATORS = ",;\t|"
BATCH = 500_000  # rows of Parquet in memory at once
SUBJECT_IN_PATH = (
    r"(?:^|[/_\-. ])(?:s|sub|subj|subject|user|u|p|person|participant)[_\- ]?(\d+)(?=[/_\-. ])"
)


def plan(files: RawFiles, mapping: ColumnMapping, where: str) -> Plan:
    """Return the plan to read all tables by one mapping."""
    found = tuple(items(files.names))
    if not found:
        raise DataError(
            f"{where}: no tables",
            expected=f"files that end in {', '.join(SUFFIXES)}",
            found=", ".join(files.names[:5]) or "no file",
        )
    return Plan((Group("tables", found, mapping=mapping),))


def units(mapping: ColumnMapping) -> str:
    """Return the units of a mapping's columns in words."""
    gyro = f", angular velocity in {mapping.gyro_unit}" if mapping.gyro else ""
    return f"acceleration in {mapping.acc_unit}{gyro}"


def items(names: Iterable[str]) -> list[Item]:
    """Return one item per table."""
    names = [name for name in names if name.lower().endswith(SUFFIXES)]
    plain = {name: re.sub(r"[^\w\-.]+", "-", name) for name in names}
    same = Counter(plain.values())
    return [Item(slug(name) if same[plain[name]] > 1 else plain[name], (name,)) for name in names]


def look(
    files: RawFiles, name: str, separator: str | None = None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the first rows of a table as text, and how its fields are written.

    Raises
    ------
    DataError
        If it has no line of names.
    """
    if name.lower().endswith(".parquet"):
        return _look_parquet(files, name), {}
    with reading(name), files.open(name) as file:
        lines = _head(file).splitlines()[:SAMPLE_LINES]
    if len(lines) < 2:
        raise DataError(f"{name}: no rows", expected="a line of names, then rows")
    separator = separator or max(SEPARATORS, key=lines[0].count)
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    width = len(rows[0])
    sample = pd.DataFrame([row for row in rows[1:] if len(row) == width], columns=rows[0])
    if any(_is_number(cell) for cell in rows[0]):
        raise DataError(
            f"{name}: the first line holds numbers",
            expected="the names of the columns",
            found=lines[0][:60],
            hint="add a line of names",
        )
    commas = separator != "," and sample.apply(lambda c: c.str.fullmatch(r"-?\d+,\d+")).any(
        axis=None
    )
    return sample, {"separator": separator, "decimal": "," if commas else "."}


def _look_parquet(files: RawFiles, name: str) -> pd.DataFrame:
    with _parquet(files, name) as table:
        for batch in table.iter_batches(SAMPLE_LINES):
            return pd.DataFrame(batch.replace_schema_metadata(None).to_pandas())
        return pd.DataFrame(columns=table.schema_arrow.names)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _head(file: IO[bytes]) -> str:
    """Return the whole lines among a file's first bytes."""
    data = file.read(HEAD)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    return text if len(data) < HEAD else text[: max(text.rfind("\n"), text.rfind("\r"))]


def read(files: RawFiles, item: Item, ledger: Ledger, *, mapping: ColumnMapping) -> Iterator[Raw]:
    """Yield the recordings of a table: one, or one per subject and recording that it names."""
    (name,) = item.files
    read = _parquet_blocks if name.lower().endswith(".parquet") else _csv_blocks
    blocks = (_canonical(block, mapping) for block in read(files, name, mapping, ledger))
    by = [role for role in ("subject", "recording") if getattr(mapping, role)]
    groups: Any = partition(blocks, by) if by else [((), pd.concat(blocks, ignore_index=True))]
    for key, rows in groups:
        who = dict(zip(by, key, strict=True))
        yield Raw(
            who.get("subject") or subject_of(name, mapping),
            "-".join(filter(None, [_stem(name), who.get("recording")])),
            mapping.placement,
            (rows.drop(columns=by),),
            acc_unit=mapping.acc_unit,
            gyro_unit=mapping.gyro_unit,
        )


def _csv_blocks(
    files: RawFiles, name: str, mapping: ColumnMapping, ledger: Ledger
) -> Iterator[pd.DataFrame]:
    with reading(name), files.open(name) as file:
        lines = _head(file).splitlines()
    header = next(csv.reader(lines[:1], delimiter=mapping.separator), [])
    _check_columns(name, header, mapping)
    # A layout drops names that start with _, which a column that is read may do.
    names = {c: f" {c}" if c.startswith("_") else c for c in mapping.columns}
    layout = Layout(
        # A column that is not read may hold anything, even a name that is there twice.
        columns=tuple(names.get(c, f"_{i}") for i, c in enumerate(header)),
        text=(*(names[c] for c in mapping.text), *(f"_{i}" for i in range(len(header)))),
        separator=mapping.separator,
        decimal=mapping.decimal,
        header=1,
        quotes=True,
    )
    for block in iter_tables(files, name, layout, ledger):
        yield block.rename(columns={read: c for c, read in names.items()})


def _parquet_blocks(
    files: RawFiles, name: str, mapping: ColumnMapping, ledger: Ledger
) -> Iterator[pd.DataFrame]:
    with _parquet(files, name) as table:
        _check_columns(name, table.schema_arrow.names, mapping)
        first = 1
        for batch in table.iter_batches(BATCH, columns=list(mapping.columns)):
            block = _with_words(batch, mapping.text).to_pandas()
            ledger.read(len(block))
            for column in set(mapping.columns) - set(mapping.text):
                block[column] = pd.to_numeric(block[column], errors="coerce").astype("float64")
            block["file"] = pd.Categorical([name]).repeat(len(block))
            block["line"] = np.arange(first, first + len(block))
            block["repaired"] = False
            first += len(block)
            yield block
        if first == 1:
            raise DataError(f"{name}: empty", expected="rows of sensor values")


def _with_words(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """Turn columns into text, as a CSV would hold them; forget which one was the index."""
    batch = batch.replace_schema_metadata(None)
    for name in names:
        words = batch[name].cast(pa.string())
        batch = batch.set_column(batch.schema.names.index(name), name, words)
    return batch


@contextlib.contextmanager
def _parquet(files: RawFiles, name: str) -> Iterator[pq.ParquetFile]:
    try:
        with reading(name), files.open(name) as file:
            seekable = file if file.seekable() else io.BytesIO(file.read())
            with parquet.open_file(seekable, name) as table:
                yield table
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{name}: cannot be read", expected="Parquet", found=str(error).splitlines()[0]
        ) from None


def _check_columns(name: str, header: list[str], mapping: ColumnMapping) -> None:
    if missing := [column for column in mapping.columns if column not in header]:
        raise DataError(
            f"{name}: no column {', '.join(missing)}",
            expected=", ".join(mapping.columns),
            found=", ".join(str(column)[:40] for column in header[:12]) or "no names",
        )
    if twice := [column for column in mapping.columns if header.count(column) > 1]:
        raise DataError(f"{name}: {', '.join(twice)} is the name of several columns")


def _canonical(block: pd.DataFrame, mapping: ColumnMapping) -> pd.DataFrame:
    """Rename the columns, and turn time into seconds."""
    names = dict(zip(mapping.acc, ACC, strict=True))
    names |= dict(zip(mapping.gyro or (), GYRO, strict=False))
    for role in ("subject", "recording"):
        if column := getattr(mapping, role):
            names[column] = role
    rows = block.rename(columns=names)
    rows["label"] = block[mapping.activity].astype("str") if mapping.activity else None
    if mapping.time is None:
        assert mapping.rate_hz is not None
        return rows.assign(time_s=(rows["line"] - 1) / mapping.rate_hz)
    time = block[mapping.time]
    if mapping.time_unit == "datetime":
        stamps = pd.to_datetime(time.astype("str"), errors="coerce", utc=True, format="ISO8601")
        seconds = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    else:
        seconds = time * TIME_UNITS[mapping.time_unit]
    kept = rows.drop(columns=mapping.time) if mapping.time in rows else rows
    return kept.assign(time_s=seconds)


def _stem(name: str) -> str:
    return re.sub(r"(\.csv)?(\.gz)?(\.\w+)?$", "", name).replace("/", "-")


def subject_of(name: str, mapping: ColumnMapping) -> str:
    """Return the subject that a file's path names."""
    match = re.search(mapping.subject_pattern or SUBJECT_IN_PATH, name, re.IGNORECASE)
    if match:
        return match[1]
    if mapping.subject_pattern:
        raise DataError(
            f"{name}: subject_pattern finds no subject",
            expected=f"a path that matches {mapping.subject_pattern!r}",
        )
    return "unknown"
