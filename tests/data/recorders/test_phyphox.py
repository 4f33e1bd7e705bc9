"""phyphox: units in names, one file or several, with and without gravity."""

import pytest
from recorded import all_recorded, recorded

from har.errors import DataError

ONE = (
    '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)",'
    '"Absolute acceleration (m/s^2)"\n'
    "0.000000000E+00,1.250000000E-01,-5.0E-01,9.75E+00,9.76E+00\n"
    "1.000000000E-02,0.0E+00,0.0E+00,9.81E+00,9.81E+00\n"
)
XYZ = '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"\n0.0E0,1.0E0,2.0E0,9.5E0\n1.0E-2,1,2,9.5\n'
GYRO = '"Time (s)","X (rad/s)","Y (rad/s)","Z (rad/s)"\n5.0E-3,0.5,-0.25,0\n1.5E-2,0.5,0,0\n'


def test_one_file(tmp_path):
    """Acceleration with gravity, from a start of its own, without a question."""
    found = recorded(tmp_path, {"Raw Data.csv": ONE})
    assert (found.recorder.name, found.asked) == ("phyphox", [])
    assert found.acc == [[0.125, -0.5, 9.75], [0, 0, 9.81]]
    assert found.times == [[0, 0.01]]
    raw = found.raw
    assert (raw.acc_unit, raw.gravity, raw.clock, raw.name) == ("m/s2", True, "", "Raw-Data")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_with_exponents(separator, tmp_path):
    """As phones set to German or French write them."""
    text = ONE.replace('","', f'"{separator}"').replace(",", separator).replace(".", ",")
    assert recorded(tmp_path, {"Raw Data.csv": text}).acc == [[0.125, -0.5, 9.75], [0, 0, 9.81]]


def test_the_rate_of_rows_in_any_order(tmp_path):
    """Is told as that of the rows in order, and no sum of steps back and forth."""
    head, *rows = ONE.splitlines()
    times = (3, 0, 2, 1, 0, 3)
    shuffled = [rows[1].replace("1.000000000E-02", f"{n}.0E-02") for n in times]
    found = recorded(tmp_path, {"Raw Data.csv": "\n".join([head, *shuffled, ""])})
    assert found.understood.facts["rate"] == f"{5 / 0.03:.4g} Hz"


def test_linear_acceleration_is_never_taken_for_one_with_gravity(tmp_path):
    """The name says it."""
    found = recorded(tmp_path, {"Raw Data.csv": ONE.replace("Acceleration", "Linear Acceleration")})
    assert found.raw.gravity is False
    assert "without gravity" in found.understood.facts["acceleration"]


def test_sensors_of_a_folder_are_joined_and_gravity_is_preferred(tmp_path):
    """Each with its own times; the linear accelerometer is not read."""
    files = {"Accelerometer.csv": XYZ, "Linear Accelerometer.csv": XYZ, "Gyroscope.csv": GYRO}
    found = recorded(tmp_path, files)
    assert found.acc == [[1, 2, 9.5]] * 2
    assert found.gyro == [[0.5, -0.25, 0], [0.5, 0, 0]]
    assert found.times == [[0, 0.01], [0.005, 0.015]]
    assert (found.raw.gravity, found.raw.gyro_unit) == (True, "rad/s")
    assert found.ledger.rows_in == 4


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_a_magnetometer_beside_is_joined_whatever_its_columns_are_called(long, tmp_path):
    """Names of columns may tell the sensor, or only the axis; its unit is in them."""
    field = GYRO.replace("rad/s", "µT").replace("0.5,-0.25,0", "30,-20,32")
    acc = ONE if long else XYZ
    if long:
        field = field.replace('"X', '"Magnetic field x').replace('"Y', '"Magnetic field y')
        field = field.replace('"Z', '"Magnetic field z')
    found = recorded(tmp_path, {"Accelerometer.csv": acc, "Magnetometer.csv": field})
    assert found.field == [[0.005, 30, -20, 32], [0.015, 0.5, 0, 0]]
    assert found.understood.facts["magnetic field"] == "µT, at times of its own"
    assert len(found.acc) == 2


def test_one_table_with_all_sensors(tmp_path):
    """The magnetic field is in the file of acceleration, under its own name."""
    names = ",".join(f'"Magnetic field {axis} (µT)"' for axis in "xyz")
    first, *rows = ONE.splitlines()
    text = "\n".join([f"{first},{names}", *(f"{row},30,-20,32" for row in rows)])
    found = recorded(tmp_path, {"Raw Data.csv": text})
    assert found.field == [[0, 30, -20, 32], [0.01, 30, -20, 32]]


def test_meta_tells_device_and_time_also_behind_a_pause(tmp_path):
    """What was recorded after a second start has that start's time."""
    files = {
        "walk/Accelerometer.csv": XYZ.replace("1.0E-2", "2.0E0"),
        "walk/meta/device.csv": '"property","value"\n"version","1.1.9"\n"deviceBrand","Apple"\n'
        '"deviceModel","iPhone12,1"\n',
        "walk/meta/time.csv": '"event","experiment time","system time","system time text"\n'
        '"START",0.0E0,1.6000000000E9,"2020"\n"PAUSE",1.5E0,1.6000000015E9,"2020"\n'
        '"START",1.5E0,1.6000000600E9,"2020"\n',
    }
    found = recorded(tmp_path, files)
    assert found.times == [[1600000000.0, 1600000060.5]]
    raw = found.raw
    assert (raw.clock, raw.device, raw.app) == ("utc", "Apple iPhone12,1", "1.1.9")
    # phyphox turns Apple's sign itself.
    assert found.acc[0] == [1, 2, 9.5]


def test_a_renamed_file_of_plain_axes_is_asked_about(tmp_path):
    """X, Y, Z in m/s^2 may be with gravity or without."""
    assert recorded(tmp_path, {"walk.csv": XYZ}).asked == ["gravity"]
    assert recorded(tmp_path, {"walk.csv": XYZ}, gravity="none").raw.gravity is False
    assert recorded(tmp_path, {"walk.csv": XYZ}, gravity="included").raw.gravity is True
    with pytest.raises(DataError, match="included or none"):
        _ = recorded(tmp_path, {"walk.csv": XYZ}, gravity="maybe").raws


def test_a_name_that_only_sounds_linear_is_not(tmp_path):
    """Linda's accelerometer holds gravity."""
    assert recorded(tmp_path, {"linda_Accelerometer.csv": XYZ}).raw.gravity is True
    files = {"linda_Linear Accelerometer.csv": XYZ}
    assert recorded(tmp_path / "a", files).raw.gravity is False


def test_a_gyroscope_alone_is_refused(tmp_path):
    """It is never taken for acceleration."""
    with pytest.raises(DataError, match="no acceleration"):
        _ = recorded(tmp_path, {"Gyroscope.csv": GYRO}).understood


def test_several_recordings_in_a_folder_are_told_apart_by_their_names(tmp_path):
    """Files that begin alike are of one recording."""
    files = {
        f"{n}_{s}.csv": t for n in "ab" for s, t in (("Accelerometer", XYZ), ("Gyroscope", GYRO))
    }
    assert [one.item.name for one in all_recorded(tmp_path, files)] == ["a", "b"]
