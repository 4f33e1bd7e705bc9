"""Flipped bits are an error, and never other values."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reading import read_user

import har
from har import parquet
from har.data.ingest.dataset import Request, ingest
from har.data.ingest.mapping import ColumnMapping
from har.data.recording import CHANNELS, Recording, read_recording, write_recording
from har.errors import HarError, VerificationError
from har.store import Store

FOOTER_END = 8  # bytes: the footer's length and a mark


def pages(path: Path) -> int:
    """Return how many bytes of a file are before its footer."""
    data = path.read_bytes()
    return len(data) - FOOTER_END - int.from_bytes(data[-FOOTER_END:-4], "little")


def flip(path: Path, seed: int) -> None:
    """Flip one to four bits of a file's pages."""
    random = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    for place in random.integers(4, pages(path), random.integers(1, 5)):
        data[place] ^= 1 << random.integers(0, 8)
    path.write_bytes(data)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_recording_is_refused(recording: Recording, tmp_path: Path, seed: int) -> None:
    """As the store keeps it: compressed, one page and more per column."""
    path = write_recording(recording, tmp_path)
    flip(path, seed)
    try:
        found = read_recording(path).table
    except VerificationError as error:
        assert error.exit_code == 5
        assert "a page of it is not as it was written" in error.message
    else:  # bits that carry nothing
        pd.testing.assert_frame_equal(found, recording.table)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("compression", ["none", "snappy"])
def test_a_damaged_export_is_refused(
    recording: Recording, tmp_path: Path, seed: int, compression: str
) -> None:
    """By `har predict` and `har data ingest`, which would compute from other numbers."""
    path = tmp_path / "raw" / "s1.parquet"
    path.parent.mkdir()
    parquet.write(recording.table, path, compression=compression)
    flip(path, seed)
    mapping = ColumnMapping(time="time_s", acc=CHANNELS[:3], gyro=CHANNELS[3:])
    with pytest.raises(HarError) as predicted:
        read_user(path)
    with pytest.raises(HarError) as ingested:
        ingest(Store(tmp_path / "store"), Request("lab", path.parent, mapping=mapping))
    assert {predicted.value.exit_code, ingested.value.exit_code} <= {3, 5}


def test_tables_in_parts_are_checked(tmp_path: Path) -> None:
    """Of what was written bit by bit, and is read so."""
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"a": np.arange(5000.0)})
    parquet.write(frame, path, compression="none")
    assert parquet.read_frame(path, ["a"]).equals(frame)
    flip(path, 3)
    with (
        pytest.raises(VerificationError, match=r"^the table: damaged"),
        parquet.open_file(path, "the table") as file,
    ):
        list(file.iter_batches(100))


def test_parquet_is_written_and_read_in_one_place() -> None:
    """A call beside it would lack the checksums; benchmarks measure pandas as it is."""
    direct = re.compile(
        r"\.(to|read)_parquet\b|\bpq\.(?!ParquetWriter\b|ParquetFile\b|\w+MetaData\b)"
    )
    root = Path(har.__file__).parent
    modules = {p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*.py")}
    found = {name for name, source in modules.items() if direct.search(source)}
    assert found == {"parquet.py", "benchmarks/ingest.py"}
