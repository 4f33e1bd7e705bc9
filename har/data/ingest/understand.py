"""Tables that no recorder is known for: which of them are alike, and what their columns are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from har.data.ingest import tables as reader
from har.data.ingest.files import RawFiles
from har.data.ingest.mapping import ColumnMapping, guess, make_mapping
from har.data.ingest.plan import Group
from har.data.sources.base import Item
from har.errors import DataError

COLUMNS = ("acc", "gyro", "time", "names")


@dataclass(frozen=True)
class Tables:
    """The groups of tables; those that cannot be read; files that are none."""

    groups: tuple[Group, ...]
    refused: Mapping[Item, DataError]
    left: Mapping[str, str]


def names_columns(stated: Mapping[str, Any]) -> bool:
    """Tell whether a person said which columns of tables are what."""
    return any(entry in stated for entry in COLUMNS)


def tables(files: RawFiles, names: Sequence[str], stated: Mapping[str, Any], where: str) -> Tables:
    """Group tables by their layout, and understand each group once."""
    alike: dict[tuple[str, ...], list[tuple[Item, pd.DataFrame, dict[str, str]]]] = {}
    refused: dict[Item, DataError] = {}
    items = reader.items(names)
    for item in items:
        try:
            sample, written = reader.look(files, item.files[0], stated.get("separator"))
        except DataError as error:
            refused[item] = error
            continue
        alike.setdefault((*sample.columns, *written.values()), []).append((item, sample, written))
    groups = []
    for members in alike.values():
        sample = pd.concat([sample for _, sample, _ in members], ignore_index=True)
        try:
            mapping = _guess(list(sample.columns), sample, members[0][2], stated, where)
        except DataError as error:
            refused |= {item: error for item, _, _ in members}
            continue
        groups.append(_group(tuple(item for item, _, _ in members), mapping, stated))
    tabular = {item.files[0] for item in items}
    left = {name: "no table" for name in names if name not in tabular}
    return Tables(tuple(groups), refused, left)


def _guess(
    header: list[str],
    sample: pd.DataFrame,
    written: dict[str, str],
    stated: Mapping[str, Any],
    where: str,
) -> ColumnMapping:
    split = {
        k: v.split(",") if k in ("acc", "gyro") and isinstance(v, str) else v
        for k, v in stated.items()
    }
    guessed = {**written, **guess(header, sample, where, split)}
    return make_mapping({**guessed, **split}, where)


def _group(items: tuple[Item, ...], mapping: ColumnMapping, stated: Mapping[str, Any]) -> Group:
    entries = mapping.model_dump(exclude_defaults=True)
    unsure = {
        k: v if isinstance(v, str) else ", ".join(map(str, v))
        for k, v in entries.items()
        if k not in stated
    }
    if mapping.subject is None and "subject_pattern" not in stated:
        first = items[0].files[0]
        unsure["subject"] = f"{reader.subject_of(first, mapping)}, by the path {first}"
    return Group(
        title=f"tables with {', '.join(mapping.columns)}",
        items=items,
        mapping=mapping,
        facts={"acceleration": f"{', '.join(mapping.acc)}, {mapping.acc_unit}"},
        guesses=unsure,
    )
