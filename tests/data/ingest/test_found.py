"""What lies beside the store is found, told by its layout, and forgotten once ingested."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from people import MAPPING, write_people

from har.data.ingest.dataset import Request, ingest
from har.data.ingest.found import find
from har.data.ingest.mapping import ColumnMapping
from har.store import Store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a folder with a store in it, and what nobody means to be data."""
    folder = tmp_path / "data"
    (folder / "raw").mkdir(parents=True)
    (folder / "store").mkdir()
    for name in (".gitkeep", "notes.pdf", "store/lost.csv"):
        (folder / name).touch()
    return folder


def found(data: Path) -> dict[str, tuple[list[str], str]]:
    """Return paths below the folder, and what they seem to be, by name."""
    return {
        one.name: ([path.relative_to(data).as_posix() for path in one.paths], one.seems)
        for one in find(Store(data / "store"))
    }


def test_nothing_is_found_where_nothing_is(data: Path) -> None:
    """Neither the store nor a document is a recording; nor is a folder that is not there."""
    assert found(data) == {}
    assert find(Store(data / "nowhere" / "store")) == []


def test_folders_archives_and_loose_files(data: Path) -> None:
    """A folder and an archive are a data set each, files side by side are one together."""
    write_people(data / "My Gym (2024)", [1, 2], seconds=1)
    write_people(data, [3], seconds=1)
    (data / "s3" / "day.csv").rename(data / "a.csv")
    (data / "b.csv").write_text((data / "a.csv").read_text())
    (data / "s3").rmdir()
    with ZipFile(data / "walks.zip", "w") as archive:
        archive.write(data / "a.csv", "walk/a.csv")
    assert found(data) == {
        "data": (["a.csv", "b.csv", "notes.pdf"], "2 tables"),
        "my-gym-2024": (["My Gym (2024)"], "2 tables"),
        "walks": (["walks.zip"], "1 table"),
    }
    (gym,) = [one for one in find(Store(data / "store")) if one.name == "my-gym-2024"]
    assert gym.command == f"har data ingest my-gym-2024 '{data / 'My Gym (2024)'}'"


def test_a_known_data_set_is_known_by_its_layout(data: Path) -> None:
    """A download of MotionSense has its name, wherever it lies and whatever it is called."""
    member = "A_DeviceMotion_data/wlk_7/sub_1.csv"
    for place in ("raw/archive.zip", "other.zip"):
        with ZipFile(data / place, "w") as archive:
            archive.writestr(member, "x")
    both = find(Store(data / "store"))
    assert [one.name for one in both] == ["motionsense", "motionsense"]
    assert both[0].seems.startswith("MotionSense")


def test_a_damaged_archive_is_told(data: Path) -> None:
    """It lies there, and cannot be opened."""
    (data / "broken.zip").write_bytes(b"PK but no archive")
    (seen,) = found(data).values()
    assert seen[1].startswith("cannot be opened: ")


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_ingested_is_found_no_more(data: Path, whole: bool) -> None:
    """By its folder, or by a file of it; a name that was given is not given again."""
    write_people(data / "gym", [1], seconds=4)
    stated = {key: value.split(",") if "," in value else value for key, value in MAPPING.items()}
    mapping = ColumnMapping(**stated)
    only = () if whole else ("s1/day.csv",)
    ingest(Store(data / "store"), Request("gym", data / "gym", only, mapping=mapping))
    assert found(data) == {}
    write_people(data / "Gym", [2], seconds=1)
    assert found(data) == {"gym-2": (["Gym"], "1 table")}
