"""A second sensor's values at the times of a first one, as soon as both are known."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.data.ingest.joining import JOIN_TOLERANCE_S, between
from har.data.recorders.parts.values import NEAR_S, near
from har.data.recording import CLOCK_TICK
from har.data.same_time import averaged
from har.serving.session.order import NO_ROWS, Rows

Rule = Literal["between", "near"]
_TOLERANCES: dict[Rule, float] = {"between": JOIN_TOLERANCE_S, "near": NEAR_S}


class Beside:
    """Interpolates a second sensor at the times of a first one, chunk by chunk.

    The answers are those of `har.data.ingest.joining.join` (angular velocity, which needs a
    sample near on both sides) and `har.data.recorders.parts.values.with_gravity` (gravity, of
    which one near sample is enough) on all samples at once.

    Parameters
    ----------
    rule : {"between", "near"}
        Which samples of the first sensor have a value.

    Attributes
    ----------
    lost : int
        Samples of the first sensor that nothing of the second was near.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.lost = 0
        self._first = self._second = NO_ROWS

    def push(self, first: Rows, second: Rows, until_s: float) -> tuple[Float64, Float64, Float64]:
        """Return the samples of the first sensor whose value is known.

        Parameters
        ----------
        first, second : Rows
            The next samples of both, in the order of time.
        until_s : float
            All samples of both up to this time are there; infinite at the end.

        Returns
        -------
        time_s : ndarray of shape (n,)
        values : ndarray of shape (n, n_channels)
            The first sensor's.
        beside : ndarray of shape (n, 3)
            The second sensor's.
        """
        self._second = _joined(self._second, averaged(*second))
        time, values = _joined(self._first, first)
        others = self._second[0]
        decided = self._decided(time, until_s)
        kept = decided.copy()
        if len(others):
            kept &= between(time, others) if self.rule == "between" else near(time, others)
        else:
            kept[:] = False
        self.lost += int(decided.sum() - kept.sum())
        self._first = time[~decided], values[~decided]
        found = self._interpolated(time[kept])
        self._forget(until_s)
        if until_s == np.inf:  # another clock may follow
            self._first = self._second = NO_ROWS
        return time[kept], values[kept], found

    def reach(self, until_s: float) -> float:
        """Return up to which time nothing more comes of what was pushed until then."""
        waiting = self._first[0]
        return min(until_s, float(waiting[0]) - CLOCK_TICK) if len(waiting) else until_s

    def _decided(self, time: Float64, until_s: float) -> npt.NDArray[np.bool_]:
        """Tell of which samples no later one of the second sensor can change the answer."""
        if until_s == np.inf:
            return np.ones(len(time), bool)
        room = _TOLERANCES[self.rule] + 2 * CLOCK_TICK
        others = self._second[0]
        if not len(others):
            return np.asarray(time < until_s - room)
        far = time > others[-1] + room
        if self.rule == "near":
            far &= time < until_s - room
        return np.asarray((time <= others[-1]) | far)

    def _interpolated(self, time: Float64) -> Float64:
        others, values = self._second
        if not len(time):
            return np.empty((0, 3))
        return np.column_stack([np.interp(time, others, axis) for axis in values.T])

    def _forget(self, until_s: float) -> None:
        """Forget what lies before the last one that a later sample may need."""
        others, values = self._second
        next_s = self._first[0][0] if len(self._first[0]) else until_s
        # One more than that which is before it: of equal times, the last is as good as the first.
        place = max(0, int(np.searchsorted(others, next_s)) - 1)
        self._second = others[place:], values[place:]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-able dict."""
        pairs = [[part.tolist() for part in rows] for rows in (self._first, self._second)]
        return {"lost": self.lost, "first": pairs[0], "second": pairs[1]}

    def restore(self, fields: Mapping[str, Any]) -> None:
        """Go on where the one that `to_dict` was called on stood."""
        self.lost = int(fields["lost"])
        self._first, self._second = (_rows(*fields[name]) for name in ("first", "second"))


def _joined(some: Rows, more: Rows) -> Rows:
    if not len(some[0]):
        return more
    return np.concatenate([some[0], more[0]]), np.concatenate([some[1], more[1]])


def _rows(time: list[float], values: list[list[float]]) -> Rows:
    return np.array(time, np.float64), np.array(values, np.float64).reshape(-1, 3)
