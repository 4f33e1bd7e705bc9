"""What raw files are, wherever they lie, and what is said of damaged ones."""

import contextlib
import errno
import hashlib
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from har.config import LimitSettings
from har.errors import DataError

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
    limits : LimitSettings
        What reading them may take.
    """

    root: Path
    names: tuple[str, ...]
    limits: LimitSettings = LimitSettings()

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
