"""Samples of all sensors in the order of time, as soon as no earlier one is waited for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from har.arrays import Float64
from har.errors import DataError
from har.serving.session.chunks import SENSORS, Chunk, Sensor

# A clock whose samples stay behind for so long was set back, and nobody sent them twice, s.
SET_BACK_S = 10.0
# Samples that wait for others, of all sensors: 100 s of three sensors at 400 Hz.
MAX_WAITING = 120_000
LATE, COPY = "too late to be put in the order of time", "copy of an earlier row"

Rows = tuple[Float64, Float64]
"""Times of shape (n,) and values of shape (n, 3), in the order of time."""
NO_ROWS: Rows = (np.empty(0), np.empty((0, 3)))


@dataclass(frozen=True, eq=False)
class Released:
    """Samples that nothing can come before any more.

    Attributes
    ----------
    rows : dict of str to Rows
        By sensor.
    until_s : float
        All samples up to this time are there.
    ends_clock : bool
        Whether the clock was set back behind these.
    """

    rows: dict[Sensor, Rows]
    until_s: float
    ends_clock: bool = False


@dataclass
class Order:
    """Puts samples in order, across sensors and however late within a tolerance.

    Attributes
    ----------
    late_s : float
        How much older than the newest one a sample may be, s.
    lost : Counter
        Samples that were taken out, by reason.
    """

    late_s: float
    lost: Counter[str] = field(default_factory=Counter)
    _newest: float = -np.inf
    _until: float = -np.inf
    _waiting: dict[Sensor, list[Rows]] = field(default_factory=dict)
    # Older than what was released: samples that come too late, or a clock that was set back.
    _behind: list[Chunk] = field(default_factory=list)

    def push(self, chunks: Iterable[Chunk]) -> list[Released]:
        """Take samples and return those that may go on.

        Raises
        ------
        DataError
            If more wait than memory should hold; none is taken then.
        """
        chunks = [chunk for chunk in chunks if len(chunk)]
        self._check_room(chunks)
        for chunk in chunks:
            self._take(chunk)
        released = [self._release()]
        if self._is_set_back:
            released += self._set_back()
        return released

    def finish(self) -> Released:
        """Return all samples that wait; those of a clock that may have been set back are lost."""
        self._forget_behind()
        return self._release(np.inf)

    def _check_room(self, chunks: list[Chunk]) -> None:
        newest = max((float(c.time_s.max()) for c in chunks), default=self._newest)
        until = max(self._until, max(newest, self._newest) - self.late_s)
        stay = sum(int((c.time_s > until).sum()) for c in chunks)
        stay += sum(
            int((time > until).sum()) for rows in self._waiting.values() for time, _ in rows
        )
        stay += sum(map(len, self._behind))
        if stay > MAX_WAITING:
            raise DataError(
                "too many samples wait for earlier ones",
                expected=f"at most {MAX_WAITING:,} within {self.late_s:g} s",
                found=f"{stay:,}",
                hint="check the clock: times are in seconds",
            )

    def _take(self, chunk: Chunk) -> None:
        on_time = chunk.time_s > self._until
        if on_time.any():
            self._forget_behind()
            rows = (chunk.time_s[on_time], chunk.values[on_time])
            self._waiting.setdefault(chunk.sensor, []).append(rows)
            self._newest = max(self._newest, float(rows[0].max()))
        if not on_time.all():
            late = ~on_time
            self._behind.append(Chunk(chunk.sensor, chunk.time_s[late], chunk.values[late]))

    @property
    def _is_set_back(self) -> bool:
        """Whether the samples that are behind go on for so long that they have another clock."""
        if not self._behind:
            return False
        first = min(float(chunk.time_s.min()) for chunk in self._behind)
        return max(float(chunk.time_s.max()) for chunk in self._behind) - first >= SET_BACK_S

    def _set_back(self) -> list[Released]:
        """End the clock and begin another with the samples that were behind."""
        rest = self._release(np.inf)
        behind, self._behind = self._behind, []
        self._newest = self._until = -np.inf
        for chunk in behind:
            self._take(chunk)
        return [Released(rest.rows, rest.until_s, ends_clock=True), self._release()]

    def _forget_behind(self) -> None:
        if late := sum(map(len, self._behind)):
            self.lost[LATE] += late
            self._behind = []

    def _release(self, until: float | None = None) -> Released:
        until = max(self._until, self._newest - self.late_s) if until is None else until
        rows = {sensor: self._ordered(sensor, until) for sensor in self._waiting}
        self._until = until
        return Released(rows, until)

    def _ordered(self, sensor: Sensor, until: float) -> Rows:
        """Return a sensor's samples up to a time, each once, and keep the others."""
        waiting = self._waiting[sensor]
        if not waiting:
            return NO_ROWS
        time, values = (np.concatenate(part) for part in zip(*waiting, strict=True))
        now = time <= until
        self._waiting[sensor] = [] if now.all() else [(time[~now], values[~now])]
        time, values = time[now], values[now]
        if (np.diff(time) <= 0).any():
            order = np.argsort(time, kind="stable")
            time, values = self._without_copies(time[order], values[order])
        return time, values

    def _without_copies(self, time: Float64, values: Float64) -> Rows:
        rows = np.column_stack([time, values])
        _, first = np.unique(rows, axis=0, return_index=True)
        if len(first) == len(rows):
            return time, values
        self.lost[COPY] += len(rows) - len(first)
        kept = np.sort(first)
        return time[kept], values[kept]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-able dict."""
        waiting = [
            Chunk(sensor, *rows) for sensor, parts in self._waiting.items() for rows in parts
        ]
        return {
            "late_s": self.late_s,
            "lost": dict(self.lost),
            "newest": _finite(self._newest),
            "until": _finite(self._until),
            "waiting": [_to_list(chunk) for chunk in waiting],
            "behind": [_to_list(chunk) for chunk in self._behind],
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        order = cls(fields["late_s"], Counter(fields["lost"]))
        order._newest, order._until = (
            -np.inf if fields[name] is None else fields[name] for name in ("newest", "until")
        )
        for chunk in map(_of_list, fields["waiting"]):
            order._waiting.setdefault(chunk.sensor, []).append((chunk.time_s, chunk.values))
        order._behind = list(map(_of_list, fields["behind"]))
        return order


def _finite(time_s: float) -> float | None:
    return time_s if np.isfinite(time_s) else None


def _to_list(chunk: Chunk) -> list[Any]:
    return [chunk.sensor, chunk.time_s.tolist(), chunk.values.tolist()]


def _of_list(fields: list[Any]) -> Chunk:
    sensor, time, values = fields
    if sensor not in SENSORS:
        raise ValueError(f"{sensor!r} is no sensor")
    return Chunk(sensor, np.array(time, np.float64), np.array(values, np.float64).reshape(-1, 3))
