"""PAMAP2's official layout: three units per line, NaN from radio losses, transient activity."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reading import read_all

UNITS = ("wrist", "chest", "ankle")


def _unit(number: int, i: int) -> list[str]:
    """Return 17 columns; unit 1, 2, 3 has 1, 2, 3 in its second digit after the point."""
    acc16 = [f"0.{number}", f"-0.{number}", f"9.8{i % 10}"]
    acc6 = ["55.5", "55.5", "55.5"]
    gyro = [f"0.0{number}", f"-0.0{number}", f"0.{i % 8 + 1}"]
    return ["30.375", *acc16, *acc6, *gyro, "14.7", "-39.2", "-5.6", "1", "0", "0", "0"]


def _row(i: int, label: int = 4, lost: tuple[int, ...] = ()) -> str:
    units = [["NaN"] * 17 if n in lost else _unit(n, i) for n in (1, 2, 3)]
    heart = "104" if i % 11 == 0 else "NaN"
    return " ".join(
        [f"{8.38 + i / 100:.2f}", str(label), heart, *(value for unit in units for value in unit)]
    )


def _write(folder: Path, name: str, rows: list[str]) -> None:
    path = folder / "PAMAP2_Dataset" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


def _read_one(folder: Path) -> dict[str, pd.DataFrame]:
    recordings = read_all("pamap2", folder).recordings.values()
    return {recording.meta.placement: recording.table for recording in recordings}


def test_one_line_holds_three_units(tmp_path: Path) -> None:
    """The ±16 g accelerometer and the gyroscope of each; every line counts three times."""
    _write(tmp_path, "Protocol/subject101.dat", [_row(i) for i in range(300)])
    read = read_all("pamap2", tmp_path)
    for number, placement in enumerate(UNITS, start=1):
        recording = read.recordings[f"pamap2-101-{placement}-protocol"]
        table, meta = recording.table, recording.meta
        assert (meta.subject_id, meta.placement, meta.rate_hz) == ("pamap2-101", placement, 100.0)
        assert meta.start_s == 8.38
        row = table.loc[5].to_dict()
        expected = {
            "acc_x": number / 10,
            "acc_y": -number / 10,
            "acc_z": 9.85,
            "gyro_x": number / 100,
            "gyro_y": -number / 100,
            "gyro_z": 0.6,
        }
        assert {name: row[name] for name in expected} == pytest.approx(expected)
        assert table.loc[5, ["mag_x", "mag_y", "mag_z"]].tolist() == pytest.approx(
            [14.7, -39.2, -5.6]
        )
        np.testing.assert_allclose(table["time_s"], np.arange(300) / 100, atol=1e-9)
    assert read.account == (900, 900, 0, 0)


def test_activity_codes(tmp_path: Path) -> None:
    """Codes become activities; 0 is transient and unlabelled."""
    codes = (0, 1, 7, 12, 17, 24)
    rows = [_row(i, codes[i // 50]) for i in range(300)]
    _write(tmp_path, "Protocol/subject102.dat", rows)
    names = [None, "lying", "nordic-walking", "stairs-up", "ironing", "rope-jumping"]
    for table in _read_one(tmp_path).values():
        found = table["activity"].astype(object).where(table["activity"].notna(), None)
        assert found.tolist() == [name for name in names for _ in range(50)]


def test_radio_losses_concern_one_unit(tmp_path: Path) -> None:
    """Where one unit was lost the others are kept; a missing heart rate is none of ours."""
    rows = [_row(i, lost=(1,) if 100 <= i < 104 else ()) for i in range(200)]
    rows[150] = _row(150, lost=(1, 2, 3))
    _write(tmp_path, "Protocol/subject103.dat", rows)
    read = read_all("pamap2", tmp_path)
    sizes = {r.meta.placement: len(r.table) for r in read.recordings.values()}
    assert sizes == {"wrist": 195, "chest": 199, "ankle": 199}
    wrist = read.recordings["pamap2-103-wrist-protocol"].table
    assert wrist.loc[100, "time_s"] == pytest.approx(1.04)
    assert read.account == (600, 593, 0, 7)
    assert dict(read.ledger.reasons) == {"acc_x is missing": 7}


def test_a_line_cut_off_is_one_row(tmp_path: Path) -> None:
    """A line that is no row counts once, for nobody knows whose sensors it holds."""
    rows = [_row(i) for i in range(100)]
    rows[-1] = rows[-1][:80]
    _write(tmp_path, "Protocol/subject104.dat", rows)
    read = read_all("pamap2", tmp_path)
    assert read.account == (99 * 3 + 1, 99 * 3, 0, 1)
    assert dict(read.ledger.reasons) == {"not 54 fields": 1}


def test_optional_sessions_in_the_nested_archive(tmp_path: Path) -> None:
    """Protocol and optional are sessions of one subject with clocks of their own."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for session, label in (("Protocol", 24), ("Optional", 20)):
            text = "\n".join(_row(i, label) for i in range(100)) + "\n"
            archive.writestr(f"PAMAP2_Dataset/{session}/subject109.dat", text)
        archive.writestr("PAMAP2_Dataset/readMe.pdf", b"%PDF")
    with zipfile.ZipFile(tmp_path / "pamap2.zip", "w") as archive:
        archive.writestr("PAMAP2_Dataset.zip", inner.getvalue())
        archive.writestr("readme.pdf", b"%PDF")
    read = read_all("pamap2", tmp_path / "pamap2.zip")
    assert set(read.ledgers) == {"protocol-109", "optional-109"}
    found = {name: r.table["activity"].iloc[0] for name, r in read.recordings.items()}
    assert found == {
        f"pamap2-109-{unit}-{session}": activity
        for session, activity in (("protocol", "rope-jumping"), ("optional", "soccer"))
        for unit in UNITS
    }
    assert read.account == (600, 600, 0, 0)
