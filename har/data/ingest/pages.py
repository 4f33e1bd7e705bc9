"""The pages of a Parquet file, by their own headers: how much each unpacks to.

A reader makes room for what a page's header states, whatever the file's footer says. The headers
are structs of Thrift's compact protocol (github.com/apache/parquet-format, PageHeader; Thrift's
doc/specs/thrift-compact-protocol.md), of which the sizes alone are taken.
"""

from collections.abc import Iterator
from typing import IO

import pyarrow.parquet as pq

WINDOW, LONGEST = 2**12, 2**20  # bytes of a header that are read: of most, and of any
UNPACKED, PACKED = 2, 3  # the fields of a page's sizes
_BOOLEANS = (1, 2)
_BYTE, _DOUBLE, _BINARY, _STRUCT = 3, 7, 8, 12
_INTEGERS = (4, 5, 6)
DEEPEST = 8


def unpacked_sizes(file: IO[bytes], chunk: pq.ColumnChunkMetaData) -> Iterator[int]:
    """Yield what each page of a column in a row group unpacks to, bytes.

    Parameters
    ----------
    file : binary file
        Seekable.
    chunk : ColumnChunkMetaData
        Where the pages are.

    Raises
    ------
    ValueError
        If a header is none.
    """
    at = chunk.data_page_offset
    if chunk.has_dictionary_page and 0 < (first := chunk.dictionary_page_offset or 0) < at:
        at = first
    end = at + chunk.total_compressed_size
    while 0 <= at < end:
        header = _header(file, at)
        unpacked, packed = header.fields.get(UNPACKED, -1), header.fields.get(PACKED, -1)
        if unpacked < 0 or packed < 0:
            raise ValueError("a page of no size")
        yield unpacked
        at += header.at + packed


def _header(file: IO[bytes], at: int) -> "_Struct":
    """Return the header of the page at a place."""
    for size in (WINDOW, LONGEST):
        file.seek(at)
        header = _Struct(file.read(size))
        try:
            header.read()
        except IndexError:  # longer than what was read
            continue
        return header
    raise ValueError("a page without a header")


class _Struct:
    """A struct in the compact protocol: its whole numbers by field, and where it ends."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0
        self.fields: dict[int, int] = {}

    def read(self) -> None:
        """Read the struct to its end; IndexError if the bytes end before."""
        for field, kind in self._fields():
            if kind in _INTEGERS:
                self.fields[field] = self._integer()
            else:
                self._skip(kind, 0)

    def _fields(self) -> Iterator[tuple[int, int]]:
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._integer()
            yield field, head & 15

    def _skip(self, kind: int, depth: int) -> None:
        if depth > DEEPEST:
            raise ValueError("nests too deep")
        if kind == _STRUCT:
            for _, inner in self._fields():
                self._skip(inner, depth + 1)
        elif kind in _INTEGERS:
            self._varint()
        elif kind in (_BYTE, _DOUBLE, _BINARY):
            self._pass({_BYTE: 1, _DOUBLE: 8}.get(kind) or self._varint())
        elif kind not in _BOOLEANS:  # which stand in the byte of the field
            raise ValueError("a list or a map, which no page has")

    def _pass(self, n_bytes: int) -> None:
        self.at += n_bytes
        if self.at > len(self._data):
            raise IndexError

    def _byte(self) -> int:
        value = self._data[self.at]
        self.at += 1
        return value

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
