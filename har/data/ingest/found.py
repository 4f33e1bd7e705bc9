"""What a person placed in ``data/``: what it seems to be, until it is ingested."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from har.data import recorders, sources
from har.data.ingest import catalogue, tables
from har.data.ingest.files import RawFiles, is_archive, open_files
from har.errors import DataError
from har.store import Store

# `har data download` puts archives there, each by its own name.
DOWNLOADS = "raw"


@dataclass(frozen=True)
class Found:
    """Raw files that nobody has ingested yet.

    Attributes
    ----------
    name : str
        Of the data set that it would be.
    paths : tuple of Path
        A folder, an archive, or files that lie side by side.
    seems : str
        What it seems to be, in words.
    """

    name: str
    paths: tuple[Path, ...]
    seems: str

    @property
    def command(self) -> str:
        """How it is ingested."""
        return " ".join(["har data ingest", self.name, *(_quoted(path) for path in self.paths)])


def find(store: Store) -> list[Found]:
    """Return what lies beside a store and is not ingested, by name.

    Nothing is read but names of files and, of some, their beginnings.
    """
    folder = store.root.parent
    entries = catalogue.entries(store)
    taken = {*sources.names(), *entries}
    found = []
    for paths in _candidates(folder, store.root):
        new = tuple(path for path in paths if not _is_ingested(path, entries))
        if new and (seen := _look(new)):
            known, seems = seen
            name = known or _free_name(new[0] if len(new) == 1 else folder, taken)
            taken.add(name)
            found.append(Found(name, new, seems))
    return sorted(found, key=lambda one: one.name)


def _candidates(folder: Path, store: Path) -> Iterator[tuple[Path, ...]]:
    """Yield folders and archives one by one, and loose files together."""
    loose = []
    for path in _entries(folder):
        if path.resolve() == store.resolve():
            continue
        if path.is_dir() and path.name == DOWNLOADS:
            yield from ((inner,) for inner in _entries(path))
        elif path.is_dir() or is_archive(path.name):
            yield (path,)
        else:
            loose.append(path)
    if loose:
        yield tuple(loose)


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_ingested(path: Path, entries: dict[str, dict[str, Any]]) -> bool:
    """Tell whether a path, or all that is in it, was read by an ingestion."""
    here = path.resolve()
    for entry in entries.values():
        root = Path(entry["root"]).resolve()
        if here == root or (here.is_relative_to(root) and _holds(entry, here.relative_to(root))):
            return True
    return False


def _holds(entry: dict[str, Any], path: Path) -> bool:
    inside = path.as_posix()
    return any(name == inside or name.startswith(f"{inside}/") for name in entry["files"])


def _look(paths: tuple[Path, ...]) -> tuple[str, str] | None:
    """Return the known data set's name, if it is one, and what files seem to be; or None."""
    try:
        if len(paths) == 1:
            files = open_files(paths[0])
        else:
            files = open_files(paths[0].parent, [path.name for path in paths])
        known = [name for name in sources.names() if _has_layout(name, files)]
        if len(known) == 1:
            return known[0], sources.get(known[0]).title
        seems = [*_recorded(files)]
    except DataError as error:
        return "", f"cannot be opened: {error.message}"
    return ("", ", ".join(seems)) if seems else None


def _has_layout(name: str, files: RawFiles) -> bool:
    """Tell whether files are a known data set's; a broken one of them still is."""
    try:
        return bool(sources.get(name).items(files))
    except DataError:
        return True


def _recorded(files: RawFiles) -> Iterator[str]:
    """Yield how many recordings of each recorder there are, and how many other tables."""
    claimed: set[str] = set()
    counts: Counter[str] = Counter()
    for recorder, item in recorders.recognise(files):
        counts[recorder.title] += 1
        claimed.update(item.files)
    for title, n in counts.items():
        yield f"{_counted(n, 'recording')} of {title}"
    if rest := tables.items(name for name in files.names if name not in claimed):
        yield _counted(len(rest), "table")


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _free_name(path: Path, taken: Iterable[str]) -> str:
    """Return a name for a data set that no other one has."""
    stem = re.sub(r"(\.tar)?\.\w{1,4}$", "", path.name) if path.is_file() else path.name
    plain = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:36] or "mine"
    names = [plain, *(f"{plain}-{number}" for number in range(2, 100))]
    return next(name for name in names if name not in taken)


def _quoted(path: Path) -> str:
    return str(path) if re.fullmatch(r"[\w./-]+", str(path)) else f"'{path}'"
