"""A magnetometer with a clock of its own, whose field is read along with acceleration.

It serves the few models that ask for it, so nothing else depends on it: one that is broken is
told and left out, and no row of acceleration is set aside for it.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data import rates
from har.data.ingest.joining import between
from har.data.ingest.ledger import Ledger
from har.data.ingest.streams import Stream
from har.data.ingest.text import joined
from har.data.recording import MAG, values_of
from har.data.same_time import averaged
from har.errors import DataError, VerificationError

# Between a sample of acceleration and its neighbours, s: sensors run as slowly as 5 to 10 Hz, and
# begin a moment after the accelerometer.
NEAR_S = 0.25
Read = Callable[[Ledger], Iterable[pd.DataFrame]]


class Magnetometer:
    """The magnetic field at the times of acceleration.

    Parameters
    ----------
    read : callable or None
        As `har.data.sources.base.Raw.field` has it; None: there is no such sensor.
    name : str
        Of the recording.
    ledger : Ledger
        Told of every row: those of recordings that have the field are kept, others left out.
    """

    def __init__(self, read: Read | None, name: str, ledger: Ledger) -> None:
        self._read, self._name, self._ledger = read, name, ledger
        self._own = Ledger()  # a row that cannot be read is no reason to set anything aside
        self._stream: Stream | None = None
        self._error: DataError | VerificationError | None = None
        self._clock = 1
        self._last = self._beside = pd.DataFrame()

    def at(self, clock: int, times: Float64) -> Float64 | None:
        """Return the field at the times of a stretch of acceleration, which come in order.

        Parameters
        ----------
        clock : int
            Which of the clocks they are on, from 1.
        times : ndarray of shape (n_samples,)
            In order, s.

        Returns
        -------
        ndarray of shape (n_samples, 3) or None
            In µT; NaN where there is no sample near. None: there is no such sensor.

        Raises
        ------
        DataError
            If it cannot be read.
        """
        if self._read is None:
            return None
        try:
            rows = self._until(clock, times[-1] + NEAR_S)
            field = _interpolated(rows, times, self._name)
        except (DataError, VerificationError) as error:
            self._error = self._error or error
            raise DataError(f"cannot be read: {error.message}", found=error.found) from None
        if len(rows):
            time = rows["time_s"].to_numpy()
            new = np.arange(len(rows)) >= len(self._last)
            self._beside = rows[new & (time >= times[0] - NEAR_S)]
            self._last = rows[time > times[-1] - NEAR_S]
        else:
            self._beside = self._last = rows
        return field

    def keep(self) -> None:
        """Count the rows beside the latest times as kept: their field is in a recording."""
        if len(self._beside):
            self._own.keep(self._beside)
            self._ledger.keep(self._beside)

    def close(self) -> None:
        """Read what is left, and account for all rows."""
        if self._read is None:
            return
        try:
            for _ in self._opened().rest():
                pass
        except (DataError, VerificationError) as error:
            self._error = self._error or error
        self._ledger.along(self._own)
        if told := "; ".join(f"{why}: {n:,} rows" for why, n in self._own.reasons.items()):
            self._ledger.warn(self._name, "magnetometer", f"left out: {told}")

    def _until(self, clock: int, end_s: float) -> pd.DataFrame:
        """Return a clock's next rows up to a time, behind the last ones before them."""
        stream = self._opened()
        for passed in range(self._clock, clock):
            for _ in stream.until(passed, np.inf):
                pass
            self._last = self._last[:0]
        self._clock = clock
        read = [rows for rows in stream.until(clock, end_s) if len(rows)]
        own = joined(read) if read else stream.following(0)
        return joined([self._last, own]) if len(self._last) else own

    def _opened(self) -> Stream:
        if self._error:
            raise self._error
        if self._stream is None:
            assert self._read is not None
            table = self._read(self._own)
            self._stream = Stream(table, convert=_sound, check=lambda _: None, ledger=self._own)
        return self._stream


def _sound(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a value of each axis."""
    sound = np.isfinite(values_of(rows, MAG)).all(axis=1)
    return rows if sound.all() else rows[sound].reset_index(drop=True)


def _interpolated(rows: pd.DataFrame, times: Float64, name: str) -> Float64:
    """Return the field at some times, NaN where there is no row near on both sides."""
    if rows.empty:
        return np.full((len(times), len(MAG)), np.nan)
    own = rates.spread(rows["time_s"].to_numpy(), name)
    known, values = averaged(own, values_of(rows, MAG))
    field = np.column_stack([np.interp(times, known, axis) for axis in values.T])
    field[~between(times, known, NEAR_S)] = np.nan
    return field
