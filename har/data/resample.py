"""Recordings at another rate: a uniform grid by time, then a polyphase filter."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.channels import columns_of
from har.data.recording import GAP_INTERVALS, Recording, exceeds

ON_GRID = 0.01  # of a sampling interval; times closer to the grid than that are on it
MAX_FACTOR = 20  # of the polyphase filter; the grid's rate is fitted to it


def is_uniform(recording: Recording, rate_hz: float) -> bool:
    """Tell whether every sample lies on the grid of a rate, from the first one."""
    ticks = recording.table["time_s"].to_numpy() * rate_hz
    return bool((np.abs(ticks - np.round(ticks)) <= ON_GRID).all())


def resample(recording: Recording, rate_hz: float) -> Recording:
    """Return a stretch without gaps at another rate.

    The samples are interpolated linearly on a uniform grid near their own rate, whose
    ratio to the new rate is a small fraction, then filtered and resampled by
    `scipy.signal.resample_poly` (Kaiser window, anti-aliasing below the lower of both
    Nyquist rates). A sample gets the activity of the last row before it;
    in a gap (a step of more than `GAP_INTERVALS`) between two activities it has none.

    Parameters
    ----------
    recording : Recording
        Clean and without gaps.
    rate_hz : float
        Of the result, Hz.

    Returns
    -------
    Recording
        From the same start, to the last grid point that is not after its end.
    """
    from scipy.signal import resample_poly

    table, meta = recording.table, recording.meta
    time = table["time_s"].to_numpy()
    ratio = Fraction(rate_hz / meta.rate_hz).limit_denominator(MAX_FACTOR)
    if ratio == 0:  # hundreds of times slower than the sensor
        ratio = Fraction(1, round(meta.rate_hz / rate_hz))
    grid = np.arange(int(time[-1] * rate_hz / ratio + 1e-6) + 1) * float(ratio) / rate_hz
    channels = columns_of(table)
    values = np.stack([np.interp(grid, time, table[c]) for c in channels], axis=1)
    if ratio != 1 and len(values) > 1:  # one sample has no slope to pad with
        values = resample_poly(values, ratio.numerator, ratio.denominator, padtype="line")
    n = min(len(values), int(time[-1] * rate_hz + 1e-6) + 1)
    new_time = np.arange(n) / rate_hz
    activity = _labels(table["activity"].array, time, new_time, meta.rate_hz)
    result = pd.DataFrame(
        {
            "recording_id": meta.recording_id,
            "subject_id": meta.subject_id,
            "time_s": new_time,
            **{c: values[:n, i].astype(np.float32) for i, c in enumerate(channels)},
            "activity": activity,
        }
    ).astype({"recording_id": table["recording_id"].dtype, "subject_id": table["subject_id"].dtype})
    note = f"resampled from {meta.rate_hz:g} to {rate_hz:g} Hz"
    conversions = (*meta.conversions, note)
    return Recording(result, replace(meta, rate_hz=rate_hz, conversions=conversions))


def _labels(activity: Any, time: Float64, at: Float64, rate_hz: float) -> Any:
    """Return the activity at other times than those of the samples."""
    close = ON_GRID / rate_hz
    before = np.searchsorted(time, at + close, side="right") - 1
    after = np.minimum(before + 1, len(time) - 1)
    in_gap = exceeds(time[after] - time[before], GAP_INTERVALS / rate_hz)
    in_gap &= at > time[before] + close
    labels = activity[before]
    labels[in_gap & (activity.codes[before] != activity.codes[after])] = None
    return labels
