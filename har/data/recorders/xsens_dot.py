"""Xsens and Movella DOT: some lines ``name:,value``, then a table with ``PacketCounter``.

``SampleTimeFine`` counts µs in 32 bits, and starts again after 71 minutes. ``Acc`` holds gravity;
``FreeAcc`` does not, and has the axes of the world, not of the sensor.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import GYRO_UNITS, Capture, plan
from har.data.recorders.parts.clocks import Unwrapped
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.sources.base import Item
from har.errors import DataError

LINES = 30  # in which the names must be
_NAMES = re.compile(r"PacketCounter[,;\t]")


def _names_at(head: Head) -> int | None:
    lines = enumerate(head.lines[:LINES])
    return next((i for i, line in lines if _NAMES.match(line.lstrip())), None)


def _recognises(head: Head) -> bool:
    return _names_at(head) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    beginning = head(files, item.files[0])
    at = _names_at(beginning)
    sheet = sheets.sheet(beginning, names_at=at)
    lines = "\n".join(beginning.lines[:at])
    told: dict[str, str] = dict(re.findall(r"^(\w[\w ]*):[,;\t ]*([^,;\t\n]+)", lines, re.M))
    raw = sheet.axes("acc", "Acc_{}")
    if (acc := raw or sheet.axes("acc", "FreeAcc_{}")) is None:
        raise DataError(f"{sheet.file}: no acceleration", found=", ".join(sheet.names))
    gyro = sheet.axes("gyro", "Gyr_{}") or {}
    unit = "deg/s" if gyro else ""
    if gyro and "DeviceTag" not in told:  # other exports of the maker's have rad/s
        unit = ask("gyro_unit", "no DeviceTag tells that it is a DOT's, in deg/s", GYRO_UNITS)
    clock = _clock(sheet, told, ask)
    capture = Capture(
        recording_name(item),
        (partial(_rows, sheet=sheet, columns={**acc, **gyro}, clock=clock),),
        gyro_unit=unit,
        gravity=raw is not None,
        device=f"Xsens DOT {told.get('DeviceTag', '')}".strip(),
        app=told.get("AppVersion", told.get("FirmwareVersion", "")),
        facts={} if raw else {"axes": "of the world, not of the sensor: FreeAcc"},
    )
    return plan(files, ask, capture)


class _Clock(NamedTuple):
    """Which column counts, how many a second, and where it starts again."""

    column: int
    rate_hz: float
    period: float


def _clock(sheet: sheets.Sheet, told: dict[str, str], ask: Asking) -> _Clock:
    fine = sheet.column("SampleTimeFine")
    if fine is not None and any(row[fine].strip() for row in sheet.rows):
        return _Clock(fine, 1e6, 2.0**32)
    digits = re.match(r"[\d.]+", told.get("OutputRate", ""))
    rate = float(digits[0]) if digits else ask.number("rate_hz", "no time, but a count of packets")
    return _Clock(0, rate, 2.0**16)


def _rows(
    files: RawFiles, ledger: Ledger, *, sheet: sheets.Sheet, columns: dict[str, int], clock: _Clock
) -> Iterator[pd.DataFrame]:
    count = Unwrapped(clock.period)
    for block in sheets.blocks(files, ledger, sheet, {**columns, "count": clock.column}):
        yield block.assign(time_s=count(block.pop("count").to_numpy()) / clock.rate_hz)


RECORDER = Recorder(
    "xsens-dot", "Xsens/Movella DOT", _recognises, single, _plan, ("gyro_unit", "rate_hz")
)
