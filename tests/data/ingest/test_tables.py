"""A user's own tables, whatever their format and however people are mixed in them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from har.data.ingest import blocks, columnar, own, tables
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin, whole
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping, Entries
from har.data.recording import Recording
from har.data.sources.base import Raw, Source
from har.errors import DataError

COLUMNS = {"time": "t", "acc": ("x", "y", "z")}


def rows(n: int = 12, *, seed: int = 0) -> pd.DataFrame:
    """Return n samples at rest: 50 Hz, m/s²."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (n, 3)).round(4)
    frame = pd.DataFrame(noise, columns=["x", "y", "z"])
    frame["z"] += 9.5
    frame.insert(0, "t", np.arange(n) * 0.02)
    return frame


def write(folder: Path, frame: pd.DataFrame, name: str = "s1.csv", **options: Any) -> Path:
    """Write a table as CSV or Parquet below a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.lower().endswith(".parquet"):
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, **options)
    return folder


def raws(folder: Path, **entries: Any) -> tuple[list[Raw], Ledger]:
    """Read all tables of a folder."""
    files, ledger = open_files(folder), Ledger()
    source = source_of(files, **entries)
    items = source.items(files)
    found = [raw for item in items for raw in source.read(files, item, ledger)]
    return [replace(raw, tables=tuple(map(whole, raw.tables))) for raw in found], ledger


def source_of(files: RawFiles, **entries: Any) -> Source:
    """Return the reader of tables by a mapping."""
    return own.source("lab", own.plan(files, ColumnMapping(**(COLUMNS | entries)), "raw"))


@dataclass(frozen=True)
class Found:
    """The recordings of a folder's tables by id, and their account."""

    recordings: dict[str, Recording]
    ledger: Ledger


def ingest(folder: Path, **entries: Any) -> Found:
    """Read all tables of a folder to the end; the account must add up."""
    files, ledger = open_files(folder), Ledger()
    source = source_of(files, **entries)
    origin = Origin("lab", source, {})
    found = [r for item in source.items(files) for r in read_item(files, item, origin, ledger)]
    return Found({r.meta.recording_id: r for r in found}, ledger)


# formats


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"u": [7, 8] * 6},
        {"u": [7.0, *[8.0] * 11]},
        {"u": ["ann", None, *["bob"] * 10]},
        {"u": pd.Categorical(["ann", *["bob"] * 11])},
    ],
    ids=["no subject", "whole numbers", "numbers", "words", "categories"],
)
def test_parquet_equals_csv(extra: dict[str, Any], tmp_path: Path) -> None:
    """The same rows, subjects and labels come of either file."""
    frame = rows().assign(a="walking", **extra)
    entries: dict[str, Any] = {"activity": "a", **({"subject": "u"} if extra else {})}
    if extra and frame["u"].dtype == "float64":  # CSV would say 7.0
        frame["u"] = frame["u"].astype("Int64")
    of_csv = ingest(write(tmp_path / "csv", frame), **entries)
    of_parquet = ingest(write(tmp_path / "parquet", frame, "s1.parquet"), **entries)
    assert list(of_csv.recordings) == list(of_parquet.recordings)
    for name, recording in of_csv.recordings.items():
        pd.testing.assert_frame_equal(recording.table, of_parquet.recordings[name].table)
    assert of_csv.ledger.rows_in == of_parquet.ledger.rows_in == 12


def test_parquet_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines go on from batch to batch, and no row is lost between them."""
    monkeypatch.setattr(columnar, "BATCH", 5)
    (raw,), ledger = raws(write(tmp_path, rows(), "s1.PARQUET"))
    assert raw.tables[0]["line"].tolist() == list(range(1, 13))
    assert raw.tables[0]["time_s"].tolist() == pytest.approx(np.arange(12) * 0.02)
    assert ledger.rows_in == 12


def test_time_in_the_index_of_a_parquet_file(tmp_path: Path) -> None:
    """What pandas had as the index of its rows is a column as any other."""
    rows().set_index("t").to_parquet(tmp_path / "s1.parquet")
    look = blocks.look(open_files(tmp_path), "s1.parquet", Entries())
    assert set(look.names) == {"t", "x", "y", "z"}
    (raw,), _ = raws(tmp_path)
    assert raw.tables[0]["time_s"].tolist() == pytest.approx(np.arange(12) * 0.02)


def test_empty_parquet_is_refused(tmp_path: Path) -> None:
    """Columns without rows are no data."""
    with pytest.raises(DataError, match=r"s1\.parquet: empty"):
        raws(write(tmp_path, rows(0), "s1.parquet"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_look_finds_how_fields_are_written(separator: str, tmp_path: Path) -> None:
    """The separator is that of the names; a comma between digits is a decimal point."""
    decimal = "." if separator == "," else ","
    write(tmp_path, rows(), sep=separator, decimal=decimal)
    look = blocks.look(open_files(tmp_path), "s1.csv", Entries())
    assert look.names == ("t", "x", "y", "z")
    assert (len(look.rows), look.decimal) == (12, decimal)


def test_look_reads_parquet(tmp_path: Path) -> None:
    """Parquet has no separator, and its numbers are numbers."""
    look = blocks.look(open_files(write(tmp_path, rows(), "s1.parquet")), "s1.parquet", Entries())
    assert (look.names, len(look.rows), look.decimal) == (("t", "x", "y", "z"), 12, None)


def test_names_that_start_with_an_underscore(tmp_path: Path) -> None:
    """Databases of time series write _time."""
    (raw,), _ = raws(write(tmp_path, rows().rename(columns={"t": "_time"})), time="_time")
    assert raw.tables[0]["time_s"].iloc[-1] == pytest.approx(0.22)


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("ms", np.arange(12) * 20),
        ("us", np.arange(12) * 20_000),
        ("ns", np.arange(12) * 20_000_000),
        ("datetime", [f"1970-01-01T00:00:00.{2 * i:02}Z" for i in range(12)]),
        ("datetime", [f"1970-01-01 02:00:00.{2 * i:02}+02:00" for i in range(12)]),
    ],
)
@pytest.mark.parametrize("name", ["s1.csv", "s1.parquet"])
def test_time_becomes_seconds(name: str, unit: str, times: Any, tmp_path: Path) -> None:
    """Whatever its unit; dates are seconds since 1970 in UTC."""
    (raw,), _ = raws(write(tmp_path, rows().assign(t=times), name), time_unit=unit)
    assert raw.tables[0]["time_s"].tolist() == pytest.approx(np.arange(12) * 0.02)


def test_columns_that_are_missing_or_there_twice(tmp_path: Path) -> None:
    """The error names them and shows what there is; others may be there twice."""
    write(tmp_path, rows())
    with pytest.raises(DataError, match=r"s1\.csv: no column who, a") as caught:
        raws(tmp_path, subject="who", activity="a")
    assert caught.value.found == "t, x, y, z"
    (tmp_path / "s1.csv").write_text("t,x,y,z,x\n0,0,0,9.8,0\n")
    with pytest.raises(DataError, match="x is the name of several columns"):
        raws(tmp_path)
    (tmp_path / "s1.csv").write_text("t,x,y,z,n,n\n0,0,0,9.8,a,b\n")
    assert len(raws(tmp_path)[0]) == 1


# people and recordings


def test_people_mixed_row_by_row_are_told_apart(tmp_path: Path) -> None:
    """Two people and two sessions in turns: four recordings, each with its own rows."""
    frame = pd.concat([rows(seed=i).assign(u=u, s=s) for i, (u, s) in enumerate(PEOPLE)])
    mixed = frame.sample(frac=1, random_state=0).sort_values("t", kind="stable")
    found = ingest(write(tmp_path, mixed), subject="u", recording="s")
    assert set(found.recordings) == {f"lab-{u}-s1-{s}" for u, s in PEOPLE}
    for i, (u, s) in enumerate(PEOPLE):
        recording = found.recordings[f"lab-{u}-s1-{s}"]
        assert recording.meta.subject_id == f"lab-{u}"
        np.testing.assert_allclose(recording.table["acc_x"], rows(seed=i)["x"], rtol=1e-6)
    assert (found.ledger.rows_in, found.ledger.rows_kept) == (48, 48)


PEOPLE = [("ann", "am"), ("ann", "pm"), ("bob", "am"), ("bob", "pm")]


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("s1.csv", "1"),
        ("subject_03/walk.csv", "03"),
        ("P12-run.csv", "12"),
        ("set/user-7.csv", "7"),
        ("set/participant 010/a.csv", "010"),
        ("bus1.csv", "unknown"),
        ("walk.csv", "unknown"),
        ("s1x.csv", "unknown"),
    ],
)
def test_subject_is_named_by_the_path(name: str, subject: str, tmp_path: Path) -> None:
    """A number behind s, p, user and the like, as a part of its own."""
    (raw,), _ = raws(write(tmp_path, rows(), name))
    assert raw.subject == subject


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_names_of_digits_stay_as_they_are(tmp_path: Path, suffix: str) -> None:
    """007 and 7 are two people, of recordings 01 and 1; the label 01 is another word than 1."""
    frame = rows().assign(u="007", s="01", a="01")
    other = rows().assign(u="7", s="1", a="1")
    path = tmp_path / "raw" / f"all{suffix}"
    path.parent.mkdir()
    both = pd.concat([frame, other])
    both.to_csv(path, index=False) if suffix == ".csv" else both.to_parquet(path, index=False)
    labels = {"01": "walking", "1": "sitting"}
    found = ingest(path.parent, subject="u", recording="s", activity="a", labels=labels)
    activities = {
        (r.meta.subject_id, r.meta.recording_id): list(r.table["activity"].unique())
        for r in found.recordings.values()
    }
    assert activities == {
        ("lab-007", "lab-007-all-01"): ["walking"],
        ("lab-7", "lab-7-all-1"): ["sitting"],
    }


def test_subject_by_a_pattern(tmp_path: Path) -> None:
    """The one group of the user's pattern; a path without it is an error."""
    write(tmp_path, rows(), "runner-k7/a.csv")
    (raw,), _ = raws(tmp_path, subject_pattern="runner-(k[0-9])")
    assert raw.subject == "k7"
    with pytest.raises(DataError, match=r"runner-k7/a\.csv: subject_pattern finds no subject"):
        raws(tmp_path, subject_pattern="walker-(k[0-9])")


def test_rows_without_a_subject_belong_to_the_paths(tmp_path: Path) -> None:
    """An empty field is no name of a person."""
    frame = rows().assign(u=["ann"] * 8 + [None] * 4)
    found = ingest(write(tmp_path, frame, "s4.csv"), subject="u")
    assert {r.meta.subject_id: len(r.table) for r in found.recordings.values()} == {
        "lab-ann": 8,
        "lab-4": 4,
    }


def test_every_table_is_an_item_of_its_own(tmp_path: Path) -> None:
    """Other files are none; names that read alike stay apart."""
    for name in ("s1/a.csv", "s1-a.csv", "b.TSV", "c.csv.gz", "notes.md"):
        write(tmp_path, rows(), name)
    items = tables.items(open_files(tmp_path).names)
    assert {file for item in items for file in item.files} == {
        *("s1/a.csv", "s1-a.csv", "b.TSV", "c.csv.gz"),
    }
    assert len({item.name for item in items}) == 4
    assert not any("/" in item.name for item in items)


# time by rows


@pytest.mark.parametrize(("name", "line"), [("s1.csv", 6), ("s1.parquet", 5)])
def test_rows_without_time_are_a_rate_apart(name: str, line: int, tmp_path: Path) -> None:
    """The fifth row has no value and is quarantined: its time is left out, not closed up."""
    frame = rows(60).drop(columns="t")
    frame.loc[4, "y"] = np.nan
    found = ingest(write(tmp_path, frame, name), time=None, rate_hz=25.0)
    (recording,) = found.recordings.values()
    ticks = [*range(4), *range(5, 60)]
    assert recording.table["time_s"].tolist() == pytest.approx([tick / 25 for tick in ticks])
    assert found.ledger.quarantined()["line"].tolist() == [line]
    assert recording.meta.rate_hz == 25


# labels


def test_labels_of_the_mapping(tmp_path: Path) -> None:
    """The file's words, those of the taxonomy, one left out and one of the data set's own."""
    words = ["Gehen", "sitting", "Pause", "hopping"] * 3
    labels = {"Gehen": "walking", "Pause": ""}
    found = ingest(write(tmp_path, rows().assign(a=words)), activity="a", labels=labels)
    (recording,) = found.recordings.values()
    activities = recording.table["activity"]
    assert activities[:2].tolist() == ["walking", "sitting"]
    assert activities.isna().tolist() == [False, False, True, False] * 3
    assert activities[3] == "hopping"
    assert found.ledger.own_words == {"hopping": "hopping"}


def test_numbered_labels(tmp_path: Path) -> None:
    """Codes are words too, in both formats."""
    frame = rows().assign(a=[1, 2] * 6)
    for name in ("s1.csv", "s1.parquet"):
        folder = write(tmp_path / name, frame, name)
        found = ingest(folder, activity="a", labels={"1": "walking", "2": "sitting"})
        (recording,) = found.recordings.values()
        assert recording.table["activity"].tolist() == ["walking", "sitting"] * 6


def test_source_states_what_the_mapping_says(tmp_path: Path) -> None:
    """Placement, rate and units of the tables are those of the mapping."""
    source = source_of(
        open_files(write(tmp_path, rows())),
        acc_unit="g",
        gyro=("p", "q", "r"),
        gyro_unit="deg/s",
        placement="wrist",
    )
    assert (source.placements, source.rate_hz) == (("wrist",), None)
    assert source.units == "acceleration in g, angular velocity in deg/s"
    assert source.labels is None
