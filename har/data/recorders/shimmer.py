"""Shimmer Consensys: columns named by device, signal and ``CAL`` or ``RAW``, then their units.

Newer files join the three in one name, older ones have a line of each. Calibrated signals are
read; of the two accelerometers the low-noise one. The magnetic field is read if it is in µT, and
not in ``local_flux``, the unit of a calibration in its place.
"""

import re
from collections.abc import Iterator
from functools import partial

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import ACC_UNITS, GYRO_UNITS, Capture, plan
from har.data.recorders.parts.clocks import stamps
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recorders.parts.values import field_factor, unit
from har.data.recording import MAG
from har.data.sources.base import Item
from har.errors import DataError

_NAME = re.compile(r"\w*_?Timestamp\w*_CAL|\w+_(Accel|Gyro)\w*_(CAL|RAW)")
_ACC = (
    ("low-noise accelerometer", r".*_(?:Accel_LN|Low[ _]Noise[ _]Accelerometer)[ _]{}_CAL"),
    ("wide-range accelerometer", r".*_(?:Accel_WR|Wide[ _]Range[ _]Accelerometer)[ _]{}_CAL"),
    ("accelerometer", r".*_(?:Accel|Accelerometer)[ _]{}_CAL"),
)
_GYRO = r".*_(?:Gyro|Gyroscope)[ _]{}_CAL"
_MAG = r".*_(?:Mag|Magnetometer)[ _]{}_CAL"
_TIMES = (r".*_Timestamp_(?:Formatted)?Unix_CAL", r".*_Timestamp(?:_\w+)?_CAL")


def _recognises(head: Head) -> bool:
    lines = [line for line in head.lines if line.strip()]
    if lines and re.match(r'"?sep=', lines[0]):
        lines = lines[1:]
    names = re.split(r"[\t,;]", lines[0].replace('"', "")) if lines else []
    if any(_NAME.fullmatch(name.strip()) for name in names) and len(lines) > 1:
        return True
    return len(lines) > 3 and re.search(r"\b(CAL|RAW)\b.*\b(CAL|RAW)\b", lines[2]) is not None


def _sheet(head: Head) -> tuple[sheets.Sheet, tuple[str, ...]]:
    """Return the table with full names, and the units."""
    lines = head.lines
    first = next(i for i, line in enumerate(lines) if line.strip())
    separator = ""
    if match := re.match(r'"?sep=(.)"?\s*$', lines[first]) or re.match(r'"?sep=(\t)', lines[first]):
        separator, first = match[1], first + 1
    of = sheets.sheet(head, names_at=first, separator=separator)
    names, units_at = of.names, first + 1
    if not any(map(_NAME.fullmatch, names)):
        levels = [
            sheets.sheet(head, names_at=first + i, separator=of.separator).names for i in range(3)
        ]
        names = tuple("_".join(parts) for parts in zip(*levels, strict=False))
        units_at = first + 3
    units = sheets.sheet(head, names_at=units_at, separator=of.separator).names
    rows = sheets.table(head, names, header=units_at + 1, separator=of.separator)
    return rows, units


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    sheet, units = _sheet(head(files, name))
    choices = ((which, sheet.axes("acc", pattern)) for which, pattern in _ACC)
    which, acc = next(((which, found) for which, found in choices if found), ("", None))
    time = next((c for p in _TIMES if (c := sheet.column(p)) is not None), None)
    _refuse(name, sheet, acc, time)
    assert acc is not None
    assert time is not None
    gyro = sheet.axes("gyro", _GYRO) or {}
    told = [units[i] if i < len(units) else "" for i in range(len(sheet.names))]
    mag = sheet.axes("mag", _MAG) or {}
    factor = field_factor(told[mag["mag_x"]]) if mag else None
    facts = {"sensor": which}
    if mag and factor is None:
        facts["magnetic field"] = f"left out: in {told[mag['mag_x']] or 'no unit'}, not µT"
        mag = {}
    read = partial(_rows, sheet=sheet, columns={**acc, **gyro, **mag, "time": time})
    capture = Capture(
        recording_name(item),
        (partial(read, unit=told[time], mag=factor or 1.0),),
        acc_unit=_unit(told[acc["acc_x"]], "acc_unit", ACC_UNITS, ask),
        gyro_unit=_unit(told[gyro["gyro_x"]], "gyro_unit", GYRO_UNITS, ask) if gyro else "",
        mag_unit="uT" if mag else "",
        clock="utc" if "Unix" in sheet.names[time] else "",
        device=sheet.names[time].partition("_Timestamp")[0].replace("_", " "),
        facts=facts,
    )
    return plan(files, ask, capture)


def _refuse(name: str, sheet: sheets.Sheet, acc: dict[str, int] | None, time: int | None) -> None:
    """Raise if there is nothing calibrated, or more than one device."""
    devices = {m[1] for n in sheet.names if (m := re.match(r"(.+?)_(?:Accel|Low|Wide)", n))}
    if acc is None or time is None or len(devices) > 1:
        raise DataError(
            f"{name}: not the calibrated acceleration of one device, with its time",
            expected="columns that end in CAL, for Timestamp and Accel X, Y, Z",
            found=", ".join(sheet.names[:8]),
            hint="export from Consensys with calibrated signals, a file for each device",
        )


def _unit(text: str, entry: str, choices: tuple[str, ...], ask: Asking) -> str:
    known = unit(text)
    return known if known in choices else ask(entry, f"unknown unit {text!r}", choices)


def _rows(
    files: RawFiles,
    ledger: Ledger,
    *,
    sheet: sheets.Sheet,
    columns: dict[str, int],
    unit: str,
    mag: float,
) -> Iterator[pd.DataFrame]:
    dated = unit.lower() not in {"ms", "s", "milliseconds", "seconds"}
    for block in sheets.blocks(files, ledger, sheet, columns, text=("time",) if dated else ()):
        time = block.pop("time")
        if "mag_x" in block and mag != 1.0:
            block[list(MAG)] *= mag
        if dated:  # yyyy/mm/dd hh:mm:ss.000
            yield block.assign(time_s=stamps(time, "%Y/%m/%d %H:%M:%S.%f"))
        else:
            yield block.assign(time_s=time / (1000 if unit.lower().startswith("m") else 1))


RECORDER = Recorder(
    "shimmer", "Shimmer Consensys", _recognises, single, _plan, ("acc_unit", "gyro_unit")
)
