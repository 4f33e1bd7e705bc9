"""Blocks of a table with the columns, the units and the time that harmonising knows."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from har.data.ingest import times
from har.data.ingest.blocks import read_blocks
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ACC_UNITS, GYRO_UNITS, MAG_UNITS, TIME_UNITS, ColumnMapping
from har.data.ingest.paths import activity_of
from har.data.recording import ACC, GYRO, MAG, Clock

UNREADABLE_TIME = "cannot be read as a time"


def conversions(mapping: ColumnMapping) -> Iterator[str]:
    """Yield what reading computes of the values in a file, in words."""
    for what, values, (_, factor) in (
        ("acceleration", (mapping.acc_scale, mapping.acc_offset), ACC_UNITS[mapping.acc_unit]),
        (
            "angular velocity",
            (mapping.gyro_scale, mapping.gyro_offset),
            GYRO_UNITS[mapping.gyro_unit],
        ),
    ):
        if values != (1.0, 0.0):
            yield f"{what} = counts * {values[0]!r} + {values[1]!r}"
        if factor != 1.0:
            yield f"{what} = thousandths * {factor!r}"
    if mapping.gravity_columns:
        yield "acceleration = without gravity + gravity"
    if mapping.mag and mapping.mag_unit != "uT":
        yield f"magnetic field = {mapping.mag_unit} * {MAG_UNITS[mapping.mag_unit]!r}"
    if mapping.acc_sign == "-":
        yield "acceleration = its opposite"


def clock_of(rows: pd.DataFrame) -> Clock:
    """Return what the times of a canonical block count from."""
    clock: Clock = rows.attrs.get("clock", "")
    return clock


def canonical(
    files: RawFiles,
    name: str,
    mapping: ColumnMapping,
    ledger: Ledger,
    sensors: Sequence[str],
) -> Iterator[pd.DataFrame]:
    """Yield the blocks of a table with the columns that harmonising knows.

    Parameters
    ----------
    files, name, ledger
        The table, and who is told of its rows.
    mapping : ColumnMapping
        Of its columns.
    sensors : sequence of {"acc", "gyro"}
        Those that the table has; none: each row is of another, and keeps its columns for
        `of_sensor`.

    Yields
    ------
    DataFrame
        ``time_s``, the sensors' channels, ``label`` and those of ``subject, recording, sensor,
        placement, capture`` that there are; ``file, line, repaired``.
    """
    word = activity_of(name, mapping.activity_pattern)
    columns = _columns_of(mapping, sensors)
    raw = () if sensors else dict.fromkeys((*mapping.acc, *(mapping.gyro or ())))
    for block in read_blocks(files, name, mapping, ledger, columns=columns):
        values: dict[str, Any] = {c: block[c] for c in ("line", "file", "repaired")}
        values |= {column: block[column] for column in raw} | _channels(block, mapping, sensors)
        values |= {role: block[c] for role, c in _roles(mapping).items() if c in block}
        if "gyro" not in sensors or "acc" in sensors:
            values["label"] = block[mapping.activity] if mapping.activity else word
        if "capture" in block:
            values["capture"] = block["capture"]
        # Arrays, as all columns have the block's index, which pandas would compare.
        arrays = {name: getattr(column, "array", column) for name, column in values.items()}
        rows = pd.DataFrame(arrays, index=block.index, copy=False)
        yield _timed(rows, block, mapping, ledger)


def of_sensor(rows: pd.DataFrame, mapping: ColumnMapping, sensor: str) -> pd.DataFrame:
    """Return rows of a long table with the channels of the sensor that they are of."""
    own = mapping if mapping.gyro else mapping.model_copy(update={"gyro": mapping.acc})
    left = {*mapping.acc, *(mapping.gyro or ()), *(["label"] if sensor == "gyro" else [])}
    return rows.drop(columns=list(left)).assign(**_channels(rows, own, (sensor,)))


def _columns_of(mapping: ColumnMapping, sensors: Sequence[str]) -> list[str]:
    """Return the columns that the tables of some sensors have."""
    others: set[str | None] = set()
    if sensors and "gyro" not in sensors:
        others |= set(mapping.gyro or ()) - set(mapping.acc)
    elif sensors and "acc" not in sensors:
        others = {*mapping.acc, *mapping.gravity_columns, *(mapping.mag or ()), mapping.activity}
        others -= set(mapping.gyro or ())
    return [column for column in mapping.columns if column not in others]


def _roles(mapping: ColumnMapping) -> dict[str, str]:
    columns = {
        "subject": mapping.subject,
        "recording": mapping.recording,
        "sensor": mapping.sensor,
        "placement": mapping.placement_column,
    }
    return {role: column for role, column in columns.items() if column}


def _channels(
    block: pd.DataFrame, mapping: ColumnMapping, sensors: Sequence[str]
) -> dict[str, pd.Series]:
    """Return the sensors' axes in the units that harmonising knows."""
    values: dict[str, pd.Series] = {}
    if "acc" in sensors:
        factor = ACC_UNITS[mapping.acc_unit][1] * (-1.0 if mapping.acc_sign == "-" else 1.0)
        apart = mapping.gravity_columns or (None,) * 3
        for channel, column, gravity in zip(ACC, mapping.acc, apart, strict=True):
            axis = block[column] + block[gravity] if gravity else block[column]
            if (mapping.acc_scale, mapping.acc_offset) != (1.0, 0.0):
                axis = axis * mapping.acc_scale + mapping.acc_offset
            values[channel] = axis * factor if factor != 1.0 else axis
    if "acc" in sensors and mapping.mag:
        factor = MAG_UNITS[mapping.mag_unit]
        values |= {c: block[own] * factor for c, own in zip(MAG, mapping.mag, strict=True)}
    if "gyro" in sensors and mapping.gyro:
        factor = GYRO_UNITS[mapping.gyro_unit][1]
        for channel, column in zip(GYRO, mapping.gyro, strict=True):
            axis = block[column]
            if (factor, mapping.gyro_scale, mapping.gyro_offset) != (1.0, 1.0, 0.0):
                axis = axis * (factor * mapping.gyro_scale) + factor * mapping.gyro_offset
            values[channel] = axis
    return values


def _timed(
    rows: pd.DataFrame, block: pd.DataFrame, mapping: ColumnMapping, ledger: Ledger
) -> pd.DataFrame:
    """Add time in seconds; quarantine rows whose time cannot be read."""
    if mapping.time is None:
        assert mapping.rate_hz is not None
        return rows.assign(time_s=block["row"] / mapping.rate_hz)
    time = block[mapping.time]
    seconds, clock = _seconds(time, mapping)
    bad = (seconds.isna() & time.notna()).to_numpy()
    rows = rows.assign(time_s=seconds)
    if bad.any():
        ledger.quarantine(rows[bad].assign(time_s=time[bad].astype("str")), UNREADABLE_TIME)
        rows = rows[~bad].reset_index(drop=True)
    rows.attrs["clock"] = clock
    return rows


def _seconds(time: "pd.Series[Any]", mapping: ColumnMapping) -> "tuple[pd.Series[float], Clock]":
    """Return times in seconds, and what they count from."""
    kind = time.dtype
    if pd.api.types.is_timedelta64_dtype(kind):
        return time.dt.total_seconds(), ""
    if pd.api.types.is_datetime64_any_dtype(kind):
        aware = getattr(kind, "tz", None) is not None
        start = pd.Timestamp(0, tz="UTC") if aware else pd.Timestamp(0)
        return (time - start).dt.total_seconds(), "utc" if aware else "local"
    if mapping.time_unit == "datetime":
        return times.of_dates(time, mapping.date_order), times.clock_of(time)
    seconds = pd.to_numeric(time, errors="coerce").astype("float64") * TIME_UNITS[mapping.time_unit]
    return seconds, times.clock_of_numbers(seconds)
