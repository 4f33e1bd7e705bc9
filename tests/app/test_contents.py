"""Files that are dropped lead out of no folder, and errors name them as a person does."""

import pytest

from har.app.contents import LONGEST_NAME, Contents
from har.errors import DataError


def test_files_of_one_name_are_both_kept() -> None:
    """Under names that differ."""
    contents = Contents.of([("a.csv", b"1"), ("x/a.csv", b"2")])
    assert contents.files == (("a.csv", b"1"), ("_a.csv", b"2"))


@pytest.mark.parametrize(
    "name", ["../up.csv", "/etc/up.csv", "..\\up.csv", "a/b/up.csv", "up.csv\0"]
)
def test_name_stays_in_its_folder(name: str) -> None:
    """Whatever stands before the last part."""
    with Contents.of([(name, b"x")]).on_disk() as path:
        assert path.name == "up.csv"
        assert path.read_bytes() == b"x"


def test_long_name_keeps_its_ending() -> None:
    """Two bytes a letter, too long for a file system."""
    ((name, _),) = Contents.of([("ä" * 300 + ".csv", b"")]).files
    assert name.endswith("ä.csv")
    assert len(name.encode()) <= LONGEST_NAME


def test_same_files_have_one_digest() -> None:
    """And others have another."""
    one, same, other = (Contents.of([("a.csv", data)]).digest for data in (b"1", b"1", b"2"))
    assert one == same != other


def test_error_does_not_tell_the_folder() -> None:
    """Where files were for a moment is nobody's concern."""
    with pytest.raises(DataError) as raised, Contents.of([("a.csv", b"")]).on_disk() as path:
        raise DataError(f"{path}: no rows", found=str(path.parent))
    assert raised.value.message == "a.csv: no rows"
    assert raised.value.found == "the files"
