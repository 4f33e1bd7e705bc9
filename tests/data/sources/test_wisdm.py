"""WISDM v1.1: one file of many users, with the malformed lines it is known for."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.data.ingest import text

START = 49105962326000  # ns since the phone was started
STEP = 50_000_000


def _row(i: int, user: int = 33, label: str = "Jogging", start: int = START) -> str:
    return f"{user},{label},{start + STEP * i},0.{i % 97 + 1},9.8,-0.{i % 89 + 1};"


def _write(folder: Path, rows: list[str]) -> Path:
    path = folder / "WISDM_ar_v1.1" / "WISDM_ar_v1.1_raw.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path


def test_values_times_and_labels(tmp_path: Path) -> None:
    """Axes are m/s²; nanoseconds of uptime become seconds from 0; no gyroscope."""
    words = ["Walking", "Jogging", "Upstairs", "Downstairs", "Sitting", "Standing"]
    _write(tmp_path, [_row(i, 17, words[i // 50]) for i in range(300)])
    read = read_all("wisdm", tmp_path)
    recording = read.recordings["wisdm-17-01"]
    table, meta = recording.table, recording.meta
    assert (meta.subject_id, meta.placement, meta.rate_hz) == ("wisdm-17", "pocket", 20)
    assert meta.start_s == pytest.approx(49105.962326)
    assert table.loc[7, "acc_x"] == np.float32(0.8)
    assert table.loc[7, "acc_z"] == np.float32(-0.8)
    assert table["gyro_x"].isna().all()
    np.testing.assert_allclose(table["time_s"], np.arange(300) * 0.05, atol=1e-6)
    activities = ["walking", "jogging", "stairs-up", "stairs-down", "sitting", "standing"]
    assert table["activity"].tolist() == [name for name in activities for _ in range(50)]
    assert read.account == (300, 300, 0, 0)


def test_users_and_clock_resets_part_recordings(tmp_path: Path) -> None:
    """A user's stretches are numbered; a clock that starts again ends a recording."""
    rows = [_row(i, 33) for i in range(100)]
    rows += [_row(i, 6, "Walking") for i in range(60)]
    rows += [_row(i, 33, "Walking", START + 10**12) for i in range(80)]
    rows += [_row(i, 33, "Sitting", 10**9) for i in range(40)]
    _write(tmp_path, rows)
    read = read_all("wisdm", tmp_path)
    assert {name: len(r.table) for name, r in read.recordings.items()} == {
        "wisdm-33-01": 100,
        "wisdm-6-01": 60,
        "wisdm-33-02-clock1": 80,
        "wisdm-33-02-clock2": 40,
    }
    assert read.recordings["wisdm-33-02-clock2"].table["activity"].eq("sitting").all()
    assert read.account == (280, 280, 0, 0)


def test_malformed_lines(tmp_path: Path) -> None:
    """Two records on a line and a comma too many are repaired; the rest is quarantined."""
    rows = [_row(i, 11, "Walking") for i in range(200)]
    rows[20:22] = [rows[20] + rows[21]]
    rows[40] = rows[40].replace(";", ",;")
    rows[60] = "11,Walking,1867172313000,4.4,4.4,"  # cut off
    rows[70] = rows[70].rsplit(",", 1)[0] + ",;"  # an empty value
    rows[80] = rows[80].removesuffix(";")
    rows[90] = ";"
    rows[100] = ""
    _write(tmp_path, rows)
    read = read_all("wisdm", tmp_path)
    # 199 lines, one of them blank and one of them two records: 199 rows
    assert read.account == (199, 192, 3, 4)
    (recording,) = read.recordings.values()
    assert len(recording.table) == 195
    assert recording.table["time_s"].iloc[20:22].tolist() == pytest.approx([1.0, 1.05])
    assert dict(read.ledger.reasons) == {
        "not 6 fields and ';' at the end": 3,
        "acc_z is missing": 1,
    }
    assert read.ledger.repairs["malformed line"] == 3


def test_zero_repeated_and_standing_timestamps(tmp_path: Path) -> None:
    """Time 0 and a clock that stands still are quarantined; a short burst is averaged."""
    rows = [_row(i, 5, "Standing") for i in range(200)]
    rows[10] = "5,Standing,0,0,0,0;"
    rows[31] = rows[31].replace(str(START + STEP * 31), str(START + STEP * 30))
    for i in range(100, 120):
        rows[i] = rows[i].replace(str(START + STEP * i), str(START + STEP * 100))
    rows.insert(151, rows[150])
    _write(tmp_path, rows)
    read = read_all("wisdm", tmp_path)
    (recording,) = read.recordings.values()
    assert read.account == (201, 177, 2, 22)
    assert len(recording.table) == 178
    assert dict(read.ledger.reasons) == {
        "timestamp is 0": 1,
        "the clock stands still": 20,
        "copy of an earlier row": 1,
    }
    at_30 = recording.table.loc[np.isclose(recording.table["time_s"], 1.5), "acc_x"]
    assert at_30.tolist() == [np.float32((0.31 + 0.32) / 2)]


def test_blocks_do_not_part_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read at a time, and from a tar or a folder, recordings are the same."""
    rows = [_row(i, user) for user in (1, 2, 3) for i in range(80)]
    path = _write(tmp_path / "folder", rows)
    with tarfile.open(tmp_path / "WISDM_ar_latest.tar.gz", "w:gz") as archive:
        archive.add(path, "WISDM_ar_v1.1/WISDM_ar_v1.1_raw.txt")
    whole = read_all("wisdm", tmp_path / "folder").recordings
    assert list(whole) == ["wisdm-1-01", "wisdm-2-01", "wisdm-3-01"]
    for size in (60, 1000, 80 * (len(rows[0]) + 1)):
        monkeypatch.setattr(text, "BLOCK", size)
        parts = read_all("wisdm", tmp_path / "WISDM_ar_latest.tar.gz").recordings
        assert parts.keys() == whole.keys()
        assert all(parts[name].table.equals(whole[name].table) for name in whole)
