"""Ingestion against a plain read of the same bytes."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from har import parquet
from har.benchmarks.measure import Cost, cost_of
from har.data import sources
from har.data.ingest.dataset import Request, ingest
from har.data.ingest.mapping import ColumnMapping
from har.data.recording import ACC, GYRO
from har.store import Store

MAPPING = ColumnMapping(
    time="time_s", acc=ACC, gyro=GYRO, activity="activity", subject_pattern=r"s(\d+)\."
)
ROWS_PER_FILE = 1_000_000  # 5.6 hours at 50 Hz
BLOCK = 1_000_000  # rows that are written at once


@dataclass(frozen=True)
class Entry:
    """One line of the benchmark.

    Attributes
    ----------
    what : str
        What was done to which data.
    rows : int
        Raw rows.
    files : int
        That they are in.
    seconds, cpu_s, rows_per_s, peak_mb : float
        Of one run, the second by all processors together.
    ratio : float
        Its time over that of the plain read named in `baseline`.
    baseline : str
        The plain read; for itself, the ratio is 1.
    """

    what: str
    rows: int
    files: int
    seconds: float
    cpu_s: float
    rows_per_s: float
    peak_mb: float
    ratio: float
    baseline: str


def run(
    rows: int, kind: Literal["csv", "parquet"], jobs: int, rows_per_file: int = ROWS_PER_FILE
) -> Iterator[Entry]:
    """Yield measurements on the bundled data and on synthetic tables.

    Parameters
    ----------
    rows : int
        Of the synthetic tables.
    kind : {"csv", "parquet"}
        Their format.
    jobs : int
        Largest number of processes; one and this many are measured.
    rows_per_file : int, optional
        As many as `rows` make one long recording, few make many small files.
    """
    bundled = sources.get("hapt").bundled
    assert bundled is not None
    _, n = parquet.read_head(bundled)
    plain = cost_of(_read, [bundled])
    yield _entry("read_parquet, HAPT", n, 1, plain, plain, "read_parquet")
    yield _entry("ingest, HAPT", n, 1, cost_of(_ingest, None, 1), plain, "read_parquet")
    with tempfile.TemporaryDirectory(prefix="har-benchmark-") as scratch:
        folder = Path(scratch)
        files = _write_tables(folder, rows, kind, rows_per_file)
        name = f"read_{kind}"
        size = f"{rows:,} rows in {len(files):,} file{'' if len(files) == 1 else 's'}"
        plain = cost_of(_read, files)
        yield _entry(f"{name}, {size}", rows, len(files), plain, plain, name)
        for n_jobs in sorted({1, min(jobs, len(files))}):
            cost = cost_of(_ingest, folder, n_jobs)
            words = "1 process" if n_jobs == 1 else f"{n_jobs} processes"
            yield _entry(f"ingest, {size}, {words}", rows, len(files), cost, plain, name)


def _entry(what: str, rows: int, files: int, cost: Cost, plain: Cost, baseline: str) -> Entry:
    if cost.result != rows:
        raise RuntimeError(f"{what}: {cost.result} rows of {rows}")
    return Entry(
        what,
        rows,
        files,
        round(cost.seconds, 2),
        round(cost.cpu_seconds, 2),
        round(rows / cost.seconds),
        round(cost.peak_mb),
        round(cost.seconds / plain.seconds, 2),
        baseline,
    )


def _read(paths: list[Path]) -> int:
    """Read files one after another, as the baseline does; return the rows."""
    read: Any = pd.read_parquet if paths[0].suffix == ".parquet" else pd.read_csv
    return sum(len(read(path)) for path in paths)


def _ingest(folder: Path | None, jobs: int) -> int:
    """Ingest the tables of a folder, or the bundled data, into a new store; return the rows."""
    with tempfile.TemporaryDirectory(prefix="har-benchmark-") as scratch:
        bundled = sources.get("hapt").bundled
        if folder is None:
            assert bundled is not None
            request = Request("hapt", bundled)
        else:
            request = Request("synthetic", folder, mapping=MAPPING)
        counts = ingest(Store(Path(scratch)), request, jobs=jobs).totals["counts"]
        return int(counts["rows_kept"] + counts["rows_repaired"])


def _write_tables(folder: Path, rows: int, kind: str, rows_per_file: int) -> list[Path]:
    paths = []
    for number, start in enumerate(range(0, rows, rows_per_file)):
        path = folder / f"s{number:05d}.{kind}"
        with _writer(path, _table(0, 0, 0).schema) as file:
            n = min(rows_per_file, rows - start)
            for first in range(0, n, BLOCK):
                file.write_table(_table(first, min(BLOCK, n - first), number + first))
        paths.append(path)
    return paths


def _writer(path: Path, schema: pa.Schema) -> Any:
    if path.suffix == ".csv":
        return pacsv.CSVWriter(path, schema)
    return parquet.writer(path, schema)


def _table(first: int, n: int, seed: int) -> pa.Table:
    """Return plausible sensor data of one person from a row on: noise around gravity, 50 Hz."""
    random = np.random.default_rng(seed)
    values = random.normal(0, 0.5, (6, n)).astype(np.float32).round(4)
    values[2] += np.float32(9.81)
    place = np.arange(first, first + n)
    activities = np.array(["walking", "sitting", "standing"])[place // 3000 % 3]
    columns = dict(zip((*ACC, *GYRO), values, strict=True))
    return pa.table({"time_s": place / 50, **columns, "activity": activities})
