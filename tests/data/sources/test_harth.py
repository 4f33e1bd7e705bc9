"""HARTH's official layout: two accelerometers in a line, index columns, text times."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.errors import DataError

G = 9.80665
HEADER = "timestamp,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label"
START = 1547251200.0  # 2019-01-12 00:00:00 UTC
LABELS = {
    "1": "walking",
    "2": "running",
    "3": "shuffling",
    "4": "stairs-up",
    "5": "stairs-down",
    "6": "standing",
    "7": "sitting",
    "8": "lying",
    "13": "cycling-sitting",
    "14": "cycling-standing",
    "130": None,
    "140": None,
}


def _stamp(ms: int, digits: int = 3) -> str:
    return f"2019-01-12 00:{ms // 60000:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}" + "0" * (
        digits - 3
    )


def _row(i: int, label: str = "6", step: int = 20) -> str:
    back, thigh = f"-0.95,0.0{i % 10},-0.125", f"-0.5,0.25,0.8{i % 10}"
    return f"{_stamp(step * i)},{back},{thigh},{label}"


def _write(folder: Path, name: str, rows: list[str], header: str = HEADER) -> Path:
    path = folder / "harth" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_values_times_and_labels(tmp_path: Path) -> None:
    """Each line gives a sample of both sensors, g become m/s², there is no gyroscope."""
    rows = [_row(i, list(LABELS)[i // 50]) for i in range(600)]
    _write(tmp_path, "S006.csv", rows)
    read = read_all("harth", tmp_path)
    assert list(read.recordings) == ["harth-006-lower-back-01", "harth-006-right-thigh-01"]
    expected = {"lower-back": (-0.95, 0.03, -0.125), "right-thigh": (-0.5, 0.25, 0.83)}
    for recording in read.recordings.values():
        table, meta = recording.table, recording.meta
        assert (meta.subject_id, meta.rate_hz, meta.start_s) == ("harth-006", 50.0, START)
        values = np.float32([G * value for value in expected[meta.placement]])
        np.testing.assert_array_equal(table.loc[3, "acc_x":"acc_z"].to_numpy("float32"), values)
        assert table[["gyro_x", "gyro_y", "gyro_z"]].isna().all(axis=None)
        np.testing.assert_allclose(table["time_s"], np.arange(600) * 0.02, atol=1e-6)
        found = table["activity"].astype(object).where(table["activity"].notna(), None)
        assert found.tolist() == [name for name in LABELS.values() for _ in range(50)]
    assert read.account == (1200, 1200, 0, 0)
    assert not [w for w in read.ledger.warnings if w.kind == "unknown label"]


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("timestamp,index,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label", 1),
        ("," + HEADER, 0),
        ("\ufeff" + HEADER + ",subject", 8),
    ],
)
def test_further_columns_are_left_out(tmp_path: Path, header: str, place: int) -> None:
    """The index of S015, S021 and S023 does not shift the axes, wherever it stands."""
    rows = []
    for i in range(100):
        fields = _row(i).split(",")
        fields.insert(place, "x" if i == 50 else str(1000 + i))
        rows.append(",".join(fields))
    _write(tmp_path, "S015.csv", rows, header)
    read = read_all("harth", tmp_path)
    table = read.recordings["harth-015-right-thigh-01"].table
    assert table.loc[7, "acc_z"] == np.float32(0.87 * G)
    assert read.account == (200, 200, 0, 0)


def test_nanoseconds_gaps_and_bad_times(tmp_path: Path) -> None:
    """Nine digits are read; a gap stays; a line without a time is set aside once."""
    rows = [_row(i) for i in range(200)]
    rows[10] = rows[10].replace(_stamp(200), "2019-01-12 00:00:00.200000000")
    rows[20] = rows[20].replace(_stamp(400), "noon")
    rows[30] = rows[30].replace(_stamp(600), "")
    rows[50] = rows[50].replace(_stamp(1000), "2019-01-12 00:00:01")
    del rows[100:150]
    _write(tmp_path, "S023.csv", rows)
    read = read_all("harth", tmp_path)
    time = read.recordings["harth-023-lower-back-01"].table["time_s"]
    expected = [0.02 * i for i in range(200) if i not in (20, 30) and not 100 <= i < 150]
    np.testing.assert_allclose(time, expected, atol=1e-6)
    assert read.account == (148 * 2 + 2, 148 * 2, 0, 2)
    assert read.ledger.reasons == {"not a time": 2}
    assert read.ledger.quarantined()["line"].tolist() == [22, 32]
    assert '"timestamp":"noon"' in read.ledger.quarantined()["content"].iloc[0]


def test_another_rate_is_told(tmp_path: Path) -> None:
    """The timestamps of S006 step by 10 ms: they are trusted, and it is told."""
    _write(tmp_path, "S006.csv", [_row(i, step=10) for i in range(300)])
    read = read_all("harth", tmp_path)
    recording = read.recordings["harth-006-lower-back-01"]
    assert recording.meta.rate_hz == pytest.approx(100)
    assert recording.table["time_s"].iloc[-1] == pytest.approx(2.99)
    assert [w.detail for w in read.ledger.warnings if w.kind == "rate"] == [
        "100 Hz by its timestamps, declared as 50 Hz"
    ] * 2


def test_saturated_and_missing_values(tmp_path: Path) -> None:
    """A value that one sensor lacks is that sensor's loss only."""
    rows = [_row(i) for i in range(100)]
    rows[40] = rows[40].replace("-0.95", "")
    rows[60] = rows[60].replace("-0.5,", "-8.0,")
    _write(tmp_path, "S008.csv", rows)
    read = read_all("harth", tmp_path)
    assert len(read.recordings["harth-008-lower-back-01"].table) == 99
    thigh = read.recordings["harth-008-right-thigh-01"].table
    assert len(thigh) == 100
    assert thigh.loc[60, "acc_x"] == np.float32(-8 * G)
    assert read.account == (200, 199, 0, 1)
    assert read.ledger.reasons == {"acc_x is missing": 1}


def test_zip_and_folder_read_alike(tmp_path: Path) -> None:
    """The zip of the layout gives the same recordings as the folder."""
    path = _write(tmp_path / "folder", "S009.csv", [_row(i) for i in range(100)])
    with zipfile.ZipFile(tmp_path / "harth.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "harth/S009.csv")
    folder = read_all("harth", tmp_path / "folder").recordings
    zipped = read_all("harth", tmp_path / "harth.zip").recordings
    assert len(folder) == 2
    assert folder.keys() == zipped.keys()
    for name, recording in folder.items():
        assert recording.table.equals(zipped[name].table)


def test_other_columns_and_copies_are_refused(tmp_path: Path) -> None:
    """A file without the columns, and two files of one subject, are an error."""
    path = _write(tmp_path / "a", "S010.csv", [_row(0)], HEADER.replace("back_z", "hip_z"))
    with pytest.raises(DataError, match=r"S010\.csv: not the columns of this data set"):
        read_all("harth", tmp_path / "a")
    _write(tmp_path / "b", "S010.csv", [_row(0)])
    (tmp_path / "b" / "S010.csv").write_bytes(path.read_bytes())
    with pytest.raises(DataError, match="subject 010 is there twice"):
        read_all("harth", tmp_path / "b")
