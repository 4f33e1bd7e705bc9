"""Sampling rates, and times that are coarser than the samples: one estimate for all."""

import numpy as np

from har.arrays import Float64, Int64
from har.data.recording import exceeds
from har.errors import DataError

# Of the rate wanted. From the 20 Hz of WISDM, movement can be told; a third holds no more than
# 8 Hz of the 25 that a model at 50 Hz reads, and what it would be given instead is made up.
LEAST_SHARE = 1 / 3
MOST_SHARED = 0.5  # of the rows that share their time with another; from there on, it is coarse
ALIKE = 0.05  # of the usual batch; a rate that is no whole number makes batches of 50 and 51
REGULAR = 0.95  # of the batches; others lost samples, or stand beside a gap


def estimate(time_s: Float64) -> float:
    """Return the sampling rate, Hz: samples over time, leaving out the gaps.

    A gap is a step of more than 1 s, and of more than twenty times the median one:
    shorter pauses are made up by bursts. Repeated times count, for bursts repeat them.

    Parameters
    ----------
    time_s : ndarray of shape (n_samples,)
        In order, s.

    Returns
    -------
    float
        NaN where there are fewer than two different times.
    """
    steps = np.diff(time_s)
    forward = steps[steps > 0]
    if not len(forward):
        return float("nan")
    normal = ~exceeds(steps, max(1.0, 20 * float(np.median(forward))))
    return float(normal.sum() / steps[normal].sum())


def check_rate(rate_hz: float, wanted_hz: float, name: str) -> None:
    """Raise `DataError` if a recording is too slow for the rate that it is wanted at.

    Parameters
    ----------
    rate_hz, wanted_hz : float
        The recording's own, and what it is to be resampled to, Hz.
    name : str
        Of the recording.
    """
    if rate_hz < LEAST_SHARE * wanted_hz:
        raise DataError(
            f"{name}: too slow for {wanted_hz:g} Hz",
            expected=f"at least {LEAST_SHARE * wanted_hz:.3g} Hz, a third of that",
            found=f"{rate_hz:.3g} Hz by its times",
            hint="record at a higher rate, leave the recording out, or take slower windows "
            "(window.rate_hz); if its times are too coarse, ingest it with --map rate_hz=…",
        )


def shared(time_s: Float64) -> float:
    """Return the share of samples that have the time of the one before or after."""
    same = np.diff(time_s) == 0
    either = np.append(same, False) | np.append(False, same)
    return float(either.mean()) if len(time_s) else 0.0


def spread(time_s: Float64, name: str) -> Float64:
    """Return the times of samples that came in batches, each spread evenly over its own time.

    Times that most samples have for themselves are returned as they are.

    Parameters
    ----------
    time_s : ndarray of shape (n_samples,)
        In order, s; those of a batch are the same.
    name : str
        Of the recording.

    Raises
    ------
    DataError
        If batches differ in size or in time, so that nobody can tell when a sample was.
    """
    starts = np.flatnonzero(np.diff(time_s, prepend=np.nan) != 0)
    if shared(time_s) <= MOST_SHARED or len(starts) < 2:
        return time_s
    sizes = np.diff(np.append(starts, len(time_s)))
    steps = np.diff(time_s[starts])
    if not _even(sizes[1:-1]) or not _even(steps, alike=0.5):
        raise DataError(
            f"{name}: most rows share their time with others",
            expected="a time for each row, or as many rows at each time",
            found=f"{len(time_s)} rows at {len(starts)} times, {sizes.min()} to {sizes.max()} "
            "at each",
            hint="name a column with finer times, or none and the rate: --map rate_hz=…",
        )
    size, step = float(np.median(sizes[1:-1])), float(np.median(steps))
    # Behind the last batch, and one before a gap, nothing says how long it took.
    regular = np.append(np.abs(steps - step) <= step / 2, False)
    spans = np.where(regular, np.append(steps, step), step)
    full = (sizes >= (1 - ALIKE) * size) & (np.arange(len(sizes)) < len(sizes) - 1)
    between = spans / np.where(full, sizes, np.maximum(sizes, size))
    # The first batch may have begun before the recording did.
    offset = np.zeros(len(sizes))
    offset[0] = max(0.0, size - sizes[0]) * between[0]
    place = np.arange(len(time_s)) - np.repeat(starts, sizes)
    return np.repeat(time_s[starts] + offset, sizes) + place * np.repeat(between, sizes)


def _even(values: Float64 | Int64, *, alike: float = ALIKE) -> bool:
    """Tell whether nearly all values are near their median, which is a batch's or a step's."""
    if not len(values):
        return False
    usual = float(np.median(values))
    return bool((np.abs(values - usual) <= alike * usual).mean() >= REGULAR)
