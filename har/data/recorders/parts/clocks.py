"""From what recorders write as time to seconds."""

from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.ingest.times import since_1970

# Seconds since 1970 in this unit are above this for any time since 1973: the units are a
# thousand apart, and the years 1973 to 5138 are not.
_UNITS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))


def epoch(values: Any) -> Float64:
    """Return seconds of times since 1970 that are in ns, µs, ms or s, told by their size.

    >>> epoch([1698501144401773000]).round(3).tolist(), epoch([1.6e9]).tolist()
    ([1698501144.402], [1600000000.0])
    """
    times = np.asarray(values, np.float64)
    sound = np.abs(times[np.isfinite(times)])
    largest = float(np.median(sound)) if len(sound) else 0.0
    factor = next((factor for limit, factor in _UNITS if largest >= limit), 1.0)
    scaled: Float64 = times * factor
    return scaled


def stamps(texts: "pd.Series[Any]", form: str = "ISO8601") -> Float64:
    """Return seconds since 1970 of dates with times; NaN for what is none.

    Parameters
    ----------
    texts : Series
        Of text, or categories of it. One without a zone counts as UTC.
    form : str
        As of `pandas.to_datetime`.
    """
    words = pd.Categorical(texts)
    if not len(words.categories):
        return np.full(len(words), np.nan)
    times = pd.to_datetime(
        pd.Series(words.categories.astype(str)), format=form, errors="coerce", utc=True
    )
    seconds = since_1970(times).to_numpy("float64")
    found: Float64 = np.append(seconds, np.nan)[words.codes]
    return found


def stamp(text: str, form: str = "ISO8601") -> float:
    """Return seconds since 1970 of one date with a time; NaN if it is none.

    >>> stamp("2026-11-20 10:00:00.5"), stamp("soon")
    (1795168800.5, nan)
    """
    return float(stamps(pd.Series([text], dtype="str"), form)[0])


class Unwrapped:
    """A counter that starts again at 0, block by block as one that never does.

    Parameters
    ----------
    period : float
        What it counts to.
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._last: float | None = None
        self._turns = 0.0

    def __call__(self, values: Float64) -> Float64:
        """Return the next values, continued. A step back by over half a period is a turn."""
        if not len(values):
            return values
        first = values[0] if self._last is None else self._last
        steps = np.diff(values, prepend=first)
        turns = self._turns + np.cumsum(np.where(steps < -self._period / 2, self._period, 0.0))
        self._last, self._turns = float(values[-1]), float(turns[-1])
        return np.asarray(values + turns)
