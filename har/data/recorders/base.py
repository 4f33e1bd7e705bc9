"""What every recorder states about itself, and what it makes of a recording."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.sources.base import Item, Raw

Stated = Mapping[str, str]
"""What a person stated, by entry of a mapping: ``{"gyro_unit": "deg/s"}``."""


@dataclass(frozen=True)
class Doubt:
    """Something that the files do not say, and that a person must.

    Attributes
    ----------
    entry : str
        The entry of a mapping that says it, as ``gyro_unit``.
    question : str
        In words, with what was found.
    choices : tuple of str
        What the entry may be; empty: a number or a name.
    """

    entry: str
    question: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Understanding:
    """What is made of a recording, before it is read in whole.

    Attributes
    ----------
    facts : dict of str to str
        In words for a person, in order: acceleration, angular velocity, clock, rate,
        sign, device, subject, activity, those that are known.
    doubts : tuple of Doubt
        What must be stated first; none where nothing is in doubt.
    """

    facts: dict[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Recorder:
    """An app or a device, and how to read the files that it writes.

    Attributes
    ----------
    name, title : str
        What it is called here, and by its makers.
    entries : tuple of str
        The entries of a mapping that it heeds, such as ``gyro_unit``.
    items : callable
        Finds its recordings among the files of the given names, by their content; the
        files of one recording are one item.
    understand : callable
        Tells what it makes of an item from the beginnings of its files.
    read : callable
        Yields the recordings of an item. It tells the ledger of every row, and sets aside
        those that it does not hand over.
    """

    name: str
    title: str
    items: Callable[[RawFiles, Sequence[str]], list[Item]]
    understand: Callable[[RawFiles, Item, Stated], Understanding]
    read: Callable[[RawFiles, Item, Ledger, Stated], Iterator[Raw]]
    entries: tuple[str, ...] = ()
