"""Raw files in folders and archives: what is found, and what is refused."""

import gzip
import hashlib
import io
import os
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from har.config import LimitSettings
from har.data.ingest import budget
from har.data.ingest.files import RawFiles, open_files, reading
from har.errors import DataError, LimitError, MissingError

ROWS = b"".join(b"%d,0.25,%d\n" % (i, i * i) for i in range(2000))
MEMBERS = {"set/s1/a.csv": ROWS, "set/s2/a.csv": b"1,2,3\n", "set/readme.txt": b"words"}


def _zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def _folder(path: Path, members: dict[str, bytes]) -> Path:
    for name, content in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def _content(files: RawFiles) -> dict[str, bytes]:
    found = {}
    for name in reversed(files.names):  # any order
        with files.open(name) as file:
            found[name] = file.read()
    return found


def test_folder_and_archives_hold_the_same(tmp_path: Path) -> None:
    """Names, contents and digests do not depend on how the files are packed."""
    places = [
        _folder(tmp_path / "folder", MEMBERS),
        _zip(tmp_path / "set.zip", MEMBERS),
        _zip(tmp_path / "stored.ZIP", MEMBERS, zipfile.ZIP_STORED),
        _tar(tmp_path / "set.tar", MEMBERS, "w"),
        _tar(tmp_path / "set.tar.gz", MEMBERS),
        _tar(tmp_path / "set.tgz", MEMBERS),
    ]
    for place in places:
        files = open_files(place)
        assert files.names == tuple(sorted(MEMBERS))
        assert _content(files) == MEMBERS
        assert files.digest("set/s1/a.csv") == hashlib.sha256(ROWS).hexdigest()


def test_archive_by_content_whatever_its_ending(tmp_path: Path) -> None:
    """A zip that is called a tar, and a compressed tar without the .gz, are read."""
    path = _zip(tmp_path / "set.tar.gz", MEMBERS)
    assert _content(open_files(path)) == MEMBERS
    path = _tar(tmp_path / "other.tar", MEMBERS)
    assert _content(open_files(path)) == MEMBERS


def test_archives_inside_a_folder_and_an_archive(tmp_path: Path) -> None:
    """Members of an inner archive are named below it."""
    inner_zip = _zip(tmp_path / "inner.zip", {"s3/a.csv": ROWS}).read_bytes()
    inner_tar = _tar(tmp_path / "inner.tar.gz", {"s4/a.csv": b"4\n"}).read_bytes()
    members = {"a.csv": b"0\n", "x/inner.zip": inner_zip, "inner.tgz": inner_tar}
    expected = {"a.csv": b"0\n", "x/inner.zip/s3/a.csv": ROWS, "inner.tgz/s4/a.csv": b"4\n"}
    places = [
        _folder(tmp_path / "folder", members),
        _zip(tmp_path / "outer.zip", members),
        _tar(tmp_path / "outer.tar.gz", members),
    ]
    for place in places:
        files = open_files(place)
        assert _content(files) == expected
        assert len({files.stamp(name) for name in files.names}) == 3
        assert list(files.match(r"s\d/a\.csv")) == ["inner.tgz/s4/a.csv", "x/inner.zip/s3/a.csv"]


def test_match_takes_whole_parts_at_any_depth(tmp_path: Path) -> None:
    """``a.csv`` is not the end of ``xa.csv``; groups are the pattern's own."""
    names = ("a.csv", "s1/a.csv", "deep/set/s2/a.csv", "s1/xa.csv", "s1/a.csv.bak")
    files = open_files(_folder(tmp_path, dict.fromkeys(names, b"")))
    assert list(files.match(r"a\.csv")) == ["a.csv", "deep/set/s2/a.csv", "s1/a.csv"]
    groups = {name: match[1] for name, match in files.match(r"(s\d)/a\.csv").items()}
    assert groups == {"deep/set/s2/a.csv": "s2", "s1/a.csv": "s1"}


def test_one_file(tmp_path: Path) -> None:
    """One file is a set of one; a compressed one is read unpacked."""
    _folder(tmp_path, {"a.csv": ROWS, "b.csv": b"", "c.csv.gz": gzip.compress(ROWS)})
    files = open_files(tmp_path / "a.csv")
    assert (files.names, files.root) == (("a.csv",), tmp_path / "a.csv")
    assert _content(open_files(tmp_path / "c.csv.gz")) == {"c.csv.gz": ROWS}


def test_clutter_of_operating_systems_is_left_out(tmp_path: Path) -> None:
    """What macOS and Windows add is no raw file; a name that only looks alike is one."""
    clutter = ("__MACOSX/set/._a.csv", "set/._a.csv", ".DS_Store", "set/.DS_Store", "set/Thumbs.db")
    members = dict.fromkeys(clutter, b"\0\5") | {"set/a._csv": b"1\n", "set/my.DS_Store": b"2\n"}
    for place in (
        _folder(tmp_path / "folder", members),
        _zip(tmp_path / "set.zip", members),
        _tar(tmp_path / "set.tar", members, "w"),
    ):
        assert open_files(place).names == ("set/a._csv", "set/my.DS_Store")


def test_backslashes_and_dots_in_names_become_plain(tmp_path: Path) -> None:
    """Some programs write backslashes, or a dot first, into the names of members."""
    members = {"set\\s1\\a.csv": b"1\n", "./set//s2/a.csv": b"2\n"}
    expected = {"set/s1/a.csv": b"1\n", "set/s2/a.csv": b"2\n"}
    assert _content(open_files(_zip(tmp_path / "set.zip", members))) == expected
    assert _content(open_files(_tar(tmp_path / "set.tar", members, "w"))) == expected


def test_nothing_there(tmp_path: Path) -> None:
    """A missing path is an error; an empty folder or archive has no files."""
    with pytest.raises(MissingError, match="no such file or folder"):
        open_files(tmp_path / "missing")
    (tmp_path / "folder").mkdir()
    for place in (
        tmp_path / "folder",
        _zip(tmp_path / "set.zip", {}),
        _tar(tmp_path / "set.tar.gz", {}),
    ):
        assert open_files(place).names == ()


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.csv", "set/../../evil.csv", "/etc/passwd", "\\evil.csv", "..\\evil.csv"),
        *("set\\..\\..\\evil.csv", "C:\\evil.csv", "c:evil.csv", "//server/evil.csv"),
    ],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    """No archive with a member outside its own folder is read at all."""
    members = {"set/a.csv": ROWS, name: b"1,2,3\n"}
    for place in (
        _zip(tmp_path / "set.zip", members),
        _tar(tmp_path / "set.tar", members, "w"),
        _zip(tmp_path / "o.zip", {"set.zip": (tmp_path / "set.zip").read_bytes()}),
    ):
        with pytest.raises(DataError, match="unsafe archive") as caught:
            open_files(place)
        assert repr(name) in str(caught.value)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    """A link could lead to any file of the machine."""
    path = tmp_path / "set.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("set/link.csv")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(DataError, match="holds a link"):
        open_files(path)


def test_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far more bytes than an archive's own mean that it is not sensor data."""
    monkeypatch.setattr(budget, "MAX_SMALL", 2**20)
    zeros = {"a.csv": bytes(2**20), "b.csv": bytes(2**20)}
    stated = "2,097,152 bytes"
    bomb = _zip(tmp_path / "set.zip", zeros)
    for place in (
        bomb,
        _tar(tmp_path / "set.tar.gz", zeros),
        _folder(tmp_path / "folder", {"inner.zip": bomb.read_bytes()}),
        _zip(tmp_path / "outer.zip", {"inner.zip": bomb.read_bytes()}, zipfile.ZIP_STORED),
    ):
        with pytest.raises(LimitError, match="unpacks to far more than sensor data can") as caught:
            open_files(place)
        assert (stated in str(caught.value)) == (place is bomb or place.name == "folder")
        assert "limits.ratio" in str(caught.value)
    assert _content(open_files(bomb, limits=LimitSettings(ratio=20_000))) == zeros


def test_truncated_archives(tmp_path: Path) -> None:
    """An archive that is cut anywhere is told from a whole one, not read in part."""
    noise = {name: random.Random(name).randbytes(3000) for name in ("a.csv", "b.csv")}
    for whole in (
        _zip(tmp_path / "set.zip", noise),
        _tar(tmp_path / "set.tar", noise, "w"),
        _tar(tmp_path / "set.tar.gz", noise),
    ):
        content = whole.read_bytes()
        # A tar ends with blocks of zeros, of which one is enough.
        last = len(content) - 20 if whole.suffix != ".tar" else 2 * (512 + 3072) + 511
        for size in (0, 1, 100, 511, 512, 1000, 3584, 4000, last):
            cut = tmp_path / f"cut-{whole.name}"
            cut.write_bytes(content[:size])
            with pytest.raises(DataError, match="damaged or cut off"):
                open_files(cut)


def test_truncated_gz(tmp_path: Path) -> None:
    """A compressed file that is cut off is an error when it is read."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(ROWS)[:-50])
    with pytest.raises(DataError, match=r"a\.csv\.gz: damaged or cut off"):
        open_files(path).digest("a.csv.gz")


def test_changed_bytes(tmp_path: Path) -> None:
    """Checksums are checked: in a zip when a member is read, in a tar.gz at once."""
    path = _zip(tmp_path / "set.zip", MEMBERS, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"1999,0.25", b"1998,0.25"))
    files = open_files(path)
    assert files.digest("set/readme.txt") == hashlib.sha256(b"words").hexdigest()
    with pytest.raises(DataError, match="damaged or cut off") as caught:
        files.digest("set/s1/a.csv")
    assert "Bad CRC-32" in str(caught.value)
    path = tmp_path / "set.tar.gz"
    plain = _tar(tmp_path / "set.tar", MEMBERS, "w").read_bytes()
    packed = bytearray(gzip.compress(plain, compresslevel=0))
    packed[packed.index(b"1999,0.25")] ^= 1
    path.write_bytes(packed)
    with pytest.raises(DataError, match="CRC check failed"):
        open_files(path)


def test_damaged_header_inside_a_tar(tmp_path: Path) -> None:
    """Members behind a header that cannot be read are not silently lost."""
    path = _tar(tmp_path / "set.tar", MEMBERS, "w")
    content = bytearray(path.read_bytes())
    content[content.index(b"set/s2/a.csv")] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged or cut off"):
        open_files(path)


def test_encrypted_zip(tmp_path: Path) -> None:
    """A member with a password is told as such."""
    path = _zip(tmp_path / "set.zip", {"a.csv": ROWS})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.csv: encrypted"):
        open_files(path).digest("a.csv")


def test_unknown_compression(tmp_path: Path) -> None:
    """A zip packed in a way that is unknown here is told as such."""
    path = _zip(tmp_path / "set.zip", {"a.csv": ROWS})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        content[content.index(signature) + offset] = 97
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.csv: cannot be unpacked"):
        open_files(path).digest("a.csv")


def test_no_archive_at_all(tmp_path: Path) -> None:
    """Text that is called an archive is damaged, alone and among others."""
    _folder(tmp_path / "folder", {"a.csv": ROWS, "set.zip": b"not found"})
    for place in (tmp_path / "folder" / "set.zip", tmp_path / "folder"):
        with pytest.raises(DataError, match=r"set\.zip: damaged or cut off"):
            open_files(place)


def test_stamps_change_with_the_content(tmp_path: Path) -> None:
    """A file that is written again has another stamp; one that is not has the same."""
    folder = _folder(tmp_path / "folder", {"a.csv": b"1\n", "b.csv": b"2\n"})
    before = open_files(folder)
    stamps = [before.stamp(name) for name in before.names]
    os.utime(folder / "a.csv", ns=(1, 1))
    after = [open_files(folder).stamp(name) for name in before.names]
    assert [old == new for old, new in zip(stamps, after, strict=True)] == [False, True]
    one = open_files(_zip(tmp_path / "1.zip", {"a.csv": b"1\n", "b.csv": b"2\n"}))
    two = open_files(_zip(tmp_path / "2.zip", {"a.csv": b"3\n", "b.csv": b"2\n"}))
    assert one.stamp("a.csv") != two.stamp("a.csv")
    assert one.stamp("b.csv") == two.stamp("b.csv")


def test_errors_of_the_disk_are_not_hidden() -> None:
    """A full disk or a missing right is no damage of the data."""
    for error in (PermissionError(13, "Permission denied"), RuntimeError("something else")):
        with pytest.raises(type(error)), reading("a.csv"):
            raise error
