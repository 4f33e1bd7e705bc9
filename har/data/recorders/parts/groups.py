"""Files of one recording, and names of recordings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from har.data.ingest.files import RawFiles
from har.data.ingest.harmonise import distinct
from har.data.sources.base import Item

_SUFFIX = re.compile(r"(\.(csv|txt|tsv|json|cbor|cwa|gt3x|bin|zip))?(\.gz)?$", re.I)


def folder(name: str) -> str:
    """Return the folder of a file, ``""`` for none.

    >>> folder("a/b/c.csv"), folder("c.csv")
    ('a/b', '')
    """
    return name.rpartition("/")[0]


def stem(name: str) -> str:
    """Return a file's name without its folders and its ending.

    >>> stem("a/walk.3r7.json"), stem("b.csv.gz")
    ('walk.3r7', 'b')
    """
    return _SUFFIX.sub("", PurePosixPath(name).name)


def beside(name: str, sensor: re.Pattern[str]) -> str:
    """Return a path that files of the same recording share: all but the sensor's word.

    >>> beside("a/walk_Gyroscope.csv", re.compile("Gyroscope"))
    'a/walk'
    """
    rest = sensor.sub("", stem(name), count=1).strip(" _-.")
    return f"{folder(name)}/{rest}".strip("/")


def recording_name(item: Item) -> str:
    """Return the name of the only recording of an item."""
    return _SUFFIX.sub("", item.name)


def items(files: RawFiles, groups: Mapping[str, Iterable[str]]) -> list[Item]:
    """Return an item for each group of files, named by its path.

    Parameters
    ----------
    files : RawFiles
        Where they lie.
    groups : mapping of str to iterable of str
        Names of files, by a path that is theirs alone: a file, a folder, or ``""``.
    """
    return [
        Item(name, tuple(sorted(set(names))))
        for name, names in zip(distinct(groups, files.root.name), groups.values(), strict=True)
    ]


def joined(files: RawFiles, names: Sequence[str], *, sensor: re.Pattern[str]) -> list[Item]:
    """Return an item for the files of each recording, which are named alike but for the sensor."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(beside(name, sensor), []).append(name)
    return items(files, groups)


def single(files: RawFiles, names: Sequence[str]) -> list[Item]:
    """Return one item for each file."""
    return items(files, {name: (name,) for name in names})
