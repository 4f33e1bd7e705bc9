"""A file is whole or not there, and the disk's errors say what to do."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from support import small_files

from har.disk import copy_folder, explained, whole, write_text
from har.errors import MissingError, UsageError
from har.store import Store


def refusal(number: int, path: str | None = "a.csv") -> OSError:
    """Return an error as the system raises it."""
    return OSError(number, os.strerror(number), path)


def test_a_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    """Whoever looks meanwhile sees what was there before."""
    path = tmp_path / "new" / "a.csv"
    with whole(path) as new:
        new.write_text("1")
        assert not path.exists()
    with whole(path) as new:
        new.write_text("2")
        assert path.read_text() == "1"
    assert path.read_text() == "2"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    """And nothing beside it, whatever the error is."""
    path = tmp_path / "a.csv"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), whole(path) as new:
        new.write_text("half")
        raise KeyboardInterrupt
    with pytest.raises(OSError, match="No space left") as caught, whole(path) as new:
        raise refusal(errno.ENOSPC, None)
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_names_the_file_that_was_wanted(tmp_path: Path) -> None:
    """And not the one beside it, of which nobody knows."""
    with pytest.raises(OSError, match="directory") as caught, whole(tmp_path / "a.csv") as new:
        new.mkdir()
        try:
            new.open("w")
        finally:
            new.rmdir()
    assert caught.value.filename == str(tmp_path / "a.csv")


def test_links_and_permissions_are_kept(tmp_path: Path) -> None:
    """The file that a link leads to is replaced, and stays as private as it was."""
    path, linked = tmp_path / "a.csv", tmp_path / "link.csv"
    write_text(path, "old")
    path.chmod(0o600)
    linked.symlink_to(path)
    write_text(linked, "new")
    assert linked.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_as_it_is() -> None:
    """It cannot be replaced: /dev/full refuses every byte."""
    with pytest.raises(OSError, match="No space left") as caught:
        write_text(Path("/dev/full"), "some")
    assert explained(caught.value)
    write_text(Path(os.devnull), "some")
    assert Path(os.devnull).is_char_device()


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    """The file beside it has a shorter one."""
    path = tmp_path / ("x" * 251 + ".csv")
    write_text(path, "some")
    assert path.read_text() == "some"


def test_a_folder_is_copied_file_by_file(tmp_path: Path) -> None:
    """What fits is there, what does not is not; other files of the target stay."""
    write_text(tmp_path / "a" / "b" / "small.txt", "some")
    write_text(tmp_path / "a" / "large.txt", "x" * 5000)
    write_text(tmp_path / "copy" / "mine.txt", "mine")
    with pytest.raises(OSError, match="too large"), small_files(4000):
        copy_folder(tmp_path / "a", tmp_path / "copy")
    assert not (tmp_path / "copy" / "large.txt").exists()
    copy_folder(tmp_path / "a", tmp_path / "copy")
    files = [
        p.relative_to(tmp_path / "copy").as_posix() for p in (tmp_path / "copy").rglob("*.txt")
    ]
    assert sorted(files) == ["b/small.txt", "large.txt", "mine.txt"]


def test_a_full_disk_leaves_no_half_entry(tmp_path: Path) -> None:
    """NumPy does not even say why it stopped; the next call makes the entry."""
    store = Store(tmp_path / "store")
    args = {"inputs": {}, "params": {}, "entries": ["har.steps.entries.clean:clean"]}

    def build(out: Path) -> None:
        np.save(out / "X.npy", np.zeros(10_000))

    with pytest.raises(OSError, match="written") as caught, small_files(20_000):
        store.get_or_make("step", build, **args)
    assert isinstance(explained(caught.value), MissingError)
    assert not list((store.root / "step").glob("*")) and not list((store.root / ".tmp").glob("*"))
    assert not store.get_or_make("step", build, **args).reused


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (refusal(errno.ENOSPC), "a.csv: no space is left on the disk"),
        (refusal(errno.EROFS), "a.csv: the disk is read-only"),
        (refusal(errno.EACCES), "a.csv: it may not be read or written"),
        (refusal(errno.EFBIG, None), "a file: it is larger than a file may be here"),
        (RuntimeError("(sqlite3.OperationalError) database or disk is full"), "a file: no space"),
        (RuntimeError("failed: [Errno 28] No space left on device: 'a'"), "a file: no space"),
        (ValueError("I/O error: No space left on device (os error 28)"), "a file: no space"),
    ],
)
def test_errors_of_the_disk_are_explained(error: Exception, message: str) -> None:
    """Each ends with 6, and says what to do."""
    found = explained(error)
    assert found is not None
    assert found.message.startswith(message)
    assert (found.exit_code, bool(found.hint)) == (6, True)


def test_the_cause_of_an_error_is_found() -> None:
    """A library wraps what the system said; what was caught on purpose is no cause."""
    wrapped = RuntimeError("cannot be logged")
    wrapped.__cause__ = refusal(errno.ENOSPC)
    assert explained(wrapped)
    wrapped.__cause__ = None
    assert explained(wrapped) is None


@pytest.mark.parametrize("error", [refusal(errno.ENOENT), ValueError("x"), UsageError("x")])
def test_other_errors_are_left_alone(error: Exception) -> None:
    """They are not the disk's."""
    assert explained(error) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """The error names the file that was wanted, and not the one beside it."""
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as caught:
        write_text(tmp_path / "a.csv", "some")
    found = explained(caught.value)
    assert found is not None
    assert found.message.startswith(f"{tmp_path / 'a.csv'}: it may not be")
