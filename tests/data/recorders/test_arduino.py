"""Arduino's sketches: no time, and blank lines between captures."""

import pytest
from recorded import recorded

from har.errors import DataError

NAMES = "aX,aY,aZ,gX,gY,gZ\n"
TEXT = NAMES + "0.5,0,1,30,0,0\n0,0,1,0,0,0\n\n0,0,1,0,-45,0\n0,0.25,1,0,0,0\n0,0,1,0,0,0\n\n"


def test_the_rate_is_asked_for(tmp_path):
    """It is in the board, not in the file."""
    found = recorded(tmp_path, {"punch.csv": TEXT})
    assert (found.recorder.name, found.asked) == ("arduino", ["rate_hz"])


def test_each_capture_is_a_recording_from_zero(tmp_path):
    """Blank lines are neither samples nor joints."""
    found = recorded(tmp_path, {"punch.csv": TEXT}, rate_hz="100")
    assert [raw.name for raw, _ in found.raws] == ["punch-1", "punch-2"]
    first, second = (tables[0] for _, tables in found.raws)
    assert first["time_s"].tolist() == pytest.approx([0, 0.01])
    assert second["time_s"].tolist() == pytest.approx([0, 0.01, 0.02])
    assert second["acc_y"].tolist() == [0, 0.25, 0]
    assert second["gyro_y"].tolist() == [-45, 0, 0]
    raw = found.raws[0][0]
    assert (raw.acc_unit, raw.gyro_unit) == ("g", "deg/s")
    assert found.ledger.rows_in == 5


def test_a_bad_row_does_not_end_a_capture(tmp_path):
    """Only a blank line does."""
    text = NAMES + "0,0,1,0,0,0\n0,0,1,0\n0,0,1,0,0,0\n"
    found = recorded(tmp_path, {"punch.csv": text}, rate_hz="100")
    assert (found.raw.name, found.times) == ("punch", [[0, 0.02]])


def test_acceleration_alone(tmp_path):
    """Three columns are enough."""
    found = recorded(tmp_path, {"a.csv": "aX,aY,aZ\n0,0,1\n0,0.5,1\n"}, rate_hz="119")
    assert found.acc == [[0, 0, 1], [0, 0.5, 1]]
    assert "gyro_x" not in found.tables[0]


def test_other_units_may_be_stated(tmp_path):
    """Some libraries give m/s² and rad/s; the file does not tell, and g is the habit."""
    units = {"acc_unit": "m/s2", "gyro_unit": "rad/s"}
    raw = recorded(tmp_path, {"punch.csv": TEXT}, rate_hz="100", **units).raws[0][0]
    assert (raw.acc_unit, raw.gyro_unit) == ("m/s2", "rad/s")
    with pytest.raises(DataError, match="acc_unit = ft"):
        _ = recorded(tmp_path, {"punch.csv": TEXT}, rate_hz="100", acc_unit="ft").raws
