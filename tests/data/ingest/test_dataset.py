"""A data set is read once, item by item, and nothing that it holds is lost."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from har.data import sources
from har.data.ingest import catalogue, making
from har.data.ingest.assemble import COPIED
from har.data.ingest.dataset import Ingestion, Request, find, ingest
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import QUARANTINE, write_item
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.quarantine import quarantine_reasons
from har.data.ingest.refusal import Refused, set_aside
from har.data.ingested import QUARANTINED, Account, Accounts, Datasets
from har.data.recording import CHANNELS, read_recordings
from har.data.sources.base import Item, Raw
from har.errors import DataError, MissingError
from har.lineage import digest
from har.lineage.code import Code
from har.store import Store

MAPPING = ColumnMapping(
    time="t",
    acc=("ax", "ay", "az"),
    gyro=("gx", "gy", "gz"),
    activity="what",
    subject_pattern=r"s(\d+)/",
)


def write(folder: Path, name: str, *, seed: int, n: int = 400) -> Path:
    """Write ten seconds of plausible data at 40 Hz."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        random.normal((0, 0, 9.81, 0, 0, 0), 0.4, (n, 6)),
        columns=["ax", "ay", "az", "gx", "gy", "gz"],
    )
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    what = np.where(np.arange(n) < n // 2, "walking", "sitting")
    frame.assign(t=np.arange(n) / 40, what=what).to_csv(path, index=False)
    return path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two people's files."""
    write(tmp_path / "raw", "s1/walk.csv", seed=1)
    write(tmp_path / "raw", "s2/walk.csv", seed=2)
    return tmp_path / "raw"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "store")


def test_a_second_ingestion_reads_nothing(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same files give the same artifact, and not one of them is opened."""
    first = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (first.items_read, first.items_found) == (2, 0)
    making.opened.cache_clear()

    def refuse(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("har.data.ingest.files._Folder.open", refuse)
    second = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (second.items_read, second.items_found) == (0, 2)
    assert second.artifact.content == first.artifact.content


def test_own_activities_are_kept_with_their_words_and_parents(raw: Path, store: Store) -> None:
    """Each in the spellings of the files; the hierarchy is what later steps read."""
    for path, word in (
        (raw / "s1/walk.csv", "Nordic Skiing"),
        (raw / "s2/walk.csv", "nordic_skiing"),
    ):
        frame = pd.read_csv(path)
        frame.assign(what=["walking", *[word] * (len(frame) - 1)]).to_csv(path, index=False)
    skiing = {"nordic-skiing": "skiing", "skiing": "sport"}
    mapping = MAPPING.model_copy(update={"activity": "what", "activities": skiing})
    done = ingest(store, Request("lab", raw, mapping=mapping))
    words = {"nordic-skiing": ("Nordic Skiing", "nordic_skiing")}
    assert done.totals["own_words"] == {name: list(ways) for name, ways in words.items()}
    (facts,) = Datasets.read(done.artifact.path).datasets
    assert facts.activities == ("walking", "nordic-skiing")
    assert facts.own_words == words
    hierarchy = Datasets.read(done.artifact.path).taxonomy
    assert hierarchy.parents("nordic-skiing") == ("skiing", "sport")


def test_a_folder_that_has_grown_reads_the_new_files_only(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third person's file is opened; the other two are not."""
    ingest(store, Request("lab", raw, mapping=MAPPING))
    write(raw, "s3/walk.csv", seed=3)
    opened: set[str] = set()
    open_file = RawFiles.__subclasses__()[0].open

    def note(self: RawFiles, name: str) -> object:
        opened.add(name)
        return open_file(self, name)

    monkeypatch.setattr("har.data.ingest.files._Folder.open", note)
    grown = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (grown.items_read, grown.items_found) == (1, 2)
    assert opened == {"s3/walk.csv"}
    assert grown.totals["counts"]["subjects"] == 3


def test_a_changed_file_is_read_again(raw: Path, store: Store) -> None:
    """Other bytes under the same name are another item."""
    before = ingest(store, Request("lab", raw, mapping=MAPPING))
    write(raw, "s2/walk.csv", seed=9)
    os.utime(raw / "s2/walk.csv", ns=(1, 1))
    after = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (after.items_read, after.items_found) == (1, 1)
    assert after.artifact.content != before.artifact.content


def change_unseen(path: Path) -> str:
    """Change a digit of a file, keeping its size and its time; return its digest."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    place = data.rindex(b",walking") - 1
    data[place] = ord("1") if data[place] != ord("1") else ord("2")
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    return digest.of_file(path)


def recorded(done: Ingestion, file: str) -> str:
    """Return the digest that an ingestion has of a raw file."""
    return next(a.files[file] for a in Accounts.read(done.artifact.path).items if file in a.files)


def test_a_file_changed_unseen_is_read_again(raw: Path, store: Store) -> None:
    """`touch -r` gives back the old time, but not the time of the file's own record."""
    before = ingest(store, Request("lab", raw, mapping=MAPPING))
    sha256 = change_unseen(raw / "s2/walk.csv")
    after = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (after.items_read, after.items_found) == (1, 1)
    assert after.artifact.content != before.artifact.content
    assert recorded(after, "s2/walk.csv") == sha256


def test_what_is_read_is_hashed(raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no stamp tells of a change, the record is still of the bytes that were read."""
    monkeypatch.setattr("har.data.ingest.files._Folder.stamp", lambda *_: "the same")
    ingest(store, Request("lab", raw, mapping=MAPPING))
    sha256 = change_unseen(raw / "s2/walk.csv")
    shutil.rmtree(store.root / "item")
    again = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert again.items_read == 2
    assert recorded(again, "s2/walk.csv") == sha256


def test_a_file_that_changes_while_it_is_read_is_refused(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows which bytes were read; the next ingestion reads it again."""
    write_item = making.write_item

    def grow(out: Path, files: RawFiles, item: Item, origin: Origin) -> None:
        write_item(out, files, item, origin)
        if item.name == "s2-walk.csv":
            write(raw, "s2/walk.csv", seed=4)

    monkeypatch.setattr(making, "write_item", grow)
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert "changed while it was read" in done.rejected["s2-walk.csv"]
    assert done.totals["rejected"] == done.rejected
    assert done.totals["counts"]["rows_in"] == 400
    monkeypatch.undo()
    again = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (again.items_read, again.items_found, again.rejected) == (1, 1, {})


def test_a_file_that_is_gone_is_gone(raw: Path, store: Store) -> None:
    """What the folder no longer holds is not in the data set."""
    ingest(store, Request("lab", raw, mapping=MAPPING))
    shutil.rmtree(raw / "s2")
    left = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert left.totals["counts"]["subjects"] == 1
    assert [r.meta.subject_id for r in read_recordings(left.artifact.path)] == ["lab-1"]


def test_one_process_and_several_give_the_same(raw: Path, tmp_path: Path) -> None:
    """Items that are read at the same time end in the same bytes."""
    for number in range(3, 6):
        write(raw, f"s{number}/walk.csv", seed=number)
    request = Request("lab", raw, mapping=MAPPING)
    one = ingest(Store(tmp_path / "one"), request, jobs=1)
    two = ingest(Store(tmp_path / "two"), request, jobs=2)
    assert two.items_read == 5
    assert two.artifact.content == one.artifact.content


def test_a_broken_file_does_not_stop_the_others(raw: Path, store: Store) -> None:
    """It is named with the reason; what is sound is ingested."""
    (raw / "s3").mkdir()
    (raw / "s3" / "walk.csv").write_bytes(b"\x00\x01\x02")
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert done.totals["counts"]["recordings"] == 2
    assert list(done.rejected) == ["s3-walk.csv"]
    assert "no rows" in done.rejected["s3-walk.csv"]


def test_rows_of_refused_files_are_counted(raw: Path, store: Store) -> None:
    """Lines of other tables and rows in a wrong unit are in quarantine, by reason."""
    for number in (3, 4):
        other = raw / f"s{number}" / "heart.csv"
        other.parent.mkdir()
        other.write_text("t,beats\n" + "".join(f"{i},60\n" for i in range(99)))
    (raw / "s4" / "noise.csv").write_bytes(b"\x00\x01\n\x02")
    table = pd.read_csv(raw / "s2/walk.csv")
    table[["ax", "ay", "az"]] /= 9.80665
    table.to_csv(raw / "s2/walk.csv", index=False)
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    counts = done.totals["counts"]
    assert (counts["rows_in"], counts["rows_kept"], counts["rows_quarantined"]) == (1000, 400, 600)
    unit, columns = (
        "acceleration is not in m/s² with gravity included",
        "no column ax, ay, az, gx, gy, gz, what",
    )
    assert done.totals["reasons"] == {unit: 400, columns: 200}
    found = {(g["reason"], g["times"], g["rows"]) for g in done.totals["refusals"]}
    assert {(unit, 1, 400), (columns, 2, 200)} < found
    assert len(found) == 3  # what is no text has no rows
    assert set(done.totals["rejected"]) == {
        *("lab-2-s2-walk", "s3-heart.csv", "s4-heart.csv", "s4-noise.csv"),
    }
    assert (done.items_read, done.items_found) == (1, 0)
    reasons = quarantine_reasons(done.artifact.path / QUARANTINED)
    rows = {r["reason"]: (r["rows"], r["file"], r["line"]) for r in reasons}
    assert rows[unit] == (400, "s2/walk.csv", 2)
    assert rows[columns] == (200, "s3/heart.csv", 1)


def test_refused_files_are_not_read_again(raw: Path, store: Store) -> None:
    """Neither are they when nothing else is there: the error is the same one."""
    (raw / "s1" / "walk.csv").write_text("t,beats\n0,60\n")
    first = ingest(store, Request("lab", raw, mapping=MAPPING))
    again = ingest(store, Request("lab", raw, mapping=MAPPING))
    assert (again.items_read, again.items_found) == (0, 1)
    assert again.rejected == first.rejected
    assert again.artifact.content == first.artifact.content
    (raw / "s2" / "walk.csv").unlink()
    for _ in range(2):
        with pytest.raises(DataError, match=r"s1/walk\.csv: no column ax") as caught:
            ingest(store, Request("lab", raw, mapping=MAPPING))
        assert caught.value.found == "t, beats"


def test_an_item_that_fails_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    """What was read before the fault is not half an item: all of its rows are quarantined."""
    write(tmp_path / "raw", "s1/walk.csv", seed=1)

    def fail(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
        ledger.read(50)
        rows = pd.DataFrame({"time_s": np.arange(50) / 50, "acc_x": 0.0, "acc_y": 0.0})
        origin = {"label": None, "file": "s1/walk.csv", "line": 2, "repaired": False}
        yield Raw("1", "walk", "unknown", (rows.assign(acc_z=9.8, **origin),))
        raise DataError("s1/walk.csv: cut off")

    source = replace(sources.get("hapt"), placements=("unknown",), read=fail)
    files = open_files(tmp_path / "raw")
    out = tmp_path / "out"
    out.mkdir()
    write_item(out, files, Item("walk", ("s1/walk.csv",)), Origin("lab", source, {}))
    assert list((out / "recordings").iterdir()) == []
    account = Account.read(out)
    assert (account.rows_in, account.rows_quarantined, account.samples) == (401, 401, 0)
    assert account.rejected == {"walk": "s1/walk.csv: cut off"}
    assert account.reasons == {"cut off": 401}
    (row,) = pd.read_parquet(out / QUARANTINE).to_dict("records")
    assert (row["file"], row["line"], row["rows"]) == ("s1/walk.csv", 1, 401)
    assert row["content"] == "ax,ay,az,gx,gy,gz,t,what"
    error = Refused.beside(out)
    assert isinstance(error, DataError)
    assert str(error) == "s1/walk.csv: cut off"


def test_rows_of_refused_parquet_are_counted(tmp_path: Path) -> None:
    """Its own head tells how many; what is damaged or no text has none."""
    pd.DataFrame({"beats": range(7)}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    (tmp_path / "c.csv").write_bytes("t,Gerät\n0,1".encode("latin-1"))
    item = Item("all", ("a.parquet", "b.parquet", "c.csv"))
    entries = set_aside(open_files(tmp_path), item, "odd")
    assert entries["rows"].tolist() == [7, 0, 2]
    assert entries["content"].tolist() == ["", "", "t,Ger\ufffdt"]


def test_raw_files_are_not_needed_afterwards(raw: Path, store: Store) -> None:
    """An ingested data set is found by its name when its raw files are gone."""
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    shutil.rmtree(raw)
    assert find(store, "lab").content == done.artifact.content
    assert list(catalogue.entries(store)) == ["lab"]


def test_bundled_data_are_read_again_by_other_code(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade does not go on with what older code had read."""
    first = find(store, "hapt")
    assert find(store, "hapt").reused
    other = Code({"har/data/sources/hapt.py": "another version"}, {})
    monkeypatch.setattr("har.store.executed_by", lambda _: other)
    again = find(store, "hapt")
    assert again.key != first.key
    assert again.manifest.code == other.files
    assert find(store, "hapt").key == again.key


def test_quarantine_keeps_line_and_content(raw: Path, store: Store) -> None:
    """A row that was set aside can be read again: file, line, reason, values."""
    path = raw / "s1" / "walk.csv"
    lines = path.read_text().splitlines()
    lines[10] = lines[10].replace(lines[10].split(",")[0], "oops", 1)
    path.write_text("\n".join(lines) + "\n")
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    (reason,) = quarantine_reasons(done.artifact.path / QUARANTINED)
    assert (reason["reason"], reason["rows"]) == ("not a number", 1)
    assert (reason["file"], reason["line"]) == ("s1/walk.csv", 11)
    assert json.loads(reason["content"])["ax"] == "oops"


def test_a_copy_under_another_name_is_set_aside(raw: Path, store: Store) -> None:
    """The same samples as another person's go to quarantine, and the account still adds up."""
    shutil.copytree(raw / "s1", raw / "s7")
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    totals = done.totals
    assert totals["counts"]["recordings"] == 2
    assert totals["counts"]["rows_in"] == 1200
    assert totals["counts"]["rows_quarantined"] == 400
    assert totals["reasons"] == {COPIED: 400}
    (copy,) = totals["copies"]
    assert {copy["recording"], copy["same_as"]} == {"lab-1-s1-walk", "lab-7-s7-walk"}


def test_recordings_know_their_origin(raw: Path, store: Store) -> None:
    """Each recording names its raw file's digest, and how many rows it was made of."""
    done = ingest(store, Request("lab", raw, mapping=MAPPING))
    recording = next(read_recordings(done.artifact.path))
    assert list(recording.meta.source) == ["s1/walk.csv"]
    assert (recording.meta.rows_kept, recording.meta.rows_repaired) == (400, 0)
    frame = pd.read_csv(raw / "s1" / "walk.csv")
    values = frame[["ax", "ay", "az", "gx", "gy", "gz"]].to_numpy(np.float32)
    np.testing.assert_array_equal(recording.table[list(CHANNELS)].to_numpy(), values)


def test_what_is_not_there_is_said(tmp_path: Path, store: Store) -> None:
    """No path, no such layout, no such placement, never ingested: four clear errors."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError, match="no such file or folder"):
        ingest(store, Request("mhealth", tmp_path / "nowhere"))
    with pytest.raises(DataError, match="not the layout of mhealth"):
        ingest(store, Request("mhealth", tmp_path / "empty"))
    with pytest.raises(DataError, match="no placement ear"):
        ingest(store, Request("mhealth", tmp_path / "empty", placements=("ear",)))
    with pytest.raises(MissingError, match="'lab' is not ingested"):
        find(store, "lab")


@pytest.mark.parametrize(
    "name",
    ["/".join(f"participants of round {k} in winter" for k in range(9)) + "/s1.csv", "受" * 80],
    ids=["long", "wide"],
)
def test_a_name_too_long_for_a_file_is_shortened(tmp_path: Path, store: Store, name: str) -> None:
    """What a raw file is called fits no name of ours; its row in quarantine is kept."""
    path = write(tmp_path / "raw", name if name.endswith(".csv") else f"{name}_s1.csv", seed=1)
    lines = path.read_text().splitlines()
    lines[5] = "," + lines[5].partition(",")[2]
    path.write_text("\n".join(lines))
    mapping = MAPPING.model_copy(update={"subject_pattern": r"s(\d+)\.csv"})
    done = ingest(store, Request("lab", tmp_path / "raw", mapping=mapping))
    assert done.totals["counts"]["rows_quarantined"] == 1
    assert len(list((done.artifact.path / QUARANTINED).iterdir())) == 1


def test_root_moves_with_the_project(raw: Path, store: Store) -> None:
    """Files below the working folder are remembered relative to it."""
    ingest(store, Request("lab", raw.resolve(), mapping=MAPPING))
    assert catalogue.entries(store)["lab"]["root"] == "raw"
