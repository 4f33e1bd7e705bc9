"""Blocks of a long table to one table per group, with one group in memory at a time."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from har import parquet


def partition(
    blocks: Iterable[pd.DataFrame], by: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
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
    rows : DataFrame
        Of the group, all columns.
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
            yield key, parquet.read_frame(Path(folder) / f"{number}.parquet")


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
