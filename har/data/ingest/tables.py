"""Tables of a user's own, read by a mapping of their columns.

A recording is a table; or several of one table, told apart by columns or by blank lines; or
two tables, of acceleration and of angular velocity; or rows of a long table, one per sensor.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from har.data.ingest.blocks import SUFFIXES, has_captures
from har.data.ingest.canonical import canonical, clock_of, conversions, of_sensor
from har.data.ingest.files import RawFiles
from har.data.ingest.harmonise import distinct
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ACC_UNITS, GYRO_UNITS, ColumnMapping
from har.data.ingest.partition import partition, streams
from har.data.ingest.paths import recording_of, subject_of
from har.data.ingest.plan import Group, Plan
from har.data.sources.base import Item, Raw, Table
from har.errors import DataError

NO_TABLE = "no table"


def plan(files: RawFiles, mapping: ColumnMapping, where: str) -> Plan:
    """Return the plan to read all tables by one mapping."""
    found = tuple(items(files.names, mapping))
    if not found:
        raise DataError(
            f"{where}: no tables",
            expected=f"files that end in {', '.join(SUFFIXES)}",
            found=", ".join(files.names[:5]) or "no file",
        )
    left = {name: NO_TABLE for name in files.names if not name.lower().endswith(SUFFIXES)}
    refused = without_sensor([name for name in files.names if name not in left], found, mapping)
    bad = dict(zip(named((name,) for name in refused), refused.values(), strict=True))
    return Plan((Group("tables", found, mapping=mapping),), refused=bad, left=left)


def without_sensor(
    names: Iterable[str], found: Iterable[Item], mapping: ColumnMapping
) -> dict[str, DataError]:
    """Return why tables are in no item: `items` takes one file of each sensor and recording."""
    taken = {name for item in found for name in item.files}
    words = ", ".join(mapping.sensors.values())
    return {
        name: DataError(
            f"{name}: the file of no sensor",
            expected=f"one of {words} in its name, as no other file of the recording has it",
            hint="[sensors] says which part of a file's name is which sensor",
        )
        for name in names
        if name not in taken
    }


def items(names: Iterable[str], mapping: ColumnMapping | None = None) -> list[Item]:
    """Return one item per table, or per recording whose sensors have a table each."""
    tables = [name for name in names if name.lower().endswith(SUFFIXES)]
    if mapping and mapping.sensors and not mapping.sensor:
        return named(_joined(tables, mapping))
    return named((name,) for name in tables)


def named(sets: Iterable[tuple[str, ...]]) -> list[Item]:
    """Return items of files, with names that fit a folder and differ."""
    files = list(sets)
    return list(map(Item, distinct(names[0] for names in files), files))


def units(mapping: ColumnMapping) -> str:
    """Return the units of a mapping's columns in words."""
    gyro = f", angular velocity in {mapping.gyro_unit}" if mapping.gyro else ""
    return f"acceleration in {mapping.acc_unit}{gyro}"


def read(files: RawFiles, item: Item, ledger: Ledger, *, mapping: ColumnMapping) -> Iterator[Raw]:
    """Yield the recordings of an item: one, or one per subject and recording that it names."""
    if mapping.sensor:
        yield from _read_long(files, item, ledger, mapping)
    elif mapping.sensors:
        yield from _read_joined(files, item, ledger, mapping)
    else:
        yield from _read_wide(files, item, ledger, mapping)


def _read_wide(
    files: RawFiles, item: Item, ledger: Ledger, mapping: ColumnMapping
) -> Iterator[Raw]:
    (name,) = item.files
    blocks = canonical(files, name, mapping, ledger, ("acc", "gyro"))
    first = next(blocks)
    rest: Iterator[pd.DataFrame] = itertools.chain([first], blocks)
    by = [role for role in ("subject", "recording") if getattr(mapping, role)]
    if mapping.time is None and has_captures(files, name):
        by.append("capture")
        rest = (block.assign(capture=block["capture"].astype("str")) for block in rest)
    if mapping.placement_column:
        by.append("placement")
        rest = (_wanted(block, mapping, ledger) for block in rest)
    if not by:
        yield _raw(name, {}, (rest,), mapping, first)
        return
    for key, rows in streams(rest, by):
        who = dict(zip(by, map(str, key), strict=True))
        own = (block.drop(columns=by) for block in rows)
        yield _raw(name, who, (own,), mapping, first)


def _read_joined(
    files: RawFiles, item: Item, ledger: Ledger, mapping: ColumnMapping
) -> Iterator[Raw]:
    """Yield a recording whose sensors have a file each."""
    by_sensor = {_sensor_of(name, mapping): name for name in item.files}
    if "acc" not in by_sensor:
        raise DataError(
            f"{item.files[0]}: angular velocity without acceleration",
            hint="[sensors] says which part of a file's name is which sensor",
        )
    sensors = [sensor for sensor in ("acc", "gyro") if sensor in by_sensor]
    tables = [canonical(files, by_sensor[s], mapping, ledger, (s,)) for s in sensors]
    first = next(tables[0])
    acc = itertools.chain([first], tables[0])
    yield _raw(by_sensor["acc"], {}, (acc, *tables[1:]), mapping, first)


def _read_long(
    files: RawFiles, item: Item, ledger: Ledger, mapping: ColumnMapping
) -> Iterator[Raw]:
    """Yield the recordings of a table with a row for each sensor and time."""
    (name,) = item.files
    sensor_of = {word: sensor for sensor, word in mapping.sensors.items()}
    blocks = canonical(files, name, mapping, ledger, ())
    by = [role for role in ("subject", "recording") if getattr(mapping, role)]
    by += ["placement"] if mapping.placement_column else []
    found: dict[tuple[str, ...], dict[str, pd.DataFrame]] = {}
    for key, rows in partition((_wanted(b, mapping, ledger) for b in blocks), [*by, "sensor"]):
        who, sensor = tuple(map(str, key[:-1])), sensor_of[str(key[-1])]
        found.setdefault(who, {})[sensor] = of_sensor(
            rows.drop(columns=[*by, "sensor"]), mapping, sensor
        )
    for key, tables in found.items():
        if "acc" not in tables:
            ledger.quarantine(tables["gyro"], "angular velocity without acceleration")
            continue
        both = tuple(tables[sensor] for sensor in ("acc", "gyro") if sensor in tables)
        yield _raw(name, dict(zip(by, key, strict=True)), both, mapping, both[0])


def _wanted(block: pd.DataFrame, mapping: ColumnMapping, ledger: Ledger) -> pd.DataFrame:
    """Return the rows of sensors and placements that have a name."""
    known = np.ones(len(block), bool)
    if mapping.sensor:
        known &= block["sensor"].astype("str").isin(list(mapping.sensors.values())).to_numpy()
    if mapping.placement_column:
        known &= block["placement"].astype("str").isin(list(mapping.placements)).to_numpy()
    ledger.leave_out(block[~known])
    return block[known]


def _raw(
    name: str,
    who: Mapping[str, str],
    tables: tuple[Table, ...],
    mapping: ColumnMapping,
    first: pd.DataFrame,
) -> Raw:
    capture = str(int(who["capture"]) + 1) if "capture" in who else None
    parts = [recording_of(name, mapping.recording_pattern), who.get("recording"), capture]
    word = who.get("placement")
    return Raw(
        who.get("subject") or subject_of(name, mapping.subject_pattern),
        "-".join(filter(None, parts)),
        mapping.placements[word] if word else mapping.placement,
        tables,
        acc_unit=cast(Literal["m/s2", "g"], ACC_UNITS[mapping.acc_unit][0]),
        gyro_unit=cast(Literal["rad/s", "deg/s"], GYRO_UNITS[mapping.gyro_unit][0]),
        conversions=tuple(conversions(mapping)),
        gravity=mapping.gravity != "none",
        clock=clock_of(first),
    )


def _sensor_of(name: str, mapping: ColumnMapping) -> str | None:
    """Return the sensor whose word a file's name holds, the longest one first."""
    found = [
        (len(word), sensor)
        for sensor, word in mapping.sensors.items()
        if word.lower() in name.rpartition("/")[2].lower()
    ]
    return max(found)[1] if found else None


def _joined(names: Sequence[str], mapping: ColumnMapping) -> Iterator[tuple[str, ...]]:
    """Yield the files of each recording: of names that are alike but for the sensor."""
    alike: dict[str, dict[str, str]] = {}
    for name in names:
        sensor = _sensor_of(name, mapping)
        if sensor is None:
            continue
        alike.setdefault(rest_of(name, mapping.sensors[cast(Any, sensor)]), {})[sensor] = name
    for files in alike.values():
        yield tuple(files[sensor] for sensor in ("acc", "gyro") if sensor in files)


def rest_of(name: str, word: str) -> str:
    """Return a file's name without a sensor's word and the sensor's rate.

    >>> rest_of("a/Walk_Gyroscope_25.000Hz.csv", "gyroscope")
    'a/walk_.csv'
    """
    folder, slash, base = name.rpartition("/")
    rest = re.sub(r"_?\d+(\.\d+)?hz", "", base.lower().replace(word.lower(), "", 1))
    return f"{folder}{slash}{rest}"
