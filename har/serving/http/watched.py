"""Files that are read only while somebody waits for what is in them."""

import io
from collections.abc import Callable
from typing import IO, cast

from har.data.ingest.rawfiles import RawFiles

# Bytes between looks at the clock.
_BLOCK = 2**16


class WatchedFiles(RawFiles):
    """Files of a request; reading them fails once its time is over.

    Parameters
    ----------
    files : RawFiles
        Those that were uploaded.
    check : callable
        Raises an error when nobody waits any longer.
    """

    def __init__(self, files: RawFiles, check: Callable[[], None]) -> None:
        self.root, self.names, self.limits = files.root, files.names, files.limits
        self._files, self._check = files, check

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        watched = _Watched(self._files.open(name), self._check)
        return cast(IO[bytes], io.BufferedReader(watched, _BLOCK))

    def stamp(self, name: str) -> str:
        """Return a cheap sign that changes when the file is written again."""
        return self._files.stamp(name)


class _Watched(io.RawIOBase):
    """A stream that looks at the clock before each block."""

    def __init__(self, file: IO[bytes], check: Callable[[], None]) -> None:
        self._file, self._check = file, check

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._check()
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._check()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()
