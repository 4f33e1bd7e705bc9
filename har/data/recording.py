"""Recordings: one continuous table of sensor data with its origin, as a Parquet file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from har import parquet
from har.arrays import Float64
from har.data.activities import in_order

SCHEMA_VERSION = 2
# Times are compared with this much room, s: finer than any sensor's clock, and coarser than the
# rounding of a difference of two doubles, even of seconds since 1970.
CLOCK_TICK = 1e-6
# A step in time is a gap when it is nearer to two sampling intervals than to one.
GAP_INTERVALS = 1.5
ACC = ("acc_x", "acc_y", "acc_z")
GYRO = ("gyro_x", "gyro_y", "gyro_z")
MAG = ("mag_x", "mag_y", "mag_z")
# Columns of every recording; those of a sensor that was not there are empty.
CHANNELS = ACC + GYRO
# Columns of those that have them: few do, and all tables from before have none.
MORE_CHANNELS = MAG
UNITS = dict.fromkeys(ACC, "m/s2") | dict.fromkeys(GYRO, "rad/s") | dict.fromkeys(MAG, "uT")
_META_KEY = b"har.recording"
Clock = Literal["", "utc", "local"]


def exceeds(seconds: Float64, limit: float) -> npt.NDArray[np.bool_]:
    """Tell which spans of time are longer than a limit, and not as long but for rounding.

    >>> exceeds(np.array([4.08 - 3.98, 0.1001]), 0.1).tolist()
    [False, True]
    """
    return np.asarray(seconds > limit + CLOCK_TICK)


@dataclass(frozen=True)
class RecordingMeta:
    """Where a recording came from.

    Attributes
    ----------
    dataset, recording_id, subject_id : str
        Names; ids are unique over all data sets.
    rate_hz : float
        Sampling rate, Hz.
    placement : str
        Where on the body the sensor was.
    licence : str
        Licence of the data.
    source : dict
        SHA-256 of each source file by name.
    conversions : tuple of str
        What was applied to the source's values.
    device : str
        Model of the device; empty where unknown.
    start_s : float
        Time in the source's recording at which this one starts, s.
    rows_kept, rows_repaired : int
        Rows of the raw files that it was made of.
    gravity : bool
        Whether acceleration holds gravity; linear acceleration does not.
    recorder, app : str
        The app or device that wrote the files, and its version; empty where unknown.
    clock : {"", "utc", "local"}
        What `start_s` counts from: a start of its own, 1970 in UTC, or 1970 in the local
        time of a place that the source does not name.
    """

    dataset: str
    recording_id: str
    subject_id: str
    rate_hz: float
    placement: str
    licence: str
    source: dict[str, str] = field(default_factory=dict)
    conversions: tuple[str, ...] = ()
    device: str = ""
    start_s: float = 0.0
    rows_kept: int = 0
    rows_repaired: int = 0
    gravity: bool = True
    recorder: str = ""
    app: str = ""
    clock: Clock = ""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Recording:
    """A table of sensor data (columns of `har.data.schema`) and its origin."""

    table: pd.DataFrame
    meta: RecordingMeta


def values_of(table: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[Any]:
    """Return numeric columns of a table as an array of shape (n_rows, n_names).

    Column by column: of a small table, pandas takes many times longer to choose several.
    """
    columns = [table[name].to_numpy() for name in names]
    return np.column_stack(columns) if columns else np.empty((len(table), 0))


def make_table(meta: RecordingMeta, columns: dict[str, Any], activity: Any) -> pd.DataFrame:
    """Return a canonical table from axes in the units of `UNITS`, time in s and activity names."""
    time = np.asarray(columns["time_s"], np.float64)
    none = np.full(len(time), np.nan, np.float32)
    values = {c: none if columns.get(c) is None else columns[c] for c in CHANNELS}
    values |= {c: columns[c] for c in MORE_CHANNELS if columns.get(c) is not None}
    return pd.DataFrame(
        {
            "recording_id": meta.recording_id,
            "subject_id": meta.subject_id,
            "time_s": time,
            **{c: np.asarray(axis, np.float32) for c, axis in values.items()},
            "activity": named(activity),
        }
    )


def named(activities: Any) -> "pd.Categorical":
    """Return activities by name, null for none, with the categories that they have.

    Parameters
    ----------
    activities : array-like of str or None
        One per row.

    Examples
    --------
    >>> named(["sitting", None, "biceps-curl"]).categories.tolist()
    ['sitting', 'biceps-curl']
    """
    values: pd.Categorical = pd.Categorical(activities).remove_unused_categories()
    names = in_order(values.categories)
    return pd.Categorical(values, categories=pd.Index(names, dtype=None if names else "str"))


def write_recording(recording: Recording, folder: Path) -> Path:
    """Write a recording as ``<recording_id>.parquet``; return its path."""
    table = pa.Table.from_pandas(recording.table, preserve_index=False)
    meta = json.dumps(asdict(recording.meta), allow_nan=False).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _META_KEY: meta})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recording.meta.recording_id}.parquet"
    parquet.write(table, path, compression="zstd", write_statistics=False)
    return path


def read_recording(path: Path) -> Recording:
    """Read a recording that `write_recording` wrote."""
    table = parquet.read(path)
    return Recording(table.to_pandas(), _parse_meta(table.schema.metadata))


def read_meta(path: Path) -> tuple[RecordingMeta, int]:
    """Read a recording's origin and number of samples, and none of its data."""
    metadata, n_rows = parquet.read_head(path)
    return _parse_meta(metadata), n_rows


def read_recordings(folder: Path) -> Iterator[Recording]:
    """Yield the recordings of a folder, one at a time, by id."""
    for path in sorted(folder.glob("*.parquet")):
        yield read_recording(path)


def _parse_meta(metadata: dict[bytes, bytes]) -> RecordingMeta:
    fields = json.loads(metadata[_META_KEY])
    fields["conversions"] = tuple(fields["conversions"])
    return RecordingMeta(**fields)
