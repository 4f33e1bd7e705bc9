"""Recordings at another rate: a uniform grid by time, then a polyphase filter.

A `Resampler` takes samples as they come and gives the same values however they are cut:
`resample` gives it a whole stretch at once, a stream gives it one sample after another.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float32, Float64, Int64
from har.data.channels import columns_of
from har.data.recording import GAP_INTERVALS, Recording, exceeds, values_of

ON_GRID = 0.01  # of a sampling interval; times closer to the grid than that are on it
MAX_FACTOR = 20  # of the polyphase filter; the grid's rate is fitted to it
_ALIKE = 1e-4  # of a sampling interval; what rounding makes of a time, and no jitter
_END = 1e-6  # of a sampling interval; a grid point so little behind the last sample is at it
_REACH = 10  # samples of the lower rate that the filter reads on either side
_WINDOW = ("kaiser", 5.0)

Samples = npt.NDArray[np.floating[Any]]
"""Of shape (n_samples, n_channels)."""


def is_uniform(recording: Recording, rate_hz: float) -> bool:
    """Tell whether every sample lies on the grid of a rate, from the first one."""
    ticks = recording.table["time_s"].to_numpy() * rate_hz
    return bool((np.abs(ticks - np.round(ticks)) <= ON_GRID).all())


def ratio_of(rate_hz: float, wanted_hz: float) -> Fraction:
    """Return what a sensor's rate is multiplied by, as a small fraction: times say the rest.

    >>> ratio_of(100.3, 50.0), ratio_of(20.0, 50.0), ratio_of(49.9, 50.0)
    (Fraction(1, 2), Fraction(5, 2), Fraction(1, 1))
    """
    ratio = Fraction(wanted_hz / rate_hz).limit_denominator(MAX_FACTOR)
    if ratio == 0:  # hundreds of times slower than the sensor
        return Fraction(1, round(rate_hz / wanted_hz))
    return ratio


class Resampler:
    """Brings a stretch without gaps to another rate, chunk by chunk.

    The samples are interpolated linearly on a uniform grid near their own rate, whose ratio
    to the new rate is a small fraction; at the new rate itself, a sample that is as good as on
    the grid is taken as it is. They are then filtered as `scipy.signal.resample_poly` does
    (Kaiser window, anti-aliasing below the lower of both Nyquist rates). Beyond both ends the
    filter sees the stretch turned about its last sample (an odd extension), so that a line
    stays a line.

    Parameters
    ----------
    ratio : Fraction
        Of the new rate to the sensor's, as `ratio_of` returns it.
    rate_hz : float
        Of the result, Hz.
    """

    def __init__(self, ratio: Fraction, rate_hz: float) -> None:
        self._grid = _Grid(ratio, rate_hz)
        self._filter = None if ratio == 1 else _Filter(ratio)
        self._given = 0

    def push(self, time_s: Float64, values: Samples) -> Float32:
        """Return the samples at the new rate that no later sample can change.

        Parameters
        ----------
        time_s : ndarray of shape (n_samples,)
            Strictly increasing, also from call to call; the stretch begins at 0.
        values : ndarray of shape (n_samples, n_channels)
            At these times.

        Returns
        -------
        ndarray of shape (n, n_channels)
            They follow those returned before: sample ``k`` of all of them is at ``k / rate_hz``.
        """
        points = self._grid.push(time_s, values)
        return self._counted(self._filter.push(points) if self._filter else points)

    def finish(self) -> Float32:
        """Return the rest, up to the last grid point that is not after the last sample."""
        points = self._grid.finish()
        rest = self._filter.finish(points) if self._filter else points
        return self._counted(rest[: self._grid.length - self._given])

    def _counted(self, values: Float64) -> Float32:
        self._given += len(values)
        return values.astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-able dict."""
        return {
            "ratio": [self._grid.ratio.numerator, self._grid.ratio.denominator],
            "given": self._given,
            "grid": self._grid.to_dict(),
            "filter": self._filter and self._filter.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], rate_hz: float) -> Self:
        """Return a resampler that goes on where the one that `to_dict` was called on stood."""
        resampler = cls(Fraction(*fields["ratio"]), rate_hz)
        resampler._given = int(fields["given"])
        resampler._grid.restore(fields["grid"])
        if resampler._filter:
            resampler._filter.restore(fields["filter"])
        return resampler


class _Grid:
    """Interpolates samples on a uniform grid near their own rate."""

    def __init__(self, ratio: Fraction, rate_hz: float) -> None:
        self.ratio, self.rate_hz = ratio, rate_hz
        self._given = 0
        # The last sample: it and the next one have grid points between them.
        self._time: Float64 = np.empty(0)
        self._values: Samples = np.empty((0, 0))

    @property
    def length(self) -> int:
        """How many samples of the new rate there are up to the last sample."""
        return self._count(Fraction(1)) if len(self._time) else 0

    def push(self, time_s: Float64, values: Samples) -> Float64:
        """Return the values at the grid points up to the last of some more samples."""
        if not len(time_s):
            return np.empty((0, values.shape[1]))
        time = np.concatenate([self._time, time_s])
        known = np.concatenate([self._values, values]) if len(self._time) else values
        self._time, self._values = time[-1:], known[-1:]
        # One point more than there may be: rounding decides whether the last one is behind.
        points = self._points(self._count(self.ratio) + 1)
        return self._at(points[: np.searchsorted(points, time[-1], side="right")], time, known)

    def finish(self) -> Float64:
        """Return the values at a last grid point that is as good as at the last sample."""
        if not len(self._time):
            return self._values.astype(np.float64)
        return self._at(self._points(self._count(self.ratio)), self._time, self._values)

    def _count(self, ratio: Fraction) -> int:
        room = ON_GRID if self.ratio == 1 else _END
        return int(float(self._time[-1]) * self.rate_hz / ratio + room) + 1

    def _points(self, stop: int) -> Float64:
        places = np.arange(self._given, stop, dtype=np.float64)
        return places * float(self.ratio) / self.rate_hz

    def _at(self, points: Float64, time: Float64, values: Samples) -> Float64:
        n, is_first = len(points), self._given == 0
        self._given += n
        if is_first and self._are_alike(points, time[:n]):
            return values[:n].astype(np.float64)  # as below, in half the time
        place, is_sample = self._samples_at(points, time)
        found = values[place].astype(np.float64)
        between = ~is_sample
        if between.any():
            for channel in range(values.shape[1]):
                found[between, channel] = np.interp(points[between], time, values[:, channel])
        return found

    def _are_alike(self, points: Float64, time: Float64) -> bool:
        if self.ratio != 1 or len(points) != len(time):
            return False
        return bool((np.abs(points - time) <= _ALIKE / self.rate_hz).all())

    def _samples_at(self, points: Float64, time: Float64) -> tuple[Int64, npt.NDArray[np.bool_]]:
        """Return a sample beside each point, and whether it is taken as it is."""
        before = np.maximum(np.searchsorted(time, points, side="right") - 1, 0)
        if self.ratio != 1:
            return before, np.zeros(len(points), bool)
        room = _ALIKE / self.rate_hz
        after = np.minimum(before + 1, len(time) - 1)
        at_before = np.abs(points - time[before]) <= room
        at_after = np.abs(points - time[after]) <= room
        return np.where(at_before, before, after), at_before | at_after

    def to_dict(self) -> dict[str, Any]:
        return {
            "given": self._given,
            "time": self._time.tolist(),
            "values": self._values.tolist(),
        }

    def restore(self, fields: Mapping[str, Any]) -> None:
        self._given = int(fields["given"])
        self._time = np.array(fields["time"], np.float64)
        self._values = _array(fields["values"]).astype(np.float32)


class _Filter:
    """`scipy.signal.resample_poly`, chunk by chunk."""

    def __init__(self, ratio: Fraction) -> None:
        from scipy.signal import firwin

        self._up, self._down = ratio.numerator, ratio.denominator
        widest = max(self._up, self._down)
        self._half = _REACH * widest  # taps on either side, at `up` times the rate of the input
        self._taps = firwin(2 * self._half + 1, 1 / widest, window=_WINDOW)
        self._reach = -(-self._half // self._up)  # the same in samples of the input
        # A multiple of `down`, so that an output lies on the first sample of what is filtered.
        self._pad = -(-self._reach // self._down) * self._down
        self._values: Float64 = np.empty((0, 0))
        self._first = 0  # place of the first of them in the stretch; below 0 before its start
        self._given = 0

    @property
    def _end(self) -> int:
        return self._first + len(self._values)

    def push(self, values: Float64) -> Float64:
        """Return the outputs that need no sample behind those that are there."""
        self._values = np.concatenate([self._values, values]) if len(self._values) else values
        if self._first == 0 and self._given == 0:
            if len(self._values) <= self._pad:
                return np.empty((0, values.shape[1]))
            start = self._turned(self._values[: self._pad + 1], self._pad, 0)[: self._pad]
            self._values, self._first = np.concatenate([start, self._values]), -self._pad
        return self._outputs((self._end * self._up - 1 - self._half) // self._down + 1)

    def finish(self, values: Float64) -> Float64:
        """Return the rest of the outputs, which lie within some last samples' time."""
        ready = self.push(values)
        n_outputs = -(-self._end * self._up // self._down)
        if self._first == 0 and self._given == 0:  # it is shorter than what the filter reads
            self._values = self._turned(self._values, self._pad, self._reach)
            self._first = -self._pad
        else:
            self._values = self._turned(self._values, 0, self._reach)
        return np.concatenate([ready, self._outputs(n_outputs)])

    def _outputs(self, stop: int) -> Float64:
        """Return the outputs from the next one on, and forget the samples behind them."""
        from scipy.signal import resample_poly

        if stop <= self._given:
            return np.empty((0, self._values.shape[1]))
        offset = self._first * self._up // self._down
        # Its stub forbids taps, which its documentation asks for.
        found = resample_poly(self._values, self._up, self._down, window=self._taps)  # type: ignore[call-overload]
        found = found[self._given - offset : stop - offset]
        self._given = stop
        # What the next output reads, and what an end would be turned about.
        needed = (stop * self._down - self._half) // self._up - self._pad
        first = max(self._first, needed // self._down * self._down)
        self._values, self._first = self._values[first - self._first :], first
        return np.asarray(found)

    @staticmethod
    def _turned(values: Float64, before: int, after: int) -> Float64:
        if not len(values):
            return values
        beyond = ((before, after), (0, 0))
        return np.pad(values, beyond, mode="reflect", reflect_type="odd")

    def to_dict(self) -> dict[str, Any]:
        return {"first": self._first, "given": self._given, "values": self._values.tolist()}

    def restore(self, fields: Mapping[str, Any]) -> None:
        self._first, self._given = int(fields["first"]), int(fields["given"])
        self._values = _array(fields["values"])


def _array(rows: list[list[float]]) -> Float64:
    return np.array(rows, np.float64) if rows else np.empty((0, 0))


def resample(recording: Recording, rate_hz: float) -> Recording:
    """Return a stretch without gaps at another rate, as a `Resampler` brings it there.

    A sample gets the activity of the last row before it; in a gap (a step of more than
    `GAP_INTERVALS`) between two activities it has none.

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
    table, meta = recording.table, recording.meta
    time = table["time_s"].to_numpy()
    resampler = Resampler(ratio_of(meta.rate_hz, rate_hz), rate_hz)
    channels = columns_of(table)
    first = resampler.push(time, values_of(table, channels))
    values = np.concatenate([first, resampler.finish()])
    new_time = np.arange(len(values)) / rate_hz
    activity = _labels(table["activity"].array, time, new_time, meta.rate_hz)
    result = pd.DataFrame(
        {
            "recording_id": meta.recording_id,
            "subject_id": meta.subject_id,
            "time_s": new_time,
            **{c: values[:, i] for i, c in enumerate(channels)},
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
