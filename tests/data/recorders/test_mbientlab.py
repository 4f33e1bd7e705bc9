"""MbientLab: two files with the same names, told apart by their units."""

import pytest
from recorded import all_recorded, recorded

from har.errors import DataError

START = 1547219408.431


def text(unit, rows, epoch="epoch"):
    axes = ",".join(f"{axis}-axis ({unit})" for axis in "xyz")
    names = f"{epoch} (ms),timestamp (-0700),elapsed (s),{axes}"
    lines = [
        f"{1547219408431 + i * 80},2019-01-11T16:10:08.431,{i * 0.08:.3f},{x},{y},{z}"
        for i, (x, y, z) in enumerate(rows)
    ]
    return "\n".join([names, *lines]) + "\n"


NAME = "walk_MetaWear_2019-01-11T16.10.08.270_C42732BE255C_{}_1.4.4.csv"
ACC = {NAME.format("Accelerometer_12.500Hz"): text("g", [(0.5, -0.25, 1), (0, 0, 1)])}
GYRO = {NAME.format("Gyroscope_25.000Hz"): text("deg/s", [(30, 0, -1.5), (0, 0, 0)])}


def test_files_of_a_recording_are_joined(tmp_path):
    """By the beginning of their names; the unit tells the sensor."""
    found = recorded(tmp_path, ACC | GYRO)
    assert (found.recorder.name, found.asked) == ("mbientlab", [])
    assert found.acc == [[0.5, -0.25, 1], [0, 0, 1]]
    assert found.gyro == [[30, 0, -1.5], [0, 0, 0]]
    assert found.times == [[START, START + 0.08]] * 2
    raw = found.raw
    assert (raw.acc_unit, raw.gyro_unit, raw.clock) == ("g", "deg/s", "utc")
    assert raw.name == "walk_MetaWear_2019-01-11T16.10.08.270_C42732BE255C"


def test_a_magnetometer_in_tesla(tmp_path):
    """Its unit tells it; 0.00003 T are 30 µT, at times of its own."""
    field = {NAME.format("Magnetometer_25.000Hz"): text("T", [(3e-5, -2e-5, 0), (3e-5, 0, 0)])}
    found = recorded(tmp_path, ACC | GYRO | field)
    assert found.field == [[0, 30, -20, 0], [0.08, 30, 0, 0]]
    assert found.understood.facts["magnetic field"] == "µT, at times of its own"


def test_the_other_spelling_of_epoch(tmp_path):
    """Both are in the wild."""
    found = recorded(tmp_path, {"a_Accelerometer.csv": text("g", [(0, 0, 1)], epoch="epoc")})
    assert found.acc == [[0, 0, 1]]


def test_linear_acceleration_in_g_is_linear(tmp_path):
    """Its names and unit are the accelerometer's; the file's name is not."""
    name = NAME.format("Linear Acceleration_100.000Hz")
    found = recorded(tmp_path, {name: text("g", [(0, 0, 0.1), (0, 0, 0)])})
    assert found.raw.gravity is False


def test_a_gyroscope_alone_is_refused(tmp_path):
    """It is never taken for acceleration."""
    with pytest.raises(DataError, match="no acceleration"):
        _ = recorded(tmp_path, GYRO).understood


def test_two_recordings_stay_two(tmp_path):
    """Names that begin otherwise are of other recordings."""
    other = {name.replace("walk", "run"): content for name, content in (ACC | GYRO).items()}
    assert len(all_recorded(tmp_path, ACC | GYRO | other)) == 2
