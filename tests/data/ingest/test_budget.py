"""What is unpacked is counted once, over all levels of nesting, while it is read."""

import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.config import LimitSettings
from har.data.ingest import budget
from har.data.ingest.budget import Budget, Counted
from har.data.ingest.files import open_files
from har.data.recorders.parts import messages
from har.errors import DataError, LimitError

KB = 1000


def _tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@given(st.lists(st.tuples(st.sampled_from(["read", "seek", "line"]), st.integers(0, 99))))
def test_a_counted_stream_is_the_stream(steps: list[tuple[str, int]]) -> None:
    """The same bytes, and each is counted the first time that it is passed."""
    plain = io.BytesIO(b"".join(b"%d\n" % i for i in range(20)))
    size = len(plain.getvalue())
    packed = Budget(LimitSettings()).packed("a", 10)
    stream = Counted.of(io.BytesIO(plain.getvalue()), packed, "a", io.BytesIO())
    furthest = 0
    for step, n in steps:
        if step == "seek":
            assert stream.seek(min(n, size)) == plain.seek(min(n, size))
        elif step == "line":
            assert stream.readline() == plain.readline()
        else:
            assert stream.read(n) == plain.read(n)
        furthest = max(furthest, plain.tell())
        assert packed.unpacked == furthest


def test_bytes_of_all_levels_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gzip in a tar in a zip: each is within its bound, but not the sum of what they unpack."""
    monkeypatch.setattr(budget, "MAX_SMALL", 0)
    gz = gzip.compress(os.urandom(20 * KB) + bytes(400 * KB))
    path = _file(tmp_path / "o.zip", _zip({"i.tar": _tar({"a.csv.gz": gz})}))
    size = path.stat().st_size
    for ratio, is_read in ((400 * KB / size, False), (500 * KB / size, True)):
        files = open_files(path, limits=LimitSettings(ratio=ratio))
        assert files.names == ("i.tar/a.csv.gz",)
        for _ in range(2):
            if is_read:
                with files.open("i.tar/a.csv.gz") as file:
                    assert len(file.read()) == 420 * KB
                continue
            with pytest.raises(LimitError, match="unpacks to far more"):
                files.head("i.tar/a.csv.gz", 10**6)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_compressed_tar_is_counted_as_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Whatever compresses it; members are not counted again when they are read."""
    monkeypatch.setattr(budget, "MAX_SMALL", 0)
    path = _file(tmp_path / "a.tar", _tar({"a": bytes(10**6)}, mode))
    with pytest.raises(LimitError, match="unpacks to far more"):
        open_files(path)
    ratio = 1.1e6 / path.stat().st_size
    files = open_files(path, limits=LimitSettings(ratio=ratio))
    for _ in range(3):
        with files.open("a") as file:
            assert file.read() == bytes(10**6)


def test_a_folder_of_bombs_is_bounded_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many small ones are no way round."""
    monkeypatch.setattr(budget, "MAX_SMALL", 150 * KB)
    for i in range(3):
        _file(tmp_path / f"{i}.csv.gz", gzip.compress(bytes(100 * KB)))
    files = open_files(tmp_path)
    assert files.digest("0.csv.gz")
    with pytest.raises(LimitError, match="unpacks to far more"):
        files.digest("1.csv.gz")


def test_bounds_are_named_with_their_settings(tmp_path: Path) -> None:
    """Bytes in all, and files."""
    path = _file(tmp_path / "a.zip", _zip({f"{i}.csv": os.urandom(KB) for i in range(3)}))
    for limits, setting in (
        (LimitSettings(unpacked_gb=1e-6), "unpacked_gb"),
        (LimitSettings(members=2), "members"),
    ):
        with pytest.raises(LimitError, match=rf"limits\.{setting}"):
            open_files(path, limits=limits)
    (tmp_path / "folder").mkdir()
    for i in range(3):
        _file(tmp_path / "folder" / f"{i}.csv", b"1")
    with pytest.raises(LimitError, match=r"limits\.members"):
        open_files(tmp_path / "folder", limits=LimitSettings(members=2))


def test_xz_may_not_ask_for_more_memory_than_it_needs(tmp_path: Path) -> None:
    """Its header states how much, up to 4 GB."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**30}]
    content = lzma.compress(_tar({"a": b"1"}), filters=filters)
    with pytest.raises(DataError, match="damaged or cut off") as caught:
        open_files(_file(tmp_path / "a.tar", content))
    assert "Memory usage limit" in str(caught.value.found)


def test_links_inside_the_folder_are_files_and_others_are_refused(tmp_path: Path) -> None:
    """Also one that was exchanged after the folder was listed."""
    folder = tmp_path / "given"
    folder.mkdir()
    _file(tmp_path / "outside.csv", b"secret")
    _file(folder / "a.csv", b"1")
    (folder / "b.csv").symlink_to("a.csv")
    files = open_files(folder)
    assert files.names == ("a.csv", "b.csv")
    with files.open("b.csv") as file:
        assert file.read() == b"1"
    (folder / "b.csv").unlink()
    (folder / "b.csv").symlink_to("../outside.csv")
    for read in (lambda: files.open("b.csv"), lambda: open_files(folder)):
        with pytest.raises(DataError, match="a link that leads out of the folder"):
            read()
    # A person who names a link means what it leads to.
    assert open_files(folder / "b.csv").names == ("b.csv",)


def test_names_that_differ_by_case_alone_are_two_files(tmp_path: Path) -> None:
    """Neither takes the other's place; two of one name would, and are refused."""
    path = _file(tmp_path / "a.zip", _zip({"a.csv": b"1", "A.csv": b"2", "\u00e9": b"3"}))
    assert len(open_files(path).names) == 3
    inner = _zip({"b.csv": b"1"})
    path = _file(tmp_path / "b.zip", _zip({"i.zip": inner, "i.zip/b.csv": b"2"}))
    with pytest.raises(DataError, match="holds two files of one name"):
        open_files(path)


def test_json_is_read_within_bounds(tmp_path: Path) -> None:
    """Samples of all messages, which memory holds, and files that are parsed at once."""
    sample = {"name": "accelerometer", "time": 1, "values": {"x": 1, "y": 2, "z": 3}}
    message = {"messageId": 1, "sessionId": "a", "payload": [sample] * 5}
    path = _file(tmp_path / "log.json", json.dumps([message, message]).encode())
    with pytest.raises(LimitError, match=r"limits\.samples"):
        messages.read(open_files(path, limits=LimitSettings(samples=9)), "log.json")
    (session,) = messages.read(open_files(path), "log.json").values()
    assert len(session.samples["accelerometer"]) == 10
    with pytest.raises(LimitError, match=r"limits\.whole_mb"):
        budget.whole(open_files(path, limits=LimitSettings(whole_mb=0.0001)), "log.json")
