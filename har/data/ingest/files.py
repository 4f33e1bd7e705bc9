"""Raw files wherever they lie: a folder, one file, a zip or tar archive, archives inside it.

Nothing is unpacked to the disk by its name, so a member cannot be written elsewhere;
an archive whose members try to is refused all the same.
"""

import contextlib
import errno
import gzip
import hashlib
import lzma
import re
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from har.errors import DataError, MissingError

MAX_RATIO = 200  # text of numbers shrinks 3 to 20 times
MAX_SMALL = 100 * 2**20  # bytes below which the ratio does not matter
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_CLUTTER = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$)")
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(struct.error, UnicodeDecodeError, EOFError),
)


class RawFiles(ABC):
    """Files by relative POSIX name.

    Attributes
    ----------
    root : Path
        The folder or archive on disk.
    names : tuple of str
        All of them, sorted, without what operating systems leave behind.
    """

    root: Path
    names: tuple[str, ...]

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""

    @abstractmethod
    def stamp(self, name: str) -> str:
        """Return a cheap sign that changes when the file is written again."""

    def head(self, name: str, size: int = 4096) -> bytes:
        """Return a file's first bytes, which tell what it is."""
        with reading(name), self.open(name) as file:
            return file.read(size)

    def match(self, pattern: str) -> dict[str, re.Match[str]]:
        """Return the names whose end matches a pattern of whole path parts."""
        compiled = re.compile(rf"(?:.*/)?{pattern}")
        found = {name: compiled.fullmatch(name) for name in self.names}
        return {name: match for name, match in found.items() if match}

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file's bytes."""
        with reading(name), self.open(name) as file:
            digest = hashlib.sha256()
            while block := file.read(2**20):
                digest.update(block)
            return digest.hexdigest()


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn the errors of damaged files and archives into a `DataError`."""
    try:
        yield
    except (*BROKEN, OSError) as error:
        # Seeking before a file's start, as damaged archives tell to, is an invalid argument.
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise
        raise DataError(
            f"{name}: damaged or cut off",
            found=str(error) or type(error).__name__,
            hint="download or copy it again",
        ) from None
    except NotImplementedError as error:  # zip: a compression or an encryption unknown here
        raise DataError(f"{name}: cannot be unpacked", found=str(error)) from None
    except RuntimeError as error:
        if "password" not in str(error):
            raise
        raise DataError(f"{name}: encrypted", hint="unpack it with its password") from None


def open_files(path: Path, only: Sequence[str] = ()) -> RawFiles:
    """Return the files of a folder, of an archive with those inside it, or the one file.

    Parameters
    ----------
    path : Path
        Folder, archive or file.
    only : sequence of str
        Of a folder, only these files; empty: all.

    Raises
    ------
    MissingError
        If there is nothing at the path.
    DataError
        If an archive is damaged, dangerous, or larger than it can honestly be.
    """
    if not path.exists():
        raise MissingError(f"{path}: no such file or folder")
    if path.is_dir():
        return _with_inner(_Folder(path, [path / name for name in only]))
    if is_archive(path.name):
        with reading(str(path)):
            return _with_inner(_archive(path, path.open("rb"), path.stat().st_size))
    return _Folder(path.parent, [path], root=path)


def is_archive(name: str) -> bool:
    """Tell whether a file is an archive, by its name."""
    return name.lower().endswith(ARCHIVES)


def _archive(root: Path, file: IO[bytes], size: int) -> "RawFiles":
    kind = _Zip if file.read(2) == b"PK" else _Tar
    file.seek(0)
    return kind(root, file, size)


def _sign(path: Path) -> str:
    """Return what changes with a file, also where its size and its time of change are kept.

    Unlike that time, nobody can set the one at which the file's own record changed.
    """
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


class _Folder(RawFiles):
    def __init__(self, folder: Path, paths: list[Path], *, root: Path | None = None) -> None:
        self.root = root or folder
        self._folder = folder
        paths = paths or [p for p in folder.rglob("*") if p.is_file()]
        names = sorted(p.relative_to(folder).as_posix() for p in paths)
        self.names = tuple(name for name in names if not _CLUTTER.search(name))

    def open(self, name: str) -> IO[bytes]:
        path = self._folder / name
        # By its path: a file that is handed over would be left open.
        return gzip.open(path) if name.endswith(".gz") else path.open("rb")  # type: ignore[return-value]

    def stamp(self, name: str) -> str:
        return _sign(self._folder / name)


class _Zip(RawFiles):
    def __init__(self, root: Path, file: IO[bytes], size: int) -> None:
        self.root = root
        weakref.finalize(self, file.close)
        self._zip = zipfile.ZipFile(file)
        members = [m for m in self._zip.infolist() if not m.is_dir()]
        _refuse_bomb(root, sum(m.file_size for m in members), size)
        named = {_safe_name(root, m.filename): m for m in members}
        self._members = {name: m for name, m in named.items() if not _CLUTTER.search(name)}
        self.names = tuple(sorted(self._members))

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._members[name])

    def stamp(self, name: str) -> str:
        member = self._members[name]
        return f"{member.file_size}-{member.CRC:08x}"


class _Tar(RawFiles):
    def __init__(self, root: Path, file: IO[bytes], size: int) -> None:
        self.root = root
        weakref.finalize(self, file.close)
        self._tar = tarfile.open(fileobj=file, mode="r:*")  # noqa: SIM115 - lives as long as we do
        total = 0
        self._members: dict[str, tarfile.TarInfo] = {}
        for member in self._tar:  # headers one by one, so a bomb is met before it is unpacked
            if member.islnk() or member.issym():
                raise DataError(f"{root}: holds a link", found=member.name, hint="unpack it first")
            if member.isfile():
                total += member.size
                _refuse_bomb(root, total, size)
                name = _safe_name(root, member.name)
                if not _CLUTTER.search(name):
                    self._members[name] = member
        self._check_end()
        self.names = tuple(sorted(self._members))
        self._stamp = f"{size}-{_sign(root)}"

    def _check_end(self) -> None:
        """Raise unless the archive is whole: tarfile takes a damaged header for the end."""
        file = self._tar.fileobj
        assert file is not None
        file.seek(self._tar.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("no end of the archive")
        while file.read(2**20):  # to a compressed one's checksum
            pass

    def open(self, name: str) -> IO[bytes]:
        file = self._tar.extractfile(self._members[name])
        assert file is not None
        return file

    def stamp(self, name: str) -> str:
        return f"{self._stamp}-{self._members[name].offset}"


class _Nested(RawFiles):
    """Files with the members of the archives among them, as ``inner.zip/member``."""

    def __init__(self, outer: RawFiles, inner: dict[str, RawFiles]) -> None:
        self.root = outer.root
        self._places = {n: (outer, n) for n in outer.names if n not in inner}
        for archive, files in inner.items():
            self._places |= {f"{archive}/{n}": (files, n) for n in files.names}
        self.names = tuple(sorted(self._places))

    def open(self, name: str) -> IO[bytes]:
        files, inner = self._places[name]
        return files.open(inner)

    def stamp(self, name: str) -> str:
        files, inner = self._places[name]
        return files.stamp(inner)


def _with_inner(files: RawFiles) -> RawFiles:
    """Open the archives among the files, one level deep."""
    inner = {name: _inner(files, name) for name in files.names if is_archive(name)}
    return _Nested(files, inner) if inner else files


def _inner(files: RawFiles, name: str) -> RawFiles:
    with reading(name):
        file = files.open(name)
        if isinstance(files, _Folder):
            size = int(files.stamp(name).split("-")[0])
            return _archive(files.root / name, file, size)
        # Members are read in any order, which inside a compressed one means from the start.
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the archive
        size = 0
        while block := file.read(2**20):
            size += copy.write(block)
        copy.seek(0)
        return _archive(files.root, copy, size)


def _safe_name(root: Path, name: str) -> str:
    """Return a member's name with slashes; refuse one that leads out of the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise DataError(
            f"{root}: unsafe archive",
            expected="members below the archive's own folder",
            found=f"a member named {name!r}",
            hint="take the archive from its official address",
        )
    return path.as_posix()


def _refuse_bomb(root: Path, total: int, archive_size: int) -> None:
    if total > MAX_SMALL and total > MAX_RATIO * archive_size:
        raise DataError(
            f"{root}: unpacks to far more than sensor data can",
            expected=f"at most {MAX_RATIO} times the archive's {archive_size:,} bytes",
            found=f"{total:,} bytes",
            hint="take the archive from its official address",
        )
