"""What was understood of files, and what a person must say before they are answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from har.app.contents import Contents
from har.data import recorders
from har.data.ingest import blocks, own
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.mapping import Entries
from har.data.ingest.plan import Group, Plan
from har.data.recorders.base import Doubt
from har.errors import HarError
from har.serving.canonical import units_by_name, with_canonical

Stated = Mapping[str, str | tuple[str, ...]]
"""What a person said, by entry of a mapping: a word, or names of columns."""

# What nobody is shown as a guess: patterns, of which the facts tell what they find.
_INNER = ("subject_pattern", "activity_pattern", "recording_pattern")
# Entries that tables heed, and those that a person may correct.
_OF_TABLES = ("acc", "gyro", "time", "acc_unit", "gyro_unit", "time_unit", "acc_sign", "gravity")
CORRECTED = (*_OF_TABLES, "rate_hz", "date_order")


@dataclass(frozen=True)
class Layout:
    """Files that were understood together.

    Attributes
    ----------
    title : str
        The recorder's name, or which columns the tables have.
    files : tuple of str
        Their names.
    facts : tuple of (str, str)
        What was understood, in words.
    guesses : tuple of (str, str)
        Entries of a mapping that no file says.
    """

    title: str
    files: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    guesses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Understanding:
    """What was understood of files.

    Attributes
    ----------
    layouts : tuple of Layout
        The recordings; none if nothing can be read.
    doubts : tuple of Doubt
        What a person must state.
    current : Stated
        Entries that a person may correct, with what they are now; empty where that is open.
    columns : tuple of str
        Of the tables, where all are of one layout.
    refused : tuple of (str, HarError)
        What cannot be read, by file.
    left : tuple of (str, str)
        Files that are no recordings, with the reason.
    """

    layouts: tuple[Layout, ...]
    doubts: tuple[Doubt, ...]
    current: Stated
    columns: tuple[str, ...]
    refused: tuple[tuple[str, HarError], ...]
    left: tuple[tuple[str, str], ...]

    @property
    def is_guess(self) -> bool:
        """Whether a person has something to confirm."""
        return any(layout.guesses for layout in self.layouts)


def plan_of(files: RawFiles, stated: Stated, where: str) -> Plan:
    """Return what is made of files, as `har predict` does."""
    said = {**units_by_name(files), **stated}
    return with_canonical(own.plan(files, said, where))


def understand(contents: Contents, stated: Stated) -> Understanding:
    """Tell what is made of files.

    Parameters
    ----------
    contents : Contents
        The files.
    stated : Stated
        What a person said, by entry of a mapping.

    Raises
    ------
    HarError
        If nothing there can be read, or an entry does not fit.
    """
    with contents.on_disk() as path:
        files = open_files(path)
        plan = plan_of(files, stated, contents.title)
        return Understanding(
            layouts=tuple(map(_layout, plan.groups)),
            doubts=plan.doubts,
            current=_current(plan, stated),
            columns=_columns(files, plan, path),
            refused=tuple((item.files[0], error) for item, error in plan.refused.items()),
            left=tuple(plan.left.items()),
        )


def _layout(group: Group) -> Layout:
    guesses = {name: value for name, value in group.guesses.items() if name not in _INNER}
    return Layout(
        title=group.title,
        files=tuple(name for item in group.items for name in item.files),
        facts=tuple((name, value) for name, value in group.facts.items() if value),
        guesses=tuple(guesses.items()),
    )


def _current(plan: Plan, stated: Stated) -> Stated:
    """Return the entries that these files heed, and what they are now."""
    entries: dict[str, str | tuple[str, ...]] = {}
    for group in plan.groups:
        if group.recorder:
            entries |= dict.fromkeys(recorders.get(group.recorder).entries, "")
        else:
            entries |= dict.fromkeys(_OF_TABLES, "")
            if group.mapping is None or group.mapping.time is None:
                entries["rate_hz"] = ""
        entries |= _now(group)
    known = {name: value for name, value in entries.items() if name in CORRECTED}
    asked = {doubt.entry for doubt in plan.doubts}
    return {name: stated.get(name, value) for name, value in known.items() if name not in asked}


def _now(group: Group) -> dict[str, str | tuple[str, ...]]:
    """Return what the entries of a group are; nothing of one that is in doubt."""
    if group.mapping is None:
        return {}
    values = {name: getattr(group.mapping, name) for name in CORRECTED}
    if group.mapping.time_unit != "datetime":
        del values["date_order"]
    return {
        name: value if isinstance(value, tuple) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _columns(files: RawFiles, plan: Plan, path: Path) -> tuple[str, ...]:
    """Return the columns of the tables, if these are all of one layout."""
    if len(plan.groups) != 1 or plan.groups[0].recorder or path.suffix in (".zip", ".gz"):
        return ()
    try:
        found = blocks.look(files, plan.groups[0].items[0].files[0], Entries())
    except HarError:
        return ()
    return tuple(dict.fromkeys(name for name in found.names if name)) if found.named else ()
