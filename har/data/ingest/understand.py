"""Tables that no recorder is known for: which of them are alike, and what their columns are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from har.data.ingest import blocks
from har.data.ingest import tables as reader
from har.data.ingest.blocks import Look
from har.data.ingest.columns import triads
from har.data.ingest.facts import facts_of, guesses_of
from har.data.ingest.files import RawFiles
from har.data.ingest.guess import Guess, guess
from har.data.ingest.guess.sensors import sensor_in_name, word_in_name
from har.data.ingest.guess.units import gyro_unit
from har.data.ingest.mapping import ColumnMapping, Entries, make_mapping
from har.data.ingest.plan import Group
from har.data.sources.base import Item
from har.errors import DataError


@dataclass(frozen=True)
class Tables:
    """What is made of tables.

    Attributes
    ----------
    groups : tuple of Group
        Those that are alike.
    refused : dict of Item to DataError
        Those that cannot be read.
    left : dict of str to str
        Files that are none, with the reason.
    """

    groups: tuple[Group, ...]
    refused: Mapping[Item, DataError]
    left: Mapping[str, str]


@dataclass(frozen=True)
class _Alike:
    """Files of one layout."""

    looks: Mapping[str, Look]
    sensor: str

    @property
    def names(self) -> tuple[str, ...]:
        """The files."""
        return tuple(self.looks)

    @property
    def first(self) -> Look:
        """The beginning of the first file."""
        return next(iter(self.looks.values()))

    def guess(self, where: str, stated: Entries) -> Guess:
        """Guess what the columns are."""
        if not self.first.named and not stated.acc:
            raise _nameless(where, self.first)
        samples = [look.rows for look in self.looks.values()]
        found = guess(
            self.first.names, self.first.units, samples, where, stated, sensor=self.sensor
        )
        decimals = {look.decimal for look in self.looks.values()} - {None}
        if len(decimals) == 1 and not stated.decimal:
            return found.also(decimal=decimals.pop())
        return found

    def only(self, names: Iterable[str]) -> "_Alike":
        """Return some of the files."""
        return _Alike({name: self.looks[name] for name in names}, self.sensor)


def tables(files: RawFiles, names: Sequence[str], stated: Entries, where: str) -> Tables:
    """Group tables by their layout, and understand each group once.

    A unit that a name does not say is judged by the samples of all files of a group.
    """
    refused: dict[str, DataError] = {}
    left = {name: reader.NO_TABLE for name in names if not name.lower().endswith(blocks.SUFFIXES)}
    alike: dict[Any, dict[str, Look]] = {}
    for name in names:
        if name in left:
            continue
        try:
            look = blocks.look(files, name, stated)
        except DataError as error:
            if name.lower().endswith(".txt") and error.message.endswith("no rows"):
                left[name] = reader.NO_TABLE
            else:
                refused[name] = error
            continue
        alike.setdefault((look.names, look.units, look.named, _named_sensor(name, look)), {})[
            name
        ] = look
    groups: list[Group] = []
    turning: list[_Alike] = []
    for key, looks in alike.items():
        group = _Alike(looks, key[3])
        if not stated.acc and _turns_only(group):
            turning.append(group)
            continue
        _understand(group, stated, where, groups, refused)
    looks = {name: look for members in alike.values() for name, look in members.items()}
    groups = _with_gyroscopes(groups, turning, looks, stated, refused)
    bad = dict(zip(reader.named((name,) for name in refused), refused.values(), strict=True))
    return Tables(tuple(groups), bad, left)


def _understand(
    group: _Alike, stated: Entries, where: str, groups: list[Group], refused: dict[str, DataError]
) -> None:
    """Add the groups that alike files make, or why they cannot be read."""
    try:
        found = group.guess(group.names[0], stated)
        for part in _by_unit(group, found, stated):
            own = found if part is group else part.guess(part.names[0], stated)
            made = _group(part, own, stated, where)
            if made.mapping:
                refused |= reader.without_sensor(part.names, made.items, made.mapping)
            groups += [made] if made.items else []
    except DataError as error:
        refused |= _for_each(group.names, error)


def _for_each(names: Sequence[str], error: DataError) -> dict[str, DataError]:
    """Return the error of the first of alike files as each file's own."""
    return {
        name: DataError(
            error.message.replace(names[0], name, 1),
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        )
        for name in names
    }


def _by_unit(group: _Alike, found: Guess, stated: Entries) -> Iterator[_Alike]:
    """Yield the files by the unit that their acceleration has; where it is open, by most."""
    if "acc_unit" in found.said or stated.acc or len(set(found.votes) - {""}) < 2:
        yield group
        return
    usual = found.entries.get("acc_unit", "m/s2")
    by_unit: dict[str, list[str]] = {}
    for name, vote in zip(group.names, found.votes, strict=True):
        by_unit.setdefault(vote or usual, []).append(name)
    for names in by_unit.values():
        yield group.only(names)


def _group(group: _Alike, found: Guess, stated: Entries, where: str) -> Group:
    mapping = None
    if not found.doubts:
        mapping = make_mapping({**found.entries, **stated.stated}, where)
    items = (
        reader.named(zip(group.names, strict=True))
        if mapping is None or not _is_joined(mapping)
        else reader.items(group.names, mapping)
    )
    return Group(
        title="tables with " + ", ".join(n for n in group.first.names[:8] if n),
        items=tuple(items),
        mapping=mapping,
        facts=facts_of(mapping, found, group.looks.values()),
        guesses=guesses_of(found),
        doubts=found.doubts,
    )


def _is_joined(mapping: ColumnMapping) -> bool:
    return bool(mapping.sensors) and not mapping.sensor


def _named_sensor(name: str, look: Look) -> str:
    """Return which sensor a file's name says, where the names of its columns say none."""
    found = triads(look.names, look.units)
    return sensor_in_name(name) if found and not any(t.words or t.unit for t in found) else ""


def _turns_only(group: _Alike) -> bool:
    """Tell whether files hold angular velocity and no acceleration."""
    sensors = {t.sensor or group.sensor for t in triads(group.first.names, group.first.units)}
    return "gyro" in sensors and not sensors & {"acc", "linear", ""}


def _with_gyroscopes(
    groups: Sequence[Group],
    turning: Sequence[_Alike],
    looks: Mapping[str, Look],
    stated: Entries,
    refused: dict[str, DataError],
) -> list[Group]:
    """Join files of angular velocity with those of acceleration that are named alike."""
    joined = list(groups)
    for gyro in turning:
        position = next((i for i, g in enumerate(joined) if _pairs(g, gyro)), None)
        alone = set(gyro.names)
        if position is not None:
            try:
                joined[position] = _joined(joined[position], looks, gyro, stated)
            except DataError as error:
                refused |= _for_each(gyro.names, error)
                continue
            alone -= {name for item in joined[position].items for name in item.files}
        refused |= {name: _without_acceleration(name) for name in alone}
    return joined


def _pairs(group: Group, gyro: _Alike) -> dict[str, str]:
    """Return the file of angular velocity for each file of acceleration that has one."""
    rest = {reader.rest_of(name, word_in_name(name)): name for name in gyro.names}
    names = [item.files[0] for item in group.items if len(item.files) == 1]
    if group.recorder or (group.mapping and group.mapping.gyro):
        return {}
    pairs = {name: rest.get(reader.rest_of(name, word_in_name(name))) for name in names}
    return {name: other for name, other in pairs.items() if other and word_in_name(name)}


def _joined(group: Group, looks: Mapping[str, Look], gyro: _Alike, stated: Entries) -> Group:
    """Return a group whose items have a file for each sensor."""
    pairs = _pairs(group, gyro)
    items = [
        Item(item.name, (item.files[0], pairs[item.files[0]])) if item.files[0] in pairs else item
        for item in group.items
    ]
    if group.mapping is None:  # until what is in doubt is stated
        return replace(group, items=tuple(items))
    if group.mapping.time not in gyro.first.names:
        raise DataError(
            f"{gyro.names[0]}: no column {group.mapping.time}, which acceleration has",
            found=", ".join(gyro.first.names),
        )
    turning = next(
        t for t in triads(gyro.first.names, gyro.first.units) if (t.sensor or gyro.sensor) == "gyro"
    )
    samples = [(gyro.looks[other].rows, looks[name].rows) for name, other in pairs.items()]
    unit, doubts = gyro_unit(turning, samples, group.mapping, stated)
    acc, other = next(iter(pairs.items()))
    words = {"acc": word_in_name(acc), "gyro": word_in_name(other)}
    own = {"gyro": turning.axes, "gyro_unit": unit or "rad/s", "sensors": words}
    mapping = make_mapping(group.mapping.model_dump(exclude_unset=True) | own, acc)
    fact = f"{', '.join(turning.axes)} in {unit or 'an unknown unit'}, from files of their own"
    shown = {"joined": f"{words['acc']} and {words['gyro']}, by the files' names"}
    return replace(
        group,
        items=tuple(items),
        mapping=mapping,
        facts={**group.facts, "angular velocity": fact},
        guesses={**group.guesses, **shown, **({} if turning.unit else {"gyro_unit": unit})},
        doubts=(*group.doubts, *doubts),
    )


def _without_acceleration(name: str) -> DataError:
    return DataError(
        f"{name}: angular velocity, and no columns that look like acceleration",
        expected="a file of acceleration that is named alike",
        hint='join them by a mapping: [sensors] acc = "Accelerometer", gyro = "Gyroscope"',
    )


def _nameless(name: str, look: Look) -> DataError:
    first = ", ".join(map(str, look.rows.iloc[0])) if len(look.rows) else ""
    return DataError(
        f"{name}: the first line holds numbers",
        expected="the names of the columns",
        found=first[:60],
        hint="name them: --map names=time,x,y,z; or by number: --map time=1 --map acc=2,3,4",
    )
