"""DSADS's official layout: segments of five units that make up one recording."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.errors import DataError

UNITS = ("torso", "right-arm", "left-arm", "right-leg", "left-leg")


def _line(segment: int, row: int) -> str:
    """Return 45 fields: each unit has its own offset in every one of its nine."""
    fields = []
    for unit in range(5):
        acc = (0.5 + unit, 0.001 * row, 9.5)
        gyro = (0.25 + unit, -0.01 * segment, 0.002 * row)
        mag = (-0.7, 0.1, 0.3)
        fields += [f"{value:.4f}" for value in (*acc, *gyro, *mag)]
    return ",".join(fields)


def _write(folder: Path, name: str, segment: int, rows: int = 125) -> Path:
    path = folder / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(_line(segment, row) + "\n" for row in range(rows)))
    return path


def test_segments_are_joined(tmp_path: Path) -> None:
    """Three segments of one activity and subject are one recording of 15 s per unit."""
    for segment in (1, 2, 3):
        _write(tmp_path, f"a12/p7/s{segment:02d}.txt", segment)
    read = read_all("dsads", tmp_path)
    assert list(read.recordings) == [f"dsads-7-{unit}-a12" for unit in UNITS]
    for number, recording in enumerate(read.recordings.values()):
        table, meta = recording.table, recording.meta
        assert (meta.subject_id, meta.placement) == ("dsads-7", UNITS[number])
        assert (meta.rate_hz, meta.start_s) == (25.0, 0.0)
        np.testing.assert_allclose(table["time_s"], np.arange(375) * 0.04, atol=1e-9)
        assert (table["activity"] == "treadmill-running").all()
        expected = (0.5 + number, 0.01, 9.5, 0.25 + number, -0.03, 0.02)
        assert tuple(table.loc[260, "acc_x":"gyro_z"]) == tuple(np.float32(expected))
    assert list(read.ledgers) == ["a12-p7"]
    assert read.account == (1875, 1875, 0, 0)  # 375 lines of five sensors


def test_missing_segment_leaves_a_gap(tmp_path: Path) -> None:
    """Without the second segment the third still begins at 10 s."""
    _write(tmp_path, "a05/p1/s01.txt", 1)
    _write(tmp_path, "a05/p1/s03.txt", 3)
    read = read_all("dsads", tmp_path)
    recording = read.recordings["dsads-1-left-leg-a05"]
    time = recording.table["time_s"].to_numpy()
    assert len(time) == 250
    assert (time[124], time[125]) == (pytest.approx(4.96), pytest.approx(10.0))
    assert recording.meta.rate_hz == 25.0


def test_broken_lines_are_set_aside_without_shifting_time(tmp_path: Path) -> None:
    """A short line counts once, a missing value in one unit's columns for that unit."""
    path = _write(tmp_path, "a01/p2/s01.txt", 1)
    lines = path.read_text().splitlines()
    lines[9] = lines[9].rsplit(",", 1)[0]
    lines[19] = lines[19].replace("0.5000", "NaN", 1)  # the torso's acc_x
    path.write_text("\n".join(lines) + "\n")
    read = read_all("dsads", tmp_path)
    torso = read.recordings["dsads-2-torso-a01"].table
    arm = read.recordings["dsads-2-right-arm-a01"].table
    assert (len(torso), len(arm)) == (123, 124)
    np.testing.assert_allclose(torso["time_s"].iloc[[8, 9, 17, 18]], [0.32, 0.4, 0.72, 0.8])
    assert read.account == (124 * 5 + 1, 123 + 4 * 124, 0, 2)
    assert read.ledger.reasons == {"not 45 fields": 1, "acc_x is missing": 1}


def test_surplus_rows_do_not_reach_the_next_segment(tmp_path: Path) -> None:
    """A segment of 127 lines would overlap the next one: two lines are set aside."""
    _write(tmp_path, "a01/p3/s01.txt", 1, rows=127)
    _write(tmp_path, "a01/p3/s02.txt", 2)
    read = read_all("dsads", tmp_path)
    assert len(read.recordings["dsads-3-torso-a01"].table) == 250
    assert read.ledger.reasons == {"more than 125 rows in a segment": 2}
    assert read.account == (1252, 1250, 0, 2)
    assert read.ledger.quarantined()["line"].tolist() == [126, 127]


def test_every_label_of_the_folders(tmp_path: Path) -> None:
    """The folder is the label, in the folder and in the zip alike."""
    expected = {"a03": "lying-on-back", "a11": "treadmill-walking", "a19": "basketball"}
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for activity in expected:
            path = _write(tmp_path / "folder", f"{activity}/p8/s01.txt", 1)
            archive.write(path, f"data/{activity}/p8/s01.txt")
    for place in ("folder", "set.zip"):
        read = read_all("dsads", tmp_path / place)
        assert len(read.recordings) == 15
        for activity, name in expected.items():
            table = read.recordings[f"dsads-8-right-leg-{activity}"].table
            assert set(table["activity"]) == {name}


def test_segment_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """A copy of the data beside it would double the recording."""
    _write(tmp_path, "a01/p1/s01.txt", 1)
    _write(tmp_path / "copy", "a01/p1/s01.txt", 1)
    with pytest.raises(DataError, match=r"a01/p1/s01\.txt is there twice"):
        read_all("dsads", tmp_path)
