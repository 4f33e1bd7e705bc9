"""WEDA-FALL's layout: a file a sensor, joined by the name."""

from recorded import recorded

FILES = {
    "D01/U01_R01_accel.csv": "accel_time_list,accel_x_list,accel_y_list,accel_z_list\n"
    "0.0,0.5,-0.25,9.75\n0.02,0,0,9.5\n",
    "D01/U01_R01_gyro.csv": "gyro_time_list,gyro_x_list,gyro_y_list,gyro_z_list\n0.01,0.1,0,-0.5\n",
    "D01/U01_R01_vertical_accel.csv": "vertical_accel_time_list,vertical_accel_list\n0.0,9.8\n",
}


def test_the_sensors_of_a_recording_are_joined(tmp_path):
    """What is derived from them is no recording."""
    found = recorded(tmp_path, FILES)
    assert (found.recorder.name, found.asked, found.raw.name) == ("weda", [], "D01-U01_R01")
    assert found.acc == [[0.5, -0.25, 9.75], [0, 0, 9.5]]
    assert found.gyro == [[0.1, 0, -0.5]]
    assert found.times == [[0, 0.02], [0.01]]
    assert (found.raw.acc_unit, found.raw.gyro_unit) == ("m/s2", "rad/s")
