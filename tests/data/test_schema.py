"""What is refused, and how the refusal reads."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from har.data.recording import ACC, GYRO, Recording
from har.data.schema import CleanTable, _fits, are_measurements, failing_rows, validate
from har.errors import DataError


def _with(recording: Recording, **columns: object) -> Recording:
    return replace(recording, table=recording.table.assign(**columns))


def test_good_recording_passes(recording: Recording) -> None:
    """Nothing is raised for a recording that fits."""
    validate(recording, CleanTable)


def test_acceleration_in_g_is_an_error(recording: Recording) -> None:
    """The level gives the unit away, and the hint names the flag."""
    axes = {c: recording.table[c] / np.float32(9.80665) for c in ("acc_x", "acc_y", "acc_z")}
    with pytest.raises(DataError) as caught:
        validate(_with(recording, **axes))
    assert caught.value.exit_code == 3
    assert caught.value.found == "1, which looks like g"
    hint = "multiply acceleration by 9.80665, or state the unit: --map acc_unit=g"
    assert caught.value.hint == hint


def test_linear_acceleration_is_legal_where_it_is_said_to_be(recording: Recording) -> None:
    """What stays without gravity passes as such, and nothing else does."""
    linear = _with(recording, acc_z=recording.table["acc_z"] - np.float32(9.81))
    with pytest.raises(DataError, match="acceleration lacks gravity"):
        validate(linear)
    validate(replace(linear, meta=replace(linear.meta, gravity=False)))
    with pytest.raises(DataError, match="holds gravity, and was said not to"):
        validate(replace(recording, meta=replace(recording.meta, gravity=False)))


def test_gyroscope_in_degrees_is_an_error(recording: Recording) -> None:
    """Angular velocity beyond any sensor's range in rad/s is deg/s."""
    with pytest.raises(DataError, match="looks like deg/s"):
        validate(_with(recording, gyro_z=recording.table["gyro_z"] * np.float32(57.3)))


def test_all_failures_come_at_once(recording: Recording) -> None:
    """A NaN, a step back in time and half a gyroscope are reported together."""
    table = recording.table.copy()
    table.loc[3, "acc_x"] = np.nan
    table.loc[5, "gyro_x"] = np.nan
    table.loc[7, "time_s"] = 0.0
    with pytest.raises(DataError) as caught:
        validate(replace(recording, table=table))
    found = str(caught.value.found)
    assert "acc_x not_nullable: 1 time(s) (first: nan in row 3)" in found
    assert "time_not_backward: 1 time(s)" in found
    assert "gyro_all_or_none" in found


def test_missing_gyroscope_is_legal(recording: Recording) -> None:
    """Accelerometer-only data fits the schema."""
    nothing = np.full(500, np.nan, np.float32)
    validate(_with(recording, gyro_x=nothing, gyro_y=nothing, gyro_z=nothing), CleanTable)


def test_activities_are_names(recording: Recording) -> None:
    """Any name is an activity; a number or an empty word is none, nor is a column of text."""
    labels = recording.table["activity"].cat
    validate(_with(recording, activity=labels.rename_categories({"walking": "moonwalk"})))
    for wrong in (labels.rename_categories([1, 2]), labels.rename_categories({"walking": ""})):
        with pytest.raises(DataError) as caught:
            validate(_with(recording, activity=wrong))
        assert "activities_are_names" in str(caught.value.found)
    with pytest.raises(DataError, match="does not fit the schema"):
        validate(_with(recording, activity=recording.table["activity"].astype("str")))


def test_repeated_time_is_raw_but_not_clean(recording: Recording) -> None:
    """Ingestion may keep a repeated time; a cleaned recording may not."""
    table = recording.table.copy()
    table.loc[5, "time_s"] = table.loc[4, "time_s"]
    raw = replace(recording, table=table)
    validate(raw)
    with pytest.raises(DataError, match="time_strictly_increasing_from_0"):
        validate(raw, CleanTable)


def test_empty_recording_is_an_error(recording: Recording) -> None:
    """No rows is said as such."""
    with pytest.raises(DataError, match="lab-01-a: no rows"):
        validate(replace(recording, table=recording.table.iloc[:0]))


FAULTS = {
    "another order of columns": lambda t: t[[*t.columns[:2], "acc_x", "time_s", *t.columns[4:]]],
    "a column too many": lambda t: t.assign(more=1.0),
    "float64": lambda t: t.assign(acc_x=t["acc_x"].astype(float)),
    "no name": lambda t: t.assign(recording_id=None),
    "time before 0": lambda t: t.assign(time_s=t["time_s"] - 1),
    "time backward": lambda t: t.assign(time_s=t["time_s"][::-1].to_numpy()),
    "no time": lambda t: t.assign(time_s=t["time_s"].where(t.index != 9)),
    "acceleration beyond": lambda t: t.assign(acc_y=t["acc_y"] + np.float32(200)),
    "infinite": lambda t: t.assign(acc_y=np.float32(np.inf)),
    "missing": lambda t: t.assign(acc_y=t["acc_y"].where(t.index != 9)),
    "turning beyond": lambda t: t.assign(gyro_y=t["gyro_y"] - np.float32(40)),
    "half a gyroscope": lambda t: t.assign(gyro_y=np.float32(np.nan)),
    "words": lambda t: t.assign(activity=t["activity"].astype("str")),
    "numbered": lambda t: t.assign(activity=pd.Categorical(np.arange(len(t)) % 2)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_quick_look_and_schema_agree(recording: Recording, fault: str) -> None:
    """What fits at first glance fits the schema, and each fault fits neither."""
    assert _fits(recording.table, CleanTable)
    CleanTable.validate(recording.table, lazy=True)
    faulty = FAULTS[fault](recording.table)
    assert not _fits(faulty, CleanTable)
    with pytest.raises(SchemaErrors):
        CleanTable.validate(faulty, lazy=True)


@pytest.mark.parametrize("value", [np.nan, np.inf, 2e11, -200.0])
@pytest.mark.parametrize("column", ["time_s", "acc_y", "gyro_z"])
def test_quick_look_at_rows_agrees_with_the_reasons(
    recording: Recording, column: str, value: float
) -> None:
    """Rows are measurements where no row has a reason not to be one."""
    columns = ["time_s", *ACC, *GYRO]
    rows = recording.table[columns].astype(float)
    assert are_measurements(rows)
    assert failing_rows(rows).isna().all()
    rows.loc[7, column] = value
    legal = column == "time_s" and value == -200
    assert are_measurements(rows) == legal
    assert failing_rows(rows).notna().tolist() == [i == 7 and not legal for i in range(500)]
    assert are_measurements(rows[["time_s", *ACC]][:0])
