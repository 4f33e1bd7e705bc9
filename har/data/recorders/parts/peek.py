"""Files of which only the first lines are there, to look at before all is read."""

import io
from typing import IO

from har.data.ingest.files import RawFiles, reading
from har.data.recorders.parts.heads import LONG


class Peek(RawFiles):
    """The same files, each cut behind the last whole line of its first bytes."""

    def __init__(self, files: RawFiles) -> None:
        self.root, self.names, self.limits = files.root, files.names, files.limits
        self._files = files

    def open(self, name: str) -> IO[bytes]:
        """Open the beginning of a file."""
        with reading(name), self._files.open(name) as file:
            data = file.read(LONG)
        return io.BytesIO(data if len(data) < LONG else data[: data.rfind(b"\n") + 1])

    def stamp(self, name: str) -> str:
        """Return the whole file's."""
        return self._files.stamp(name)
