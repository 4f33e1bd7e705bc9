"""Signals made short enough to be drawn: of each stretch of samples, the lowest and highest."""

from dataclasses import dataclass

import numpy as np

from har.arrays import Float32, Float64


@dataclass(frozen=True, eq=False)
class Signals:
    """Signals without gaps, of which each row stands for one sample or more.

    Attributes
    ----------
    time_s : ndarray of shape (n_rows,)
        When each row begins, on the clock of the recording, s.
    low, high : ndarray of shape (n_rows, n_channels)
        The lowest and the highest value of the row's samples.
    """

    time_s: Float64
    low: Float32
    high: Float32

    @classmethod
    def of(cls, time_s: Float64, values: Float32) -> "Signals":
        """Return signals as they were sampled."""
        return cls(time_s, values, values)

    def __len__(self) -> int:
        return len(self.time_s)

    def between(self, start_s: float, end_s: float) -> "Signals":
        """Return the rows that begin in a stretch of time."""
        first, last = np.searchsorted(self.time_s, [start_s, end_s])
        return Signals(self.time_s[first:last], self.low[first:last], self.high[first:last])

    def thinned(self, rows: int) -> "Signals":
        """Return so many rows at most: a peak of one sample is in them still.

        >>> import numpy as np
        >>> peak = np.array([[0], [9], [0], [0], [-5], [0]], np.float32)
        >>> short = Signals.of(np.arange(6.0), peak).thinned(2)
        >>> short.time_s.tolist(), short.low[:, 0].tolist(), short.high[:, 0].tolist()
        ([0.0, 3.0], [0.0, -5.0], [9.0, 0.0])
        """
        if len(self) <= rows:
            return self
        starts = np.linspace(0, len(self), rows, endpoint=False).astype(int)
        low = np.minimum.reduceat(self.low, starts, axis=0)
        high = np.maximum.reduceat(self.high, starts, axis=0)
        return Signals(self.time_s[starts], low, high)

    def points(self) -> tuple[Float64, Float32]:
        """Return what a line goes through: each row's lowest value, and then its highest."""
        if self.low is self.high or (self.low == self.high).all():
            return self.time_s, self.low
        step = np.diff(self.time_s, append=2 * self.time_s[-1:] - self.time_s[-2:-1]) / 2
        time = np.stack([self.time_s, self.time_s + step[: len(self)]], axis=1).ravel()
        values = np.stack([self.low, self.high], axis=1)
        return time, values.reshape(-1, self.low.shape[1])
