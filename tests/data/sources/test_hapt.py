"""HAPT's two forms: the bundled counts, equal to the published values, and the official RawData."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from reading import read_all

from har.data import sources
from har.data.activities import BASIC, TRANSITIONS
from har.data.ingest.files import open_files
from har.data.recording import CHANNELS, Recording
from har.data.schema import validate
from har.data.sources import hapt
from har.errors import DataError

PROOF = json.loads(hapt.BUNDLED.with_suffix(".sha256.json").read_text())
G = 9.80665


def _acc(i: int) -> str:
    return f"0.{i % 90 + 10} 0.1 -0.975 "  # lines end with a blank


def _gyro(i: int) -> str:
    return f"  -0.0{i % 9 + 1}   0.02 0.{i % 80 + 10}"


def _write(
    folder: Path, n: int, labels: list[str], *, experiment: str = "01", user: str = "01"
) -> Path:
    raw = folder / "HAPT Data Set" / "RawData"
    raw.mkdir(parents=True, exist_ok=True)
    for sensor, row in (("acc", _acc), ("gyro", _gyro)):
        path = raw / f"{sensor}_exp{experiment}_user{user}.txt"
        path.write_text("".join(f"{row(i)}\n" for i in range(n)))
    (raw / "labels.txt").write_text("".join(f"{line}\n" for line in labels))
    return raw


def test_official_values_times_and_labels(tmp_path: Path) -> None:
    """Axes are g and rad/s; ranges of labels count from 1 and include their last sample."""
    _write(tmp_path, 300, ["1 1 5 11 100", "1 1 7 101 150", "2 1 4 1 300"])
    read = read_all("hapt", tmp_path)
    recording = read.recordings["hapt-01-exp01"]
    table, meta = recording.table, recording.meta
    assert (meta.subject_id, meta.placement, meta.rate_hz) == ("hapt-01", "waist", 50)
    assert table.loc[3, "acc_x"] == np.float32(0.13 * G)
    assert table.loc[3, "acc_z"] == np.float32(-0.975 * G)
    assert table.loc[3, "gyro_x"] == np.float32(-0.04)
    assert table.loc[299, "gyro_z"] == np.float32(0.69)
    np.testing.assert_allclose(table["time_s"], np.arange(300) * 0.02, atol=1e-9)
    expected = [None] * 10 + ["standing"] * 90 + ["stand-to-sit"] * 50 + [None] * 150
    assert table["activity"].astype(object).where(table["activity"].notna(), None).tolist() == (
        expected
    )
    assert read.account == (600, 600, 0, 0)  # a row of each sensor for every sample


def test_damaged_line_leaves_a_gap_and_shifts_nothing(tmp_path: Path) -> None:
    """A sample that cannot be read is quarantined; later times and labels stay in place."""
    raw = _write(tmp_path, 300, ["1 1 1 101 300"])
    path = raw / "acc_exp01_user01.txt"
    lines = path.read_text().splitlines()
    lines[50] = "0.5 0.1"
    path.write_text("\n".join(lines) + "\n")
    read = read_all("hapt", tmp_path)
    table = read.recordings["hapt-01-exp01"].table
    assert table["time_s"].tolist() == pytest.approx([i / 50 for i in range(300) if i != 50])
    assert table["activity"].isna().sum() == 99
    assert read.account == (600, 599, 0, 1)
    assert read.ledger.quarantined()["line"].tolist() == [51]


def test_both_forms_agree_on_ids(tmp_path: Path) -> None:
    """The bundled experiments are those of the official layout, 61 of 30 subjects."""
    bundled = sources.get("hapt").bundled
    assert bundled is not None
    read = read_all("hapt", bundled)
    assert len(read.recordings) == 61
    assert len({r.meta.subject_id for r in read.recordings.values()}) == 30
    # experiments and users as the official files are named
    for experiment, user in (("01", "01"), ("18", "09"), ("21", "10"), ("48", "24")):
        folder = tmp_path / experiment
        label = f"{experiment} {user} 5 1 60"
        _write(folder, 60, [label], experiment=experiment, user=user)
        (name,) = read_all("hapt", folder).recordings
        assert name in read.recordings
    assert all(r.meta.conversions for r in read.recordings.values())


def test_items_are_experiments_in_folder_and_archive(tmp_path: Path) -> None:
    """One item per experiment, with the labels, also inside the archive."""
    folder = tmp_path / "folder"
    _write(folder, 60, [], experiment="01", user="01")
    raw = _write(folder, 60, ["1 1 5 1 60", "2 1 6 1 60"], experiment="02", user="01")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in raw.iterdir():
            archive.write(path, f"RawData/{path.name}")
    source = sources.get("hapt")
    assert [item.name for item in source.items(open_files(folder))] == ["exp01", "exp02"]
    assert [len(item.files) for item in source.items(open_files(folder))] == [3, 3]
    unpacked = read_all("hapt", folder).recordings
    zipped = read_all("hapt", tmp_path / "set.zip").recordings
    assert list(unpacked) == list(zipped) == ["hapt-01-exp01", "hapt-01-exp02"]
    assert all(unpacked[name].table.equals(zipped[name].table) for name in unpacked)


def test_ranges_that_contradict_each_other_leave_no_label(tmp_path: Path) -> None:
    """Where two ranges claim a sample for different activities, it has none."""
    _write(tmp_path, 60, ["1 1 5 1 30", "1 1 4 21 60", "1 1 4 40 60"])
    table = read_all("hapt", tmp_path).recordings["hapt-01-exp01"].table
    assert table["activity"].iloc[:20].eq("standing").all()
    assert table["activity"].iloc[20:30].isna().all()
    assert table["activity"].iloc[30:].eq("sitting").all()


def test_what_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    """Another user in labels.txt, a damaged range, a missing file: nobody can know."""
    raw = _write(tmp_path, 60, ["1 2 5 1 60"])
    with pytest.raises(DataError, match="experiment 1 is of another user"):
        read_all("hapt", tmp_path)
    (raw / "labels.txt").write_text("1 1 5 1\n")
    with pytest.raises(DataError, match="a line is not a range of labels"):
        read_all("hapt", tmp_path)
    (raw / "gyro_exp01_user01.txt").unlink()
    with pytest.raises(DataError, match="exp01: files are missing"):
        read_all("hapt", tmp_path)


def test_every_column_has_the_published_digest(recordings: list[Recording]) -> None:
    """Decoded SI values are the published ones, as float32, bit for bit."""
    label_of = {name: number for number, name in enumerate(BASIC + TRANSITIONS, start=1)}
    for recording, proof in zip(recordings, PROOF, strict=True):
        table = recording.table
        values = {c: table[c].to_numpy("<f4") for c in CHANNELS}
        values["label"] = np.array([label_of.get(a, -1) for a in table["activity"]], "<i1")
        found = {name: hashlib.sha256(v.tobytes()).hexdigest() for name, v in values.items()}
        assert found == proof["sha256"], recording.meta.recording_id


def test_counts_subjects_and_labels(recordings: list[Recording]) -> None:
    """30 subjects, 61 recordings, 1,122,772 samples, about 27 % of them unlabelled."""
    samples = sum(len(r.table) for r in recordings)
    unlabelled = sum(r.table["activity"].isna().sum() for r in recordings)
    assert len(recordings) == 61
    assert len({r.meta.subject_id for r in recordings}) == 30
    assert samples == 1_122_772
    assert unlabelled / samples == pytest.approx(0.27, abs=0.01)


def test_scale_is_the_phones(recordings: list[Recording]) -> None:
    """One count is g/720 and 17.5 mdps; a value by hand: 661 counts is 9.003 m/s²."""
    scale = json.loads(pq.read_schema(hapt.BUNDLED).metadata[b"scale"])
    assert scale["acc_x"] == pytest.approx(9.80665 / 720)
    assert scale["gyro_x"] == pytest.approx(np.deg2rad(0.0175))
    assert recordings[0].table["acc_x"].iloc[0] == pytest.approx(661 * 9.80665 / 720, rel=1e-6)


def test_extremes_did_not_wrap(recordings: list[Recording]) -> None:
    """The gyroscope reaches its full scale of ±500 deg/s without a change of sign."""
    gyro = np.concatenate([r.table["gyro_y"].to_numpy() for r in recordings])
    assert gyro.min() == pytest.approx(-32768 * np.deg2rad(0.0175), rel=1e-6)
    assert gyro.max() == pytest.approx(32704 * np.deg2rad(0.0175), rel=1e-6)


def test_every_recording_fits_the_schema(recordings: list[Recording]) -> None:
    """Ranges, units, time and labels of the real data hold."""
    for recording in recordings:
        validate(recording)
