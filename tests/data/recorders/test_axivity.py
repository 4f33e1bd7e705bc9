"""Axivity: rows without names, acceleration in g, angular velocity of an AX6 in deg/s."""

import pytest
from recorded import all_recorded, recorded

ROWS = [(0.5, -0.25, 1.0), (0.0, 0.0, 0.5), (0.0, 0.25, 1.0)]
AX3 = "".join(f"2014-05-07 16:29:30.{i}00,{x},{y},{z}\n" for i, (x, y, z) in enumerate(ROWS))
START = 1399480170.0  # date -u -d "2014-05-07 16:29:30" +%s


def test_dates_are_local_time_and_values_are_g(tmp_path):
    """The known columns: time, x, y, z."""
    found = recorded(tmp_path, {"night.csv": AX3})
    assert (found.recorder.name, found.asked) == ("axivity", [])
    assert found.acc == [list(row) for row in ROWS]
    assert found.times == [[START, START + 0.1, START + 0.2]]
    raw = found.raw
    assert (raw.acc_unit, raw.clock, raw.gravity, raw.recorder) == ("g", "local", True, "Axivity")
    assert found.understood.facts["rate"] == "10 Hz"


def test_an_ax6_has_angular_velocity(tmp_path):
    """Three more columns are deg/s."""
    text = "".join(line + ",90,-45.5,0\n" for line in AX3.splitlines())
    found = recorded(tmp_path, {"a.csv": text})
    assert found.gyro == [[90, -45.5, 0]] * 3
    assert (found.raw.gyro_unit, found.raw.device) == ("deg/s", "Axivity AX6")


def test_seconds_since_1970_are_utc(tmp_path):
    """The other form of time that OmGui writes."""
    text = "".join(f"1399480170.{i}0,0.0,0.0,1.0\n" for i in range(3))
    found = recorded(tmp_path, {"a.csv": text})
    assert found.times == [[START, START + 0.1, START + 0.2]]
    assert found.raw.clock == "utc"


def test_whole_numbers_are_no_g_and_are_asked_about(tmp_path):
    """Counts are never taken for a unit."""
    text = "".join(f"2014-05-07 16:29:30.{i}00,0,0,256\n" for i in range(3))
    assert recorded(tmp_path, {"a.csv": text}).asked == ["acc_unit"]


@pytest.mark.parametrize(
    "text",
    [
        "time,x,y,z\n" + AX3,
        AX3.replace(".", ":"),
        "".join(f"{i}.5,0.1,0.2,1.0\n" for i in range(5)),
        "".join(f"2014-05-07 16:29:30.{i}00,0.1,1.0\n" for i in range(3)),
        AX3.splitlines()[0],
    ],
)
def test_other_tables_are_not_taken_for_it(text, tmp_path):
    """With names, other times, other columns, or too little to tell."""
    assert all(one.recorder.name != "axivity" for one in all_recorded(tmp_path, {"a.csv": text}))
