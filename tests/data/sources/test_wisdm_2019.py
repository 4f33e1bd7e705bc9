"""WISDM 2019: a phone and a watch with clocks of their own, and a subject told twice."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.errors import DataError

START = 252207666810782  # ns
STEP = 50_000_000


def _accel(i: int, subject: int = 1600, code: str = "A", step: int = STEP) -> str:
    return f"{subject},{code},{START + step * i},-0.{i % 97 + 1},8.79,0.{i % 89 + 1};"


def _gyro(i: int, subject: int = 1600, code: str = "A", start: int = START) -> str:
    return f"{subject},{code},{start + STEP * i},{0.001 * i:.3f},-0.02,0.0{i % 9 + 1};"


def _write(folder: Path, place: str, rows: list[str], *, name: str = "") -> Path:
    """Write the rows of ``device/sensor`` for subject 1600, or under another name."""
    device, sensor = place.split("/")
    path = folder / "wisdm-dataset" / "raw" / place
    path.mkdir(parents=True, exist_ok=True)
    path = path / (name or f"data_1600_{sensor}_{device}.txt")
    path.write_text("\n".join(rows) + "\n")
    return path


def test_values_times_labels_and_join(tmp_path: Path) -> None:
    """Angular velocity is interpolated at the times of acceleration, a clock late."""
    late = START + STEP // 2
    accel = [_accel(i, code="A") for i in range(200)] + [_accel(i, code="M") for i in range(100)]
    gyro = [_gyro(i, start=late) for i in range(200)] + [_gyro(i, code="M") for i in range(100)]
    _write(tmp_path, "phone/accel", accel)
    _write(tmp_path, "phone/gyro", gyro)
    read = read_all("wisdm-2019", tmp_path)
    assert list(read.recordings) == ["wisdm-2019-1600-pocket-A", "wisdm-2019-1600-pocket-M"]
    walking = read.recordings["wisdm-2019-1600-pocket-A"]
    table, meta = walking.table, walking.meta
    assert (meta.subject_id, meta.placement, meta.rate_hz) == ("wisdm-2019-1600", "pocket", 20)
    assert meta.start_s == pytest.approx(START / 1e9)
    assert table.loc[3, "acc_x"] == np.float32(-0.4)
    assert table.loc[3, "gyro_x"] == pytest.approx(0.0025)  # between 0.002 and 0.003
    np.testing.assert_allclose(table["time_s"], np.arange(200) * 0.05, atol=1e-6)
    assert table["activity"].eq("walking").all()
    kicking = read.recordings["wisdm-2019-1600-pocket-M"].table
    assert kicking["activity"].eq("soccer").all()
    assert kicking.loc[7, "gyro_x"] == np.float32(0.007)
    assert read.account == (600, 600, 0, 0)


def test_devices_are_apart_and_rates_are_measured(tmp_path: Path) -> None:
    """A phone of 40 ms steps is told and kept at 25 Hz; the watch is another placement."""
    _write(tmp_path, "phone/accel", [_accel(i, step=40_000_000) for i in range(200)])
    _write(tmp_path, "watch/accel", [_accel(i) for i in range(200)])
    read = read_all("wisdm-2019", tmp_path)
    phone = read.recordings["wisdm-2019-1600-pocket-A"]
    watch = read.recordings["wisdm-2019-1600-wrist-A"]
    assert phone.meta.rate_hz == pytest.approx(25)
    assert "rate" in [warning.kind for warning in read.ledgers["1600-phone"].warnings]
    assert "rate" not in [warning.kind for warning in read.ledgers["1600-watch"].warnings]
    assert watch.meta.rate_hz == 20
    assert watch.table["gyro_x"].isna().all()
    assert read.account == (400, 400, 0, 0)


def test_repeated_block_is_quarantined(tmp_path: Path) -> None:
    """Subject 1629 tells each block twice, its time jumping back: one of them is kept."""
    accel = [_accel(i, 1629, "D") for i in range(150)]
    gyro = [_gyro(i, 1629, "D") for i in range(150)]
    _write(tmp_path, "phone/accel", accel * 2, name="data_1629_accel_phone.txt")
    _write(tmp_path, "phone/gyro", gyro * 2, name="data_1629_gyro_phone.txt")
    read = read_all("wisdm-2019", tmp_path)
    (recording,) = read.recordings.values()
    assert len(recording.table) == 150
    assert (np.diff(recording.table["time_s"]) > 0).all()
    assert read.account == (600, 300, 0, 300)
    assert dict(read.ledger.reasons) == {"copy of an earlier row": 300}


def test_sensors_that_do_not_match(tmp_path: Path) -> None:
    """A gyroscope on another clock, or of an activity without acceleration, is left out."""
    accel = [_accel(i, code=code) for code in "AB" for i in range(100)]
    gyro = [_gyro(i, code="A", start=START + 10**13) for i in range(100)]
    gyro += [_gyro(i, code="C") for i in range(100)]
    _write(tmp_path, "watch/accel", [*accel, "1600,A,252207", "1600,?,1,0.1,9.8,0.1;"])
    _write(tmp_path, "watch/gyro", gyro)
    read = read_all("wisdm-2019", tmp_path)
    assert list(read.recordings) == ["wisdm-2019-1600-wrist-A", "wisdm-2019-1600-wrist-B"]
    assert all(r.table["gyro_x"].isna().all() for r in read.recordings.values())
    assert read.account == (402, 200, 0, 202)
    assert dict(read.ledger.reasons) == {
        "not 6 fields and ';' at the end": 1,
        "no subject or no activity code": 1,
        "the gyroscope's clock shares no time with the accelerometer's": 100,
        "no acceleration of this activity": 100,
    }


def test_archive_inside_the_archive(tmp_path: Path) -> None:
    """The published zip holds another one, which holds the set."""
    folder = tmp_path / "folder"
    paths = [_write(folder, "watch/accel", [_accel(i) for i in range(100)])]
    paths.append(_write(folder, "watch/gyro", [_gyro(i) for i in range(100)]))
    with zipfile.ZipFile(tmp_path / "wisdm-dataset.zip", "w") as inner:
        for path in paths:
            inner.write(path, path.relative_to(folder).as_posix())
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.write(tmp_path / "wisdm-dataset.zip", "wisdm-dataset.zip")
    unpacked = read_all("wisdm-2019", folder).recordings["wisdm-2019-1600-wrist-A"]
    zipped = read_all("wisdm-2019", tmp_path / "outer.zip").recordings["wisdm-2019-1600-wrist-A"]
    assert zipped.table.equals(unpacked.table)


def test_another_subjects_rows_are_refused(tmp_path: Path) -> None:
    """Where the file's name and its rows or its folder disagree nobody knows whose it is."""
    rows = [_accel(i) for i in range(50)] + [_accel(50, subject=1601)]
    path = _write(tmp_path, "phone/accel", rows)
    with pytest.raises(DataError, match="holds another subject's rows"):
        read_all("wisdm-2019", tmp_path)
    path.rename(path.with_name("data_1600_accel_watch.txt"))
    with pytest.raises(DataError, match="in another's folder"):
        read_all("wisdm-2019", tmp_path)
