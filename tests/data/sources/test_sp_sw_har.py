"""SP-SW-HAR's official layout: bursts, repeated timestamps, two devices."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.errors import DataError

START = 1657544418323  # ms


def _row(i: int, label: str = "WALKING") -> str:
    return f"0.5,-0.25,9.8{i % 10},0.01,0.02,0.0{i % 7},{START + 10 * i},{label}"


def _write(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / "DATA" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    names = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label"
    path.write_text("\n".join([names, *rows]) + "\n")
    return path


def test_values_times_and_labels(tmp_path: Path) -> None:
    """Axes are m/s² and rad/s as written; milliseconds become seconds from 0."""
    labels = ["SEATED", "STANDING_UP", "WALKING", "TURNING", "SITTING_DOWN"]
    _write(tmp_path, "s07/s07_02_sp.csv", [_row(i, labels[i // 100]) for i in range(500)])
    read = read_all("sp-sw-har", tmp_path)
    (recording,) = read.recordings.values()
    table, meta = recording.table, recording.meta
    assert (meta.recording_id, meta.subject_id) == ("sp-sw-har-07-pocket-02", "sp-sw-har-07")
    assert (meta.placement, meta.rate_hz) == ("pocket", 102.5)
    assert meta.start_s == START / 1000
    assert table.loc[3, "acc_z"] == np.float32(9.83)
    assert table.loc[6, "gyro_z"] == np.float32(0.06)
    np.testing.assert_allclose(table["time_s"], np.arange(500) / 100, atol=1e-6)
    activities = ["sitting", "sit-to-stand", "walking", "turning", "stand-to-sit"]
    assert table["activity"].tolist() == [name for name in activities for _ in range(100)]
    assert read.account == (500, 500, 0, 0)


def test_repeated_timestamps_are_averaged(tmp_path: Path) -> None:
    """Two samples of one burst become their mean, counted as repaired."""
    rows = [_row(i) for i in range(200)]
    rows.insert(51, rows[50].replace("0.5,", "1.5,", 1))
    _write(tmp_path, "s01/s01_01_sw.csv", rows)
    read = read_all("sp-sw-har", tmp_path)
    table = read.recordings["sp-sw-har-01-wrist-01"].table
    assert len(table) == 200
    assert table.loc[50, "acc_x"] == 1.0
    assert read.account == (201, 199, 2, 0)


def test_archive_and_folder_read_alike(tmp_path: Path) -> None:
    """The zip of the layout gives the same recordings as the folder."""
    path = _write(tmp_path / "folder", "s01/s01_01_sp.csv", [_row(i) for i in range(100)])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(path, "DATA/s01/s01_01_sp.csv")
        archive.writestr("__MACOSX/DATA/s01/._s01_01_sp.csv", b"\0\0")
    folder = read_all("sp-sw-har", tmp_path / "folder").recordings
    zipped = read_all("sp-sw-har", tmp_path / "set.zip").recordings
    assert folder.keys() == zipped.keys()
    for name, recording in folder.items():
        assert recording.table.equals(zipped[name].table)


def test_another_subjects_file_is_refused(tmp_path: Path) -> None:
    """Where folder and file name disagree nobody knows whose data it is."""
    _write(tmp_path, "s02/s01_01_sp.csv", [_row(i) for i in range(100)])
    with pytest.raises(DataError, match="a file of s01 in the folder of s02"):
        read_all("sp-sw-har", tmp_path)
