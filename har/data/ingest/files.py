"""Raw files wherever they lie: a folder, one file, a zip or tar archive, archives inside it.

A path of a stranger is opened here, and nowhere else. A pipe or a device is not opened, a link
that leads out of the folder that was given is not followed, and what is unpacked is counted
(`har.data.ingest.budget`).
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from har.config import LimitSettings, current
from har.data.ingest.archives import (
    PackedFiles,
    is_archive,
    is_clutter,
    open_archive,
    sign,
    with_inner,
)
from har.data.ingest.budget import Budget, Packed
from har.data.ingest.rawfiles import RawFiles, reading
from har.errors import DataError, MissingError
from har.foreign import open_regular, require_regular

__all__ = ["RawFiles", "is_archive", "listed", "open_files", "reading"]


def open_files(
    path: Path, only: Sequence[str] = (), limits: LimitSettings | None = None
) -> RawFiles:
    """Return the files of a folder, of an archive with those inside it, or the one file.

    Parameters
    ----------
    path : Path
        Folder, archive or file.
    only : sequence of str
        Of a folder, only these files; empty: all.
    limits : LimitSettings, optional
        What they may take; default: the settings of the command, or of this machine.

    Raises
    ------
    MissingError
        If there is nothing at the path.
    DataError
        If it is a pipe or a device, if a link leads out of the folder, or if an archive is
        damaged, dangerous, or larger than it can honestly be.
    """
    if not path.exists():
        raise MissingError(f"{path}: no such file or folder")
    budget = Budget(limits or current().limits, str(path))
    if path.is_dir():
        paths = [path / name for name in only] if only else list(listed(path))
        return with_inner(_Folder(path, paths, budget))
    require_regular(path)
    if is_archive(path.name):
        with reading(str(path)):
            return with_inner(_opened(path, budget))
    return _Folder(path.parent, [path], budget, root=path)


def listed(folder: Path) -> Iterator[Path]:
    """Yield the regular files below a folder; links to files inside it are such files, too.

    Raises
    ------
    DataError
        If a link leads to a file out of the folder.
    """
    inside = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_file():
            if path.is_symlink():
                _refuse_outside(path, path.resolve(), inside)
            yield path


def _refuse_outside(path: Path, real: Path, folder: Path) -> None:
    if not real.is_relative_to(folder):
        raise DataError(
            f"{path}: a link that leads out of the folder",
            expected=f"files below {folder}",
            found=str(real),
            hint="put a copy in its place (`cp -L`), or give the file itself",
        )


def _opened(path: Path, budget: Budget) -> PackedFiles:
    file = open_regular(path)
    return open_archive(path, file, budget.packed(str(path), os.fstat(file.fileno()).st_size))


class _Folder(PackedFiles):
    """Some files below a folder; with a root, the one file that a person named."""

    def __init__(
        self, folder: Path, paths: list[Path], budget: Budget, *, root: Path | None = None
    ) -> None:
        self.root, self.limits = root or folder, budget.limits
        self._folder, self._budget = folder, budget
        self._inside = None if root else folder.resolve()
        self._compressed: dict[str, Packed] = {}
        names = sorted(p.relative_to(folder).as_posix() for p in paths)
        self.names = tuple(name for name in names if not is_clutter(name))
        budget.count(str(self.root), len(self.names))

    def stored(self, name: str) -> IO[bytes]:
        real = (self._folder / name).resolve()
        if self._inside:
            _refuse_outside(self._folder / name, real, self._inside)
        return open_regular(real, follow=False)

    def packed(self, name: str) -> Packed:
        if name not in self._compressed:
            path = self._folder / name
            self._compressed[name] = self._budget.packed(str(path), path.stat().st_size)
        return self._compressed[name]

    def inner(self, name: str) -> RawFiles:
        with reading(name):
            return open_archive(self._folder / name, self.stored(name), self.packed(name))

    def stamp(self, name: str) -> str:
        return sign(self._folder / name)
