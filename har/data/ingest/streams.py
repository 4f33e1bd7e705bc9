"""The rows of a table of any length, in stretches that lie in memory.

A stretch has one clock and stands in the order of time. A clock that was set back starts
another one; so does a recording that is longer than memory should hold: from 1.5 times
`PART_ROWS` on, its first `PART_ROWS` are a part of it. What follows is a part of its own, from
the next sample on: no sample is in two parts or in none, and a grid of windows loses at most
one on either side of a border.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from har.data import rates
from har.data.ingest.ledger import ORIGIN, Ledger
from har.data.ingest.text import joined
from har.data.recording import GYRO, exceeds
from har.data.schema import are_measurements, failing_rows
from har.data.sources.base import Table
from har.errors import DataError

PART_ROWS = 1_000_000  # 2.8 hours at 100 Hz
CHUNK_ROWS = PART_ROWS // 2  # that are judged together
RESET_S = 1.0  # a longer step backward is a clock that was set, a shorter one is disorder


@dataclass(frozen=True)
class Stretch:
    """Rows of one clock in the order of time.

    Attributes
    ----------
    rows : DataFrame
        As `har.data.sources.base.Raw` has them, without those that are no measurement.
    clock, part : int
        Both count from 1, parts within their clock.
    more : bool
        Whether another part of this clock follows.
    only_clock : bool
        Whether no other clock is known.
    """

    rows: pd.DataFrame
    clock: int
    part: int
    more: bool
    only_clock: bool

    @property
    def suffix(self) -> str:
        """What tells its recording's name from those of the others."""
        in_parts = self.part > 1 or self.more
        told = self.clock > 1 or not (self.only_clock or in_parts)
        return (f"-clock{self.clock}" if told else "") + (f"-part{self.part}" if in_parts else "")


class Stream:
    """The stretches of a table, one after another.

    Parameters
    ----------
    table : Table
        Whole, or in blocks.
    convert : callable
        Turns rows into SI units.
    check : callable
        Given rows in SI units; raises `DataError` where nothing of the table can be trusted.
    ledger : Ledger
        Told of rows that are set aside or put in order.

    Attributes
    ----------
    n_clocks : int
        Those that were met so far.
    ended : bool
        Whether all rows were read, so that there are no other clocks.
    """

    def __init__(
        self,
        table: Table,
        *,
        convert: Callable[[pd.DataFrame], pd.DataFrame],
        check: Callable[[pd.DataFrame], None],
        ledger: Ledger,
    ) -> None:
        self._chunks = _chunks(table)
        self._next = next(self._chunks, None)
        self._convert, self._check, self._ledger = convert, check, ledger
        # Rows of the clock that is being handed out, then of those that follow it.
        self._clocks: deque[list[pd.DataFrame]] = deque([[]])
        self._clock, self._part, self.n_clocks = 1, 1, 1
        self._read_s = -np.inf  # time of the row that was read last
        self._handed_s = -np.inf  # and of this clock's that was handed out last
        self._empty = pd.DataFrame() if self._next is None else convert(self._next[:0])

    @property
    def ended(self) -> bool:
        """Whether all rows were read."""
        return self._next is None

    def look(self) -> None:
        """Read the first rows, if none were read; see `take` for the error."""
        if self._read_s == -np.inf:
            self._read()

    def take(self) -> Stretch | None:
        """Return the next stretch, or None behind the last one.

        Raises
        ------
        DataError
            If nothing of the table can be trusted; `rest` has its rows.
        """
        while self._clocks:
            while self._may_read and self._read():
                pass
            rows = self._ordered()
            if len(rows) >= 1.5 * PART_ROWS:
                return self._hand_out(rows, _place(rows, PART_ROWS))
            if self._is_whole:
                return self._hand_out(rows)
        return None

    def until(self, clock: int, end_s: float) -> Iterator[pd.DataFrame]:
        """Yield the rows of a clock up to a time, inclusive, in the order of time.

        Raises
        ------
        DataError
            See `take`.
        """
        while self._clocks and self._clock == clock:
            while self._may_read and self._read_s <= end_s + RESET_S and self._read():
                pass
            rows = self._ordered()
            place = int(np.searchsorted(rows["time_s"], end_s, side="right"))
            if place == len(rows) and self._is_whole:
                yield self._hand_out(rows).rows
                return
            if place < len(rows) or len(rows) < 1.5 * PART_ROWS:
                yield self._hand_out(rows, place).rows
                return
            yield self._hand_out(rows, _place(rows, PART_ROWS)).rows

    def following(self, clock: int) -> pd.DataFrame:
        """Return the first of a clock's rows that were not handed out; maybe none."""
        return self._ordered()[:1] if self._clocks and self._clock == clock else self._empty

    def rest(self) -> Iterator[pd.DataFrame]:
        """Yield all rows that were not handed out; nothing is left then."""
        while self._clocks:
            yield from self._clocks.popleft()
        while self._next is not None:
            yield self._convert(self._next)
            self._next = next(self._chunks, None)

    @property
    def _may_read(self) -> bool:
        """Whether this clock may go on in what was not read, and memory has room for it."""
        size = sum(len(rows) for rows in self._clocks[0])
        return len(self._clocks) == 1 and size < 1.5 * PART_ROWS

    @property
    def _is_whole(self) -> bool:
        """Whether all rows of this clock were read."""
        return self.ended or len(self._clocks) > 1

    def _read(self) -> bool:
        """Read the next rows; return whether there were any."""
        if self._next is None:
            return False
        rows = self._convert(self._next)
        self._next = next(self._chunks, None)
        try:
            self._check(rows)
        except DataError:
            self._clocks[-1].append(rows)
            raise
        self._append(_sound(rows, self._ledger))
        return True

    def _append(self, rows: pd.DataFrame) -> None:
        """Add rows to their clocks."""
        if rows.empty:
            return
        time = rows["time_s"].to_numpy()
        resets = np.flatnonzero(exceeds(-np.diff(time, prepend=self._read_s), RESET_S))
        for number, (start, end) in enumerate(pairwise([0, *resets, len(rows)])):
            if number:
                self._clocks.append([])
                self.n_clocks += 1
            if end > start:
                whole = end - start == len(rows)
                part = rows if whole else rows[start:end].reset_index(drop=True)
                self._clocks[-1].append(part)
        self._read_s = float(time[-1])

    def _ordered(self) -> pd.DataFrame:
        """Return the rows of this clock that were read, in the order of time."""
        frames = self._clocks[0]
        rows = joined(frames) if frames else self._empty
        if len({tuple(frame.columns) for frame in frames}) > 1:
            missing = rows[list(GYRO)].isna().any(axis=1).to_numpy()
            rows = self._ledger.filter(rows, missing, "gyro_x is missing")
        if not frames:
            return rows
        time = rows["time_s"].to_numpy()
        if (np.diff(time, prepend=self._handed_s) <= 0).any():
            lost = "too late to be put in the order of time"
            rows = self._ledger.filter(rows, time <= self._handed_s, lost)
            rows = _without_copies(_in_order(rows, self._ledger), self._ledger)
        self._clocks[0] = [rows]
        return rows

    def _hand_out(self, rows: pd.DataFrame, place: int | None = None) -> Stretch:
        """Return the rows before a place, and keep the others; without one, end the clock."""
        clock, part, more = self._clock, self._part, place is not None
        if more:
            handed = rows[:place]
            self._clocks[0] = [rows[place:].reset_index(drop=True)]
            self._part += 1
            self._handed_s = float(handed["time_s"].max()) if len(handed) else self._handed_s
            return Stretch(handed, clock, part, more, self.n_clocks == 1)
        self._clocks.popleft()
        self._clock, self._part, self._handed_s = clock + 1, 1, -np.inf
        return Stretch(rows, clock, part, more, self.n_clocks == 1)


def _chunks(table: Table) -> Iterator[pd.DataFrame]:
    """Yield a table in parts of about `CHUNK_ROWS`, small blocks joined."""
    blocks: list[pd.DataFrame] = []
    for block in [table] if isinstance(table, pd.DataFrame) else table:
        blocks.append(block)
        if sum(map(len, blocks)) >= CHUNK_ROWS:
            yield joined(blocks)
            blocks = []
    if blocks:
        yield joined(blocks)


def _place(rows: pd.DataFrame, n: int) -> int:
    """Return where to cut rows near a place, so that those of one time stay together."""
    time = rows["time_s"].to_numpy()
    before = int(np.searchsorted(time, time[n]))
    return before or int(np.searchsorted(time, time[n], side="right"))


def _sound(table: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Quarantine rows that are no measurement, and copies of rows."""
    if "acc_x" in table and all(c in table and table[c].isna().all() for c in GYRO):
        table = table.drop(columns=list(GYRO))
    if not are_measurements(table):
        reasons = failing_rows(table)
        for reason in reasons.dropna().unique():
            ledger.quarantine(table[reasons == reason], reason)
        table = table[reasons.isna()].reset_index(drop=True)
    return _without_copies(table, ledger)


def _without_copies(table: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    time = table["time_s"].to_numpy()
    if (np.diff(time) > 0).all():
        return table
    values = [c for c in table.columns if c not in ORIGIN]
    copies = table.duplicated(values).to_numpy()
    if rates.shared(time[~copies]) > rates.MOST_SHARED:
        return table  # where a batch has one time, samples that are alike are no copies
    return ledger.filter(table, copies, "copy of an earlier row")


def _in_order(table: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    time = table["time_s"].to_numpy()
    late = time < np.maximum.accumulate(time) if len(time) else np.zeros(0, bool)
    if not late.any():
        return table
    ledger.repair(table, late, "put in the order of time")
    return table.sort_values("time_s", kind="stable", ignore_index=True)
