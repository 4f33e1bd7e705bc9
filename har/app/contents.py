"""What somebody dropped on the page: files by name, and the digest that results are kept under."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from har.errors import HarError
from har.lineage import digest

# Bytes of a name that every file system takes, with room for a number in front.
LONGEST_NAME = 200


@dataclass(frozen=True, eq=False)
class Contents:
    """Files by name.

    Attributes
    ----------
    files : tuple of (str, bytes)
        In the order in which they were dropped; no two have one name.
    digest : str
        SHA-256 over all names and bytes.
    """

    files: tuple[tuple[str, bytes], ...]
    digest: str

    @classmethod
    def of(cls, dropped: Iterable[tuple[str, bytes]]) -> Self:
        """Return files under names that lead out of no folder, each once."""
        named: dict[str, bytes] = {}
        for name, content in dropped:
            safe = file_name(name)
            while safe in named:
                safe = f"_{safe}"
            named[safe] = content
        key = digest.of_json([[name, digest.of_bytes(data)] for name, data in named.items()])
        return cls(tuple(named.items()), key)

    @property
    def title(self) -> str:
        """What they are called together.

        >>> Contents.of([("a.csv", b""), ("b.csv", b"")]).title
        'a.csv and 1 more'
        """
        first, *more = [name for name, _ in self.files]
        return f"{first} and {len(more)} more" if more else first

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Yield the one file, or a folder of them, until the block ends.

        An error that is raised inside does not tell where that was.
        """
        with tempfile.TemporaryDirectory(prefix="har-app-") as made:
            folder = Path(made)
            for name, content in self.files:
                (folder / name).write_bytes(content)
            try:
                yield folder / self.files[0][0] if len(self.files) == 1 else folder
            except HarError as error:
                raise without_folder(error, folder) from None


def file_name(name: str) -> str:
    r"""Return the last part of a name, short enough for a file; the rest is what it was.

    >>> file_name("../../etc/pass<b>wd.csv"), file_name("C:\\day.csv"), file_name("..")
    ('pass<b>wd.csv', 'day.csv', 'file')
    """
    last = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    stem, dot, suffix = last.partition(".")
    while len(last.encode(errors="replace")) > LONGEST_NAME and stem:
        stem = stem[:-1]
        last = f"{stem}{dot}{suffix}"
    usable = last not in ("", ".", "..") and len(last.encode(errors="replace")) <= LONGEST_NAME
    return last if usable else "file"


def without_folder(error: HarError, folder: Path) -> HarError:
    """Return an error that names files as the person who dropped them does."""

    def short(text: str | None) -> str | None:
        return text and text.replace(f"{folder}/", "").replace(str(folder), "the files")

    return type(error)(
        short(error.message) or "",
        expected=short(error.expected),
        found=short(error.found),
        hint=short(error.hint),
    )
