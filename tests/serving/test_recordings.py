"""Every fault of a user's file is one clear error."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from har.data.recording import read_recording, write_recording
from har.errors import DataError, MissingError
from har.serving.recordings import read_user_recording

Change = Callable[[pd.DataFrame], pd.DataFrame]


def read(path: Path, *, needs_gyro: bool = True):
    parts, _ = read_user_recording(path, rate_hz=50, needs_gyro=needs_gyro)
    return parts


def with_value(column: str, row: int, value: object) -> Change:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table

    return change


FAULTS: dict[str, tuple[Change, str, str, str]] = {
    "missing column": (
        lambda t: t.drop(columns="acc_y"),
        "no column acc_y",
        "time_s, acc_x, acc_z, gyro_x, gyro_y, gyro_z",
        "rename the columns",
    ),
    "text in a number": (
        with_value("acc_x", 6, "abc"),
        "acc_x is not a number in 1 row(s)",
        "'abc' in row 7",
        "correct the rows",
    ),
    "NaN": (
        with_value("acc_z", 3, None),
        "acc_z is not a number in 1 row(s)",
        "nothing in row 4",
        "leave them out",
    ),
    "infinite": (
        with_value("gyro_z", 0, np.inf),
        "gyro_z is not a number in 1 row(s)",
        "inf in row 1",
        "correct the rows",
    ),
    "acceleration in g": (
        lambda t: t.assign(acc_z=t["acc_z"] / 9.80665),
        "acceleration is not in m/s² with gravity included",
        "1, which looks like g",
        "multiply acceleration by 9.80665",
    ),
    "gyroscope in deg/s": (
        lambda t: t.assign(gyro_x=t["gyro_x"] * 180),
        "angular velocity is not in rad/s",
        "180, which looks like deg/s",
        "multiply angular velocity by pi/180",
    ),
    "no gyroscope": (
        lambda t: t.drop(columns=["gyro_x", "gyro_y", "gyro_z"]),
        "no gyroscope (gyro_x, gyro_y, gyro_z missing or empty)",
        "",
        "record with the gyroscope on",
    ),
    "no rows": (lambda t: t[:0], "no rows", "an empty table", ""),
    "one row": (lambda t: t[:1], "fewer than two different times", "", ""),
    "time backward": (
        lambda t: pd.concat([t[50:], t[:50]]),
        "time_s steps backward",
        "1.98 s in row 50, then 0 s",
        "sort by time_s",
    ),
    "wrong rate": (
        lambda t: t.assign(time_s=t["time_s"] / 2),
        "wrong sampling rate",
        "100 Hz",
        "resample the recording to 50 Hz",
    ),
    "milliseconds": (
        lambda t: t.assign(time_s=t["time_s"] * 1000),
        "wrong sampling rate",
        "0.05 Hz, so time_s looks like milliseconds",
        "divide time_s by 1000",
    ),
    "out of range": (
        with_value("acc_x", 2, 500.0),
        "the table does not fit the schema",
        "acc_x",
        "",
    ),
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_tables(fault: str, suffix: str, table: pd.DataFrame, tmp_path: Path) -> None:
    """Message, what was found and what to do name the fault; the exit code is 3."""
    change, message, found, hint = FAULTS[fault]
    path = tmp_path / f"walk{suffix}"
    broken = change(table)
    if suffix == ".csv":
        broken.to_csv(path, index=False)
    else:
        mixed = [c for c in broken if broken[c].map(type).eq(str).any()]
        broken.astype(dict.fromkeys(mixed, str)).to_parquet(path)
    with pytest.raises(DataError) as caught:
        read(path)
    error = caught.value
    assert error.exit_code == 3
    assert "walk" in error.message
    assert message in error.message
    assert found in (error.found or "")
    assert hint in (error.hint or "")


FILES: dict[str, tuple[bytes, str]] = {
    "nothing.csv": (b"", "no rows"),
    "nothing.parquet": (b"", "cannot be read"),
    "noise.csv": (np.random.default_rng(0).bytes(4096), "cannot be read"),
    "noise.parquet": (np.random.default_rng(0).bytes(4096), "cannot be read"),
    "latin.csv": ("time_s,acc_x,größe\n0,1,2\n".encode("latin-1"), "cannot be read"),
    "utf16.csv": ("time_s,acc_x\n0,1\n".encode("utf-16"), "cannot be read"),
    "ragged.csv": (b"time_s,acc_x\n0,1\n0,1,2,3\n", "cannot be read"),
    "wide.csv": (b"time_s,acc_x\n0,1,2\n1,2,3\n", "cannot be read"),
    "semicolons.csv": (b"time_s;acc_x\n0;1\n", "no column time_s, acc_x, acc_y, acc_z"),
    "zeros.csv": (bytes(512), "no rows"),
    "notes.txt": (b"hello", "not a recording"),
}


@pytest.mark.parametrize("name", FILES)
def test_unreadable_files(name: str, tmp_path: Path) -> None:
    """Files that are no recording at all."""
    content, message = FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path / name)
    assert message in caught.value.message
    assert name in caught.value.message
    assert caught.value.exit_code == 3


def test_a_truncated_parquet_file_cannot_be_read(table: pd.DataFrame, tmp_path: Path) -> None:
    """Half a file is not half a recording."""
    path = tmp_path / "walk.parquet"
    table.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="cannot be read\n  expected: Parquet"):
        read(path)


def test_a_missing_file_is_a_missing_error(tmp_path: Path) -> None:
    """Exit code 6: not there."""
    with pytest.raises(MissingError, match="no such file") as caught:
        read(tmp_path / "none.csv")
    assert caught.value.exit_code == 6


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder is not a recording."""
    (tmp_path / "walk.csv").mkdir()
    with pytest.raises(DataError, match="not a recording"):
        read(tmp_path / "walk.csv")


def test_csv_values_arrive_unchanged(table: pd.DataFrame, tmp_path: Path) -> None:
    """Extra columns are ignored, time starts at 0 and keeps the file's clock."""
    extra = table.assign(activity="dancing", subject_id=7, recording_id="a", note="x")
    extra["time_s"] += 12.5
    extra.to_csv(tmp_path / "walk.csv", index=False)
    (part,) = read(tmp_path / "walk.csv")
    assert part.meta.start_s == 12.5
    assert part.meta.recording_id == "walk"
    assert part.table["activity"].isna().all()
    np.testing.assert_allclose(part.table["time_s"], table["time_s"], atol=1e-9)
    np.testing.assert_allclose(part.table["gyro_y"], table["gyro_y"], atol=1e-6)


def test_a_recording_of_the_store_is_read_again(table: pd.DataFrame, tmp_path: Path) -> None:
    """Parquet as the project writes it gives the same samples."""
    table.to_csv(tmp_path / "walk.csv", index=False)
    (part,) = read(tmp_path / "walk.csv")
    path = write_recording(part, tmp_path)
    (again,) = read(path)
    pd.testing.assert_frame_equal(again.table, read_recording(path).table)


def test_a_model_without_gyroscope_takes_acceleration_alone(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    """The missing channels stay empty."""
    table.drop(columns=["gyro_x", "gyro_y", "gyro_z"]).to_csv(tmp_path / "walk.csv", index=False)
    (part,) = read(tmp_path / "walk.csv", needs_gyro=False)
    assert part.table["gyro_x"].isna().all()


def test_a_rate_within_five_percent_is_accepted(table: pd.DataFrame, tmp_path: Path) -> None:
    """Phones keep time within a few percent."""
    table.assign(time_s=table["time_s"] * 1.04).to_csv(tmp_path / "walk.csv", index=False)
    assert len(read(tmp_path / "walk.csv")) == 1


@pytest.mark.parametrize(
    ("column", "subject"),
    [
        (None, "walk"),
        ("s07", "s07"),
        (7, "7"),
        ("007", "007"),
        (["s07", "s08"], "walk"),
        (["s07", None], "s07"),
        ([None, None], "walk"),
    ],
)
def test_subject(table: pd.DataFrame, tmp_path: Path, column: object, subject: str) -> None:
    """The person is the one that the file names; without one, the file is its own."""
    if column is not None:
        half = len(table) // 2
        table["subject_id"] = np.repeat(column, half) if isinstance(column, list) else column
    table.to_csv(tmp_path / "walk.csv", index=False)
    table.to_parquet(tmp_path / "walk.parquet", index=False)
    for name in ("walk.csv", "walk.parquet"):
        (part,) = read(tmp_path / name)
        assert part.meta.subject_id == subject
        assert set(part.table["subject_id"]) == {subject}


def test_what_became_of_the_rows(table: pd.DataFrame, tmp_path: Path) -> None:
    """Two samples lost and one doubled: both are mended, and said."""
    doubled = pd.concat([table[:10], table[9:30], table[32:]])
    doubled.to_csv(tmp_path / "walk.csv", index=False)
    parts, report = read_user_recording(tmp_path / "walk.csv", rate_hz=50, needs_gyro=True)
    assert len(parts[0].table) == len(table) == report.rows_out
    assert report.describe() == (
        "99 rows read; 1 duplicate row removed; 2 samples put into 1 short gap; "
        "100 samples in 1 stretch"
    )
