"""UMAFall's layout: a long table, one row a sensor and time."""

from recorded import recorded

TEXT = """\
%Universidad de Malaga
%0; F8:95; RIGHTPOCKET; lge
%1; C0:11; WRIST; SensorTag
% TimeStamp; Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type; Sensor ID
0;1;0.5;-0.25;1;0;0
5;1;30;0;-1.5;1;1
10;2;0;0;1;0;0
12;1;0;1;0;0;1
15;1;40;1;2;2;1
"""


def test_each_sensor_is_a_recording_at_its_place(tmp_path):
    """Acceleration and angular velocity are tables of their own; the magnetometer is left out."""
    found = recorded(tmp_path, {"u.csv": TEXT})
    assert (found.recorder.name, found.asked) == ("umafall", [])
    pocket, wrist = found.raws
    assert (pocket[0].name, pocket[0].placement) == ("u-0", "rightpocket")
    assert pocket[1][0][["time_s", "acc_x", "acc_y", "acc_z"]].to_numpy().tolist() == [
        [0, 0.5, -0.25, 1],
        [0.01, 0, 0, 1],
    ]
    assert (wrist[0].name, wrist[0].placement, wrist[0].gyro_unit) == ("u-1", "wrist", "deg/s")
    assert wrist[1][1][["time_s", "gyro_x", "gyro_z"]].to_numpy().tolist() == [[0.005, 30, -1.5]]
    assert (found.ledger.rows_in, found.ledger.rows_left_out) == (5, 1)


def test_a_sensor_without_a_number_is_set_aside(tmp_path):
    """Infinity is the number of no sensor."""
    found = recorded(tmp_path, {"u.csv": TEXT + "20;3;0;0;1;0;inf\n"})
    assert [raw[0].name for raw in found.raws] == ["u-0", "u-1"]
    assert found.ledger.reasons == {"no sensor's number": 1}
