"""SensorLog for iPhone and Apple watch: one wide table, units behind the names; or JSON, without.

Each row repeats the last value of every sensor; a sensor's own timestamp, where there is one,
tells which rows are new. Acceleration has Apple's sign. Where two sensors have clocks of their
own, the file is read once for each, and its rows count twice.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets, table_of_objects
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.clocks import stamp, stamps
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recorders.parts.values import unit
from har.data.recording import ACC
from har.data.sources.base import Item
from har.errors import DataError

Blocks = Callable[..., Iterator[pd.DataFrame]]
_UNIT = r"(?: ?\(.*\))?"
_RAW, _USER, _GRAVITY = (
    f"{name}{{}}{_UNIT}"
    for name in ("accelerometerAcceleration", "motionUserAcceleration", "motionGravity")
)
_GYRO, _ROTATION = (f"{name}{{}}{_UNIT}" for name in ("gyroRotation", "motionRotationRate"))
_MAG = r"(?:magnetometer|motionMagneticField){} ?\([µμu]T\)"
_ZONE = re.compile(r"(?<=\d) (?=[+-]\d{4}$)")


def _recognises(head: Head) -> bool:
    return _is_json(head) or re.match(r'"?loggingTime\b', head.first) is not None


def _is_json(head: Head) -> bool:
    return head.first.startswith(("[", "{")) and b'"loggingTime"' in head.data


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    sheet, blocks = _opened(files, name)
    raw, user, gravity = (sheet.axes("acc", pattern) for pattern in (_RAW, _USER, _GRAVITY))
    acc = raw or user
    if acc is None:
        raise DataError(f"{name}: no acceleration", found=", ".join(sheet.names[:12]))
    parts = {f"gravity_{c}": gravity[c] for c in ACC} if gravity and not raw else {}
    mag = sheet.axes("mag", _MAG) or {}
    rotation, turned = sheet.axes("gyro", _ROTATION), sheet.axes("gyro", _GYRO)
    gyro = (turned or rotation) if raw else (rotation or turned)
    times = {"acc": _clock(sheet, "accelerometer" if raw else "motion")}
    if gyro:
        times["gyro"] = _clock(sheet, "gyro" if gyro == turned else "motion")
    read = partial(_rows, blocks=blocks, sheet=sheet, start=_start(sheet, times["acc"]))
    if gyro and times["gyro"] == times["acc"]:
        tables = [partial(read, columns={**acc, **parts, **mag, **gyro}, clock=times["acc"])]
    else:
        tables = [partial(read, columns={**acc, **parts, **mag}, clock=times["acc"])]
        if gyro:
            tables.append(partial(read, columns=gyro, clock=times["gyro"]))
    zoned = bool(sheet.rows) and re.search(r"([+-]\d\d:?\d\d|Z)$", sheet.rows[0][0]) is not None
    capture = Capture(
        recording_name(item),
        tuple(tables),
        acc_unit=unit(sheet.unit(acc["acc_x"]) or "g") or _ask_unit(ask, sheet, acc["acc_x"]),
        gyro_unit=(unit(sheet.unit(gyro["gyro_x"]) or "rad/s") or "rad/s") if gyro else "",
        gravity=bool(raw or gravity),
        sign="-",
        mag_unit="uT" if mag else "",
        clock="utc" if zoned else "local",
        conversions=("acceleration = gravity + user acceleration",) if parts else (),
    )
    return plan(files, ask, capture)


def _opened(files: RawFiles, name: str) -> tuple[sheets.Sheet, Blocks]:
    """Return the columns of a file, and what reads its rows."""
    beginning = head(files, name)
    if _is_json(beginning):
        sheet = table_of_objects.sheet(files, name, first="loggingTime")
        return sheet, table_of_objects.blocks
    return sheets.sheet(beginning), sheets.blocks


def _ask_unit(ask: Asking, sheet: sheets.Sheet, column: int) -> str:
    """Ask for the unit of acceleration, where a name has one that is not known."""
    return ask("acc_unit", f"unknown unit: {sheet.names[column]}", ("m/s2", "g", "mg"))


def _clock(sheet: sheets.Sheet, sensor: str) -> int | None:
    return sheet.column(rf"{sensor}Timestamp_sinceReboot(\(s\))?")


def _start(sheet: sheets.Sheet, clock: int | None) -> float:
    """Return the time since 1970 at which the device was started, from the first row."""
    if clock is None or not sheet.rows:
        return 0.0
    row = sheet.rows[0]
    try:
        return stamp(_ZONE.sub("", row[0])) - float(row[clock].replace(",", "."))
    except ValueError:
        return float("nan")


def _rows(
    files: RawFiles,
    ledger: Ledger,
    *,
    blocks: Blocks,
    sheet: sheets.Sheet,
    columns: dict[str, int],
    clock: int | None,
    start: float,
) -> Iterator[pd.DataFrame]:
    """Yield the rows in which a sensor has a new value; the others are left out."""
    logged = clock is None
    time = {"logged": 0} if clock is None else {"time_s": clock}
    last = np.nan
    for block in blocks(
        files, ledger, sheet, {**time, **columns}, text=("logged",) if logged else ()
    ):
        for axis in ACC:
            if f"gravity_{axis}" in block:
                block[axis] += block.pop(f"gravity_{axis}")
        if logged:
            words = block.pop("logged")
            plain = words.cat.rename_categories(lambda text: _ZONE.sub("", text))
            block["time_s"] = stamps(plain)
        else:
            own = block["time_s"].to_numpy()
            same = own == np.append(last, own)[:-1]
            last = own[-1] if len(own) else last
            ledger.leave_out(block[same])
            block = block[~same].reset_index(drop=True)  # noqa: PLW2901
            block["time_s"] += start
        yield block


RECORDER = Recorder("sensorlog", "SensorLog", _recognises, single, _plan, ("acc_unit",))
