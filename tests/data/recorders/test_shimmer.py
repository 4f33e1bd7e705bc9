"""Shimmer Consensys: names in one line or in three, calibrated signals or counts."""

import pytest
from recorded import recorded

from har.errors import DataError

NEW = (
    "sep=\t\nShimmer_8665_Timestamp_Unix_CAL\tShimmer_8665_Accel_WR_X_CAL\t"
    "Shimmer_8665_Accel_WR_Y_CAL\tShimmer_8665_Accel_WR_Z_CAL\tShimmer_8665_Accel_LN_X_CAL\t"
    "Shimmer_8665_Accel_LN_Y_CAL\tShimmer_8665_Accel_LN_Z_CAL\tShimmer_8665_Gyro_X_CAL\t"
    "Shimmer_8665_Gyro_Y_CAL\tShimmer_8665_Gyro_Z_CAL\t\n"
    "ms\tm/(s^2)\tm/(s^2)\tm/(s^2)\tm/(s^2)\tm/(s^2)\tm/(s^2)\tdeg/s\tdeg/s\tdeg/s\t\n"
    "1600000000000.0\t1\t1\t1\t0.5\t-0.25\t9.75\t30\t0\t-1.5\t\n"
    "1600000000019.5\t1\t1\t1\t0\t0\t9.5\t0\t0\t0\t\n"
)
OLD = (
    "Shimmer 8665\tShimmer 8665\tShimmer 8665\tShimmer 8665\tShimmer 8665\n"
    "Timestamp\tLow Noise Accelerometer X\tLow Noise Accelerometer Y\tLow Noise Accelerometer Z\t"
    "Low Noise Accelerometer X\nCAL\tCAL\tCAL\tCAL\tRAW\nms\tm/(s^2)\tm/(s^2)\tm/(s^2)\tno units\n"
    "100.0\t0.5\t-0.25\t9.75\t2048\n119.5\t0\t0\t9.5\t2048\n"
)
RAW = NEW.replace("_CAL", "_RAW").replace("Unix_RAW", "Unix_CAL")


def test_names_in_one_line(tmp_path):
    """The low-noise accelerometer; units from the line below; time since 1970."""
    found = recorded(tmp_path, {"s.csv": NEW})
    assert (found.recorder.name, found.asked) == ("shimmer", [])
    assert found.acc == [[0.5, -0.25, 9.75], [0, 0, 9.5]]
    assert found.gyro == [[30, 0, -1.5], [0, 0, 0]]
    assert found.times == [[1600000000.0, 1600000000.0195]]
    raw = found.raw
    assert (raw.acc_unit, raw.gyro_unit, raw.clock, raw.device) == (
        *("m/s2", "deg/s", "utc", "Shimmer 8665"),
    )
    assert found.understood.facts["sensor"] == "low-noise accelerometer"


def test_a_magnetic_field_is_read_in_the_unit_that_is_named(tmp_path):
    """In µT it is kept; ``local_flux``, of a device calibrated in its place, is told and left."""
    rows = NEW.replace("\t\n", "\t30\t-20\t32\n")
    names = "".join(f"Shimmer_8665_Mag_{axis}_CAL\t" for axis in "XYZ").rstrip()
    rows = rows.replace("Z_CAL\t30\t-20\t32\n", f"Z_CAL\t{names}\n")
    in_ut, local = (
        recorded(
            tmp_path / u, {"s.csv": rows.replace("deg/s\t30\t-20\t32", f"deg/s\t{u}\t{u}\t{u}")}
        )
        for u in ("uT", "local_flux")
    )
    assert in_ut.tables[0][["mag_x", "mag_y", "mag_z"]].to_numpy().tolist() == [[30, -20, 32]] * 2
    assert in_ut.understood.facts["magnetic field"] == "µT"
    assert "mag_x" not in local.tables[0]
    assert local.understood.facts["magnetic field"] == "left out: in local_flux, not µT"


def test_names_in_three_lines(tmp_path):
    """Device, signal, and whether it is calibrated; counts of the same name are not read."""
    found = recorded(tmp_path, {"s.csv": OLD})
    assert found.recorder.name == "shimmer"
    assert found.acc == [[0.5, -0.25, 9.75], [0, 0, 9.5]]
    assert (found.times, found.raw.clock) == ([[0.1, 0.1195]], "")


def test_counts_are_refused(tmp_path):
    """They are never taken for a unit."""
    with pytest.raises(DataError, match="calibrated"):
        _ = recorded(tmp_path, {"s.csv": RAW}).understood


def test_a_date_as_time(tmp_path):
    """Consensys can format the time."""
    text = NEW.replace("Timestamp_Unix", "Timestamp_FormattedUnix").replace("ms\t", "yyyy/mm/dd\t")
    text = text.replace("1600000000000.0", "2020/09/13 12:26:40.000")
    text = text.replace("1600000000019.5", "2020/09/13 12:26:40.020")
    assert recorded(tmp_path, {"s.csv": text}).times == [[1600000000.0, 1600000000.02]]


def test_an_unknown_unit_is_asked_for(tmp_path):
    """The line of units counts, not a habit."""
    assert recorded(tmp_path, {"s.csv": NEW.replace("deg/s", "rpm")}).asked == ["gyro_unit"]
