"""The beginning of a file, by which it is recognised."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from har.data.ingest.files import RawFiles
from har.errors import DataError

SIZE = 4096  # bytes; what tells a recorder is in the first lines
LONG = 65536  # bytes; headers of a hundred lines or columns, and some hundred rows
_LINE_END = re.compile(r"\r{0,2}\n|\r")
# Never a recording, and often large: they are not even opened.
_OTHER = re.compile(r"\.(png|jpe?g|gif|mp[34]|mov|avi|wav|m4a|pdf|docx?|pptx?|parquet|npy)$", re.I)


@dataclass(frozen=True)
class Head:
    """A file's first bytes.

    Attributes
    ----------
    name : str
        Of the file.
    data : bytes
        The first of it.
    size : int
        How many were asked for; with fewer, they are the whole file.
    """

    name: str
    data: bytes
    size: int = SIZE

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The whole lines, blank ones too; of any encoding that recorders write."""
        lines = _LINE_END.split(_decoded(self.data))
        return tuple(lines if len(self.data) < self.size else lines[:-1])

    @cached_property
    def first(self) -> str:
        """The first line that is not blank, without the blanks around it."""
        return next((line.strip() for line in self.lines if line.strip()), "")


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="ignore")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        # The last character may have been cut.
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def head(files: RawFiles, name: str, size: int = LONG) -> Head:
    """Return a file's beginning."""
    return Head(name, files.head(name, size), size)


def heads(files: RawFiles) -> Iterator[Head]:
    """Yield the beginning of every file that may be a recording and can be opened."""
    for name in files.names:
        if _OTHER.search(name):
            continue
        try:
            yield head(files, name, SIZE)
        except DataError:
            continue  # whoever reads it will say what is wrong
