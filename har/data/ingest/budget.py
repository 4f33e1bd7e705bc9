"""What is opened from strangers is counted while it is read, over all levels of nesting.

A `Budget` is what one path may take in all: bytes unpacked, files. Each archive or compressed
file on the disk is a `Packed` of it, shared by the archives inside: what it unpacks to is held
against its own bytes. What a zip's directory states is counted before anything is unpacked, for
no more can be read of its members; what gzip, bzip2 and xz give is counted by `Counted`, the
first time that each byte is read.

>>> from har.config import LimitSettings
>>> packed = Budget(LimitSettings()).packed("set.zip", 1000)
>>> packed.unpack(20_000_000_000)
Traceback (most recent call last):
    ...
har.errors.LimitError: set.zip: unpacks to far more than sensor data can
  expected: at most 200 times its 1,000 bytes
  found: 20,000,000,000 bytes
  to do: where you know whose it is, `--set limits.ratio=…` raises the bound
"""

import io
from dataclasses import dataclass, field
from typing import IO, cast

from har.config import LimitSettings
from har.data.ingest.rawfiles import RawFiles, reading
from har.errors import LimitError

MAX_SMALL = 20 * 2**20  # bytes unpacked below which the ratio does not matter
BLOCK = 2**20  # bytes
GB = 10**9


def beyond(message: str, setting: str, *, expected: str, found: str | None = None) -> LimitError:
    """Return what to say of a file beyond a bound, and which setting raises it."""
    hint = f"where you know whose it is, `--set limits.{setting}=…` raises the bound"
    return LimitError(message, expected=expected, found=found, hint=hint)


@dataclass
class Budget:
    """What one path takes: a folder, an archive or a file.

    Attributes
    ----------
    limits : LimitSettings
        What it may take.
    name : str
        Of the path, for errors.
    unpacked, size, files : int
        Bytes that were unpacked, bytes on the disk that they were unpacked from, and files.
    """

    limits: LimitSettings
    name: str = ""
    unpacked: int = 0
    size: int = 0
    files: int = 0

    def packed(self, name: str, size: int) -> "Packed":
        """Return the account of an archive or a compressed file of so many bytes on the disk."""
        self.size += size
        return Packed(self, name, size)

    def count(self, name: str, files: int = 1) -> None:
        """Count files of a folder or members of an archive.

        Raises
        ------
        LimitError
            If they are too many.
        """
        self.files += files
        if self.files > (most := self.limits.members):
            raise beyond(f"{name}: too many files", "members", expected=f"at most {most:,}")


@dataclass
class Packed:
    """What one archive or compressed file on the disk unpacks to, archives inside it included.

    Attributes
    ----------
    budget : Budget
        Of all that was opened with it.
    name : str
        Of the file.
    size, unpacked : int
        Bytes on the disk, and those that they became.
    """

    budget: Budget
    name: str
    size: int
    unpacked: int = 0
    _read: dict[str, int] = field(default_factory=dict)

    def stream(self) -> str:
        """Return a name for a stream that has none."""
        return f"/{len(self._read)}"

    def unpack(self, n_bytes: int) -> None:
        """Count bytes that were unpacked, or are stated to.

        Raises
        ------
        LimitError
            If they are more than data of sensors can be, or more than may be unpacked in all.
        """
        self.unpacked += n_bytes
        self.budget.unpacked += n_bytes
        limits = self.budget.limits
        self._hold(self.name, self.unpacked, self.size)
        self._hold(self.budget.name or self.name, self.budget.unpacked, self.budget.size)
        if self.budget.unpacked > limits.unpacked_gb * GB:
            raise beyond(
                f"{self.name}: unpacks to too much",
                "unpacked_gb",
                expected=f"at most {limits.unpacked_gb:g} GB in all",
                found=f"{self.budget.unpacked:,} bytes or more",
            )

    def read_to(self, name: str, place: int) -> None:
        """Count the bytes of a compressed stream up to a place, those that were not read before."""
        before = self._read.get(name, 0)
        if place > before:
            self.unpack(place - before)
            # Only now: who goes on although a bound was met meets it again.
            self._read[name] = place

    def is_doubtful(self, name: str, n_bytes: int) -> bool:
        """Tell whether a stream that states so many bytes would be beyond the ratio."""
        return self._is_beyond(self.unpacked - self._read.get(name, 0) + n_bytes, self.size)

    def _is_beyond(self, unpacked: int, size: int) -> bool:
        return unpacked > MAX_SMALL and unpacked > self.budget.limits.ratio * size

    def _hold(self, name: str, unpacked: int, size: int) -> None:
        ratio = self.budget.limits.ratio
        if self._is_beyond(unpacked, size):
            raise beyond(
                f"{name}: unpacks to far more than sensor data can",
                "ratio",
                expected=f"at most {ratio:g} times its {size:,} bytes",
                found=f"{unpacked:,} bytes",
            )


class Counted(io.BufferedIOBase):
    """A stream of unpacked bytes that counts them as they are read.

    Parameters
    ----------
    file : BufferedIOBase
        Unpacks what it reads.
    packed : Packed
        Is told how far it was read.
    name : str
        Of the stream, one of those of `packed`.
    source : file
        What is unpacked; it is closed with the stream.
    """

    def __init__(
        self, file: io.BufferedIOBase, packed: Packed, name: str, source: IO[bytes]
    ) -> None:
        self._file, self._packed, self._name, self._source = file, packed, name, source

    @classmethod
    def of(cls, file: io.BufferedIOBase, packed: Packed, name: str, source: IO[bytes]) -> IO[bytes]:
        """Return such a stream as what it is used for: a binary file."""
        return cast(IO[bytes], cls(file, packed, name, source))

    def read(self, size: int | None = -1, /) -> bytes:
        """Return bytes, in blocks that are counted one by one."""
        left = -1 if size is None else size
        blocks: list[bytes] = []
        while left:
            block = self._file.read(BLOCK if left < 0 else min(left, BLOCK))
            if not block:
                break
            self._count()
            blocks.append(block)
            left -= len(block) if left > 0 else 0
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def read1(self, size: int = -1, /) -> bytes:
        """Return some bytes."""
        return self.read(BLOCK if size < 0 else size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return a line, or as much of it as was asked for."""
        left = -1 if size is None else size
        parts: list[bytes] = []
        while left:
            part = self._file.readline(BLOCK if left < 0 else min(left, BLOCK))
            self._count()
            parts.append(part)
            left -= len(part) if left > 0 else 0
            if not part or part.endswith(b"\n"):
                break
        return b"".join(parts)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place; what is passed over on the way there is unpacked and counted."""
        if whence == io.SEEK_END:
            while self.read(BLOCK):
                pass
            offset += self.tell()
        elif whence == io.SEEK_CUR:
            offset += self.tell()
        if offset < self.tell():
            return self._file.seek(offset)
        while (left := offset - self.tell()) > 0 and self.read(min(left, BLOCK)):
            pass
        return self.tell()

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return whether places can be gone to."""
        return self._file.seekable()

    def close(self) -> None:
        """Close the stream that is read."""
        self._file.close()
        self._source.close()
        super().close()

    def _count(self) -> None:
        self._packed.read_to(self._name, self._file.tell())


def whole(files: RawFiles, name: str) -> bytes:
    """Return all bytes of a file that is parsed at once.

    Raises
    ------
    LimitError
        If it is longer than may be read so.
    """
    most = round(files.limits.whole_mb * 10**6)
    with reading(name), files.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise beyond(f"{name}: too long", "whole_mb", expected=f"at most {most:,} bytes")
    return data
