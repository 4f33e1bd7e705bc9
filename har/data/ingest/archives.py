"""Zip and tar archives as raw files, and those inside other archives, one level deep.

Nothing is unpacked to the disk by its name, so a member cannot be written elsewhere;
an archive whose members try to is refused all the same. What members unpack to is counted by
`har.data.ingest.budget`.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import re
import tarfile
import tempfile
import weakref
import zipfile
from _compression import DecompressReader
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from har.data.ingest.budget import BLOCK, Counted, Packed, beyond
from har.data.ingest.rawfiles import RawFiles, reading
from har.errors import DataError

T = TypeVar("T")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_CLUTTER = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$)")
LONGEST_NAME = 1024  # characters; disks take 255 between two slashes
ENTRY = 250  # bytes of a zip's directory for a member, its name among them
LONGEST_HEADER, HEADERS = 2**20, 64 * 2**20  # bytes of one header of a tar, and of all long ones
GZIP_LEAST = 18  # bytes of header and end
XZ_MEMORY = 2**28  # bytes; `xz -9` asks for 65 MB


def is_archive(name: str) -> bool:
    """Tell whether a file is an archive, by its name."""
    return name.lower().endswith(ARCHIVES)


def is_clutter(name: str) -> bool:
    """Tell whether a file is what operating systems leave behind."""
    return _CLUTTER.search(name) is not None


def open_archive(root: Path, file: IO[bytes], packed: Packed) -> "PackedFiles":
    """Return the members of an archive, which closes its file in the end.

    Parameters
    ----------
    root : Path
        The archive on the disk, or the one that it lies in.
    file : binary file
        At its beginning.
    packed : Packed
        Of the archive on the disk.

    Raises
    ------
    DataError
        If it is dangerous, has two members of one name, or is larger than it can honestly be.
    OSError and others of `har.data.ingest.rawfiles.BROKEN`
        If it is damaged.
    """
    with contextlib.ExitStack() as opened:
        opened.callback(file.close)
        kind = _Zip if file.read(2) == b"PK" else _Tar
        file.seek(0)
        files = kind(root, file, packed)
        opened.pop_all()  # from here on it is theirs
        return files


def with_inner(files: "PackedFiles") -> RawFiles:
    """Open the archives among files, one level deep."""
    inner = {name: files.inner(name) for name in files.names if is_archive(name)}
    return _Nested(files, inner) if inner else files


class PackedFiles(RawFiles):
    """Files that may be compressed, each by itself: those that end in ``.gz`` are read unpacked."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        file = self.stored(name)
        if not name.lower().endswith(".gz"):
            return file
        packed = self.packed(name)
        with contextlib.ExitStack() as opened:
            opened.callback(file.close)
            is_doubtful = packed.is_doubtful(name, _stated(file))
            stream = Counted.of(gzip.GzipFile(fileobj=file), packed, name, file)
            if is_doubtful:  # or cut off: unpacking alone tells, far faster than parsing
                with reading(name):
                    while stream.read(BLOCK):
                        pass
                    stream.seek(0)
            opened.pop_all()
        return stream

    def stored(self, name: str) -> IO[bytes]:
        """Open a file as it is stored."""
        raise NotImplementedError

    def packed(self, name: str) -> Packed:
        """Return the account of what a file lies in."""
        raise NotImplementedError

    def inner(self, name: str) -> RawFiles:
        """Return the members of an archive among the files."""
        with reading(name), self.stored(name) as file, contextlib.ExitStack() as opened:
            # Members are read in any order, which inside a compressed one means from the start.
            copy = opened.enter_context(tempfile.TemporaryFile())
            while block := file.read(BLOCK):
                copy.write(block)
            copy.seek(0)
            files = open_archive(self.root, copy, self.packed(name))
            opened.pop_all()  # it lives as long as they do
            return files


class _Headers(io.BufferedIOBase):
    """A file whose long reads are bounded until `end` is called: those of names and headers."""

    def __init__(self, file: IO[bytes], packed: Packed, longest: int, total: int) -> None:
        self._file, self._name = file, packed.name
        self._longest, self._left = longest, total
        self._bounded = True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = -1 if size is None else size
        if self._bounded and wanted > tarfile.BLOCKSIZE:
            self._left -= wanted
            if wanted > self._longest or self._left < 0:
                raise beyond(
                    f"{self._name}: headers longer than names of files can be",
                    "members",
                    expected=f"at most {self._longest:,} bytes",
                )
        return self._file.read(wanted)

    def end(self) -> None:
        """Bound reads no longer."""
        self._bounded = False

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


class _Zip(PackedFiles):
    def __init__(self, root: Path, file: IO[bytes], packed: Packed) -> None:
        self.root, self._packed, self.limits = root, packed, packed.budget.limits
        weakref.finalize(self, file.close)
        directory = ENTRY * self.limits.members
        headers = _Headers(file, packed, directory, directory)
        self._zip = zipfile.ZipFile(headers)
        headers.end()
        members = [m for m in self._zip.infolist() if not m.is_dir()]
        packed.budget.count(packed.name, len(members))
        # No more than is stated can be read of a member.
        packed.unpack(sum(m.file_size for m in members))
        self._members = _by_name(root, ((m.filename, m) for m in members))
        self.names = tuple(sorted(self._members))

    def stored(self, name: str) -> IO[bytes]:
        return self._zip.open(self._members[name])

    def packed(self, name: str) -> Packed:
        return self._packed

    def stamp(self, name: str) -> str:
        member = self._members[name]
        return f"{member.file_size}-{member.CRC:08x}"


class _Tar(PackedFiles):
    def __init__(self, root: Path, file: IO[bytes], packed: Packed) -> None:
        self.root, self._packed, self.limits = root, packed, packed.budget.limits
        weakref.finalize(self, file.close)
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        headers = _Headers(_unpacked(file, packed), packed, LONGEST_HEADER, HEADERS)
        with _parsing():
            self._tar = tarfile.TarFile(fileobj=headers)
            members = list(self._listed())
        headers.end()
        self._check_end()
        self._members = _by_name(root, ((member.name, member) for member in members))
        self.names = tuple(sorted(self._members))
        self._stamp = f"{size}-{sign(root)}"

    def _listed(self) -> Iterator[tarfile.TarInfo]:
        """Yield the files, header by header, so that a bomb is met before it is unpacked."""
        for member in self._tar:
            if member.islnk() or member.issym():
                raise DataError(
                    f"{self.root}: holds a link", found=member.name, hint="unpack it first"
                )
            self._packed.budget.count(self._packed.name)
            if member.issparse():  # its holes are not in the archive
                self._packed.unpack(member.size)
            if member.isfile():
                yield member

    def _check_end(self) -> None:
        """Raise unless the archive is whole: tarfile takes a damaged header for the end."""
        file = self._tar.fileobj
        assert file is not None
        file.seek(self._tar.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("no end of the archive")
        while file.read(BLOCK):  # to a compressed one's checksum
            pass

    def stored(self, name: str) -> IO[bytes]:
        file = self._tar.extractfile(self._members[name])
        assert file is not None
        return file

    def packed(self, name: str) -> Packed:
        return self._packed

    def stamp(self, name: str) -> str:
        return f"{self._stamp}-{self._members[name].offset}"


class _Nested(RawFiles):
    """Files with the members of the archives among them, as ``inner.zip/member``."""

    def __init__(self, outer: RawFiles, inner: Mapping[str, RawFiles]) -> None:
        self.root, self.limits = outer.root, outer.limits
        own = [(n, (outer, n)) for n in outer.names if n not in inner]
        for archive, files in inner.items():
            own += [(f"{archive}/{n}", (files, n)) for n in files.names]
        self._places = _by_name(outer.root, own)
        self.names = tuple(sorted(self._places))

    def open(self, name: str) -> IO[bytes]:
        files, inner = self._places[name]
        return files.open(inner)

    def stamp(self, name: str) -> str:
        files, inner = self._places[name]
        return files.stamp(inner)


def _stated(file: IO[bytes]) -> int:
    """Return the length that a gzip file ends with, of its last member, modulo 4 GB."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 4))
    stated = int.from_bytes(file.read(4), "little") if size > GZIP_LEAST else 0
    file.seek(0)
    return stated


@contextlib.contextmanager
def _parsing() -> Iterator[None]:
    """Turn what tarfile lets through of headers that state no numbers into its own error."""
    try:
        yield
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise tarfile.ReadError(f"a header that cannot be read: {error}") from None


def sign(path: Path) -> str:
    """Return what changes with a file, also where its size and its time of change are kept.

    Unlike that time, nobody can set the one at which the file's own record changed.
    """
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def _unpacked(file: IO[bytes], packed: Packed) -> IO[bytes]:
    """Return a tar's bytes, which are counted if they are compressed."""
    head = file.read(6)
    file.seek(0)
    unpack: io.BufferedIOBase
    if head.startswith(b"\x1f\x8b"):
        unpack = gzip.GzipFile(fileobj=file)
    elif head.startswith(b"BZh"):
        unpack = bz2.BZ2File(file)
    elif head == b"\xfd7zXZ\0":
        # What `lzma.LZMAFile` does, with a bound: a header may ask for 4 GB.
        unpack = io.BufferedReader(
            DecompressReader(
                file,
                lzma.LZMADecompressor,
                trailing_error=lzma.LZMAError,
                memlimit=XZ_MEMORY,
            )
        )
    else:
        return file
    return Counted.of(unpack, packed, packed.stream(), file)


def _by_name(root: Path, members: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Return members by their names with slashes, without clutter.

    Raises
    ------
    DataError
        If one leads out of the archive, or has the name of another, which it would replace.
    """
    found: dict[str, T] = {}
    for written, member in members:
        name = _safe_name(root, written)
        if is_clutter(name):
            continue
        if name in found:
            raise DataError(
                f"{root}: holds two files of one name",
                found=name,
                hint="unpack it, give each file a name of its own, and read the folder",
            )
        found[name] = member
    return found


def _safe_name(root: Path, name: str) -> str:
    """Return a member's name with slashes; refuse one that leads out of the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    is_outside = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if is_outside or len(name) > LONGEST_NAME:
        shown = name if len(name) <= LONGEST_NAME else f"{name[:60]}…"
        raise DataError(
            f"{root}: unsafe archive",
            expected="members below the archive's own folder, with names that disks take",
            found=f"a member named {shown!r}",
            hint="take the archive from its official address",
        )
    return path.as_posix()
