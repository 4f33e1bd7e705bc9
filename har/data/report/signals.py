"""What is drawn of the signals: one typical stretch and the mean spectra of each activity."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import welch

from har.arrays import Float64
from har.data.activities import in_order
from har.data.recording import ACC, CHANNELS, Recording, read_recording
from har.data.report.facts import gap_s

STRETCH_S = 5.0
# Segments of Welch's method: frequencies are 0.25 Hz apart.
SEGMENT_S = 4.0
MIN_BOUT_S = 1.0
# The middle of a longer bout is as good as all of it.
MAX_BOUT_S = 60.0
# More bouts of one activity in one recording would add little but time.
MAX_BOUTS = 8
FREQUENCIES = np.arange(0.25, 20.01, 0.25)  # Hz
UNLABELLED = "no label"


@dataclass(frozen=True)
class Stretch:
    """Some seconds of a recording.

    Attributes
    ----------
    activity, recording : str
        What and where.
    start_s, end_s : float
        Bounds of the stretch.
    bout_s : (float, float)
        Bounds of the activity, which may be shorter or longer.
    liveliness : float
        Standard deviation of the norm of acceleration, m/s².
    """

    activity: str
    recording: str
    start_s: float
    end_s: float
    bout_s: tuple[float, float]
    liveliness: float


@dataclass
class Mean:
    """A weighted mean of spectra: sums, by frequency."""

    power: Float64 = field(default_factory=lambda: np.zeros(len(FREQUENCIES)))
    weight: Float64 = field(default_factory=lambda: np.zeros(len(FREQUENCIES)))


class Signals:
    """Collects stretches and spectra from recordings, given one at a time."""

    def __init__(self) -> None:
        self._stretches: dict[str, list[Stretch]] = {}
        self._spectra: dict[tuple[str, str], Mean] = {}

    def add(self, recording: Recording) -> None:
        """Take a few bouts of each activity of a recording."""
        time = recording.table["time_s"].to_numpy()
        norm = np.linalg.norm(recording.table[list(ACC)].to_numpy("float64"), axis=1)
        for activity, first, end in _bouts(recording, time):
            self._add_stretch(recording.meta.recording_id, activity, time, norm, first, end)
            self._add_spectrum(recording, activity, time[first:end], norm[first:end])

    def stretches(self, folder: Path) -> Iterator[tuple[Stretch, pd.DataFrame]]:
        """Yield the most typical stretch of each activity and its samples.

        Typical is the one whose liveliness is the median of all. Data without any
        label have one stretch, of no activity.
        """
        for activity in _drawn(self._stretches):
            found = sorted(self._stretches[activity], key=lambda s: s.liveliness)
            stretch = found[len(found) // 2]
            table = read_recording(folder / f"{stretch.recording}.parquet").table
            inside = table["time_s"].between(stretch.start_s, stretch.end_s)
            yield stretch, table.loc[inside, ["time_s", *CHANNELS]]

    def spectra(self) -> dict[str, dict[str, Float64]]:
        """Return power by frequency, (m/s²)²/Hz, by activity and placement.

        The frequencies are `FREQUENCIES`; power is NaN above half the sampling rate.
        """
        means = {
            key: np.divide(m.power, m.weight, out=np.full(len(m.power), np.nan), where=m.weight > 0)
            for key, m in self._spectra.items()
        }
        return {
            activity: {place: power for (a, place), power in sorted(means.items()) if a == activity}
            for activity in _drawn({activity for activity, _ in means})
        }

    def _add_stretch(
        self, recording: str, activity: str, time: Float64, norm: Float64, first: int, end: int
    ) -> None:
        bout = (float(time[first]), float(time[end - 1]))
        start = (bout[0] + bout[1] - STRETCH_S) / 2
        start = max(float(time[0]), min(start, float(time[-1]) - STRETCH_S))
        low, high = np.searchsorted(time, [max(start, bout[0]), min(start + STRETCH_S, bout[1])])
        liveliness = float(norm[low : high + 1].std())
        stretch = Stretch(activity, recording, start, start + STRETCH_S, bout, liveliness)
        self._stretches.setdefault(activity, []).append(stretch)

    def _add_spectrum(
        self, recording: Recording, activity: str, time: Float64, norm: Float64
    ) -> None:
        rate = recording.meta.rate_hz
        middle, half = (time[0] + time[-1]) / 2, min(time[-1] - time[0], MAX_BOUT_S) / 2
        even = np.arange(middle - half, middle + half, 1 / rate)
        segment = round(SEGMENT_S * rate)
        frequencies, power = welch(
            np.interp(even, time, norm), rate, nperseg=min(segment, len(even)), nfft=segment
        )
        mean = self._spectra.setdefault((activity, recording.meta.placement), Mean())
        known = rate / 2 >= FREQUENCIES
        mean.power += np.where(known, np.interp(FREQUENCIES, frequencies, power), 0) * len(even)
        mean.weight += known * len(even)


def _drawn(found: Collection[str]) -> list[str]:
    """Return the activities that were found, or the lack of any."""
    return list(in_order(set(found) - {UNLABELLED})) or list(found)


def _bouts(recording: Recording, time: Float64) -> Iterator[tuple[str, int, int]]:
    """Yield the activity, first and end row of a few bouts of each, without gaps."""
    activity = recording.table["activity"].cat
    codes = activity.codes.to_numpy()
    gap = np.diff(time) > max(2 * gap_s(recording.meta.rate_hz), MIN_BOUT_S / 2)
    edges = np.concatenate([[0], np.flatnonzero((np.diff(codes) != 0) | gap) + 1, [len(time)]])
    long = time[edges[1:] - 1] - time[edges[:-1]] >= MIN_BOUT_S
    firsts, ends = edges[:-1][long], edges[1:][long]
    for code in np.unique(codes[firsts]):
        name = activity.categories[code] if code >= 0 else UNLABELLED
        own = np.flatnonzero(codes[firsts] == code)
        some = own[np.linspace(0, len(own) - 1, min(len(own), MAX_BOUTS)).round().astype(int)]
        for i in some:
            yield name, int(firsts[i]), int(ends[i])
