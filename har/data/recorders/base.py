"""What every recorder states about itself, and what it makes of a recording."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.parts.heads import Head
from har.data.sources.base import Item, Raw
from har.errors import DataError

Stated = Mapping[str, str]
"""What a person stated, by entry of a mapping: ``{"gyro_unit": "deg/s"}``."""

Reader = Callable[[RawFiles, Ledger], Iterable[pd.DataFrame]]
"""Reads a table block by block, and tells the ledger of every row."""

UNKNOWN = "unknown"  # a subject or placement that the files do not name
ALWAYS = ("subject", "activity", "placement")  # entries that every recorder heeds


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
        In words for a person, in order: acceleration, angular velocity, sign, clock, rate,
        subject, activity, placement, device, app, those that are known; then whatever
        else a recorder has to say.
    doubts : tuple of Doubt
        What must be stated first; none where nothing is in doubt.
    """

    facts: dict[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How an item will be read.

    Attributes
    ----------
    doubts : tuple of Doubt
        What must be stated first.
    facts : callable
        Tells what a person is shown, for which it may look into the files.
    recordings : callable
        Yields them, and tells the ledger of every row.
    """

    doubts: tuple[Doubt, ...]
    facts: Callable[[], dict[str, str]]
    recordings: Callable[[RawFiles, Ledger], Iterator[Raw]]


@dataclass(frozen=True)
class Recorder:
    """An app or a device, and how to read the files that it writes.

    Attributes
    ----------
    name, title : str
        What it is called here, and by its makers.
    recognises : callable
        Tells by its beginning whether a file is one of the recorder's.
    items : callable
        Makes items of the files that are the recorder's own, those of one recording
        together, with the files beside them that tell more about it.
    plan : callable
        Tells how an item will be read, from the beginnings of its files. It raises
        `DataError` if there is nothing in it that could be read, whatever were stated.
    entries : tuple of str
        The entries of a mapping that it heeds beside `ALWAYS`, such as ``gyro_unit``.
    """

    name: str
    title: str
    recognises: Callable[[Head], bool]
    items: Callable[[RawFiles, Sequence[str]], list[Item]]
    plan: Callable[[RawFiles, Item, Stated], Plan]
    entries: tuple[str, ...] = ()

    def understand(self, files: RawFiles, item: Item, stated: Stated) -> Understanding:
        """Return what is made of an item, and what is in doubt.

        Raises
        ------
        DataError
            If it cannot be read at all, or an answer to a doubt is none of the choices.
        """
        plan = self.plan(files, item, stated)
        return Understanding(plan.facts(), plan.doubts)

    def read(self, files: RawFiles, item: Item, ledger: Ledger, stated: Stated) -> Iterator[Raw]:
        """Yield the recordings of an item; the ledger is told of every row.

        Raises
        ------
        DataError
            If it cannot be read at all, or is still in doubt.
        """
        plan = self.plan(files, item, stated)
        for doubt in plan.doubts:
            choices = " or ".join(f"{doubt.entry}={choice}" for choice in doubt.choices)
            raise DataError(
                f"{item.name}: {doubt.question}",
                expected=choices or f"{doubt.entry}=…",
                hint=f"state it with --map {choices or f'{doubt.entry}=…'}",
            )
        for raw in plan.recordings(files, ledger):
            yield replace(raw, recorder=self.title)


class Asking:
    """What a person stated about an item, and what must still be asked.

    Parameters
    ----------
    item : Item
        Whose.
    stated : Stated
        By entry.
    """

    def __init__(self, item: Item, stated: Stated) -> None:
        self.item = item
        self.stated = stated
        self.doubts: list[Doubt] = []
        self.unheeded: list[str] = []
        self._asked: set[str] = set()

    def __call__(self, entry: str, question: str, choices: tuple[str, ...] = ()) -> str:
        """Return what was stated about an entry, or ask and return nothing."""
        answer = self.usual(entry, "", choices)
        if not answer and all(doubt.entry != entry for doubt in self.doubts):
            self.doubts.append(Doubt(entry, question, choices))
        return answer

    def usual(self, entry: str, value: str, choices: tuple[str, ...] = ()) -> str:
        """Return what was stated about an entry, or the recorder's habit, without asking."""
        self._asked.add(entry)
        answer = self.stated.get(entry, value)
        if answer and choices and answer not in choices:
            raise DataError(
                f"{self.item.name}: {entry} = {answer}", expected=" or ".join(choices), found=answer
            )
        return answer

    def number(self, entry: str, question: str) -> float:
        """Return a positive number that was stated, or ask and return NaN."""
        answer = self(entry, question)
        value = _float(answer) if answer else math.nan
        if answer and not 0 < value < math.inf:
            raise DataError(
                f"{self.item.name}: {entry} = {answer}", expected="a positive number", found=answer
            )
        return value

    def known(self, entry: str, value: str) -> None:
        """Note if something else was stated than the files say; theirs counts.

        An entry that answers a question about one file holds for all of them, and another
        file may not need it.
        """
        stated = self.stated.get(entry, "")
        same = stated == value or _float(stated) == _float(value)
        if stated and value and entry not in self._asked and not same:
            self.unheeded.append(f"{entry} = {stated}: the files say {value}")


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
