"""What makes a recording refusable, and what only makes it odd."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from har.arrays import Float32, Float64
from har.data import gravity
from har.data.gravity import STANDARD_GRAVITY
from har.data.rates import LEAST_SHARE
from har.data.recording import ACC, GYRO, Recording, values_of
from har.data.schema import MAX_ACC, MAX_GYRO, MAX_MAG
from har.errors import DataError

BEYOND_SHARE = 0.005  # of rows beyond any sensor; fewer are glitches, and quarantined
CLIPPED_SHARE = 0.001  # of samples at the largest value
SMALLEST_RANGE = {  # of the sensors on the market: ±2 g and ±250 deg/s, less 5 %
    "acceleration": 0.95 * 2 * STANDARD_GRAVITY,
    "angular velocity": 0.95 * np.deg2rad(250),
}
# µT. The Earth's field has 25 to 65 (IGRF); steel around a person halves or doubles it.
FIELD_UT = (8.0, 200.0)
STUCK_S = 1.0
LOW_HZ = LEAST_SHARE * 50.0  # what models take by default (window.rate_hz)
JITTER = 0.5  # spread of the time steps (90th less 10th percentile) over their mean


def check_range(rows: pd.DataFrame, name: str) -> None:
    """Raise `DataError` if so many values are beyond any sensor that the unit is wrong."""
    for channels, limit, unit in ((ACC, MAX_ACC, "m/s²"), (GYRO, MAX_GYRO, "rad/s")):
        values = values_of(rows, [c for c in channels if c in rows])
        beyond = float((np.abs(values) > limit).any(axis=1).mean()) if values.size else 0.0
        if beyond > BEYOND_SHARE:
            largest = np.nanmax(np.abs(values))
            raise DataError(
                f"{name}: {', '.join(channels)} not in {unit}",
                expected=f"values within ±{limit:.4g} {unit}",
                found=f"{beyond:.1%} of {len(rows)} rows beyond, up to {largest:.4g}",
                hint="state the unit that the file is in",
            )


def check_magnetometer(values: Float64) -> None:
    """Raise `DataError` if a magnetic field is not there in every row, or not in µT.

    Parameters
    ----------
    values : ndarray of shape (n_rows, 3), µT
    """
    if missing := int(np.isnan(values).any(axis=1).sum()):
        raise DataError("the magnetic field is missing", found=f"in {missing:,} rows")
    norms = np.linalg.norm(values, axis=1)
    level, largest = float(np.median(norms)), float(np.abs(values).max())
    if not FIELD_UT[0] <= level <= FIELD_UT[1] or largest > MAX_MAG:
        raise DataError(
            "the magnetic field is not in µT",
            expected=f"a size of {FIELD_UT[0]:g} to {FIELD_UT[1]:g} µT most of the time",
            found=f"{level:.3g} in the middle, up to {largest:.3g}",
        )


def oddities(rows: pd.DataFrame, recording: Recording) -> Iterator[tuple[str, str]]:
    """Yield the kind and the detail of what is odd about a recording that is kept.

    Parameters
    ----------
    rows : DataFrame
        In SI units, before times were averaged.
    recording : Recording
        What became of them.
    """
    table = recording.table
    for channels, what in ((ACC, "acceleration"), (GYRO, "angular velocity")):
        values = values_of(table, channels)
        if np.isnan(values).any():
            continue
        yield from _clipping(values, what, SMALLEST_RANGE[what])
        yield from _stuck(values, what, recording.meta.rate_hz)
    steps = np.diff(rows["time_s"].to_numpy())
    low, high = np.percentile(steps, [10, 90])
    if high - low > JITTER * steps.mean():
        yield "jitter", f"time steps from {low * 1000:.3g} to {high * 1000:.3g} ms (10 to 90 %)"
    if recording.meta.rate_hz < LOW_HZ:
        yield "low rate", f"{recording.meta.rate_hz:.3g} Hz"
    if recording.meta.gravity:
        level = gravity.level(table["time_s"], values_of(table, ACC))
        if abs(level / STANDARD_GRAVITY - 1) > 0.15:
            yield "gravity", f"its level is {level:.2f} m/s² (median over seconds)"


def _clipping(values: Float32, what: str, smallest: float) -> Iterator[tuple[str, str]]:
    largest = np.abs(values).max()
    share = float((np.abs(values) >= largest).any(axis=1).mean())
    if largest >= smallest and share > CLIPPED_SHARE and share * len(values) > 5:
        yield "clipping", f"{share:.2%} of samples at the largest {what}, {largest:.3g}"


def _stuck(values: Float32, what: str, rate_hz: float) -> Iterator[tuple[str, str]]:
    same = np.concatenate([[False], (np.diff(values, axis=0) == 0).all(axis=1), [False]])
    edges = np.flatnonzero(np.diff(same.astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    long = lengths[lengths >= round(STUCK_S * rate_hz)]
    if len(long):
        yield (
            "stuck",
            f"{what} does not change for {long.max() / rate_hz:.1f} s ({len(long)} times)",
        )
