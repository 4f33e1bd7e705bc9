"""SensorLog: repeated values, Apple's sign, units in brackets."""

import json

import pytest
from recorded import recorded

from har.errors import DataError

NAMES = (
    "loggingTime(txt),loggingSample(N),accelerometerTimestamp_sinceReboot(s),"
    "accelerometerAccelerationX(G),accelerometerAccelerationY(G),accelerometerAccelerationZ(G),"
    "gyroTimestamp_sinceReboot(s),gyroRotationX(rad/s),gyroRotationY(rad/s),gyroRotationZ(rad/s)\n"
)
ROWS = (
    "2026-11-20 10:00:00.000 +0100,0,500.00,0,-0.5,-1,500.00,0.1,0,0\n"
    "2026-11-20 10:00:00.010 +0100,1,500.00,0,-0.5,-1,500.01,0.2,0,0\n"
    "2026-11-20 10:00:00.020 +0100,2,500.02,0,0,-1,500.02,0.3,0,0\n"
)
START = 1795165200.0  # date -u -d "2026-11-20 09:00" +%s
MOTION = (
    "loggingTime(txt),motionTimestamp_sinceReboot(s),motionRotationRateX(rad/s),"
    "motionRotationRateY(rad/s),motionRotationRateZ(rad/s),motionUserAccelerationX(G),"
    "motionUserAccelerationY(G),motionUserAccelerationZ(G),motionGravityX(G),motionGravityY(G),"
    "motionGravityZ(G)\n"
)
MOTION_ROWS = (
    "2026-11-20 10:00:00.000 +0100,7.0,0.5,0,0,0.25,0,0,0,0,-1\n"
    "2026-11-20 10:00:00.010 +0100,7.01,0.5,0,0,0.25,0,0,0,0,-1\n"
)


def test_repeated_values_are_left_out_and_the_sign_is_turned(tmp_path):
    """A row is new for a sensor if its own timestamp is."""
    found = recorded(tmp_path, {"log.csv": NAMES + ROWS})
    assert (found.recorder.name, found.asked) == ("sensorlog", [])
    assert found.acc == [[0, 0.5, 1], [0, 0, 1]]
    assert found.gyro == [[0.1, 0, 0], [0.2, 0, 0], [0.3, 0, 0]]
    assert found.times == [[START, START + 0.02], [START, START + 0.01, START + 0.02]]
    raw = found.raw
    assert (raw.acc_unit, raw.gyro_unit, raw.clock) == ("g", "rad/s", "utc")
    assert (found.ledger.rows_in, found.ledger.rows_left_out) == (6, 1)


def test_gravity_apart_is_added(tmp_path):
    """Where there is no raw accelerometer; one clock, one table."""
    found = recorded(tmp_path, {"log.csv": MOTION + MOTION_ROWS})
    assert found.acc == [[-0.25, 0, 1]] * 2
    assert len(found.tables) == 1
    assert (found.raw.gravity, found.gyro) == (True, [[0.5, 0, 0]] * 2)


def test_user_acceleration_alone_is_linear(tmp_path):
    """It is never taken for acceleration with gravity."""
    text = "\n".join(line.rsplit(",", 3)[0] for line in (MOTION + MOTION_ROWS).splitlines())
    found = recorded(tmp_path, {"log.csv": text})
    assert found.raw.gravity is False
    assert found.acc == [[-0.25, 0, 0]] * 2


def test_without_timestamps_of_sensors_the_log_s_time_counts(tmp_path):
    """As in files of older versions, without units."""
    text = (
        "loggingTime,accelerometerAccelerationX,accelerometerAccelerationY,"
        "accelerometerAccelerationZ\n2026-11-20 10:00:00.000,0,0,-1\n2026-11-20 10:00:00.5,0,0,-1\n"
    )
    found = recorded(tmp_path, {"log.csv": text})
    assert found.times == [[START + 3600, START + 3600.5]]
    assert (found.raw.clock, found.acc) == ("local", [[0, 0, 1]] * 2)


def test_a_log_without_acceleration_is_refused(tmp_path):
    """Such as one of places."""
    with pytest.raises(DataError, match="no acceleration"):
        _ = recorded(
            tmp_path, {"log.csv": "loggingTime(txt),locationLatitude(WGS84)\n2026,1\n"}
        ).raws


def test_the_magnetic_field_is_kept_and_its_sign_is_not_turned(tmp_path):
    """Axes are the device's on both systems; acceleration alone has another sign."""
    names = NAMES.replace("\n", "".join(f",magnetometer{a}(µT)" for a in "XYZ") + "\n")
    found = recorded(tmp_path, {"log.csv": names + ROWS.replace("\n", ",30,-20,32\n")})
    assert found.tables[0][["mag_x", "mag_y", "mag_z"]].to_numpy().tolist() == [[30, -20, 32]] * 2
    assert found.acc == [[0, 0.5, 1], [0, 0, 1]]


def as_json(names, rows):
    """Return a table as the app exports it in JSON: texts, and names without units."""
    keys = [name.partition("(")[0] for name in names.strip().split(",")]
    table = [dict(zip(keys, row.split(","), strict=True)) for row in rows.splitlines()]
    return json.dumps([dict(reversed(row.items())) for row in table])


@pytest.mark.parametrize(("names", "rows"), [(NAMES, ROWS), (MOTION, MOTION_ROWS)])
def test_json_is_read_as_its_table(names, rows, tmp_path):
    """Whatever the order of its keys: the same values, times and account."""
    table = recorded(tmp_path / "a", {"log.csv": names + rows})
    found = recorded(tmp_path / "b", {"log.json": as_json(names, rows)})
    assert found.recorder.name == "sensorlog"
    assert (found.acc, found.gyro, found.times) == (table.acc, table.gyro, table.times)
    assert (found.raw.acc_unit, found.raw.clock) == ("g", "utc")
    assert found.ledger.rows_in == table.ledger.rows_in
    assert found.ledger.rows_left_out == table.ledger.rows_left_out


def test_json_that_is_cut_off_is_refused(tmp_path):
    """Nothing of it is kept as if it were whole."""
    found = recorded(tmp_path, {"log.json": as_json(NAMES, ROWS)[:-20]})
    with pytest.raises(DataError, match="damaged or cut off"):
        _ = found.raws
