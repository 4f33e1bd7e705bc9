"""Which columns are what: guessed from names and values, or stated."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from har.data.ingest.guess import guess as guess_of
from har.data.ingest.mapping import ColumnMapping, load_mapping, make_entries, make_mapping
from har.errors import DataError, MissingError

MINIMAL = {"time": "t", "acc": ("x", "y", "z")}


def sample(header: list[str], *, unit: float = 9.81, gyro: float = 0.1) -> pd.DataFrame:
    """Return rows as text: 50 Hz, three axes of acceleration, then three of a gyroscope."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame("word", index=range(100), columns=header)
    for i, name in enumerate(name for name in header if _is_axis(name)):
        values = random.normal(0, gyro if i > 2 else 0.01, 100) + (unit if i == 2 else 0.0)
        frame[name] = [f"{v:.5f}" for v in values]
    return frame


def _is_axis(name: str) -> bool:
    return name not in {"t", "time", "timestamp", "accuracy", "user", "label", "note"}


def guess(
    header: list[str], rows: pd.DataFrame, where: str, stated: dict[str, Any]
) -> dict[str, Any]:
    """Guess from one file; what is in doubt is left out."""
    return guess_of(header, (), [rows], where, make_entries(stated, "flags")).entries


def guessed(header: list[str], stated: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Guess the mapping of a header."""
    return guess(header, sample(header, **more), "a.csv", stated or {})


# guesses


@pytest.mark.parametrize(
    "axes",
    [
        ["acc_x", "acc_y", "acc_z"],
        ["ACC X", "ACC Y", "ACC Z"],
        ["accX", "accY", "accZ"],
        ["ax", "ay", "az"],
        ["Accelerometer X (g)", "Accelerometer Y (g)", "Accelerometer Z (g)"],
        ["Acceleration x (m/s^2)", "Acceleration y (m/s^2)", "Acceleration z (m/s^2)"],
        ["userAcceleration.x", "userAcceleration.y", "userAcceleration.z"],
        ["acc[x]", "acc[y]", "acc[z]"],
        ["x", "y", "z"],
        ["X (m/s²)", "Y (m/s²)", "Z (m/s²)"],
        ["x_acc", "y_acc", "z_acc"],
        [" ax ", " ay ", " az "],
    ],
)
def test_acceleration_is_found(axes: list[str]) -> None:
    """Axes in any order among other columns; the names are the header's own."""
    found = guessed(["note", *axes, "label"])
    assert found["acc"] == tuple(axes)
    assert found["acc_unit"] == ("g" if "(g)" in axes[0] else "m/s2")
    assert "gyro" not in found


@pytest.mark.parametrize(
    ("acc", "gyro"),
    [
        (["acc_x", "acc_y", "acc_z"], ["gyro_x", "gyro_y", "gyro_z"]),
        (["ax", "ay", "az"], ["gx", "gy", "gz"]),
        (["ax", "ay", "az"], ["wx", "wy", "wz"]),
        (["accel.x", "accel.y", "accel.z"], ["rotationRate.x", "rotationRate.y", "rotationRate.z"]),
        (["x_acc", "y_acc", "z_acc"], ["x_gyr", "y_gyr", "z_gyr"]),
        (
            ["Accelerometer X (g)", "Accelerometer Y (g)", "Accelerometer Z (g)"],
            ["Gyroscope X (deg/s)", "Gyroscope Y (deg/s)", "Gyroscope Z (deg/s)"],
        ),
    ],
)
def test_gyroscope_is_found(acc: list[str], gyro: list[str]) -> None:
    """Both sensors of one table, in the style of its names."""
    found = guessed(["t", *acc, *gyro])
    assert (found["acc"], found["gyro"]) == (tuple(acc), tuple(gyro))


def test_accuracy_is_no_axis() -> None:
    """Phones write a column of that name before the axes."""
    found = guessed(["time", "accuracy", "acc_x", "acc_y", "acc_z"])
    assert found["acc"] == ("acc_x", "acc_y", "acc_z")


@pytest.mark.parametrize(("unit", "name"), [(1.0, "g"), (9.81, "m/s2"), (12.0, "m/s2")])
def test_unit_of_acceleration_is_that_of_gravity(unit: float, name: str) -> None:
    """The median norm is near 1 in g and near 9.8 in m/s²."""
    assert guessed(["ax", "ay", "az"], unit=unit)["acc_unit"] == name


def test_unit_of_angular_velocity_is_by_its_range() -> None:
    """No sensor reaches 36 rad/s."""
    header = ["ax", "ay", "az", "gx", "gy", "gz"]
    assert guessed(header, gyro=60.0)["gyro_unit"] == "deg/s"


def test_decimal_commas_are_numbers() -> None:
    """9,81 is gravity in m/s²."""
    rows = sample(["ax", "ay", "az"]).map(lambda text: text.replace(".", ","))
    assert guess(list(rows), rows, "a.csv", {})["acc_unit"] == "m/s2"


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("s", [f"{i * 0.02:.2f}" for i in range(100)]),
        ("s", [f"{1_700_000_000 + i * 0.02:.2f}" for i in range(100)]),
        ("ms", [str(1_700_000_000_000 + 20 * i) for i in range(100)]),
        ("us", [str(20_000 * i) for i in range(100)]),
        ("ns", [str(20_000_000 * i) for i in range(100)]),
        ("ms", [str(100 * (i // 5)) for i in range(100)]),  # bursts of one time
        ("datetime", [f"2025-03-01T10:00:{i * 0.02:09.6f}Z" for i in range(100)]),
        ("datetime", [f"2025-03-01 10:00:{i * 0.02:09.6f}" for i in range(100)]),
        ("s", ["0"] * 100),
    ],
)
def test_unit_of_time_makes_the_rate_plausible(unit: str, times: list[str]) -> None:
    """50 Hz and not 50 kHz or 0.05 Hz; text is a date."""
    rows = sample(["time", "ax", "ay", "az"]).assign(time=times)
    found = guess(list(rows), rows, "a.csv", {})
    assert (found["time"], found["time_unit"]) == ("time", unit)


@pytest.mark.parametrize(
    "name",
    ["t", "ts", "Time", "timestamp", "TIMESTAMP_MS", "time_s", "Time (s)", "elapsed [ms]", "epoch"],
)
def test_time_is_found(name: str) -> None:
    """The usual names, with a unit behind or without."""
    rows = sample(["ax", "ay", "az"])
    rows[name] = [str(i * 0.02) for i in range(100)]
    assert guess(list(rows), rows, "a.csv", {})["time"] == name


def test_people_and_labels_are_found() -> None:
    """Subject, session and activity by the usual names; what is not there is not guessed."""
    header = ["User_ID", "session", "Activity", "ax", "ay", "az"]
    rows = sample(header[3:]).assign(User_ID="7", session="1", Activity="walking")
    found = guess(header, rows, "a.csv", {})
    assert (found["subject"], found["recording"], found["activity"]) == (
        "User_ID",
        "session",
        "Activity",
    )
    assert not {"time", "subject", "recording", "activity"} & set(guessed(["ax", "ay", "az"]))


def test_stated_columns_win() -> None:
    """The user's axes and time are taken, and their units guessed."""
    header = ["time", "t", "ax", "ay", "az", "lx", "ly", "lz"]
    rows = sample(header).assign(
        t=[str(20 * i) for i in range(100)], time="noon", lx="0", ly="0", lz="1"
    )
    found = guess(header, rows, "a.csv", {"acc": ["lx", "ly", "lz"], "time": "t"})
    assert (found["acc_unit"], found["time_unit"]) == ("g", "ms")
    assert not {"acc", "time"} & set(found)


@pytest.mark.parametrize("axes", [["ax", "ay", "gone"], ["ax", "ax", "az"]])
def test_stated_axes_must_be_three_columns(axes: list[str]) -> None:
    """One that is not there, and one twice are refused."""
    with pytest.raises(DataError, match=r"a\.csv: acc = ax,") as caught:
        guessed(["ax", "ay", "az"], {"acc": axes})
    assert caught.value.found == "ax, ay, az"


def test_no_acceleration() -> None:
    """Two axes are not enough; the error shows the names that there are."""
    with pytest.raises(DataError, match="no columns that look like acceleration") as caught:
        guessed(["time", "acc_x", "acc_y"])
    assert caught.value.found == "time, acc_x, acc_y"


# statements


def test_mapping_from_a_file(tmp_path: Path) -> None:
    """Every entry of the TOML file arrives; the rest has its default."""
    path = tmp_path / "mine.toml"
    path.write_text(
        """
        time = "timestamp"
        time_unit = "ms"
        acc = ["ax", "ay", "az"]
        acc_unit = "g"
        subject = "user"
        activity = "label"
        separator = ";"
        decimal = ","
        [labels]
        Walk = "walking"
        idle = ""
        """
    )
    found = load_mapping(path)
    assert found.model_dump(exclude_defaults=True) == {
        "time": "timestamp",
        "time_unit": "ms",
        "acc": ("ax", "ay", "az"),
        "acc_unit": "g",
        "subject": "user",
        "activity": "label",
        "separator": ";",
        "decimal": ",",
        "labels": {"Walk": "walking", "idle": ""},
    }
    assert found.columns == ("timestamp", "ax", "ay", "az", "user", "label")
    assert found.text == ("user", "label")


def test_dates_are_words() -> None:
    """A column of dates is read as text, before it becomes seconds."""
    found = ColumnMapping(**MINIMAL, time_unit="datetime", activity="a")
    assert found.text == ("t", "a")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"colour": "red"}, "colour: extra inputs are not permitted"),
        ({"acc": ("x", "y")}, "acc.2: field required"),
        ({"acc_unit": "kg"}, "acc_unit: input should be 'm/s2', 'g' or 'mg'"),
        ({"separator": ", "}, "separator: string should have at most 1 character"),
        ({"rate_hz": 0}, "rate_hz: input should be greater than 0"),
        ({"time": None}, "needs a column of time, or rate_hz"),
        ({"acc": ("x", "y", "y")}, "uses one column twice"),
        ({"gyro": ("x", "p", "q")}, "uses one column twice"),
        ({"subject": "t"}, "uses one column twice"),
        ({"subject": "who", "recording": "who"}, "uses one column twice"),
        ({"labels": {"x": "unknown"}}, "'unknown' is no activity"),
        ({"labels": {"x": "[None]"}}, "'[none]' is no activity"),
        ({"sensors": {"gyro": "g"}}, "sensors has gyro, whose columns are not named"),
        ({"time": " "}, "time: value error, an empty text is the name of no column"),
        ({"acc": ("x", "", "z")}, "acc: value error, an empty text is the name of no column"),
        ({"activities": {"curl": "gym"}}, "no activity 'gym'"),
        ({"activities": {"walking": "sport"}}, "walking is under locomotion already"),
        ({"subject_pattern": r"s\d+"}, "needs one group"),
        ({"subject_pattern": r"(s)(\d+)"}, "needs one group"),
        ({"subject_pattern": r"s(\d+"}, "subject_pattern is no regular expression"),
    ],
)
def test_what_does_not_fit_is_named(entries: dict[str, Any], message: str) -> None:
    """The error says where, which entry and why."""
    with pytest.raises(DataError) as caught:
        make_mapping(MINIMAL | entries, "mine.toml")
    assert caught.value.message.startswith("mine.toml: ")
    assert message in caught.value.message


def test_a_recording_may_be_one_an_activity() -> None:
    """The column of labels may name the recordings as well."""
    found = make_mapping({**MINIMAL, "activity": "a", "recording": "a"}, "flags")
    assert found.columns == ("t", "x", "y", "z", "a")


def test_activities_of_ones_own_have_plain_names() -> None:
    """Names and parents are brought to one spelling; words stay as the files have them."""
    found = make_mapping(
        {
            **MINIMAL,
            "labels": {"Beuge links": "Biceps Curl", "Pause": ""},
            "activities": {"Biceps Curl": "Arm_Work", "arm work": "exercise", "rest": ""},
        },
        "mine.toml",
    )
    assert found.labels == {"Beuge links": "biceps-curl", "Pause": ""}
    assert found.activities == {"biceps-curl": "arm-work", "arm-work": "exercise", "rest": ""}


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """Some editors begin every file with one."""
    (tmp_path / "mine.toml").write_bytes(b'\xef\xbb\xbftime = "t"\nacc = ["x", "y", "z"]\n')
    assert load_mapping(tmp_path / "mine.toml") == make_mapping(MINIMAL, "flags")


def test_files_that_are_no_mapping(tmp_path: Path) -> None:
    """A missing file, other text, and bytes that are no text."""
    with pytest.raises(MissingError, match="no such file"):
        load_mapping(tmp_path / "gone.toml")
    for content in (b"time: t\n", b"\xff\xfe\x00"):
        (tmp_path / "mine.toml").write_bytes(content)
        with pytest.raises(DataError, match=r"mine\.toml: not TOML"):
            load_mapping(tmp_path / "mine.toml")
