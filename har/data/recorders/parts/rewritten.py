"""Files whose text is rewritten as it is read, line by line and in the same length."""

import io
import re
from typing import IO

from har.data.ingest.files import RawFiles


class Rewritten(RawFiles):
    """The same files, with a pattern replaced in each line.

    Parameters
    ----------
    files : RawFiles
        As they are.
    pattern, replacement : re.Pattern, bytes
        What is replaced by what.
    """

    def __init__(self, files: RawFiles, pattern: re.Pattern[bytes], replacement: bytes) -> None:
        self.root, self.names, self.limits = files.root, files.names, files.limits
        self._files, self._pattern, self._replacement = files, pattern, replacement

    def open(self, name: str) -> IO[bytes]:
        """Open a file; a read returns whole lines, and so a little more than was asked for."""
        return _Lines(self._files.open(name), self._pattern, self._replacement)

    def stamp(self, name: str) -> str:
        """Return the original's."""
        return self._files.stamp(name)


class _Lines(io.BytesIO):
    def __init__(self, file: IO[bytes], pattern: re.Pattern[bytes], replacement: bytes) -> None:
        super().__init__()
        self._file, self._pattern, self._replacement = file, pattern, replacement

    def read(self, size: int | None = -1, /) -> bytes:
        block = self._file.read(-1 if size is None else size)
        return self._pattern.sub(self._replacement, block + self._file.readline())

    def close(self) -> None:
        self._file.close()
        super().close()
