"""HAR70+'s official layout: HARTH's format with other subjects and fewer activities."""

from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.errors import DataError

HEADER = "timestamp,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label"
LABELS = {
    "1": "walking",
    "3": "shuffling",
    "4": "stairs-up",
    "5": "stairs-down",
    "6": "standing",
    "7": "sitting",
    "8": "lying",
}
STEPS_MS = (20, 20, 21, 19, 20)  # rounding to milliseconds


def _rows(n: int) -> list[str]:
    rows, ms = [], 839
    for i in range(n):
        stamp = f"2021-03-24 14:42:{3 + ms // 1000:02d}.{ms % 1000:03d}"
        label = list(LABELS)[i * len(LABELS) // n]
        rows.append(f"{stamp},0.999,0.06{i % 10},0.140625,0.98,-0.112061,0.04{i % 10},{label}")
        ms += STEPS_MS[i % 5]
    return rows


def _write(folder: Path, name: str, rows: list[str], header: str = HEADER) -> None:
    path = folder / "har70plus" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")


def test_values_times_and_labels(tmp_path: Path) -> None:
    """Both sensors, g to m/s², real times of the day, seven activities."""
    _write(tmp_path, "501.csv", _rows(700))
    read = read_all("har70plus", tmp_path)
    assert list(read.recordings) == ["har70plus-501-lower-back-01", "har70plus-501-right-thigh-01"]
    back, thigh = (recording.table for recording in read.recordings.values())
    meta = read.recordings["har70plus-501-lower-back-01"].meta
    assert (meta.subject_id, meta.rate_hz) == ("har70plus-501", 50.0)
    assert meta.start_s == pytest.approx(1616596923.839, abs=1e-5)
    assert back.loc[5, "acc_y"] == np.float32(0.065 * 9.80665)
    assert thigh.loc[5, "acc_z"] == np.float32(0.045 * 9.80665)
    np.testing.assert_allclose(
        back["time_s"].iloc[:6], [0, 0.02, 0.04, 0.061, 0.08, 0.1], atol=1e-6
    )
    assert back["activity"].tolist() == [name for name in LABELS.values() for _ in range(100)]
    assert read.account == (1400, 1400, 0, 0)


def test_one_item_a_subject(tmp_path: Path) -> None:
    """Only the subjects' files are read, not what else lies there."""
    _write(tmp_path, "501.csv", _rows(100))
    _write(tmp_path, "518.csv", _rows(100))
    _write(tmp_path, "01.csv", ["of another data set"])
    assert list(read_all("har70plus", tmp_path).ledgers) == ["501", "518"]


def test_broken_line_and_repeated_time(tmp_path: Path) -> None:
    """A cut line is set aside once; two samples of one time become their mean, a sensor each."""
    rows = _rows(100)
    rows[20] = rows[20][:40]
    rows[51] = rows[50][:23] + rows[51][23:]
    _write(tmp_path, "502.csv", rows)
    read = read_all("har70plus", tmp_path)
    assert len(read.recordings["har70plus-502-lower-back-01"].table) == 98
    assert read.ledger.reasons == {"not 8 fields": 1}
    assert read.account == (99 * 2 + 1, 97 * 2, 4, 1)


def test_missing_column_is_refused(tmp_path: Path) -> None:
    """A file with the back only is not this data set."""
    _write(
        tmp_path,
        "503.csv",
        ["2021-03-24 14:42:03.839,1,0,0,6"],
        HEADER.replace("thigh_x,thigh_y,thigh_z,", ""),
    )
    with pytest.raises(DataError, match=r"503\.csv: not the columns of this data set"):
        read_all("har70plus", tmp_path)
