"""A user's own files: recordings of recorders that are known, and any other tables.

>>> from pathlib import Path
>>> from har.data.ingest.files import open_files
>>> files = open_files(Path("my-recordings"))  # doctest: +SKIP
>>> understood = plan(files, {"acc_unit": "g"}, "my-recordings")  # doctest: +SKIP
>>> understood.refuse_doubts("my-recordings")  # doctest: +SKIP
>>> reader = source("mine", understood)  # doctest: +SKIP
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from har.data import recorders, sources
from har.data.activities import Taxonomy
from har.data.ingest import tables, understand
from har.data.ingest.blocks import SUFFIXES
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping, Entries, make_entries
from har.data.ingest.named import with_paths
from har.data.ingest.paths import activity_of, subject_of
from har.data.ingest.plan import Group, Plan, flag, summary
from har.data.recorders.base import Understanding
from har.data.sources.base import Item, Raw, Source, Table
from har.errors import DataError

# Who states one of them has tables, whatever else their files look like.
COLUMNS = {"acc", "gyro", "time", "names", "sensors", "sensor"}


def plan(files: RawFiles, stated: Mapping[str, Any] | Entries, where: str) -> Plan:
    """Tell what is made of files, before they are read in whole.

    Parameters
    ----------
    files : RawFiles
        All of them; those that are no recordings are left.
    stated : mapping or Entries
        What a person said: some entries of a mapping, texts as on a command line or values
        as in TOML, or the whole of it, a `ColumnMapping`. Who names columns has tables, of no
        recorder.
    where : str
        The path, for errors.

    Returns
    -------
    Plan
        With the same files and statements, always the same.

    Raises
    ------
    DataError
        If nothing there can be read, or an entry does not fit.
    """
    if isinstance(stated, ColumnMapping):
        return tables.plan(files, stated, where)
    entries = stated if isinstance(stated, Entries) else make_entries(stated, where)
    is_table = bool(entries.model_fields_set & COLUMNS)
    groups, refused = ([], {}) if is_table else _recorded(files, entries.texts())
    items = [*refused, *(item for group in groups for item in group.items)]
    taken = {name for item in items for name in item.files}
    free = [name for name in files.names if name not in taken]
    others = understand.tables(files, free, entries, where)
    found = with_paths([*groups, *others.groups], entries)
    made = Plan(
        groups=tuple(found),
        refused={**refused, **others.refused},
        left=others.left,
        stated=entries.texts(),
        labels=entries.labels,
        activities=entries.activities,
    )
    if not made.groups:
        raise _nothing(made, files, where)
    return made


def source(name: str, understood: Plan) -> Source:
    """Return the reader of what was planned, as of any data set.

    Raises
    ------
    DataError
        If an activity is stated to be under two parents.
    """
    if understood.dataset:
        known = sources.get(understood.dataset)
        return replace(known, items=lambda files: list(understood.items))
    mappings = [group.mapping for group in understood.groups if group.mapping]
    stated = understood.stated.get("placement")
    placements = [p for m in mappings for p in m.worn] or [stated or "unknown"]
    if stated:
        placements = [stated]
    elif len(mappings) < len(understood.groups):
        placements.append("unknown")
    # What is stated holds for recorders' annotations and for paths as for columns.
    saying: list[ColumnMapping | Plan] = [*mappings, understood]
    labels = {word: name for said in saying for word, name in said.labels.items()}
    activities = Taxonomy.joined(said.activities for said in saying).own
    return Source(
        name=name,
        title=f"Tables of your own: {name}",
        licence="unknown",
        citation="",
        homepage="",
        placements=tuple(dict.fromkeys(placements)),
        rate_hz=mappings[0].rate_hz if len(mappings) == len(understood.groups) == 1 else None,
        units=summary(unit for group in understood.groups for unit in _units(group)),
        faults=(),
        items=lambda files: list(understood.items),
        read=partial(_read, plan=understood),
        labels=labels or None,
        own_activities=activities or None,
    )


def _units(group: Group) -> Iterator[str]:
    if group.mapping:
        yield tables.units(group.mapping)
    else:
        yield f"as {group.title} writes them"


def _recorded(
    files: RawFiles, stated: Mapping[str, str]
) -> tuple[list[Group], dict[Item, DataError]]:
    """Return recorders' recordings by what is understood of them, and why others are none."""
    alike: dict[tuple[Any, ...], list[tuple[Item, Understanding]]] = {}
    titles: dict[str, str] = {}
    refused: dict[Item, DataError] = {}
    for recorder, item in recorders.recognise(files):
        titles[recorder.name] = recorder.title
        try:
            made = recorder.understand(files, item, stated)
        except DataError as error:
            refused[item] = error
            continue
        key = (recorder.name, tuple(made.facts), made.doubts)
        alike.setdefault(key, []).append((item, made))
    groups = [
        Group(
            title=titles[name],
            items=tuple(item for item, _ in members),
            recorder=name,
            facts={fact: summary(made.facts[fact] for _, made in members) for fact in facts},
            doubts=doubts,
        )
        for (name, facts, doubts), members in alike.items()
    ]
    return groups, refused


def _read(files: RawFiles, item: Item, ledger: Ledger, *, plan: Plan) -> Iterator[Raw]:
    """Yield the recordings of an item by the reader that the plan has for it."""
    if item in plan.refused:
        raise plan.refused[item]
    group = plan.group_of[item.name]
    for doubt in group.doubts:
        raise DataError(f"{item.name}: {doubt.question}", hint=f"state it with {flag(doubt)}")
    if group.mapping is not None:
        yield from tables.read(files, item, ledger, mapping=group.mapping)
        return
    recorder = recorders.get(group.recorder)
    for raw in recorder.read(files, item, ledger, plan.stated):
        yield _placed(raw, item.files[0], {**group.guesses, **plan.stated})


def _placed(raw: Raw, name: str, entries: Mapping[str, str]) -> Raw:
    """Return a recorder's recording with what was stated, or its path says, of it."""
    subject = raw.subject
    if subject in ("", "unknown") or "subject_pattern" in entries:
        subject = subject_of(name, entries.get("subject_pattern"))
    placement = entries.get("placement") or raw.placement or "unknown"
    word = activity_of(name, entries.get("activity_pattern"))
    first, *rest = raw.tables
    labelled = (_labelled(first, word), *rest) if word else raw.tables
    return replace(raw, subject=subject, placement=placement, tables=labelled)


def _labelled(table: Table, word: str) -> Iterator[pd.DataFrame]:
    """Yield a table's blocks with a label for the rows that have none."""
    for block in [table] if isinstance(table, pd.DataFrame) else table:
        own = block["label"].astype("str") if "label" in block else pd.Series(None, block.index)
        yield block.assign(label=own.where(own.notna(), word))


def _nothing(made: Plan, files: RawFiles, where: str) -> DataError:
    """Say why nothing at a path can be read."""
    if first := next(iter(made.refused.values()), None):
        return first
    return DataError(
        f"{where}: no tables",
        expected="recordings of an app or a device that is known, or files that end in "
        + ", ".join(SUFFIXES),
        found=", ".join(files.names[:5]) or "no file",
    )
