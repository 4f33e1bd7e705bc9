"""Parquet tables of strangers: a batch of rows of some columns in memory at a time.

Nothing that a file states beside its columns is heeded: no index of pandas, no schema of Arrow's
own types but for their names. Texts are read as a dictionary and places in it, so that a long one
is there once, however many rows have it. What is stated of rows, columns and row groups is held
against the bounds before the first row is read.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from io import FileIO
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from har import parquet
from har.data.ingest import budget, pages
from har.data.ingest.budget import beyond
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.rawfiles import RawFiles, reading
from har.errors import DataError

BATCH = 500_000  # rows in memory at once
LONGEST_TEXT = 1000  # characters of a cell, as of a line in quarantine
FOOTER = 16 * 2**20  # bytes; that of ten columns in 10,000 row groups
MAGIC = b"PAR1"
VALUE = 8  # bytes of one in memory
PAGE = 2**29  # bytes of a page, which is unpacked whole: 64 million numbers
_BUFFER = 2**20  # bytes of a column that are read at once


def look(files: RawFiles, name: str, n_rows: int) -> pd.DataFrame:
    """Return the first rows of the columns that hold numbers, texts or times.

    Raises
    ------
    DataError
        If the file is no Parquet, or beyond a bound.
    """
    with _opened(files, name) as (table, _):
        names = [field.name for field in table.schema_arrow if _is_plain(field.type)]
        for batch in table.iter_batches(n_rows, columns=names):
            return pd.DataFrame(_trimmed(_decoded(batch)).to_pandas())
        return pd.DataFrame(columns=[name.strip() for name in names])


def names_of(files: RawFiles, name: str) -> list[str]:
    """Return the names of all columns, without blanks around them."""
    with _opened(files, name) as (table, _):
        return [name.strip() for name in table.schema_arrow.names]


def n_rows_of(files: RawFiles, name: str) -> int:
    """Return the number of rows."""
    with _opened(files, name) as (table, _):
        return int(table.metadata.num_rows)


def blocks(
    files: RawFiles, name: str, mapping: ColumnMapping, ledger: Ledger, columns: tuple[str, ...]
) -> Iterator[pd.DataFrame]:
    """Yield some columns batch by batch; see `har.data.ingest.blocks.read_blocks`."""
    with _opened(files, name) as (table, size):
        fields = {field.name.strip(): field for field in table.schema_arrow}
        for column in columns:
            _require_plain(name, fields[column])
        n_rows = table.metadata.num_rows
        total = n_rows * len(columns) * VALUE
        _refuse_bomb(name, size, total, files.limits.ratio, f"of {n_rows:,} rows")
        text = [c for c in mapping.text if c in columns and c != mapping.time]
        first = 1
        read = [fields[column].name for column in columns]
        for batch in table.iter_batches(BATCH, columns=read):
            block = _frame(_trimmed(batch), text, name)
            ledger.read(len(block))
            for column in set(columns) - set(text):
                if column != mapping.time or pd.api.types.is_numeric_dtype(block[column]):
                    block[column] = _numbers(block[column])
            block["file"] = pd.Categorical([name]).repeat(len(block))
            block["line"] = np.arange(first, first + len(block))
            block["row"] = block["line"] - 1
            block["repaired"] = False
            first += len(block)
            yield block
        if first == 1:
            raise DataError(f"{name}: empty", expected="rows of sensor values")


@contextlib.contextmanager
def _opened(files: RawFiles, name: str) -> Iterator[tuple[pq.ParquetFile, int]]:
    """Yield a file whose pages are verified where they have checksums, and its size in bytes.

    Raises
    ------
    DataError
        If it is no Parquet, or beyond a bound.
    VerificationError
        If a page is not as it was written.
    """
    most = files.limits.row_groups
    # Lists of columns and of encodings are held to it, too.
    how: dict[str, Any] = {"thrift_container_size_limit": max(most, 10_000)}
    with reading(name), files.open(name) as stream, _on_disk(stream) as file, _parsing(name, most):
        size = _check_footer(file, name)
        how |= {"read_dictionary": _texts(file, name, how), "buffer_size": _BUFFER}
        with parquet.open_file(file, name, **how) as table:
            _check(files, name, table)
            _check_pages(file, name, table.metadata, size, files.limits.ratio)
            yield table, size


@contextlib.contextmanager
def _parsing(name: str, row_groups: int) -> Iterator[None]:
    """Turn what Arrow raises of a file into a `DataError`."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, OverflowError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's
        said = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        if "Exceeded size limit" in said:
            raise beyond(
                f"{name}: too many row groups", "row_groups", expected=f"at most {row_groups:,}"
            ) from None
        raise DataError(f"{name}: cannot be read", expected="Parquet", found=said) from None


@contextlib.contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield a file any place of which can be gone to at once: in an archive, a copy."""
    if isinstance(getattr(file, "raw", None), FileIO):
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy, _BUFFER)
        copy.seek(0)
        yield copy


def _check_footer(file: IO[bytes], name: str) -> int:
    """Return a file's size; raise unless the footer, which is read whole, has a sensible length."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    end = file.read(8)
    file.seek(0)
    if size < 12 or end[4:] != MAGIC:
        raise DataError(
            f"{name}: cannot be read", expected="Parquet", found="a file without its end"
        )
    if (length := int.from_bytes(end[:4], "little")) > FOOTER:
        raise beyond(
            f"{name}: too much is stated of its columns",
            "row_groups",
            expected=f"a footer of at most {FOOTER:,} bytes",
            found=f"{length:,} bytes",
        )
    return size


def _texts(file: IO[bytes], name: str, how: dict[str, Any]) -> list[str]:
    """Return the columns of texts, by the schema of the file itself."""
    with parquet.open_file(file, name, **how) as table:
        schema = table.schema
        leaves = [schema.column(i) for i in range(min(len(schema), 10**6))]
    file.seek(0)
    return [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]


def _check(files: RawFiles, name: str, table: pq.ParquetFile) -> None:
    """Raise if what is stated of a table is beyond a bound, or contradicts itself."""
    meta, limits = table.metadata, files.limits
    for setting, found, most in (
        ("columns", meta.num_columns, limits.columns),
        ("row_groups", meta.num_row_groups, limits.row_groups),
        ("rows", meta.num_rows, limits.rows),
    ):
        if found > most:
            raise beyond(
                f"{name}: too many {setting.replace('_', ' ')}",
                setting,
                expected=f"at most {most:,}",
                found=f"{found:,}",
            )
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    rows = [group.num_rows for group in groups]
    if min(rows, default=0) < 0 or sum(rows) != meta.num_rows:
        raise DataError(
            f"{name}: contradicts itself",
            expected=f"the {meta.num_rows:,} rows that it states",
            found=f"{sum(rows):,} in its row groups",
        )


def _check_pages(
    file: IO[bytes], name: str, meta: pq.FileMetaData, size: int, ratio: float
) -> None:
    """Raise if pages, by their own headers, unpack to more than a file can honestly hold."""
    total = 0
    for i in range(meta.num_row_groups):
        group = meta.row_group(i)
        for j in range(group.num_columns):
            chunk = group.column(j)
            for unpacked in pages.unpacked_sizes(file, chunk) if chunk.num_values else ():
                total += unpacked
                _refuse_bomb(name, size, total, ratio, "stated of its pages")
                if unpacked > PAGE:
                    raise DataError(
                        f"{name}: a page is too long",
                        expected=f"at most {PAGE:,} bytes",
                        found=f"{unpacked:,}",
                        hint="write the table again with smaller pages, or row groups",
                    )


def _refuse_bomb(name: str, size: int, total: int, ratio: float, what: str) -> None:
    """Raise if values are far more than the bytes of a table can honestly hold."""
    if total > budget.MAX_SMALL and total > ratio * size:
        raise beyond(
            f"{name}: unpacks to far more than sensor data can",
            "ratio",
            expected=f"at most {ratio:g} times its {size:,} bytes",
            found=f"{total:,} bytes, {what}",
        )


def _is_plain(kind: pa.DataType) -> bool:
    """Tell whether a type is that of numbers, texts or times."""
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    tests = (
        *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean),
        *(pa.types.is_string, pa.types.is_large_string, pa.types.is_timestamp, pa.types.is_time),
        *(pa.types.is_date, pa.types.is_duration, pa.types.is_null),
    )
    return any(test(kind) for test in tests)


def _require_plain(name: str, field: pa.Field) -> None:
    if not _is_plain(field.type):
        raise DataError(
            f"{name}: {field.name.strip()[:80]} cannot be read",
            expected="a column of numbers, texts or times",
            found=str(field.type)[:80],
        )


def _trimmed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows without metadata, and with no blanks around the names of columns, as in text."""
    plain = batch.replace_schema_metadata(None)
    return plain.rename_columns([name.strip() for name in batch.schema.names])


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a few rows with texts as such, cut off where they are long."""
    for i, column in enumerate(batch.columns):
        if pa.types.is_dictionary(column.type):
            texts = pc.utf8_slice_codeunits(column.dictionary.cast(pa.string()), 0, LONGEST_TEXT)
            cut = pa.DictionaryArray.from_arrays(column.indices, texts)
            batch = batch.set_column(i, batch.schema.names[i], cut.dictionary_decode())
    return batch


def _frame(batch: pa.RecordBatch, text: Sequence[str], name: str) -> pd.DataFrame:
    """Return rows as a frame; columns of `text` as a CSV would hold them."""
    for i, column in enumerate(batch.columns):
        own = batch.schema.names[i]
        if pa.types.is_dictionary(column.type):
            _refuse_long(column.dictionary, name, own)
        elif own in text:
            batch = batch.set_column(i, own, column.cast(pa.string()))
    frame: pd.DataFrame = batch.to_pandas()
    return frame


def _refuse_long(texts: pa.Array, name: str, column: str) -> None:
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest > LONGEST_TEXT:
        raise DataError(
            f"{name}: a text in {column[:80]} is longer than any word",
            expected=f"at most {LONGEST_TEXT:,} bytes",
            found=f"{longest:,}",
        )


def _numbers(values: pd.Series) -> Any:
    """Return a column as float64, NaN where it is no number."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = pd.to_numeric(pd.Series(values.cat.categories), errors="coerce").to_numpy("float64")
        return np.append(known, np.nan)[values.cat.codes]
    return pd.to_numeric(values, errors="coerce").astype("float64")
