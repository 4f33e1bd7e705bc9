"""Cleaning: duplicates out, short gaps filled, long gaps split, one rate; all of it counted."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float64
from har.data.cleaning import CleanReport
from har.data.rates import check_rate
from har.data.recording import CHANNELS, GAP_INTERVALS, Recording, exceeds
from har.data.resample import is_uniform, resample


def clean(
    recording: Recording, *, max_gap_s: float, rate_hz: float | None = None
) -> tuple[list[Recording], CleanReport]:
    """Remove duplicates, fill short gaps, split at long ones, resample.

    A gap is a step in time of more than `GAP_INTERVALS`. One of at most
    `max_gap_s` is filled by linear interpolation, with the activity of the sample
    before it if both sides agree and none otherwise.

    Parameters
    ----------
    recording : Recording
        As ingested: time does not step backward.
    max_gap_s : float
        Longest step in time that is filled, s.
    rate_hz : float, optional
        Rate of the result, Hz; by default the recording's own, and times as they are.

    Returns
    -------
    parts : list of Recording
        One, or one per stretch between long gaps; time starts at 0 in each.
    report : CleanReport
        What was changed.

    Raises
    ------
    DataError
        If the recording is too slow for that rate.
    """
    table, meta = recording.table, recording.meta
    if rate_hz is not None:
        check_rate(meta.rate_hz, rate_hz, meta.recording_id)
    in_order = bool((np.diff(table["time_s"]) > 0).all())
    unique = table if in_order else table.drop_duplicates()
    times = table if in_order else unique.drop_duplicates("time_s", ignore_index=True)
    gaps = _short_gaps(times["time_s"].to_numpy(), meta.rate_hz, max_gap_s)
    split = list(_split(replace(recording, table=times), max_gap_s))
    parts, interpolated = [], 0
    for part in split:
        if rate_hz is None:
            made = replace(part, table=_fill(part.table, meta.rate_hz, max_gap_s))
        else:
            made = resample(part, rate_hz)
        if rate_hz is None or _has_rate(part, rate_hz):
            made = replace(made, meta=replace(part.meta, rate_hz=rate_hz or meta.rate_hz))
            interpolated += max(0, len(made.table) - len(part.table))
        parts.append(made)
    rows_out = sum(len(part.table) for part in parts)
    report = CleanReport(
        recording_id=meta.recording_id,
        rows_in=len(table),
        duplicate_rows=len(table) - len(unique),
        repeated_times=len(unique) - len(times),
        gaps_filled=len(gaps),
        rows_interpolated=interpolated,
        gaps_split=len(parts) - 1,
        parts=len(parts),
        rows_resampled=rows_out - len(times) - interpolated,
        rows_out=rows_out,
    )
    return parts, report


def longest_step(rate_hz: float, max_gap_s: float) -> float:
    """Return the longest step in time within a stretch, s; a longer one parts two stretches."""
    return max(max_gap_s, GAP_INTERVALS / rate_hz)


def _has_rate(part: Recording, rate_hz: float) -> bool:
    """Tell whether a part has a rate already; one found from its times is never quite even."""
    return math.isclose(part.meta.rate_hz, rate_hz, rel_tol=1e-6) and is_uniform(part, rate_hz)


def _short_gaps(time: Float64, rate_hz: float, max_gap_s: float) -> npt.NDArray[np.intp]:
    """Return the positions of the samples that a gap to be filled follows."""
    step = np.diff(time)
    return np.flatnonzero(exceeds(step, GAP_INTERVALS / rate_hz) & ~exceeds(step, max_gap_s))


def _fill(table: pd.DataFrame, rate_hz: float, max_gap_s: float) -> pd.DataFrame:
    time = table["time_s"].to_numpy()
    gaps = _short_gaps(time, rate_hz, max_gap_s)
    if not len(gaps):
        return table
    added = np.concatenate([_grid(time[i], time[i + 1], rate_hz) for i in gaps])
    before = np.searchsorted(time, added) - 1
    fill = table.iloc[before].copy()
    fill["time_s"] = added
    for channel in CHANNELS:
        fill[channel] = np.interp(added, time, table[channel]).astype(np.float32)
    same = table["activity"].cat.codes.to_numpy()
    fill.loc[same[before] != same[before + 1], "activity"] = None
    return pd.concat([table, fill]).sort_values("time_s", kind="stable", ignore_index=True)


def _grid(start: float, end: float, rate_hz: float) -> Float64:
    """Return the times strictly between two samples, one sampling interval apart."""
    n = max(round((end - start) * rate_hz) - 1, 0)
    return start + (end - start) * np.arange(1, n + 1) / (n + 1)


def _split(recording: Recording, max_gap_s: float) -> Iterator[Recording]:
    table, meta = recording.table, recording.meta
    limit = longest_step(meta.rate_hz, max_gap_s)
    starts = np.flatnonzero(exceeds(np.diff(table["time_s"], prepend=-np.inf), limit))
    for part, (start, end) in enumerate(pairwise([*starts, len(table)]), start=1):
        rows = table.iloc[start:end]
        name = meta.recording_id if len(starts) == 1 else f"{meta.recording_id}-part{part}"
        start_s = float(rows["time_s"].iloc[0])
        rows = rows.assign(recording_id=name, time_s=rows["time_s"] - start_s)
        yield Recording(
            rows.reset_index(drop=True),
            replace(meta, recording_id=name, start_s=meta.start_s + start_s),
        )
