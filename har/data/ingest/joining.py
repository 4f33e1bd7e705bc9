"""Accelerometer and gyroscope with clocks of their own, joined stretch by stretch."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float64
from har.data.ingest.ledger import Ledger
from har.data.ingest.streams import Stream, Stretch
from har.data.ingest.text import joined
from har.data.recording import GYRO, exceeds
from har.errors import DataError

JOIN_TOLERANCE_S = 0.1  # between a sample and its neighbours of the other sensor
NO_ACC = f"no acceleration within {JOIN_TOLERANCE_S:g} s"
NO_GYRO = f"no angular velocity within {JOIN_TOLERANCE_S:g} s"
NOTHING_SHARED = "the gyroscope's clock shares no time with the accelerometer's"
OTHER_RESETS = "the sensors' clocks were set back at different places"


Averaged = Callable[[pd.DataFrame, Ledger], pd.DataFrame]


class Untrusted(Exception):
    """Nothing of the tables can be trusted.

    Attributes
    ----------
    error : DataError
        Why.
    rows : list of DataFrame
        Those in hand, which are in no stream any more.
    """

    def __init__(self, error: DataError, rows: list[pd.DataFrame]) -> None:
        super().__init__(str(error))
        self.error, self.rows = error, rows


@dataclass(frozen=True)
class Pair:
    """A stretch of acceleration, and angular velocity of the same time.

    Attributes
    ----------
    acc : Stretch
        Rows with acceleration.
    gyro : DataFrame or None
        Rows with angular velocity, in the order of time; None where the tables have none,
        or have it in the same rows.
    before, after : DataFrame or None
        The gyroscope's rows beside them, which belong to other stretches; none or one each.
    """

    acc: Stretch
    gyro: pd.DataFrame | None = None
    before: pd.DataFrame | None = None
    after: pd.DataFrame | None = None

    @property
    def tables(self) -> list[pd.DataFrame]:
        """The rows that it is made of."""
        return [self.acc.rows] if self.gyro is None else [self.acc.rows, self.gyro]


def pairs(acc: Stream, gyro: Stream | None, ledger: Ledger) -> Iterator[Pair]:
    """Yield the stretches of acceleration, each with the gyroscope's rows beside it.

    Rows of a gyroscope that nothing was recorded beside are quarantined; so are all rows of
    both sensors from where their clocks were set back at different places.

    Raises
    ------
    Untrusted
        If nothing of a table can be trusted.
    """
    if gyro is None:
        while stretch := _taken(acc):
            yield Pair(stretch)
        return
    _look(acc, gyro)
    before: pd.DataFrame | None = None
    shared = False
    while stretch := _taken(acc):
        rows, earlier = _beside(stretch, gyro, ledger)
        if acc.ended and gyro.ended and acc.n_clocks != gyro.n_clocks:
            _set_aside([stretch.rows, rows], acc, gyro, ledger)
            return
        before = before if earlier is None else earlier
        yield Pair(stretch, rows, before, gyro.following(stretch.clock))
        shared |= len(rows) > 0
        before = rows[-1:] if len(rows) else before
        if stretch.more:
            continue
        for late in gyro.until(stretch.clock, np.inf):
            ledger.quarantine(late, NO_ACC if shared else NOTHING_SHARED)
        before = None
        if (acc.n_clocks > stretch.clock) != (gyro.n_clocks > stretch.clock):
            _set_aside([], acc, gyro, ledger)
            return


def _set_aside(rows: list[pd.DataFrame], acc: Stream, gyro: Stream, ledger: Ledger) -> None:
    """Quarantine what is left of both sensors, whose clocks do not belong together."""
    for table in itertools.chain(rows, acc.rest(), gyro.rest()):
        ledger.quarantine(table, OTHER_RESETS)


def _look(*streams: Stream) -> None:
    """Judge both tables by their first rows, before anything is kept of either."""
    try:
        for stream in streams:
            stream.look()
    except DataError as error:
        raise Untrusted(error, []) from None


def _taken(stream: Stream) -> Stretch | None:
    try:
        return stream.take()
    except DataError as error:
        raise Untrusted(error, []) from None


def _beside(
    stretch: Stretch, gyro: Stream, ledger: Ledger
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the gyroscope's rows of a stretch's time, and the last one that was long before."""
    time = stretch.rows["time_s"].to_numpy()
    start_s, end_s = (time[0], time[-1]) if len(time) else (-np.inf, -np.inf)
    after_s = 0.0 if stretch.more else JOIN_TOLERANCE_S
    found: list[pd.DataFrame] = []
    earlier = None
    try:
        for rows in gyro.until(stretch.clock, end_s + after_s):
            if found and found[-1]["time_s"].iloc[-1] < start_s - JOIN_TOLERANCE_S:
                ledger.quarantine(found[-1], NO_ACC)
                earlier = found.pop()[-1:]
            found.append(rows)
    except DataError as error:
        raise Untrusted(error, [stretch.rows, *found]) from None
    return joined(found) if found else gyro.following(0), earlier


def join(pair: Pair, averaged: Averaged, name: str, ledger: Ledger) -> list[pd.DataFrame]:
    """Interpolate angular velocity at the times of acceleration.

    Parameters
    ----------
    pair : Pair
        Of both sensors.
    averaged : callable
        Averages rows with the same time, and tells the ledger.
    name : str
        Of the recording.
    ledger : Ledger
        Gets the rows that have none of the other sensor near, and no row of other stretches.

    Returns
    -------
    list of DataFrame
        Acceleration with angular velocity, and the rows that the latter is from; or
        acceleration alone, where the sensors share no time.
    """
    acc, gyro = pair.tables
    beside = [rows for rows in (pair.before, pair.after) if rows is not None]
    turned = np.sort(_times([gyro, *beside]), kind="stable")
    # A value between two needs both of them near; a sample is of use on either side.
    acc_near = between(_times([acc]), turned)
    before, after = _distances(_times([gyro]), _times([acc]))
    gyro_near = ~exceeds(np.minimum(before, after), JOIN_TOLERANCE_S)
    if not acc_near.any():
        ledger.quarantine(gyro, NOTHING_SHARED)
        ledger.warn(name, "no gyroscope", NOTHING_SHARED.removeprefix("the gyroscope's "))
        return [acc]
    gyro = ledger.filter(gyro, ~gyro_near, NO_ACC)
    acc = ledger.filter(acc, ~acc_near, NO_GYRO)
    gyro = gyro.assign(label=None)
    known = pd.concat([*beside, averaged(gyro, ledger)]).sort_values("time_s", kind="stable")
    values = {c: np.interp(acc["time_s"], known["time_s"], known[c]) for c in GYRO}
    return [acc.assign(**values), gyro]


def between(
    times: Float64, others: Float64, near_s: float = JOIN_TOLERANCE_S
) -> npt.NDArray[np.bool_]:
    """Tell which samples have one of the other sensor near on both sides.

    Parameters
    ----------
    times, others : ndarray of shape (n_samples,) and (n_others,)
        Of the samples, and of those of the other sensor in order, s; before its first sample
        and behind its last one, that one counts for both sides.
    near_s : float
        What is near, s.
    """
    before, after = _distances(times, others)
    return ~exceeds(np.maximum(before, after), near_s)


def _times(tables: list[pd.DataFrame]) -> Float64:
    return np.concatenate([table["time_s"].to_numpy() for table in tables])


def _distances(times: Float64, others: Float64) -> tuple[Float64, Float64]:
    """Return the time from each sample to the other sensor's sample before and after it, s."""
    if not len(others):
        nowhere = np.full(len(times), np.inf)
        return nowhere, nowhere
    before = np.maximum(np.searchsorted(others, times, side="right") - 1, 0)
    after = np.minimum(np.searchsorted(others, times), len(others) - 1)
    return np.abs(times - others[before]), np.abs(others[after] - times)
