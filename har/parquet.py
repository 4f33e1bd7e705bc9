"""Parquet files, written and read in one place: every page of them has a checksum.

Without one, flipped bits are other numbers, and nobody hears of it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from har.errors import VerificationError

# Rows. Waking other threads for fewer takes more time than it saves.
SMALL = 100_000


def write(table: pa.Table | pd.DataFrame, path: Path, **how: Any) -> None:
    """Write a table; of a frame, without its index.

    Parameters
    ----------
    table : Table or DataFrame
        What to write.
    path : Path
        The file.
    **how
        Options of `pyarrow.parquet.write_table`, as ``compression``.
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    pq.write_table(table, path, write_page_checksum=True, **how)


def writer(path: Path, schema: pa.Schema, **how: Any) -> pq.ParquetWriter:
    """Return a writer of one table after another; see `write`."""
    return pq.ParquetWriter(path, schema, write_page_checksum=True, **how)


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table, or some of its columns.

    Raises
    ------
    VerificationError
        If a page is not as it was written.
    """
    with open_file(path, str(path)) as file:
        names = None if columns is None else list(columns)
        return file.read(columns=names, use_threads=file.metadata.num_rows > SMALL)


def read_frame(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table as a frame; see `read`."""
    frame: pd.DataFrame = read(path, columns).to_pandas()
    return frame


def read_head(path: Path) -> tuple[dict[bytes, bytes], int]:
    """Return what is kept beside a table, and its number of rows, and read none of them."""
    head = pq.read_metadata(path)
    return head.metadata or {}, head.num_rows


@contextlib.contextmanager
def open_file(file: Path | IO[bytes], name: str, **how: Any) -> Iterator[pq.ParquetFile]:
    """Open a file for reading in parts.

    Parameters
    ----------
    file : Path or binary file
        What to read; a file must be seekable.
    name : str
        What it is called in errors.
    **how
        Options of `pyarrow.parquet.ParquetFile`, as ``buffer_size``.

    Raises
    ------
    VerificationError
        If a page that the block reads is not as it was written.
    """
    opened = pq.ParquetFile(file, page_checksum_verification=True, **how)
    try:
        with opened:
            yield opened
    except OSError as error:
        if error.errno is not None:  # the disk's, and not Arrow's about a page
            raise
        raise VerificationError(
            f"{name}: damaged: a page of it is not as it was written",
            found=str(error).splitlines()[0],
            hint="copy the file again from where it was made",
        ) from None
