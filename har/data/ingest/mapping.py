r"""Which columns of a user's own tables are what: stated in TOML or by flags, or guessed.

.. code-block:: toml

   time = "timestamp"        # none: rows are rate_hz apart
   time_unit = "ms"          # s, ms, us, ns or datetime
   acc = ["ax", "ay", "az"]
   acc_unit = "g"            # m/s2 or g
   gyro = ["gx", "gy", "gz"]
   gyro_unit = "deg/s"       # rad/s or deg/s
   subject = "user"          # a column, or: subject_pattern = "s(\d+)" on the file's path
   activity = "label"

   [labels]                  # the file's word = an activity of any name, "" leaves it out
   Walk = "walking"
   Biceps = "biceps-curl"

   [activities]              # of your own, under a parent; "" for a root
   biceps-curl = "exercise"
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from har.arrays import Float64
from har.data.activities import Taxonomy, name_of
from har.data.gravity import STANDARD_GRAVITY
from har.data.ingest.vocabulary import is_no_label
from har.data.schema import MAX_GYRO
from har.errors import DataError, MissingError

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
RATES = (4.0, 2000.0)  # Hz; what wearable sensors sample at
TIME = (
    r"(?:time|timestamp|t|ts|epoch|datetime|date|elapsed)"
    r"(?:[ _]*[(\[]?(?:s|ms|us|ns|sec|seconds|milli\w*)[)\]]?)?"
)
Axes = tuple[str, str, str]


class ColumnMapping(BaseModel):
    """Columns and units of tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: str | None = None
    time_unit: Literal["s", "ms", "us", "ns", "datetime"] = "s"
    rate_hz: float | None = Field(None, gt=0)
    acc: Axes
    acc_unit: Literal["m/s2", "g"] = "m/s2"
    gyro: Axes | None = None
    gyro_unit: Literal["rad/s", "deg/s"] = "rad/s"
    subject: str | None = None
    subject_pattern: str | None = None
    recording: str | None = None
    activity: str | None = None
    placement: str = "unknown"
    separator: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    labels: dict[str, str] = {}
    activities: dict[str, str] = {}

    @field_validator("labels", "activities")
    @classmethod
    def _named(cls, meant: dict[str, str], field: ValidationInfo) -> dict[str, str]:
        if wrong := next((name for name in meant.values() if name and is_no_label(name)), None):
            raise ValueError(f'{wrong!r} is no activity; "" says that there is none')
        keys = meant if field.field_name == "labels" else map(name_of, meant)
        return {key: name and name_of(name) for key, name in zip(keys, meant.values(), strict=True)}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.time is None and self.rate_hz is None:
            raise ValueError("needs a column of time, or rate_hz")
        used = [self.time, *self.acc, *(self.gyro or ()), self.subject]
        for role in (self.activity, self.recording):  # there may be one recording per activity
            names = [name for name in (*used, role) if name]
            if len(names) != len(set(names)):
                raise ValueError("uses one column twice")
        try:
            Taxonomy(self.activities)
        except DataError as error:
            raise ValueError(f"{error.message} ({error.found})") from None
        if self.subject_pattern and _groups(self.subject_pattern) != 1:
            raise ValueError("subject_pattern needs one group, such as s(\\d+)")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, those of numbers first."""
        numbers = (self.time, *self.acc, *(self.gyro or ()))
        words = (self.subject, self.recording, self.activity)
        return tuple(dict.fromkeys(name for name in (*numbers, *words) if name))

    @property
    def text(self) -> tuple[str, ...]:
        """Those of them that are words."""
        stamps = (self.time,) if self.time_unit == "datetime" else ()
        names = (*stamps, self.subject, self.recording, self.activity)
        return tuple(dict.fromkeys(name for name in names if name))


def _groups(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"subject_pattern is no regular expression: {error}") from None


def load_mapping(path: Path) -> ColumnMapping:
    """Read a mapping from a TOML file.

    Raises
    ------
    MissingError
        If there is no such file.
    DataError
        If it is no mapping.
    """
    if not path.exists():
        raise MissingError(f"{path}: no such file")
    try:
        # Some editors begin a file with a byte order mark.
        return make_mapping(tomllib.loads(path.read_text(encoding="utf-8-sig")), str(path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not TOML", found=str(error)) from None


def make_mapping(values: dict[str, Any], where: str) -> ColumnMapping:
    """Return a mapping from its entries, or say which of them does not fit."""
    try:
        return ColumnMapping(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"]) or "the mapping"
        raise DataError(
            f"{where}: {name}: {problem['msg'].lower()}",
            hint="`har data ingest --help` shows the flags; a TOML file takes the same names",
        ) from None


def guess(
    header: Sequence[str], sample: pd.DataFrame, where: str, stated: dict[str, Any]
) -> dict[str, Any]:
    """Guess a mapping from the names of columns and a sample of rows.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    sample : DataFrame
        Rows as text or numbers, in those columns.
    where : str
        The file, for errors.
    stated : dict
        Entries that are known already.

    Returns
    -------
    dict
        Entries of a `ColumnMapping`, to be confirmed by a person.

    Raises
    ------
    DataError
        If no three columns can be acceleration.
    """
    acc = (
        _stated_axes(stated, "acc", header, where)
        or _axes(header, r"(?:acc(?!uracy)\w*|user_?acceleration|linear\w*|a)")
        or _axes(header, "")
    )
    gyro = _stated_axes(stated, "gyro", header, where) or _axes(
        header, r"(?:gyr\w*|gyro\w*|rot\w*|rotation_?rate|angular\w*|w|g)"
    )
    if acc is None:
        raise DataError(
            f"{where}: no columns that look like acceleration",
            expected="names such as acc_x, ax or x",
            found=", ".join(header[:12]),
            hint="name them with --map acc=X,Y,Z",
        )
    time = stated.get("time") or _first(header, TIME)
    found: dict[str, Any] = {"acc": acc, "acc_unit": _acc_unit(sample, acc)}
    if gyro and not set(gyro) & set(acc):
        found |= {"gyro": gyro, "gyro_unit": _gyro_unit(sample, gyro)}
    if time in sample:
        found |= {"time": time, "time_unit": _time_unit(sample[time])}
    roles = {
        "subject": r"(?:subject|user|participant|person|id|subject_?id|user_?id|pid)",
        "recording": r"(?:recording|session|trial|recording_?id|session_?id)",
        "activity": r"(?:activity|label|class|gt|activity_?(?:name|label|id))",
    }
    return found | {role: name for role, p in roles.items() if (name := _first(header, p))}


def _stated_axes(
    stated: dict[str, Any], what: str, header: Sequence[str], where: str
) -> Axes | None:
    if what not in stated:
        return None
    names = tuple(stated[what])
    if len(names) != len(set(names) & set(header)) or len(names) != 3:
        raise DataError(
            f"{where}: {what} = {','.join(names)}",
            expected="three columns of the file, as X,Y,Z",
            found=", ".join(header[:12]),
        )
    return names


def _axes(header: Sequence[str], prefix: str) -> Axes | None:
    """Find three columns that differ in x, y, z alone, with the prefix before or behind."""
    for pattern in (rf"{prefix}[ _.\-\[(]*{{}}[\])]*(?:[ _(\[].*)?", rf"{{}}[ _.\-]*{prefix}"):
        names = [_first(header, pattern.format(axis)) for axis in "xyz"]
        if all(names):
            return (str(names[0]), str(names[1]), str(names[2]))
    return None


def _first(header: Sequence[str], pattern: str) -> str | None:
    compiled = re.compile(pattern, re.IGNORECASE)
    return next((name for name in header if compiled.fullmatch(name.strip())), None)


def _numbers(column: "pd.Series[Any]") -> Float64:
    text = column.astype(str).str.replace(",", ".", regex=False)
    values = pd.to_numeric(text, errors="coerce").to_numpy("float64")
    finite: Float64 = values[np.isfinite(values)]
    return finite


def _acc_unit(sample: pd.DataFrame, acc: Axes) -> str:
    columns = [_numbers(sample[name]) for name in acc]
    n = min(map(len, columns))
    if not n:
        return "m/s2"
    norm = float(np.median(np.linalg.norm([c[:n] for c in columns], axis=0)))
    return "g" if norm < np.sqrt(STANDARD_GRAVITY) else "m/s2"


def _gyro_unit(sample: pd.DataFrame, gyro: Axes) -> str:
    if re.search(r"deg|dps|°", gyro[0], re.IGNORECASE):
        return "deg/s"
    values = np.concatenate([_numbers(sample[name]) for name in gyro])
    return "deg/s" if len(values) and np.abs(values).max() > MAX_GYRO else "rad/s"


def _time_unit(column: "pd.Series[Any]") -> str:
    """Return the unit in which the median step is a plausible rate; text is a date."""
    values = _numbers(column)
    if len(values) < len(column) / 2:
        return "datetime"
    steps = np.diff(values)
    steps = steps[steps > 0]
    if not len(steps):
        return "s"
    rates = {unit: 1 / (factor * float(np.median(steps))) for unit, factor in TIME_UNITS.items()}
    return next((u for u, r in rates.items() if RATES[0] <= r <= RATES[1]), "s")
