"""What is made of the files at a path before they are read: items, and a reader for each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from har.data.ingest.mapping import ColumnMapping
from har.data.recorders.base import Doubt
from har.data.sources.base import Item
from har.errors import DataError, UsageError


@dataclass(frozen=True)
class Group:
    """Items of one layout, which are understood together.

    Attributes
    ----------
    title : str
        The recorder's name, or which columns the tables have.
    items : tuple of Item
        At least one.
    recorder : str
        Name of the recorder that reads them; empty: `mapping` says how.
    mapping : ColumnMapping, optional
        Of the columns of tables.
    facts : dict of str to str
        What was understood, in words for a person, in order.
    guesses : dict of str to str
        Entries of a mapping that nobody stated and no file says; a person confirms them.
    doubts : tuple of Doubt
        What a person must state before the items can be read.
    """

    title: str
    items: tuple[Item, ...]
    recorder: str = ""
    mapping: ColumnMapping | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    guesses: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what was understood, JSON-able."""
        mapping = self.mapping and self.mapping.model_dump(exclude_defaults=True)
        return {
            "layout": self.title,
            "recorder": self.recorder or None,
            "facts": dict(self.facts),
            "guesses": dict(self.guesses),
            "mapping": mapping or None,
            "items": [asdict(item) for item in self.items],
        }


@dataclass(frozen=True)
class Plan:
    """What is made of the files at a path.

    Attributes
    ----------
    groups : tuple of Group
        The recordings, by layout.
    refused : dict of Item to DataError
        Tables that cannot be read, and why; they are items nevertheless, so that they count.
    left : dict of str to str
        Files that are no recordings, with the reason.
    stated : dict of str to str
        What a person stated, by entry of a mapping.
    labels, activities : dict of str to str
        What words mean, and parents of activities, as a person stated them for all groups.
    dataset : str
        The known data set in whose layout the files are (`har.data.ingest.published`); empty:
        each group has a reader of its own.
    """

    groups: tuple[Group, ...]
    refused: Mapping[Item, DataError] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    activities: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, those that are refused too, by name."""
        found = [item for group in self.groups for item in group.items]
        return tuple(sorted([*found, *self.refused], key=lambda item: item.name))

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What a person must state first, each entry once."""
        doubts = {doubt.entry: doubt for group in reversed(self.groups) for doubt in group.doubts}
        return tuple(reversed(doubts.values()))

    @property
    def is_guess(self) -> bool:
        """Whether a person has something to confirm."""
        return any(group.guesses for group in self.groups)

    @cached_property
    def group_of(self) -> dict[str, Group]:
        """The group of each item that is read, by the item's name."""
        return {item.name: group for group in self.groups for item in group.items}

    def module(self, item: Item) -> str:
        """Return the module that reads an item."""
        group = self.group_of.get(item.name)
        if group is None or group.mapping is not None:
            return "har.data.ingest.tables"
        return f"har.data.recorders.{group.recorder.replace('-', '_')}"

    def reader(self, item: Item) -> dict[str, Any]:
        """Return what determines how an item is read, apart from code."""
        group = self.group_of.get(item.name)
        if group is None:
            return {"refused": self.refused[item].message}
        if group.mapping is not None:
            return {"mapping": group.mapping.model_dump(exclude_defaults=True)}
        return {"recorder": group.recorder, "stated": dict(self.stated)}

    def to_dict(self) -> dict[str, Any]:
        """Return all that was understood, JSON-able."""
        return {
            "understood": [group.to_dict() for group in self.groups],
            "no_recordings": dict(self.left),
            "stated": dict(self.stated),
        }

    def only(self, item: Item) -> "Plan":
        """Return the plan of one item, which other processes are sent."""
        groups = (
            replace(group, items=tuple(own for own in group.items if own == item))
            for group in self.groups
        )
        refused = {item: self.refused[item]} if item in self.refused else {}
        return replace(self, groups=tuple(groups), refused=refused, left={})

    def refuse_doubts(self, where: str) -> None:
        """Raise `UsageError`, with the flags that settle them, if anything is in doubt."""
        if self.doubts:
            raise UsageError(
                f"{where}: {'; '.join(doubt.question for doubt in self.doubts)}",
                expected="what the files do not say to be stated",
                hint=" and ".join(map(flag, self.doubts)),
            )


def flag(doubt: Doubt) -> str:
    """Return how a doubt is settled on the command line.

    >>> flag(Doubt("gyro_unit", "Which unit?", ("rad/s", "deg/s")))
    '--map gyro_unit=rad/s or --map gyro_unit=deg/s'
    """
    return " or ".join(f"--map {doubt.entry}={choice}" for choice in doubt.choices or ("…",))


def summary(values: Iterable[str], most: int = 3) -> str:
    """Return different values in words, at most so many of them.

    >>> summary(["a", "b", "a", "c"], 2)
    'a, b and 1 more'
    """
    unique: Sequence[str] = list(dict.fromkeys(values))
    more = f" and {len(unique) - most:,} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more
