"""Which column is time, in which unit."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.ingest import times
from har.data.ingest.columns import TIME_UNITS, column
from har.data.ingest.guess.made import Made, has_values, numbers
from har.data.ingest.mapping import TIME_UNITS as SECONDS
from har.errors import DataError

# Of rows that are later than the one before; in a file with fewer, times are too coarse.
COARSE = 0.5
RATES = (0.5, 4000.0)  # Hz; what wearable sensors sample at, with room
LONGEST = 500  # characters of a name that are looked at
_TIME = re.compile(
    r"(?:\w*(?:time|timestamp|datetime|epoch|epoc|elapsed|clock)\w*|t|ts|date|seconds?|millis|"
    r"yyyymoddhhmiss\w*)"
)
_NO_TIME = re.compile(r"\w*(?:zone|offset|reaction|period|recording)\w*")


def add_time(
    made: Made,
    header: Sequence[str],
    units: Sequence[str],
    samples: Sequence[pd.DataFrame],
    where: str,
) -> None:
    """Add the column of time, its unit and its order of day and month.

    Raises
    ------
    DataError
        If there is no column of the name that was stated.
    """
    names = [n for n in _candidates(made, header, where) if any(has_values(s[n]) for s in samples)]
    if not names and made.stated.rate_hz:
        return
    if not names:
        made.doubt("rate_hz", "There is no column of time; how many rows are there in a second?")
        return
    name = max(names, key=lambda name: _distinct(samples, name))
    if made.stated.rate_hz and not made.stated.time and _distinct(samples, name)[0] < COARSE:
        return  # most rows share their time with the one before: the rate says more
    unit = column(name, dict(zip(header, units, strict=False)).get(name, "")).unit
    made.add("time", name, said=unit in TIME_UNITS)
    values = [s[name] for s in samples]
    if not _arenumbers(values):
        made.add("time_unit", "datetime")
        _add_order(made, values)
        return
    plausible = _time_unit(values)
    if unit not in TIME_UNITS:
        made.add("time_unit", plausible or "s")
    elif plausible in (unit, ""):
        made.add("time_unit", unit, said=True)
    else:
        question = f"Is {name!r} in {unit}, as it is named, or in {plausible}, by its steps?"
        made.doubt("time_unit", question, unit, plausible)


def _candidates(made: Made, header: Sequence[str], where: str) -> list[str]:
    """Return the column that was stated, or those that are named as times are."""
    stated = made.stated.time
    if not stated:
        used = {*(made.get("acc") or ()), *(made.get("gyro") or ())}
        return [name for name in header if name not in used and _is_time(name)]
    if stated not in header:
        found = ", ".join(name[:40] for name in header if name)
        raise DataError(f"{where}: no column {stated}", expected=stated, found=found)
    return [stated]


def _is_time(name: str) -> bool:
    plain = re.sub(r"[\W_]+", "", re.sub(r"\(.*?\)|\[.*?\]", "", name[:LONGEST])).lower()
    return bool(_TIME.fullmatch(plain)) and not _NO_TIME.fullmatch(plain)


def _distinct(samples: Sequence[pd.DataFrame], name: str) -> tuple[float, bool]:
    """Return the share of rows with a later time than the one before, the finer first."""
    later = []
    for sample in samples:
        values = numbers(sample[name])
        if np.isfinite(values).mean() < 0.5:
            values = np.asarray(times.of_dates(sample[name]), np.float64)
        steps = np.diff(values)
        later.append(float((steps > 0).mean()) if len(steps) else 0.0)
    return round(float(np.median(later)), 1) if later else 0.0, "sensor" in name.lower()


def _arenumbers(values: Sequence["pd.Series[Any]"]) -> bool:
    return any(np.isfinite(numbers(v)).mean() >= 0.5 for v in values if len(v)) or all(
        pd.api.types.is_timedelta64_dtype(v) for v in values
    )


def _add_order(made: Made, values: Sequence["pd.Series[Any]"]) -> None:
    text = pd.concat([v.astype("str") for v in values])
    order = times.order_of(text)
    if order is None:
        first = str(text.iloc[0])
        made.doubt("date_order", f"Does {first!r} name the day or the month first?", "dmy", "mdy")
    elif order != times.ISO:
        made.add("date_order", order)


def _time_unit(values: Sequence["pd.Series[Any]"]) -> str:
    """Return the unit in which the median step is a plausible rate, or an empty text."""
    steps = np.concatenate([np.diff(numbers(v)) for v in values])
    forward = steps[steps > 0]
    if not len(forward):
        return ""
    step = float(np.median(forward))
    rates = {unit: 1 / (factor * step) for unit, factor in SECONDS.items()}
    return next((u for u, r in rates.items() if RATES[0] <= r <= RATES[1]), "")


def seconds_of(sample: pd.DataFrame, made: Made) -> Float64:
    """Return the times of a sample, s."""
    name = made.get("time")
    if name not in sample:
        return np.arange(len(sample)) / (made.stated.rate_hz or 50.0)
    unit = made.get("time_unit") or "s"
    if unit == "datetime":
        order = made.get("date_order") or times.ISO
        return np.asarray(times.of_dates(sample[name], order), np.float64)
    return numbers(sample[name]) * SECONDS[unit]
