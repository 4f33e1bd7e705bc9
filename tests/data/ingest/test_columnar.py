"""Parquet of strangers: what its columns hold counts, and nothing that is stated beside them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from har.config import LimitSettings
from har.data.ingest import columnar, pages
from har.data.ingest.blocks import look
from har.data.ingest.files import open_files
from har.data.ingest.mapping import Entries, make_mapping
from har.errors import DataError, LimitError, VerificationError

AXES = ("acc_x", "acc_y", "acc_z")
MAPPING = make_mapping(
    {"time": "time_s", "acc": AXES, "acc_unit": "m/s2", "subject": "who"}, "test"
)


def _table(n: int = 300) -> pa.Table:
    values = np.random.default_rng(0).normal((0, 0, 9.81), 0.3, (n, 3))
    columns = {axis: values[:, i] for i, axis in enumerate(AXES)}
    who = ["ann" if i < n // 2 else "bob" for i in range(n)]
    return pa.table({"time_s": np.arange(n) / 50, **columns, "who": who})


def _read(path: Path, **limits: Any) -> pd.DataFrame:
    from har.data.ingest.ledger import Ledger

    files = open_files(path, limits=LimitSettings(**limits))
    columns = MAPPING.columns
    return pd.concat(columnar.blocks(files, path.name, MAPPING, Ledger(), columns))


@pytest.mark.parametrize(
    "stated",
    [
        *(
            "{",
            "[]",
            "5",
            '{"columns": {"a": 1}}',
            '{"attributes": 5}',
            '{"attributes": ["acc_x"]}',
        ),
        json.dumps({"index_columns": [{"kind": "range", "start": 0}], "columns": []}),
        json.dumps({"index_columns": ["acc_x"], "columns": [], "column_indexes": []}),
    ],
)
def test_metadata_of_pandas_is_not_heeded(tmp_path: Path, stated: str) -> None:
    """Broken or odd, the columns are what they are without it."""
    for name, table in (("plain", _table()), ("odd", _table())):
        meta = {b"pandas": stated.encode()} if name == "odd" else None
        pq.write_table(table.replace_schema_metadata(meta), tmp_path / f"{name}.parquet")
    plain, odd = (_read(tmp_path / f"{name}.parquet") for name in ("plain", "odd"))
    pd.testing.assert_frame_equal(plain.drop(columns="file"), odd.drop(columns="file"))
    seen = look(open_files(tmp_path), "odd.parquet", Entries()).rows
    assert list(seen.columns) == ["time_s", *AXES, "who"]
    assert plain["who"].astype(str).tolist() == _table()["who"].to_pylist()


def test_a_schema_of_arrow_that_is_none_is_not_heeded(tmp_path: Path) -> None:
    """Nor an extension type: what it is stored as counts."""
    for name, schema in (("a", b"AAAA"), ("b", b"\xff\x00")):
        table = _table().replace_schema_metadata({b"ARROW:schema": schema})
        pq.write_table(table, tmp_path / f"{name}.parquet", store_schema=False)
        assert len(_read(tmp_path / f"{name}.parquet")) == 300


def test_numbers_may_be_texts(tmp_path: Path) -> None:
    """One that is no number is missing, as in a CSV."""
    words = ["1.5", "x", None] * 100
    table = _table().set_column(1, "acc_x", pa.array(words))
    pq.write_table(table, tmp_path / "a.parquet")
    np.testing.assert_array_equal(_read(tmp_path / "a.parquet")["acc_x"][:3], [1.5, np.nan, np.nan])


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"x": 1.0}] * 300),
        pa.array([[1.0]] * 300),
        pa.array([b"1"] * 300, pa.binary()),
        pa.array([b"1" * 16] * 300, pa.binary(16)),
    ],
)
def test_a_column_of_another_kind_is_named_if_it_is_needed(
    tmp_path: Path, column: pa.Array
) -> None:
    """And left out of what is looked at."""
    pq.write_table(_table().set_column(1, "acc_x", column), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="acc_x cannot be read"):
        _read(tmp_path / "a.parquet")
    pq.write_table(_table().append_column("more", column), tmp_path / "a.parquet")
    assert len(_read(tmp_path / "a.parquet")) == 300
    seen = look(open_files(tmp_path), "a.parquet", Entries()).rows
    assert "more" not in seen


def test_a_long_text_is_cut_where_it_is_looked_at_and_refused_where_it_counts(
    tmp_path: Path,
) -> None:
    """A name of a person has no 2,000 letters."""
    table = _table().set_column(4, "who", pa.array(["a" * 2000] * 300))
    pq.write_table(table, tmp_path / "a.parquet")
    seen = look(open_files(tmp_path), "a.parquet", Entries()).rows
    assert seen["who"].str.len().unique().tolist() == [columnar.LONGEST_TEXT]
    with pytest.raises(DataError, match="a text in who is longer than any word"):
        _read(tmp_path / "a.parquet")


def test_bounds_are_named_with_their_settings(tmp_path: Path) -> None:
    """Rows, columns, row groups, and the ratio of values to bytes."""
    pq.write_table(_table(), tmp_path / "a.parquet", row_group_size=10)
    for setting, most in (("rows", 299), ("columns", 4), ("row_groups", 29)):
        with pytest.raises(LimitError, match=rf"limits\.{setting}"):
            _read(tmp_path / "a.parquet", **{setting: most})
        assert len(_read(tmp_path / "a.parquet", **{setting: most + 1})) == 300


def test_constant_values_beyond_the_ratio_are_refused(tmp_path: Path) -> None:
    """Four columns of 4 million rows in some kilobytes."""
    zeros = pa.array(np.zeros(4_000_000))
    names = ("time_s", *AXES)
    table = pa.table({**dict.fromkeys(names, zeros), "who": pa.nulls(len(zeros), pa.string())})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(LimitError, match=r"limits\.ratio"):
        _read(tmp_path / "a.parquet")


def test_flipped_bits_are_found_where_pages_have_checksums(tmp_path: Path) -> None:
    """Whoever wrote the file; each of many places."""
    table = _table(3000)
    pq.write_table(table, tmp_path / "a.parquet", write_page_checksum=True, compression="none")
    sound = (tmp_path / "a.parquet").read_bytes()
    pages = sound.index(table["acc_x"].chunk(0).buffers()[1].to_pybytes()[8:64])
    for place in range(pages, pages + 8000, 997):
        content = bytearray(sound)
        content[place] ^= 16
        (tmp_path / "a.parquet").write_bytes(content)
        with pytest.raises(VerificationError, match="not as it was written"):
            _read(tmp_path / "a.parquet")


def _zigzag(number: int, width: int = 0) -> bytes:
    """Return a whole number as Thrift's compact protocol has it, in `width` bytes or as few."""
    left, found = 2 * number, []
    while left > 127 or len(found) < width - 1:
        found.append(left & 127 | 128)
        left >>= 7
    return bytes([*found, left])


def test_what_pages_unpack_to_counts_and_not_what_the_footer_states(tmp_path: Path) -> None:
    """A text of 30 MB of which the footer says that it has 1,000 bytes."""
    path = tmp_path / "a.parquet"
    table = _table(1).append_column("note", pa.array(["x" * 30_000_000]))
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    content, group = path.read_bytes(), pq.read_metadata(path).row_group(0)
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    footer = content[start:]
    for stated in (group.column(5).total_uncompressed_size, group.total_byte_size):
        written = _zigzag(stated)
        assert footer.count(written) == 1
        footer = footer.replace(written, _zigzag(1000, len(written)))
    path.write_bytes(content[:start] + footer)
    assert pq.read_metadata(path).row_group(0).column(5).total_uncompressed_size == 1000
    with pytest.raises(LimitError, match="unpacks to far more"):
        look(open_files(tmp_path), "a.parquet", Entries())


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
def test_sizes_of_pages_are_those_that_arrow_wrote(
    tmp_path: Path, version: str, compression: str
) -> None:
    """But for their headers, which the footer's sum holds too; pages of all kinds."""
    how: dict[str, Any] = {"data_page_version": version, "compression": compression}
    table = _table(3000).append_column("word", pa.array([f"w{i}" for i in range(3000)]))
    for more in ({}, {"use_dictionary": False}, {"write_page_checksum": True}):
        path = tmp_path / "a.parquet"
        pq.write_table(table, path, data_page_size=900, row_group_size=1700, **how, **more)
        meta = pq.read_metadata(path)
        for group in map(meta.row_group, range(meta.num_row_groups)):
            for chunk in map(group.column, range(group.num_columns)):
                with path.open("rb") as file:
                    sizes = list(pages.unpacked_sizes(file, chunk))
                headers = chunk.total_uncompressed_size - sum(sizes)
                assert 0 < headers < 200 * len(sizes)
