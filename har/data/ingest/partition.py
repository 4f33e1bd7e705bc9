"""Blocks of a long table to one table per group, each whole or in blocks of its own."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from har import parquet

BATCH = 250_000  # rows of a group in memory at once


def partition(
    blocks: Iterable[pd.DataFrame], by: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield the rows of each group as one table; see `streams`."""
    for key, rows in streams(blocks, by):
        yield key, pd.concat(rows, ignore_index=True)


def streams(
    blocks: Iterable[pd.DataFrame], by: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], Iterator[pd.DataFrame]]]:
    """Yield the rows of each group, in their order, however the groups are mixed.

    Rows go to one temporary Parquet file per group first.

    Parameters
    ----------
    blocks : iterable of DataFrame
        With the same columns.
    by : sequence of str
        Columns that name the group; text.

    Yields
    ------
    key : tuple
        Values of `by`; a missing value is ``""``.
    rows : iterator of DataFrame
        Of the group, all columns, block by block; to be read before the next group.
    """
    with tempfile.TemporaryDirectory(prefix="har-") as folder:
        writers: dict[tuple[Any, ...], pq.ParquetWriter] = {}
        try:
            for block in blocks:
                _append(block, by, Path(folder), writers)
        finally:
            for writer in writers.values():
                writer.close()
        for number, key in enumerate(writers):
            yield key, _read(Path(folder) / f"{number}.parquet")


def _read(path: Path) -> Iterator[pd.DataFrame]:
    with parquet.open_file(path, str(path)) as file:
        for batch in file.iter_batches(BATCH):
            yield batch.to_pandas()


def _append(
    block: pd.DataFrame,
    by: Sequence[str],
    folder: Path,
    writers: dict[tuple[Any, ...], pq.ParquetWriter],
) -> None:
    for name in block.select_dtypes("category"):
        block = block.assign(**{str(name): block[name].astype("str")})
    keys = [block[name].fillna("") for name in by]
    for key, rows in block.groupby(keys, sort=False):
        group = key if isinstance(key, tuple) else (key,)
        table = pa.Table.from_pandas(rows, preserve_index=False)
        if group not in writers:
            path = folder / f"{len(writers)}.parquet"
            writers[group] = parquet.writer(path, table.schema, compression="lz4")
        writers[group].write_table(table.cast(writers[group].schema))
