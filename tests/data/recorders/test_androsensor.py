"""AndroSensor: Latin-1, a blank behind ``ms``, a date in an order of its own."""

import pytest
from recorded import recorded

from har.errors import DataError

NAMES = (
    "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);"
    "GYROSCOPE X (rad/s);GYROSCOPE Y (rad/s);GYROSCOPE Z (rad/s);Satellites in range;"
    "Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS\n"
)
ROWS = (
    "0.5;-0.25;9.75;0.1;0;0;4 / 16;16;2026-11-20 10-00-00:016\n"
    "0;0;9.5;0;0;-0.5;4 / 16;516;2026-11-20 10:00:00:516\n"
)
START = 1795168800.0  # date -u -d "2026-11-20 10:00" +%s


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_values_and_local_time(encoding, tmp_path):
    """The first date tells the start, ms tell the rest."""
    found = recorded(tmp_path, {"s.csv": (NAMES + ROWS).encode(encoding)})
    assert (found.recorder.name, found.asked) == ("androsensor", [])
    assert found.acc == [[0.5, -0.25, 9.75], [0, 0, 9.5]]
    assert found.gyro == [[0.1, 0, 0], [0, 0, -0.5]]
    assert found.times == [[START + 0.016, START + 0.516]]
    assert (found.raw.acc_unit, found.raw.gyro_unit, found.raw.clock) == ("m/s2", "rad/s", "local")
    assert found.understood.facts["rate"] == "2 Hz"


def test_decimal_commas(tmp_path):
    """As phones set to German or French write them."""
    found = recorded(tmp_path, {"s.csv": NAMES + ROWS.replace(".", ",")})
    assert found.acc == [[0.5, -0.25, 9.75], [0, 0, 9.5]]


def test_linear_acceleration_needs_gravity_to_be_more(tmp_path):
    """With a column of gravity the two are added; without, it is linear."""
    alone = NAMES.replace("ACCELEROMETER", "LINEAR ACCELERATION")
    assert recorded(tmp_path / "a", {"s.csv": alone + ROWS}).raw.gravity is False
    both = alone.replace("GYROSCOPE", "GRAVITY").replace("rad/s", "m/s²")
    found = recorded(tmp_path / "b", {"s.csv": both + ROWS})
    assert found.raw.gravity is True
    assert found.acc == [[0.6, -0.25, 9.75], [0, 0, 9]]
    assert found.raw.conversions == ("acceleration = gravity + linear acceleration",)


def test_without_a_date_time_counts_from_the_start(tmp_path):
    """The date is a column that can be switched off."""
    text = "\n".join(line.rpartition(";")[0] for line in (NAMES + ROWS).splitlines())
    found = recorded(tmp_path, {"s.csv": text})
    assert (found.times, found.raw.clock) == ([[0.016, 0.516]], "")


def test_a_column_of_time_that_is_damaged_is_an_error(tmp_path):
    """The name is there, but runs into the next one: nothing tells which column is time."""
    damaged = (NAMES + ROWS).replace("range;Time", "range:Time")
    with pytest.raises(DataError, match=r"s.csv: no time"):
        _ = recorded(tmp_path, {"s.csv": damaged}).understood


def test_the_magnetic_field_is_kept(tmp_path):
    """It stands in the rows of acceleration, in µT."""
    names = NAMES.replace("Satellites", "".join(f"MAGNETIC FIELD {a} (µT);" for a in "XYZ") + "Sat")
    rows = ROWS.replace("4 / 16", "30;-20;32;4 / 16")
    found = recorded(tmp_path, {"s.csv": names + rows})
    assert found.tables[0][["mag_x", "mag_y", "mag_z"]].to_numpy().tolist() == [[30, -20, 32]] * 2
    assert found.understood.facts["magnetic field"] == "µT"
