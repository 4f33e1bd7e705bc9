"""MHEALTH's official layout: three units per line, none with time, the chest without gyroscope."""

import zipfile
from math import pi
from pathlib import Path

import numpy as np
import pytest
from reading import read_all


def _row(i: int, label: int = 4) -> str:
    chest = ["-9.8184", f"0.0{i % 9 + 1}", "0.29563"]
    ecg = ["0.0041863", "0.0041863"]
    ankle = ["2.1849", "-9.6967", f"0.6{i % 8}", "0.1039", "-0.84053", f"-0.6{i % 7}"]
    wrist = ["-8.6499", "-4.5781", f"0.1{i % 6}", "-0.44902", "-1.0103", f"0.03{i % 5}"]
    magnetic = ["-0.37", "-0.36327", "0.29963"]
    return "\t".join([*chest, *ecg, *ankle, *magnetic, *wrist, *magnetic, str(label)])


def _write(folder: Path, subject: int, rows: list[str]) -> Path:
    path = folder / "MHEALTHDATASET" / f"mHealth_subject{subject}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path


def test_one_line_holds_three_units(tmp_path: Path) -> None:
    """m/s² as written, deg/s to rad/s, 50 Hz; every line counts three times."""
    _write(tmp_path, 10, [_row(i) for i in range(300)])
    read = read_all("mhealth", tmp_path)
    ankle = read.recordings["mhealth-10-ankle-session"]
    wrist = read.recordings["mhealth-10-wrist-session"]
    assert (ankle.meta.subject_id, ankle.meta.rate_hz) == ("mhealth-10", 50.0)
    channels = ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
    degree = pi / 180
    np.testing.assert_allclose(
        ankle.table.loc[3, channels].to_numpy("float64"),
        [2.1849, -9.6967, 0.63, 0.1039 * degree, -0.84053 * degree, -0.63 * degree],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        wrist.table.loc[4, channels].to_numpy("float64"),
        [-8.6499, -4.5781, 0.14, -0.44902 * degree, -1.0103 * degree, 0.034 * degree],
        rtol=1e-6,
    )
    np.testing.assert_allclose(ankle.table["time_s"], np.arange(300) / 50, atol=1e-9)
    assert read.account == (900, 900, 0, 0)


def test_the_chest_has_no_gyroscope(tmp_path: Path) -> None:
    """Its recording has acceleration alone, and no word about angular velocity's unit."""
    _write(tmp_path, 1, [_row(i) for i in range(100)])
    read = read_all("mhealth", tmp_path)
    chest = read.recordings["mhealth-1-chest-session"]
    assert chest.table.loc[2, "acc_x"] == np.float32(-9.8184)
    assert chest.table.loc[2, "acc_y"] == np.float32(0.03)
    assert chest.table[["gyro_x", "gyro_y", "gyro_z"]].isna().all(axis=None)
    assert chest.meta.conversions == ()
    note, unit = read.recordings["mhealth-1-ankle-session"].meta.conversions
    assert note.startswith("angular velocity read as deg/s, as documented")
    assert unit.startswith("angular velocity = deg/s * 0.01745")


def test_angular_velocity_too_small_for_its_unit_is_told(tmp_path: Path) -> None:
    """At about 1 deg/s nobody walks; at 60 deg/s the ankle's sensor says nothing odd."""
    rows = [_row(i).replace("\t0.1039\t", f"\t{60 + i % 9}\t") for i in range(100)]
    _write(tmp_path, 4, rows)
    warnings = read_all("mhealth", tmp_path).ledger.warnings
    told = [(w.recording, w.detail) for w in warnings if w.kind == "angular velocity"]
    assert told == [
        ("subject4-wrist", "99 % of samples within 1.01, too small for deg/s in motion")
    ]


def test_the_null_class_is_unlabelled(tmp_path: Path) -> None:
    """0 is what nobody labelled; the twelve codes become activities."""
    codes = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    _write(tmp_path, 2, [_row(i, codes[i // 20]) for i in range(20 * len(codes))])
    names = [
        *(None, "standing", "sitting", "lying", "walking", "stairs-up", "waist-bending"),
        *("arm-raising", "knee-bending", "cycling", "jogging", "running", "jumping"),
    ]
    for recording in read_all("mhealth", tmp_path).recordings.values():
        activity = recording.table["activity"]
        found = activity.astype(object).where(activity.notna(), None)
        assert found.tolist() == [name for name in names for _ in range(20)]


def test_an_unreadable_line_leaves_a_gap(tmp_path: Path) -> None:
    """Time follows the line; one line that is no row counts once."""
    rows = [_row(i) for i in range(100)]
    rows[30] = "\t".join(rows[30].split("\t")[:10])
    rows[60] = rows[60].replace("2.1849", "x", 1)
    _write(tmp_path, 3, rows)
    read = read_all("mhealth", tmp_path)
    for recording in read.recordings.values():
        time = recording.table["time_s"]
        assert (len(time), time[29], time[30]) == (98, pytest.approx(0.58), pytest.approx(0.62))
    assert read.account == (98 * 3 + 2, 98 * 3, 0, 2)
    assert dict(read.ledger.reasons) == {"not 24 fields": 1, "not a number": 1}


def test_archive_and_folder_read_alike(tmp_path: Path) -> None:
    """The published zip gives the same recordings as the folder; its README is no data."""
    path = _write(tmp_path / "folder", 7, [_row(i) for i in range(100)])
    with zipfile.ZipFile(tmp_path / "mhealth+dataset.zip", "w") as archive:
        archive.write(path, "MHEALTHDATASET/mHealth_subject7.log")
        archive.writestr("MHEALTHDATASET/README.txt", "mHealth dataset")
    folder = read_all("mhealth", tmp_path / "folder").recordings
    zipped = read_all("mhealth", tmp_path / "mhealth+dataset.zip").recordings
    assert len(folder) == 3
    assert folder.keys() == zipped.keys()
    for name, recording in folder.items():
        assert recording.table.equals(zipped[name].table)
