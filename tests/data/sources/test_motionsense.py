"""MotionSense's official layout: gravity apart, Apple's sign, no timestamps."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

G = 9.80665  # m/s²
HEADER = (
    ",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,"
    "rotationRate.x,rotationRate.y,rotationRate.z,"
    "userAcceleration.x,userAcceleration.y,userAcceleration.z"
)


def _row(i: int) -> str:
    """Face up and nearly still: gravity is (0, 0, -1) in Apple's sign."""
    return f"{i},1.5,-0.7,0.6,0.0,0.0,-1.0,0.5,-0.25,0.0{i % 9 + 1},0.1,-0.2,0.0{i % 7}"


def _write(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_values_times_and_label(tmp_path: Path) -> None:
    """Both parts of acceleration are added, turned upward and given in m/s²; 50 Hz."""
    _write(tmp_path, "A_DeviceMotion_data/wlk_7/sub_11.csv", [_row(i) for i in range(200)])
    read = read_all("motionsense", tmp_path)
    (recording,) = read.recordings.values()
    table, meta = recording.table, recording.meta
    assert (meta.recording_id, meta.subject_id) == ("motionsense-11-wlk_7", "motionsense-11")
    assert (meta.placement, meta.rate_hz, meta.licence) == ("pocket", 50.0, "MIT")
    row = table.loc[3]
    assert row["acc_x"] == pytest.approx(-0.1 * G)
    assert row["acc_y"] == pytest.approx(0.2 * G)
    assert row["acc_z"] == pytest.approx((1.0 - 0.03) * G)
    assert [row["gyro_x"], row["gyro_y"]] == [0.5, -0.25]
    assert row["gyro_z"] == np.float32(0.04)
    np.testing.assert_allclose(table["time_s"], np.arange(200) / 50, atol=1e-9)
    assert set(table["activity"]) == {"walking"}
    assert read.account == (200, 200, 0, 0)


def test_the_turned_sign_is_told(tmp_path: Path) -> None:
    """What was done to Apple's convention stands in the recording's conversions."""
    _write(tmp_path, "A_DeviceMotion_data/sit_5/sub_1.csv", [_row(i) for i in range(100)])
    (recording,) = read_all("motionsense", tmp_path).recordings.values()
    sign, unit = recording.meta.conversions
    assert sign.startswith("acceleration = -(gravity + userAcceleration)")
    assert unit == "acceleration = g * 9.80665"


def test_activities_trials_and_subjects(tmp_path: Path) -> None:
    """Six words in the folders' names; one item per subject."""
    words = {
        "dws": "stairs-down",
        "ups": "stairs-up",
        "wlk": "walking",
        "jog": "jogging",
        "sit": "sitting",
        "std": "standing",
    }
    for trial, word in enumerate(words, start=1):
        for subject in (1, 24):
            name = f"A_DeviceMotion_data/{word}_{trial}/sub_{subject}.csv"
            _write(tmp_path, name, [_row(i) for i in range(60)])
    read = read_all("motionsense", tmp_path)
    assert set(read.ledgers) == {"sub_1", "sub_24"}
    found = {name: r.table["activity"].iloc[0] for name, r in read.recordings.items()}
    assert found == {
        f"motionsense-{subject}-{word}_{trial}": activity
        for trial, (word, activity) in enumerate(words.items(), start=1)
        for subject in (1, 24)
    }
    assert read.account == (12 * 60, 12 * 60, 0, 0)


def test_an_unreadable_row_leaves_a_gap(tmp_path: Path) -> None:
    """Time follows the row index, so that what comes later keeps its time."""
    rows = [_row(i) for i in range(100)]
    rows[40] = "40,1.5,-0.7"
    rows[41] = rows[41].replace("-1.0", "", 1)
    _write(tmp_path, "A_DeviceMotion_data/ups_12/sub_3.csv", rows)
    read = read_all("motionsense", tmp_path)
    table = read.recordings["motionsense-3-ups_12"].table
    assert table.loc[39, "time_s"] == pytest.approx(0.78)
    assert table.loc[40, "time_s"] == pytest.approx(0.84)
    assert read.account == (100, 98, 0, 2)
    assert read.ledger.quarantined()["line"].tolist() == [42, 43]


def test_the_repositorys_folder_with_its_three_archives(tmp_path: Path) -> None:
    """Of the same trials in folders A, B and C only A's are read, inside its archive."""
    data = "\n".join([HEADER, *(_row(i) for i in range(60))]) + "\n"
    single = "\n".join([",x,y,z", *(f"{i},0.1,0.2,-1.0" for i in range(60))]) + "\n"
    texts = {
        "A_DeviceMotion_data": data,
        "B_Accelerometer_data": single,
        "C_Gyroscope_data": single,
    }
    for folder, text in texts.items():
        with zipfile.ZipFile(tmp_path / f"{folder}.zip", "w") as archive:
            archive.writestr(f"{folder}/dws_1/sub_1.csv", text)
            archive.writestr(f"__MACOSX/{folder}/dws_1/._sub_1.csv", b"\0")
    (tmp_path / "data_subjects_info.csv").write_text("\ufeffcode,weight\n1,102\n")
    read = read_all("motionsense", tmp_path)
    assert list(read.recordings) == ["motionsense-1-dws_1"]
    assert read.account == (60, 60, 0, 0)
