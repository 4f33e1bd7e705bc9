"""Files in the layout of a known data set, which its own reader reads: nobody is asked.

A person who is recorded as those of a data set were has such files, of several placements
maybe. The layout is told by names of files and folders, and by the rows of the first file.
"""

from collections.abc import Iterator
from typing import IO

import numpy as np
import pandas as pd

from har.data import sources
from har.data.ingest.files import RawFiles
from har.data.ingest.harmonise import whole
from har.data.ingest.ledger import Ledger
from har.data.ingest.plan import Group, Plan
from har.data.recorders.parts.peek import Peek
from har.data.recording import ACC, values_of
from har.data.sources.base import Item, Source
from har.errors import DataError, VerificationError

# Folders above the path that a layout may ask for, as the ``a09/p8`` of DSADS.
ABOVE = 2


class Below(RawFiles):
    """The same files, by names that begin with the folders above them.

    Parameters
    ----------
    files : RawFiles
        As they are.
    folder : str
        What the names begin with.
    """

    def __init__(self, files: RawFiles, folder: str) -> None:
        self.root, self.names = files.root, tuple(f"{folder}/{name}" for name in files.names)
        self._files, self._folder, self.limits = files, folder, files.limits

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        return self._files.open(name.removeprefix(f"{self._folder}/"))

    def stamp(self, name: str) -> str:
        """Return the file's own."""
        return self._files.stamp(name.removeprefix(f"{self._folder}/"))


def recognise(files: RawFiles, *, insist: bool = False) -> tuple[RawFiles, Plan] | None:
    """Return what is made of files in the layout of a data set, or None.

    Parameters
    ----------
    files : RawFiles
        All that a person gave.
    insist : bool, default=False
        Whether files that are named as a data set's must be it.

    Returns
    -------
    files : RawFiles
        By the names that the layout has for them.
    plan : Plan
        Of the data set; files that are none of its own are left.

    Raises
    ------
    DataError
        If files are named as those of a data set and hold something else, and `insist` is set.
    """
    for named in (files, *_below(files)):
        for source in map(sources.get, sources.names()):
            items = _items(named, source)
            if not items:
                continue
            if (wrong := _fault(source, named, items[0])) is None:
                return named, _plan(source, named, items)
            if insist:
                raise wrong
    return None


def _below(files: RawFiles) -> Iterator[RawFiles]:
    """Yield the files by names that begin with one folder above, with two, and so on."""
    root = files.root.resolve()
    folder = root if root.is_dir() else root.parent
    above = folder.parts[1:][-ABOVE:]
    if root.is_dir() or len(files.names) == 1:
        for n in range(1, len(above) + 1):
            yield Below(files, "/".join(above[-n:]))


def _items(files: RawFiles, source: Source) -> list[Item]:
    try:
        return source.items(files)
    except DataError:
        return []


def _fault(source: Source, files: RawFiles, item: Item) -> DataError | None:
    """Return why the beginning of an item is not as the data set has it, or None."""
    ledger = Ledger()
    try:
        for raw in source.read(Peek(files), item, ledger):
            if _measures(whole(raw.tables[0])):
                return None
    except (DataError, VerificationError) as error:
        found, expected = error.found or error.message, error.expected
    else:
        reasons = "; ".join(f"{why}: {n:,} rows" for why, n in ledger.reasons.most_common(3))
        found, expected = reasons or "no rows", None
    return DataError(
        f"{item.files[0]}: named as a file of {source.name}, and not one",
        expected=f"{source.title}: {expected or _held(source)}",
        found=found,
        hint="give the file as its device wrote it, with the sensors of all placements; or give a "
        "table of your own another name",
    )


def _held(source: Source) -> str:
    return f"{source.units}; at {', '.join(source.placements)}"


def _measures(rows: pd.DataFrame) -> bool:
    return bool(np.isfinite(values_of(rows, ACC)).all(axis=1).any())


def _plan(source: Source, files: RawFiles, items: list[Item]) -> Plan:
    taken = {name for item in items for name in item.files}
    facts = {"units": source.units, "placements": ", ".join(source.placements)}
    return Plan(
        groups=(Group(source.title, tuple(items), facts=facts),),
        left={name: f"no file of {source.name}" for name in files.names if name not in taken},
        dataset=source.name,
    )
