"""Polar Sensor Logger: a file a sensor, acceleration in mg, the sensor's clock and the phone's.

The sensor's clock counts ns from 2000 or from when it was started; the phone's tells the time of
its first row.
"""

import math
import re
from collections.abc import Iterator
from functools import partial

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Reader, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import GYRO_UNITS, Capture, plan
from har.data.recorders.parts.clocks import stamp
from har.data.recorders.parts.groups import joined, recording_name
from har.data.recorders.parts.heads import Head, head
from har.data.recorders.parts.values import unit
from har.data.sources.base import Item
from har.errors import DataError

_SIGNATURE = re.compile(r"Phone timestamp;sensor timestamp \[ns\];", re.I)
_SENSOR = re.compile(r"[_ -](ACC|GYRO|GYR|MAGN?|PPG|PPI|ECG|HR)$", re.I)


def _recognises(head: Head) -> bool:
    return _SIGNATURE.match(head.first) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    found: dict[str, tuple[sheets.Sheet, str]] = {}
    for name in item.files:
        sheet = sheets.sheet(head(files, name), separator=";")
        if axes := sheet.axes("acc", r"{} \[.*\]"):
            told = unit(sheet.unit(axes["acc_x"]))
            found.setdefault("gyro" if told in GYRO_UNITS else "acc" if told else "", (sheet, told))
    if "acc" not in found:
        raise DataError(f"{item.name}: no acceleration", found=", ".join(item.files))
    sheet, acc_unit = found["acc"]
    # Both sensors have one clock, so that one start is right for both.
    start = _start(sheet)
    tables = [_reader(sheet, "acc", start)]
    if "gyro" in found:
        tables.append(_reader(found["gyro"][0], "gyro", start))
    device = re.match(r"(Polar[_ ]\w+?)(_\d{8})", item.name)
    capture = Capture(
        recording_name(item),
        tuple(tables),
        acc_unit=acc_unit,
        gyro_unit=found["gyro"][1] if "gyro" in found else "",
        clock="local" if math.isfinite(start) else "",
        device=device[1].replace("_", " ") if device else "Polar",
    )
    return plan(files, ask, capture)


def _start(sheet: sheets.Sheet) -> float:
    """Return the phone's time at 0 of the sensor's clock."""
    try:
        return stamp(sheet.rows[0][0]) - float(sheet.rows[0][1]) / 1e9
    except (IndexError, ValueError):
        return float("nan")


def _reader(sheet: sheets.Sheet, what: str, start: float) -> Reader:
    axes = sheet.axes(what, r"{} \[.*\]") or {}
    return partial(_rows, sheet=sheet, axes=axes, start=start if math.isfinite(start) else 0.0)


def _rows(
    files: RawFiles, ledger: Ledger, *, sheet: sheets.Sheet, axes: dict[str, int], start: float
) -> Iterator[pd.DataFrame]:
    for block in sheets.blocks(files, ledger, sheet, {"time_s": 1, **axes}):
        block["time_s"] = block["time_s"] / 1e9 + start
        yield block


RECORDER = Recorder(
    "polar", "Polar Sensor Logger", _recognises, partial(joined, sensor=_SENSOR), _plan
)
