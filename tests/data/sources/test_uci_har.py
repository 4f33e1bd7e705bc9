"""UCI HAR's windows, rebuilt to runs: no sample twice, no two runs spliced."""

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from reading import read_all

from har.errors import DataError

G = 9.80665
SIGNALS = ["total_acc_x", "total_acc_y", "total_acc_z"] + [f"body_gyro_{a}" for a in "xyz"]
Signal = npt.NDArray[np.float64]


def _signal(n: int, seed: int) -> Signal:
    """Return samples of six signals, near 1 g, as the files round them."""
    values = np.random.default_rng(seed).normal(0, 0.05, (n, 6))
    values[:, 0] += 1.0
    return np.array([[float(f"{v:.7e}") for v in row] for row in values])


def _cut(signal: Signal) -> list[Signal]:
    return [signal[i : i + 128] for i in range(0, len(signal) - 127, 64)]


def _write(
    folder: Path, part: str, windows: list[Signal], subjects: list[int], labels: list[int]
) -> Path:
    root = folder / "UCI HAR Dataset" / part
    (root / "Inertial Signals").mkdir(parents=True)
    for k, signal in enumerate(SIGNALS):
        lines = ("".join(f" {v: .7e}" for v in window[:, k]) for window in windows)
        path = root / "Inertial Signals" / f"{signal}_{part}.txt"
        path.write_text("\n".join(lines) + "\n")
    (root / f"subject_{part}.txt").write_text("".join(f"{s}\n" for s in subjects))
    (root / f"y_{part}.txt").write_text("".join(f"{y}\n" for y in labels))
    return root


def test_windows_become_the_samples_they_were_cut_from(tmp_path: Path) -> None:
    """Four overlapping windows are one run of 320 samples: g and rad/s, 50 Hz."""
    signal = _signal(320, 0)
    _write(tmp_path, "train", _cut(signal), [7] * 4, [6] * 4)
    read = read_all("uci-har", tmp_path)
    recording = read.recordings["uci-har-7-train-0001"]
    table, meta = recording.table, recording.meta
    assert (meta.subject_id, meta.placement, meta.rate_hz) == ("uci-har-7", "waist", 50)
    np.testing.assert_array_equal(table["acc_x"], np.float32(signal[:, 0] * G))
    np.testing.assert_array_equal(table["gyro_z"], np.float32(signal[:, 5]))
    np.testing.assert_allclose(table["time_s"], np.arange(320) * 0.02, atol=1e-9)
    assert table["activity"].eq("lying").all()
    assert read.account == (320, 320, 0, 0)


def test_runs_end_where_signals_subjects_or_lines_do(tmp_path: Path) -> None:
    """Windows that do not continue each other, in any signal, are never spliced."""
    first, second = _signal(256, 1), _signal(192, 2)
    broken = _cut(first)
    broken[2] = broken[2].copy()
    broken[2][5, 4] += 0.5  # one sample of one signal
    windows = broken + _cut(second) + _cut(second)
    subjects = [1, 1, 1, 1, 1, 3, 3]
    _write(tmp_path, "train", windows, subjects, [1] * 7)
    read = read_all("uci-har", tmp_path)
    assert {name: len(r.table) for name, r in read.recordings.items()} == {
        "uci-har-1-train-0001": 192,  # windows 1 and 2
        "uci-har-1-train-0003": 128,  # the broken one
        "uci-har-1-train-0004": 192,  # 4 and 5
        "uci-har-3-train-0006": 192,  # 6 and 7
    }
    assert read.account == (704, 704, 0, 0)


def test_samples_of_two_labels_have_none(tmp_path: Path) -> None:
    """A half that lies in a window of walking and one of standing is unlabelled."""
    _write(tmp_path, "test", _cut(_signal(320, 3)), [2] * 4, [1, 1, 5, 5])
    (recording,) = read_all("uci-har", tmp_path).recordings.values()
    activity = recording.table["activity"]
    assert activity.iloc[:128].eq("walking").all()
    assert activity.iloc[128:192].isna().all()
    assert activity.iloc[192:].eq("standing").all()


def test_damaged_window_is_lost_in_all_files(tmp_path: Path) -> None:
    """A line of one signal that is cut off costs one window and splits its run."""
    root = _write(tmp_path, "train", _cut(_signal(448, 4)), [5] * 6, [4] * 6)
    path = root / "Inertial Signals" / "body_gyro_y_train.txt"
    lines = path.read_text().splitlines()
    lines[2] = lines[2][:100]
    path.write_text("\n".join(lines) + "\n")
    read = read_all("uci-har", tmp_path)
    assert {name: len(r.table) for name, r in read.recordings.items()} == {
        "uci-har-5-train-0001": 192,
        "uci-har-5-train-0004": 256,
    }
    assert read.account == (449, 448, 0, 1)
    quarantined = read.ledger.quarantined()
    assert quarantined["line"].tolist() == [3]
    assert "body_gyro_y_train.txt" in quarantined["content"].iloc[0]


def test_both_parts_in_the_archive_inside_the_archive(tmp_path: Path) -> None:
    """The published zip holds another one; train and test are two items."""
    folder = tmp_path / "folder"
    for part, subject in (("train", 1), ("test", 24)):
        _write(folder, part, _cut(_signal(128, subject)), [subject], [2])
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        for path in sorted(folder.rglob("*.txt")):
            inner.write(path, path.relative_to(folder).as_posix())
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.write(tmp_path / "inner.zip", "UCI HAR Dataset.zip")
    read = read_all("uci-har", tmp_path / "outer.zip")
    assert set(read.ledgers) == {"train", "test"}
    unpacked = read_all("uci-har", folder).recordings
    assert set(unpacked) == {"uci-har-1-train-0001", "uci-har-24-test-0001"}
    assert all(read.recordings[name].table.equals(r.table) for name, r in unpacked.items())


def test_missing_or_misplaced_file_is_refused(tmp_path: Path) -> None:
    """Without all eight files, or with one of the other part, nothing is read."""
    root = _write(tmp_path, "train", _cut(_signal(128, 5)), [1], [2])
    (root / "y_train.txt").rename(root / "y_test.txt")
    with pytest.raises(DataError, match="a file of test in the folder of train"):
        read_all("uci-har", tmp_path)
    (root / "y_test.txt").unlink()
    with pytest.raises(DataError, match="train: files are missing"):
        read_all("uci-har", tmp_path)
