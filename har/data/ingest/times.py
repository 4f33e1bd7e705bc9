"""Columns of time to seconds: numbers in any unit, and dates in the ways that recorders write."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float64
from har.data.recording import Clock

ISO = "ymd"
# s; times since 1970 are later than this, those since the start of a recording earlier.
SINCE_1970 = 5e8
_ZONE = re.compile(r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.I)
_DATE = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b")
_OF_DAY = re.compile(r"^\d{1,2}:\d{2}(:\d{2}([.,:]\d+)?)?$")


def of_dates(words: "pd.Series[Any]", order: str = ISO) -> "pd.Series[float]":
    """Return dates as seconds since 1970 (in UTC where no zone is named), NaN where none is.

    Read are ISO 8601; a colon or a comma before the fraction of a second; blanks and slashes;
    day or month first, as `order` says; times of the day without a date, from midnight.

    >>> of_dates(pd.Series(["1970-01-01 00:00:01:500", "01/02/1970 00:00"]), "dmy").tolist()
    [1.5, 2678400.0]
    >>> of_dates(pd.Series(["00:01:00,25", "noon"])).tolist()
    [60.25, nan]
    """
    text = words.astype("str")
    found = of_iso(text)
    if found.isna().any():
        rest = found.isna() & words.notna()
        found = found.mask(rest, of_iso(text[rest].map(lambda word: _plain(word, order))))
    return found


def of_iso(dates: "pd.Series[Any]") -> "pd.Series[float]":
    """Return dates of ISO 8601, as texts or parsed, as seconds since 1970; NaN where none is."""
    return since_1970(pd.to_datetime(dates, errors="coerce", utc=True, format="ISO8601"))


def since_1970(stamps: "pd.Series[Any]") -> "pd.Series[float]":
    """Return moments with a zone as seconds since 1970."""
    seconds: pd.Series[float] = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return seconds


def _plain(word: str, order: str) -> str:
    """Return a date as ISO 8601 writes it."""
    text = word.strip()
    if _OF_DAY.match(text):
        text = f"1970-01-01 {text.zfill(8) if text[1:2] == ':' else text}"
    text = re.sub(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", text)
    if match := _DATE.match(text):
        day, month = (match[2], match[1]) if order == "mdy" else (match[1], match[2])
        text = f"{match[3]}-{month}-{day}{text[match.end() :]}"
    text = re.sub(r"^(\d{4})-(\d{1,2})-(\d{1,2})", _padded, text)
    # AndroSensor writes 10-00-00 for the time of the day in some of its versions.
    text = re.sub(r"^(\S{10})[ T,;]+(\d{1,2})[-:](\d{2})[-:](\d{2})", _clock, text)
    text = re.sub(r"(\d{2}:\d{2}:\d{2})[:,_](\d{1,9})", r"\1.\2", text)
    return _half_days(re.sub(r"(?<!\s)\s*(UTC|GMT)$", "Z", text))


def _padded(match: re.Match[str]) -> str:
    return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"


def _clock(match: re.Match[str]) -> str:
    return f"{match[1]} {int(match[2]):02}:{match[3]}:{match[4]}"


def _half_days(text: str) -> str:
    """Return a time of twelve hours with AM or PM as one of twenty-four."""
    match = re.fullmatch(r"(\S{10}) (\d{2})(:\S+?)\s*([AP])\.?M\.?", text, re.I)
    if not match:
        return text
    hour = int(match[2]) % 12 + (12 if match[4].upper() == "P" else 0)
    return f"{match[1]} {hour:02}{match[3]}"


def order_of(words: "pd.Series[Any]") -> str | None:
    """Return in which order dates name day and month, or None where both may be first.

    >>> order_of(pd.Series(["06/05/2024 07:08", "13/05/2024 07:08"]))
    'dmy'
    >>> order_of(pd.Series(["06/05/2024 07:08"])) is None
    True
    """
    parts = words.astype("str").str.extract(_DATE.pattern).dropna().astype(int)
    if parts.empty:
        return ISO
    first, second = int(parts[0].max()), int(parts[1].max())
    if first > 12 >= second:
        return "dmy"
    if second > 12 >= first:
        return "mdy"
    # Only the day changes within a recording that has two dates.
    changing = parts[0].nunique() > 1, parts[1].nunique() > 1
    return {(True, False): "dmy", (False, True): "mdy"}.get(changing)


def clock_of(words: "pd.Series[Any]") -> Clock:
    """Return what dates count from: UTC where they name a zone, else the time of a place."""
    first = next((str(word).strip() for word in words.dropna()), "")
    if _OF_DAY.match(first):
        return ""
    return "utc" if _ZONE.search(first) else "local"


def clock_of_numbers(seconds: npt.ArrayLike) -> Clock:
    """Return what numbers count from: 1970 where they are that large."""
    values: Float64 = np.asarray(seconds, np.float64)
    finite = values[np.isfinite(values)]
    return "utc" if len(finite) and finite[0] > SINCE_1970 else ""
