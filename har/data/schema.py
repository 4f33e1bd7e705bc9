"""What a recording must be: columns, ranges, units, time."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from har.arrays import Float64
from har.data import gravity
from har.data.gravity import STANDARD_GRAVITY
from har.data.recording import ACC, CHANNELS, GYRO, MAG, MORE_CHANNELS, Recording, values_of
from har.errors import DataError

MAX_ACC = 18 * STANDARD_GRAVITY * 1.01  # a ±18 g sensor, with its tolerance
MAX_GYRO = 36.0  # rad/s, a ±2000 deg/s sensor with its tolerance
MAX_MAG = 5000.0  # µT, the range of phones' magnetometers; the Earth's field has 25 to 65
MAX_TIME = 1e11  # s; seconds since 1970, or the year 5138: what is later has another unit
ACC_RANGE = {"min_value": -MAX_ACC, "max_value": MAX_ACC}
GYRO_RANGE = {"min_value": -MAX_GYRO, "max_value": MAX_GYRO}
MAG_RANGE = {"min_value": -MAX_MAG, "max_value": MAX_MAG}


class SensorRows(pa.DataFrameModel):
    """Rows of a raw file in SI units: finite, and within what sensors can measure."""

    time_s: Series[np.float64] = pa.Field(in_range={"min_value": -MAX_TIME, "max_value": MAX_TIME})
    acc_x: Series[np.float64] = pa.Field(in_range=ACC_RANGE)
    acc_y: Series[np.float64] = pa.Field(in_range=ACC_RANGE)
    acc_z: Series[np.float64] = pa.Field(in_range=ACC_RANGE)
    gyro_x: Series[np.float64] = pa.Field(in_range=GYRO_RANGE)
    gyro_y: Series[np.float64] = pa.Field(in_range=GYRO_RANGE)
    gyro_z: Series[np.float64] = pa.Field(in_range=GYRO_RANGE)


class RawTable(pa.DataFrameModel):
    """A recording as ingested: repeated times are legal, backward steps are not."""

    recording_id: Series[str]
    subject_id: Series[str]
    time_s: Series[np.float64] = pa.Field(ge=0)
    acc_x: Series[np.float32] = pa.Field(in_range=ACC_RANGE)
    acc_y: Series[np.float32] = pa.Field(in_range=ACC_RANGE)
    acc_z: Series[np.float32] = pa.Field(in_range=ACC_RANGE)
    gyro_x: Series[np.float32] = pa.Field(in_range=GYRO_RANGE, nullable=True)
    gyro_y: Series[np.float32] = pa.Field(in_range=GYRO_RANGE, nullable=True)
    gyro_z: Series[np.float32] = pa.Field(in_range=GYRO_RANGE, nullable=True)
    mag_x: Series[np.float32] | None = pa.Field(in_range=MAG_RANGE)
    mag_y: Series[np.float32] | None = pa.Field(in_range=MAG_RANGE)
    mag_z: Series[np.float32] | None = pa.Field(in_range=MAG_RANGE)
    activity: Series[pd.CategoricalDtype] = pa.Field(nullable=True)

    class Config:
        """Every failure is collected; nothing is dropped or converted."""

        strict = True
        ordered = True

    @pa.check("time_s", name="time_not_backward")
    def _time_not_backward(cls, time: Series[np.float64]) -> "pd.Series[bool]":
        return time.diff().fillna(0) >= 0

    @pa.check("activity", name="activities_are_names")
    def _activities_are_names(cls, activity: "pd.Series[Any]") -> bool:
        return all(isinstance(name, str) and name for name in activity.cat.categories)

    @pa.dataframe_check(name="gyro_all_or_none")
    def _gyro_all_or_none(cls, table: pd.DataFrame) -> bool:
        missing = table[list(GYRO)].isna()
        return bool(missing.all(axis=None) or not missing.any(axis=None))


class CleanTable(RawTable):
    """A recording after cleaning: time starts at 0 and strictly increases."""

    @pa.check("time_s", name="time_strictly_increasing_from_0")
    def _time_strictly_increasing(cls, time: Series[np.float64]) -> bool:
        return bool(time.iloc[0] == 0 and (time.diff().iloc[1:] > 0).all())


def validate(recording: Recording, model: type[RawTable] = RawTable, *, units: bool = True) -> None:
    """Check a recording's table and units.

    Parameters
    ----------
    recording : Recording
        The recording to check.
    model : type, default=RawTable
        `RawTable` as ingested, `CleanTable` after cleaning.
    units : bool, default=True
        Whether to check them: not again where that was done, nor on the stretch between
        two gaps, which may be one jump.

    Raises
    ------
    DataError
        With every failure of the table, or the unit that was found.
    """
    name = recording.meta.recording_id
    if recording.table.empty:
        raise DataError(f"{name}: no rows", expected="at least one sample")
    if units:
        check_units(recording.table, name, holds_gravity=recording.meta.gravity)
    if _fits(recording.table, model):
        return
    try:
        model.validate(recording.table, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise DataError(
            f"{name}: the table does not fit the schema", found=_summary(error.failure_cases)
        ) from None


@functools.cache
def _columns(*, more: bool) -> tuple[str, ...]:
    names = RawTable.to_schema().columns
    return tuple(name for name in names if more or name not in MORE_CHANNELS)


def _fits(table: pd.DataFrame, model: type[RawTable]) -> bool:
    """Tell quickly whether a table fits a schema; where it does not, the schema says why.

    A schema takes some 30 ms, whatever it checks, and as many times the memory of the table.
    """
    more = tuple(c for c in MORE_CHANNELS if c in table)
    if tuple(table.columns) != _columns(more=bool(more)):
        return False
    time = table["time_s"]
    if time.dtype != np.float64 or any(table[c].dtype != np.float32 for c in (*CHANNELS, *more)):
        return False
    ids = [table[name] for name in ("recording_id", "subject_id")]
    if not all(isinstance(c.dtype, pd.StringDtype) and not c.hasnans for c in ids):
        return False
    activity = table["activity"].dtype
    if not isinstance(activity, pd.CategoricalDtype):
        return False
    if not all(isinstance(name, str) and name for name in activity.categories):
        return False
    turned = values_of(table, GYRO)
    return (
        _in_order(time.to_numpy(), strictly=issubclass(model, CleanTable))
        and _within(values_of(table, ACC), MAX_ACC)
        and (bool(np.isnan(turned).all()) or _within(turned, MAX_GYRO))
        and (not more or _within(values_of(table, MAG), MAX_MAG))
    )


def _in_order(time: Float64, *, strictly: bool) -> bool:
    steps = np.diff(time)
    if strictly:
        return bool(time[0] == 0 and (steps > 0).all())
    return bool(time[0] >= 0 and (steps >= 0).all())


def _within(values: npt.NDArray[np.floating[Any]], limit: float) -> bool:
    """Tell whether all values are there, and at most so far from 0."""
    return not len(values) or bool(values.min() >= -limit and values.max() <= limit)


def are_measurements(rows: pd.DataFrame) -> bool:
    """Tell quickly whether `failing_rows` finds none."""
    limits = {"time_s": MAX_TIME} | dict.fromkeys(ACC, MAX_ACC) | dict.fromkeys(GYRO, MAX_GYRO)
    return all(
        rows[name].dtype == np.float64 and _within(rows[name].to_numpy(), limit)
        for name, limit in limits.items()
        if name in rows
    )


@functools.cache
def _rows_schema(columns: tuple[str, ...]) -> pa.DataFrameSchema:
    return SensorRows.to_schema().select_columns(list(columns))


def failing_rows(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return why each row is no measurement, and null for those that are one.

    Parameters
    ----------
    rows : DataFrame
        With those columns of `SensorRows` that its sensor has.
    """
    reasons = pd.Series(pd.NA, index=rows.index, dtype="str")
    here = tuple(name for name in SensorRows.to_schema().columns if name in rows)
    try:
        _rows_schema(here).validate(rows, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.dropna(subset=["index"]).drop_duplicates("index")
        missing = cases["check"] == "not_nullable"
        text = cases["column"] + missing.map({True: " is missing", False: " out of range"})
        reasons[cases["index"].astype(int)] = text.to_numpy()
    return reasons


def check_units(table: pd.DataFrame, name: str, *, holds_gravity: bool = True) -> None:
    """Raise `DataError` if acceleration or angular velocity has the wrong unit."""
    found = gravity.stretches(table["time_s"], values_of(table, ACC))
    gravity.check_level(found, name, gravity=holds_gravity)
    gyro = values_of(table, [name for name in GYRO if name in table])
    largest = float(np.nanmax(np.abs(gyro), initial=0.0))
    if largest > MAX_GYRO:
        raise DataError(
            f"{name}: angular velocity is not in rad/s",
            expected=f"values within ±{MAX_GYRO:g} rad/s",
            found=f"{largest:.4g}, which looks like deg/s",
            hint="multiply angular velocity by pi/180",
        )


def _summary(failures: pd.DataFrame) -> str:
    """Say of each fault what failed, how often and where first."""
    lines = []
    for (column, check), cases in failures.groupby(["column", "check"], dropna=False, sort=False):
        first: Any = cases.iloc[0]
        where = (
            ""
            if pd.isna(first["index"])
            else f" (first: {first.failure_case} in row {first['index']})"
        )
        lines.append(f"{column} {check}: {len(cases)} time(s){where}")
    return "; ".join(lines)
