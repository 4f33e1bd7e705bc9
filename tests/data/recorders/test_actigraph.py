"""ActiGraph: ten lines of header that hold rate, start and the order of dates."""

import pytest
from recorded import recorded

from har.errors import DataError

HEADER = """\
------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.4 Firmware v3.2.1 date format \
{form} at {rate} Hz  Filter Normal -----------
Serial Number: NEO1F16120034
Start Time 10:00:00
Start Date {date}
Epoch Period (hh:mm:ss) {epoch}
Download Time 12:00:00
Download Date 3/1/2024
Current Memory Address: 0
Current Battery Voltage: 4.12     Mode = 12
--------------------------------------------------
"""
NAMES = "Accelerometer X,Accelerometer Y,Accelerometer Z\n"
ROWS = "0.5,-0.25,1.0\n0.0,0.0,0.75\n0.25,0,1\n"
MARCH_1 = 1709287200.0  # date -u -d "2024-03-01 10:00" +%s
JANUARY_3 = 1704276000.0  # date -u -d "2024-01-03 10:00" +%s


def header(form="M/d/yyyy", rate="100", date="3/1/2024", epoch="00:00:00"):
    return HEADER.format(form=form, rate=rate, date=date, epoch=epoch)


@pytest.mark.parametrize("names", [NAMES, ""])
def test_rows_count_from_the_start_at_the_rate_of_the_header(names, tmp_path):
    """With a line of names or without."""
    found = recorded(tmp_path, {"raw.csv": header() + names + ROWS})
    assert (found.recorder.name, found.asked) == ("actigraph", [])
    assert found.acc == [[0.5, -0.25, 1], [0, 0, 0.75], [0.25, 0, 1]]
    assert found.times == [[MARCH_1, MARCH_1 + 0.01, MARCH_1 + 0.02]]
    raw = found.raw
    assert (raw.acc_unit, raw.clock, raw.device, raw.app) == (
        *("g", "local", "ActiGraph GT3X+", "ActiLife v6.13.4"),
    )
    assert found.understood.facts["rate"] == "100 Hz"


def test_the_header_says_whether_the_day_is_first(tmp_path):
    """3/1/2024 is the third of January where dates are written d/M/yyyy."""
    found = recorded(tmp_path, {"raw.csv": header(form="d/M/yyyy") + NAMES + ROWS})
    assert found.times[0][0] == JANUARY_3


def test_where_nothing_tells_the_order_of_a_date_it_is_asked(tmp_path):
    """Without a format, 3/1/2024 may be either; 3/13/2024 may not."""
    text = header().replace(" date format M/d/yyyy", "") + NAMES + ROWS
    found = recorded(tmp_path, {"raw.csv": text})
    assert found.asked == ["date_order"]
    with pytest.raises(DataError, match="date_order=dmy"):
        _ = found.raws
    assert recorded(tmp_path, {"raw.csv": text}, date_order="dmy").times[0][0] == JANUARY_3
    clear = text.replace("Start Date 3/1/2024", "Start Date 3/13/2024")
    assert recorded(tmp_path, {"raw.csv": clear}).asked == []


def test_a_header_without_a_rate_is_asked_about(tmp_path):
    """And an answer that is no number is an error."""
    text = header().replace(" at 100 Hz", "") + NAMES + ROWS
    assert recorded(tmp_path, {"raw.csv": text}).asked == ["rate_hz"]
    assert recorded(tmp_path, {"raw.csv": text}, rate_hz="50").times[0][1] == MARCH_1 + 0.02
    for wrong in ("fast", "0", "-1", "inf", "nan"):
        with pytest.raises(DataError, match="rate_hz"):
            _ = recorded(tmp_path, {"raw.csv": text}, rate_hz=wrong).raws


def test_the_rate_of_the_header_counts_and_another_is_told(tmp_path):
    """A flag that another file needed does not change this one."""
    found = recorded(tmp_path, {"raw.csv": header() + NAMES + ROWS}, rate_hz="50")
    assert found.times[0][1] == MARCH_1 + 0.01
    assert found.understood.facts["not heeded"] == "rate_hz = 50: the files say 100"


@pytest.mark.parametrize(
    "stamps",
    [
        ("3/1/2024 10:00:00.0000000", "3/1/2024 10:00:00.0100000", "3/1/2024 10:00:00.5"),
        ("2024-03-01T10:00:00.000", "2024-03-01T10:00:00.010", "2024-03-01T10:00:00.500"),
    ],
)
def test_the_imu_file_has_times_and_angular_velocity(stamps, tmp_path):
    """Times are read as they are: sleep leaves gaps."""
    names = (
        "Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z,Temperature,"
        "Gyroscope X,Gyroscope Y,Gyroscope Z,Magnetometer X,Magnetometer Y,Magnetometer Z\n"
    )
    rows = "".join(f"{stamp},0.5,0,1,21.5,90,-1.5,0,1,2,3\n" for stamp in stamps)
    found = recorded(tmp_path, {"imu.csv": header() + names + rows})
    assert found.gyro == [[90, -1.5, 0]] * 3
    assert found.times == [[MARCH_1, MARCH_1 + 0.01, MARCH_1 + 0.5]]
    assert found.raw.gyro_unit == "deg/s"


def test_decimal_commas(tmp_path):
    """As computers set to German or French write them, with semicolons."""
    text = header() + NAMES.replace(",", ";") + ROWS.replace(",", ";").replace(".", ",")
    assert recorded(tmp_path, {"raw.csv": text}).acc[0] == [0.5, -0.25, 1]


@pytest.mark.parametrize(
    "text",
    [
        header(epoch="00:01:00") + "12,30,5\n",
        header() + "Axis1,Axis2,Axis3,Steps\n12,30,5,1\n",
        header(epoch="00:00:10") + NAMES + ROWS,
    ],
)
def test_a_file_of_epochs_is_refused_by_name(text, tmp_path):
    """Counts are no acceleration."""
    with pytest.raises(DataError, match="counts of epochs, not acceleration"):
        _ = recorded(tmp_path, {"epochs.csv": text}).understood


def test_a_start_that_is_no_date_leaves_a_clock_of_its_own(tmp_path):
    """The rate is known, so the rows are read; when they began is not."""
    found = recorded(tmp_path, {"raw.csv": header(date="soon") + NAMES + ROWS})
    assert found.times == [[0, 0.01, 0.02]]
    assert found.raw.clock == ""
