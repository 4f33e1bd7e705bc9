"""Cleaning as `har.data.clean.clean` does it, chunk by chunk: one rate, stretches between gaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd

from har.arrays import Float32, Float64
from har.data import rates
from har.data.clean import longest_step
from har.data.recording import ACC, GYRO, exceeds
from har.data.resample import Resampler, ratio_of
from har.data.same_time import averaged
from har.data.schema import check_units
from har.errors import DataError

# A rate that was found is checked against each minute; phones change it to spare their battery.
CHECK_S, CHANGED = 60.0, 0.1
NAME = "the stream"


@dataclass(frozen=True, eq=False)
class Piece:
    """Some more samples of a stretch without gaps, at the model's rate.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_channels)
        They follow those of the piece before, or begin the stretch.
    start_s : float
        When the stretch starts, on the clock of the samples.
    begins, ends : bool
        Whether it is the first or the last piece of its stretch.
    """

    values: Float32
    start_s: float
    begins: bool = False
    ends: bool = False


class Cleaner:
    """Brings rows in the order of time to the model's rate, and parts them at gaps.

    The rate of the sensor is told, or found from the first seconds. It chooses the filter
    alone: between the same samples the same values are interpolated, whatever the clock does.

    Parameters
    ----------
    rate_hz : float
        The model's, Hz.
    max_gap_s : float
        Longest step in time that is filled, s.
    calibrate_s : float
        How much of the beginning is looked at, s.
    told_hz : float, optional
        The sensor's rate, where it is known, Hz.
    gravity : bool
        Whether acceleration holds gravity.

    Attributes
    ----------
    own_hz : float or None
        The sensor's rate; None while it is not known.
    lost : int
        Rows that were left out, because a model cannot use what begins so.
    """

    def __init__(
        self,
        rate_hz: float,
        *,
        max_gap_s: float,
        calibrate_s: float,
        told_hz: float | None = None,
        gravity: bool = True,
    ) -> None:
        self._rate_hz, self._max_gap_s = rate_hz, max_gap_s
        self._calibrate_s, self._told_hz, self._gravity = calibrate_s, told_hz, gravity
        self.own_hz: float | None = None
        self.lost = 0
        self._early: tuple[Float64, Float64] | None = None  # rows while the rate is not known
        self._origin_s: float | None = None  # of the clock: what times are taken relative to
        self._last_s = -np.inf  # of the stretch, from the origin
        self._start_s = 0.0
        self._resampler: Resampler | None = None
        self._steps, self._span_s = 0, 0.0  # since the rate was checked last

    def push(self, time_s: Float64, values: Float64, *, end: bool = False) -> Iterator[Piece]:
        """Yield what becomes of some more rows.

        Parameters
        ----------
        time_s : ndarray of shape (n_rows,)
            In order; rows may share a time.
        values : ndarray of shape (n_rows, 3) or (n_rows, 6)
            Acceleration in m/s² and, where the model reads it, angular velocity in rad/s.
        end : bool, default=False
            Whether the clock ends with these.

        Raises
        ------
        DataError
            If the first seconds say that the unit is wrong, or the rate too low; they are
            left out.
        """
        while len(time_s) or end:
            if self.own_hz is None:
                time_s, values, is_known = self._calibrated(time_s, values, end=end)
                if not is_known:
                    break
            n = self._until_changed(time_s)
            yield from self._cleaned(time_s[:n], values[:n])
            if n == len(time_s):
                break
            # The rate changed: the stretch ends, and the rest is looked at anew.
            yield from self._finish()
            self.own_hz, time_s, values = None, time_s[n:], values[n:]
        if end:
            yield from self._finish()
            self._origin_s = None

    # --- the sensor's rate -----------------------------------------------------------------

    def _calibrated(
        self, time_s: Float64, values: Float64, *, end: bool
    ) -> tuple[Float64, Float64, bool]:
        """Return the rows so far, and whether they are enough to tell the rate."""
        if self._early is not None:
            time_s = np.concatenate([self._early[0], time_s])
            values = np.concatenate([self._early[1], values])
        self._early = (time_s, values) if len(time_s) else None
        if not len(time_s):
            return time_s, values, False
        # As many rows whatever comes with them, for the same rate however samples are cut.
        n = int(np.searchsorted(time_s, time_s[0] + self._calibrate_s)) + 1
        if n > len(time_s) and not end:
            return time_s, values, False
        first = time_s[:n]
        self._early = None
        self.lost += len(time_s)  # until they are known to be of use
        if first[-1] == first[0]:  # a sample alone tells no rate
            return time_s[:0], values[:0], False
        self._check(first, values[:n])
        self.lost -= len(time_s)
        self.own_hz = self._told_hz or rates.estimate(first)
        self._steps, self._span_s = 0, 0.0
        return time_s, values, True

    def _check(self, time_s: Float64, values: Float64) -> None:
        """Raise `DataError` if a model cannot use what begins so."""
        if rates.shared(time_s) > rates.MOST_SHARED:
            raise DataError(
                f"{NAME}: most samples share their time with others",
                expected="a time for each sample",
                found=f"{len(time_s)} samples at {len(np.unique(time_s))} times",
                hint="send the times of the sensor's own clock",
            )
        rates.check_rate(self._told_hz or rates.estimate(time_s), self._rate_hz, NAME)
        columns = dict(zip(ACC + GYRO, values.T, strict=False))
        table = pd.DataFrame({"time_s": time_s, **columns})
        check_units(table, NAME, holds_gravity=self._gravity)

    def _until_changed(self, time_s: Float64) -> int:
        """Return how many rows come before one at which another rate is noticed."""
        if self._told_hz or self.own_hz is None or not len(time_s):
            return len(time_s)
        is_first = self._origin_s is None or not np.isfinite(self._last_s)
        last_s = time_s[0] if is_first else (self._origin_s or 0.0) + self._last_s
        steps = np.diff(time_s, prepend=last_s)
        normal = ~exceeds(steps, longest_step(self.own_hz, self._max_gap_s))
        spans = self._span_s + np.cumsum(np.where(normal, steps, 0.0))
        counts = self._steps + np.cumsum(normal)
        while spans[-1] >= CHECK_S:
            place = int(np.searchsorted(spans, CHECK_S))
            found_hz = counts[place] / spans[place]
            if abs(found_hz / self.own_hz - 1) > CHANGED:
                return place
            spans, counts = spans - spans[place], counts - counts[place]
        self._steps, self._span_s = int(counts[-1]), float(spans[-1])
        return len(time_s)

    # --- stretches ---------------------------------------------------------------------------

    def _cleaned(self, time_s: Float64, values: Float64) -> Iterator[Piece]:
        """Yield rows of one rate, stretch by stretch."""
        assert self.own_hz is not None
        if not len(time_s):
            return
        time_s, values = averaged(time_s, values)
        if self._origin_s is None:
            self._origin_s, self._last_s = float(time_s[0]), -np.inf
        time = time_s - self._origin_s
        single = values.astype(np.float32)
        steps = np.diff(time, prepend=self._last_s)
        limit = longest_step(self.own_hz, self._max_gap_s)
        starts = np.flatnonzero(exceeds(steps, limit))
        bounds = [0, *starts[starts > 0], len(time)]
        opens = {int(start) for start in starts}
        if self._resampler is None:
            opens.add(0)
        for first, stop in pairwise(bounds):
            yield from self._of_stretch(time[first:stop], single[first:stop], first in opens)
        self._last_s = float(time[-1])

    def _of_stretch(self, time: Float64, values: Float32, begins: bool) -> Iterator[Piece]:
        assert self.own_hz is not None and self._origin_s is not None
        if begins:
            yield from self._finish()
            self._start_s = float(time[0])
            self._resampler = Resampler(ratio_of(self.own_hz, self._rate_hz), self._rate_hz)
        assert self._resampler is not None
        found = self._resampler.push(time - self._start_s, values)
        if begins or len(found):
            yield Piece(found, self._origin_s + self._start_s, begins=begins)

    def _finish(self) -> Iterator[Piece]:
        if self._resampler is None or self._origin_s is None:
            return
        start_s = self._origin_s + self._start_s
        rest, self._resampler = self._resampler.finish(), None
        self._last_s = -np.inf
        yield Piece(rest, start_s, ends=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-able dict."""
        early = self._early and [part.tolist() for part in self._early]
        return {
            "own_hz": self.own_hz,
            "lost": self.lost,
            "early": early,
            "origin_s": self._origin_s,
            "last_s": self._last_s if np.isfinite(self._last_s) else None,
            "start_s": self._start_s,
            "steps": self._steps,
            "span_s": self._span_s,
            "resampler": self._resampler and self._resampler.to_dict(),
        }

    def restore(self, fields: Mapping[str, Any]) -> Self:
        """Go on where the one that `to_dict` was called on stood."""
        self.own_hz, self.lost = fields["own_hz"], fields["lost"]
        self._origin_s = fields["origin_s"]
        if fields["early"]:
            time, values = (np.array(part, np.float64) for part in fields["early"])
            self._early = time, values
        self._last_s = -np.inf if fields["last_s"] is None else fields["last_s"]
        self._start_s, self._steps = fields["start_s"], fields["steps"]
        self._span_s = fields["span_s"]
        if fields["resampler"]:
            self._resampler = Resampler.from_dict(fields["resampler"], self._rate_hz)
        return self
