"""Physics Toolbox: blank first line, comma at the ends, gravity in gF alone."""

import pytest
from recorded import all_recorded, recorded

from har.errors import DataError

MULTI = (
    "\ntime,gFx,gFy,gFz,ax,ay,az,wx,wy,wz,\n"
    "0.0000,0.0,0.5,1.0,-0.1,0.2,0.3,0.4,0.5,-0.6,\n0.0050,0,0,1,0,0,0,0,0,0,\n"
)


def test_acceleration_is_the_one_with_gravity(tmp_path):
    """GF in g, not a; the first line with content names the columns."""
    found = recorded(tmp_path, {"p.csv": MULTI}, acc_sign="+")
    assert found.recorder.name == "physics-toolbox"
    assert found.acc == [[0, 0.5, 1], [0, 0, 1]]
    assert found.gyro == [[0.4, 0.5, -0.6], [0, 0, 0]]
    assert found.times == [[0, 0.005]]
    assert (found.raw.acc_unit, found.raw.gyro_unit, found.raw.gravity) == ("g", "rad/s", True)


def test_the_sign_is_asked_for(tmp_path):
    """Nothing in the file tells an iPhone from an Android phone."""
    found = recorded(tmp_path, {"p.csv": MULTI})
    assert found.asked == ["acc_sign"]
    with pytest.raises(DataError, match="acc_sign"):
        _ = found.raws
    assert recorded(tmp_path, {"p.csv": MULTI}, acc_sign="-").acc[0] == [0, -0.5, -1]


def test_the_linear_accelerometer_is_linear(tmp_path):
    """With semicolons and the app's total aT."""
    text = "time;ax;ay;az;aT\n0,00;1,5;-0,5;0;1,6\n0,01;0;0;0;0\n"
    found = recorded(tmp_path, {"p.csv": text}, acc_sign="+")
    assert found.acc == [[1.5, -0.5, 0], [0, 0, 0]]
    assert (found.raw.gravity, found.raw.acc_unit) == (False, "m/s2")


def test_time_of_the_day_goes_on_behind_midnight(tmp_path):
    """23:59:59.5 is followed by 24:00:00.5."""
    text = "time,gFx,gFy,gFz,TgF\n23:59:59:500,0,0,1,1\n0:00:00:500,0,0,1,1\nsoon,0,0,1,1\n"
    found = recorded(tmp_path, {"p.csv": text}, acc_sign="+")
    assert found.times[0][:2] == [86399.5, 86400.5]
    assert found.understood.facts["clock"] == "time of the day"


@pytest.mark.parametrize("names", ["time,ax,ay,az", "time,ax,ay,az,gx,gy,gz", "time,wx,wy,wz"])
def test_names_that_anybody_uses_are_not_taken_for_it(names, tmp_path):
    """A table of one's own may well have gravity in ax."""
    row = ",".join("1" for _ in names.split(","))
    assert not all_recorded(tmp_path, {"p.csv": f"{names}\n{row}\n"})
