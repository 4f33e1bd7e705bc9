"""AndroSensor: one table in UTF-8 or Latin-1, units behind the names, time in ms and as a date."""

import math
import re
from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.clocks import stamp
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recording import ACC
from har.data.sources.base import Item
from har.errors import DataError

_SIGNATURE = re.compile(r'("?(ACCELEROMETER|LINEAR ACCELERATION|GRAVITY|GYROSCOPE) X \()')
_TIME = r"Time since start in ms"
_DATE = r"YYYY-MO-DD.*"


def _recognises(head: Head) -> bool:
    return _TIME in head.first and _SIGNATURE.search(head.first) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    sheet = sheets.sheet(head(files, name))
    raw, linear, gravity = (
        sheet.axes("acc", rf"{what} {{}} \(.*")
        for what in ("ACCELEROMETER", "LINEAR ACCELERATION", "GRAVITY")
    )
    if (acc := raw or linear) is None:
        raise DataError(f"{name}: no acceleration", found=", ".join(sheet.names[:12]))
    parts = {f"gravity_{c}": gravity[c] for c in ACC} if gravity and not raw else {}
    gyro = sheet.axes("gyro", r"GYROSCOPE {} \(.*") or {}
    mag = sheet.axes("mag", r"MAGNETIC FIELD {} \([µμu]T\)") or {}
    if (time := sheet.column(_TIME)) is None:
        raise DataError(f"{name}: no time", expected=_TIME, found=", ".join(sheet.names[:12]))
    start = _start(sheet, time)

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        columns = {**acc, **parts, **gyro, **mag, "time_s": time}
        for block in sheets.blocks(files, ledger, sheet, columns):
            for axis in parts and ACC:
                block[axis] += block.pop(f"gravity_{axis}")
            block["time_s"] = block["time_s"] / 1000 + (start if math.isfinite(start) else 0.0)
            yield block

    capture = Capture(
        recording_name(item),
        (rows,),
        gyro_unit="rad/s" if gyro else "",
        mag_unit="uT" if mag else "",
        gravity=bool(raw or gravity),
        clock="local" if math.isfinite(start) else "",
        conversions=("acceleration = gravity + linear acceleration",) if parts else (),
    )
    return plan(files, ask, capture)


def _start(sheet: sheets.Sheet, time: int) -> float:
    """Return the time since 1970 of 0 ms, in local time; NaN if no date tells it."""
    date = sheet.column(_DATE)
    if date is None or not sheet.rows:
        return float("nan")
    numbers = re.findall(r"\d+", sheet.rows[0][date])  # 2026-11-20 10-00-00:010, or 10:00:00:010
    since = sheet.rows[0][time].strip()
    if len(numbers) != 7 or not since.isdecimal():
        return float("nan")
    return stamp("{}-{}-{} {}:{}:{}.{}".format(*numbers)) - float(since) / 1000


RECORDER = Recorder("androsensor", "AndroSensor", _recognises, single, _plan)
