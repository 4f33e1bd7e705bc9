"""HHAR's official layout: clocks by device, sensors apart, all subjects in one file."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from reading import read_all

from har.data.ingest import text
from har.errors import DataError

HEADER = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
ARRIVAL = 1424696633908  # ms since 1970
UNIX = 1424696631913248572  # ns since 1970
BOOT = 27920678471000  # ns since a watch's boot


def _line(i: int, ns: int, xyz: str, who: str = "a,nexus4,nexus4_1", gt: str = "stand") -> str:
    return f"{i},{ARRIVAL + i},{ns},{xyz},{who},{gt}"


def _stream(
    n: int,
    step_ms: float,
    what: str,
    *,
    start: int = UNIX,
    who: str = "a,nexus4,nexus4_1",
    gt: str = "stand",
) -> list[str]:
    """Return ``n`` lines at a step; their arrival follows their creation by 1 s."""
    rows = []
    for i in range(n):
        ns = start + round(i * step_ms * 1e6)
        xyz = f"-0.5,0.25,9.8{i % 10}" if what == "acc" else f"0.1,-0.2,0.00{i % 9 + 1}"
        rows.append(f"{i},{ARRIVAL + round(i * step_ms)},{ns},{xyz},{who},{gt}")
    return rows


def _write(folder: Path, kind: str, acc: list[str], gyro: list[str]) -> Path:
    path = folder / "Activity recognition exp"
    path.mkdir(parents=True, exist_ok=True)
    for sensor, rows in (("accelerometer", acc), ("gyroscope", gyro)):
        (path / f"{kind}_{sensor}.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_sensors_are_joined_by_the_devices_clock(tmp_path: Path) -> None:
    """Angular velocity is interpolated at the times of acceleration; nanoseconds from 0."""
    acc = _stream(200, 5, "acc")
    gyro = [_line(i, UNIX + i * 10_000_000, f"{i / 1000},0.2,-0.{i % 9 + 1}") for i in range(101)]
    _write(tmp_path, "Phones", acc, gyro)
    read = read_all("hhar", tmp_path)
    (recording,) = read.recordings.values()
    table, meta = recording.table, recording.meta
    assert (meta.recording_id, meta.subject_id) == ("hhar-a-waist-nexus4_1", "hhar-a")
    assert (meta.placement, meta.device) == ("waist", "nexus4")
    assert meta.rate_hz == pytest.approx(200, rel=1e-3)
    np.testing.assert_allclose(table["time_s"], np.arange(200) / 200, atol=1e-6)
    assert table.loc[3, "acc_x"] == -0.5
    assert table.loc[3, "acc_z"] == np.float32(9.83)
    # gyro_x grows by 0.1 a second, so between two samples it is halfway.
    np.testing.assert_allclose(table["gyro_x"], np.arange(200) / 2000, atol=1e-5)
    assert set(table["activity"]) == {"standing"}
    assert read.account == (301, 301, 0, 0)


def test_one_recording_a_subject_and_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is split by subject and device, also where its blocks cut across them."""
    monkeypatch.setattr(text, "BLOCK", 4096)  # some 40 lines
    people = [f"{user},s3,s3_{n}" for user in "bi" for n in (1, 2)]
    acc = [line for who in people for line in _stream(100, 10, "acc", who=who, gt="bike")]
    gyro = [line for who in people for line in _stream(100, 10, "gyro", who=who, gt="bike")]
    _write(tmp_path, "Phones", acc, gyro)
    read = read_all("hhar", tmp_path)
    names = {f"hhar-{user}-waist-s3_{n}" for user in "bi" for n in (1, 2)}
    assert set(read.recordings) == names
    for recording in read.recordings.values():
        assert len(recording.table) == 100
        assert recording.table["gyro_x"].eq(np.float32(0.1)).all()
        assert recording.meta.rate_hz == pytest.approx(100, rel=1e-3)
        assert set(recording.table["activity"]) == {"cycling"}
    assert read.account == (800, 800, 0, 0)


def test_duplicates_and_disorder(tmp_path: Path) -> None:
    """Copies go to quarantine though they arrived later; disorder is put right."""
    acc = _stream(100, 10, "acc")
    gyro = _stream(100, 10, "gyro")
    copy = acc[20].replace(str(ARRIVAL + 200), str(ARRIVAL + 207))
    acc[50], acc[51] = acc[51], acc[50]
    _write(tmp_path, "Phones", [*acc[:21], copy, *acc[21:]], gyro)
    read = read_all("hhar", tmp_path)
    (recording,) = read.recordings.values()
    table = recording.table
    np.testing.assert_allclose(table["time_s"], np.arange(100) / 100, atol=1e-6)
    np.testing.assert_allclose(table["acc_z"], 9.8 + np.arange(100) % 10 / 100, rtol=1e-6)
    assert read.account == (201, 199, 1, 1)
    assert dict(read.ledger.reasons) == {"copy of an earlier row": 1}


def test_watches_count_from_their_boot(tmp_path: Path) -> None:
    """Another epoch of Creation_Time changes nothing; null is unlabelled; wrist."""
    who = "g,gear,gear_1"
    acc = _stream(200, 10, "acc", start=BOOT, who=who, gt="null")
    acc[100:] = [line.replace("null", "stairsup") for line in acc[100:]]
    gyro = _stream(200, 10, "gyro", start=BOOT + 25_000, who=who, gt="null")
    _write(tmp_path, "Watch", acc, gyro)
    read = read_all("hhar", tmp_path)
    recording = read.recordings["hhar-g-wrist-gear_1"]
    assert recording.meta.start_s == pytest.approx(BOOT / 1e9)
    assert recording.table["activity"].isna().tolist() == [True] * 100 + [False] * 100
    assert recording.table["activity"].iloc[-1] == "stairs-up"
    assert recording.table["gyro_y"].eq(np.float32(-0.2)).all()
    assert read.account == (400, 400, 0, 0)


def test_a_device_that_restarts_has_two_clocks(tmp_path: Path) -> None:
    """Times of two boots may overlap: each boot is a recording, joined with its own half."""
    rows: dict[str, list[str]] = {}
    for what in ("acc", "gyro"):
        first = _stream(100, 10, what, start=BOOT)
        later = [  # ten minutes on, the clock begins half a second into the first one's
            line.replace(f",{ARRIVAL + 10 * i},", f",{ARRIVAL + 600_000 + 10 * i},")
            for i, line in enumerate(_stream(100, 10, what, start=BOOT + 500_000_000, gt="walk"))
        ]
        rows[what] = first + later
    _write(tmp_path, "Phones", rows["acc"], rows["gyro"])
    read = read_all("hhar", tmp_path)
    found = {name: set(r.table["activity"]) for name, r in read.recordings.items()}
    assert found == {
        "hhar-a-waist-nexus4_1-clock1": {"standing"},
        "hhar-a-waist-nexus4_1-clock2": {"walking"},
    }
    assert {len(recording.table) for recording in read.recordings.values()} == {100}
    assert read.account == (400, 400, 0, 0)


def test_devices_without_a_sensor_and_rows_without_a_device(tmp_path: Path) -> None:
    """Acceleration alone is a recording, angular velocity alone is none; both are told."""
    acc = _stream(100, 10, "acc", who="c,samsungold,samsungold_1")
    acc.append(_line(100, UNIX + 10**9, "0.1,0.2,9.8", who="c,samsungold,"))
    acc.append(_line(101, UNIX + 10**9, "0.1,0.2,9.8", who="../c,samsungold,samsungold_1"))
    gyro = _stream(50, 10, "gyro", who="c,s3,s3_1")
    _write(tmp_path, "Phones", acc, gyro)
    read = read_all("hhar", tmp_path)
    (recording,) = read.recordings.values()
    assert recording.meta.recording_id == "hhar-c-waist-samsungold_1"
    assert recording.table["gyro_x"].isna().all()
    assert read.account == (152, 100, 0, 52)
    assert dict(read.ledger.reasons) == {
        "no subject or device": 2,
        "no acceleration of this device and clock": 50,
    }


def test_unreadable_rows_and_times(tmp_path: Path) -> None:
    """A row cut off, a word for a number and a missing time are set aside, and only they."""
    acc = _stream(100, 10, "acc")
    acc[10] = acc[10][:30]
    acc[20] = acc[20].replace("-0.5", "zero")
    acc[30] = acc[30].replace(str(UNIX + 300_000_000), "")
    _write(tmp_path, "Phones", acc, _stream(100, 10, "gyro"))
    read = read_all("hhar", tmp_path)
    (recording,) = read.recordings.values()
    assert len(recording.table) == 97
    assert read.account == (200, 197, 0, 3)
    assert dict(read.ledger.reasons) == {
        "not 10 fields": 1,
        "not a number": 1,
        "time_s is missing": 1,
    }


def test_the_nested_archive_reads_as_the_folder(tmp_path: Path) -> None:
    """The published zip holds the files in an inner zip; phones and watches are items."""
    for kind, who in (("Phones", "a,s3,s3_1"), ("Watch", "a,gear,gear_2")):
        folder = _write(
            tmp_path / "folder",
            kind,
            _stream(100, 10, "acc", who=who),
            _stream(100, 10, "gyro", who=who),
        )
    with zipfile.ZipFile(tmp_path / "Activity recognition exp.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"Activity recognition exp/{path.name}")
    with zipfile.ZipFile(tmp_path / "hhar.zip", "w") as archive:
        archive.write(tmp_path / "Activity recognition exp.zip", "Activity recognition exp.zip")
    folder_read = read_all("hhar", tmp_path / "folder")
    zip_read = read_all("hhar", tmp_path / "hhar.zip")
    assert set(zip_read.ledgers) == {"phones", "watch"}
    assert set(zip_read.recordings) == {"hhar-a-waist-s3_1", "hhar-a-wrist-gear_2"}
    for name, recording in folder_read.recordings.items():
        assert recording.table.equals(zip_read.recordings[name].table)


def test_files_twice_or_alone_are_refused(tmp_path: Path) -> None:
    """Without its partner, or beside a copy, a file does not tell what belongs together."""
    folder = _write(tmp_path / "one", "Watch", _stream(9, 10, "acc"), _stream(9, 10, "gyro"))
    (folder / "Watch_gyroscope.csv").unlink()
    with pytest.raises(DataError, match="Watch: not one accelerometer and one gyroscope file"):
        read_all("hhar", tmp_path / "one")
    for copy in ("x", "y"):
        _write(tmp_path / "two" / copy, "Phones", _stream(9, 10, "acc"), _stream(9, 10, "gyro"))
    with pytest.raises(DataError, match="Phones: not one accelerometer and one gyroscope file"):
        read_all("hhar", tmp_path / "two")
