"""Cleaning: duplicates out, short gaps filled, long gaps split, every change counted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.data.recording import CHANNELS, Recording


@dataclass(frozen=True)
class CleanReport:
    """What cleaning changed in one recording (counts of rows unless said otherwise)."""

    recording_id: str
    rows_in: int
    duplicate_rows: int
    repeated_times: int
    gaps_filled: int
    rows_interpolated: int
    gaps_split: int
    parts: int
    rows_out: int


def clean(recording: Recording, *, max_gap_s: float) -> tuple[list[Recording], CleanReport]:
    """Remove duplicates, fill short gaps, split at long ones.

    A gap is a step in time of more than 1.5 sampling intervals. A gap of at most
    `max_gap_s` is filled on the sampling grid by linear interpolation, with the
    activity of the sample before it if both sides agree and none otherwise.

    Parameters
    ----------
    recording : Recording
        As ingested: time does not step backward.
    max_gap_s : float
        Longest step in time that is filled, s.

    Returns
    -------
    parts : list of Recording
        One, or one a stretch between long gaps; time starts at 0 in each.
    report : CleanReport
        ``rows_in - duplicate_rows - repeated_times + rows_interpolated == rows_out``.
    """
    table, meta = recording.table, recording.meta
    unique = table.drop_duplicates()
    times = unique.drop_duplicates("time_s")
    filled, gaps_filled = _fill(times, meta.rate_hz, max_gap_s)
    parts = list(_split(replace(recording, table=filled), max_gap_s))
    report = CleanReport(
        recording_id=meta.recording_id,
        rows_in=len(table),
        duplicate_rows=len(table) - len(unique),
        repeated_times=len(unique) - len(times),
        gaps_filled=gaps_filled,
        rows_interpolated=len(filled) - len(times),
        gaps_split=len(parts) - 1,
        parts=len(parts),
        rows_out=sum(len(part.table) for part in parts),
    )
    return parts, report


def _fill(table: pd.DataFrame, rate_hz: float, max_gap_s: float) -> tuple[pd.DataFrame, int]:
    time = table["time_s"].to_numpy()
    step = np.diff(time)
    gaps = np.flatnonzero((step > 1.5 / rate_hz) & (step <= max_gap_s))
    if not len(gaps):
        return table.reset_index(drop=True), 0
    added = np.concatenate([_grid(time[i], time[i + 1], rate_hz) for i in gaps])
    before = np.searchsorted(time, added) - 1
    fill = table.iloc[before].copy()
    fill["time_s"] = added
    for channel in CHANNELS:
        fill[channel] = np.interp(added, time, table[channel]).astype(np.float32)
    same = table["activity"].cat.codes.to_numpy()
    fill.loc[same[before] != same[before + 1], "activity"] = None
    merged = pd.concat([table, fill]).sort_values("time_s", kind="stable", ignore_index=True)
    return merged, len(gaps)


def _grid(start: float, end: float, rate_hz: float) -> npt.NDArray[np.float64]:
    """Return the times strictly between two samples, one sampling interval apart."""
    n = max(round((end - start) * rate_hz) - 1, 0)
    return start + (end - start) * np.arange(1, n + 1) / (n + 1)


def _split(recording: Recording, max_gap_s: float) -> Iterator[Recording]:
    table, meta = recording.table, recording.meta
    limit = max(max_gap_s, 1.5 / meta.rate_hz)
    starts = np.flatnonzero(np.diff(table["time_s"], prepend=-np.inf) > limit)
    for part, (start, end) in enumerate(pairwise([*starts, len(table)]), start=1):
        rows = table.iloc[start:end]
        name = meta.recording_id if len(starts) == 1 else f"{meta.recording_id}-part{part}"
        start_s = float(rows["time_s"].iloc[0])
        rows = rows.assign(recording_id=name, time_s=rows["time_s"] - start_s)
        yield Recording(
            rows.reset_index(drop=True),
            replace(meta, recording_id=name, start_s=meta.start_s + start_s),
        )
