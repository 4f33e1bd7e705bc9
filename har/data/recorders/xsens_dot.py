"""Xsens and Movella DOT: some lines ``name:,value``, then a table with ``PacketCounter``.

``SampleTimeFine`` counts µs in 32 bits, and starts again after 71 minutes. ``Acc`` holds gravity;
``FreeAcc`` does not, and has the axes of the world, not of the sensor.
"""

import re
from collections.abc import Iterator

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
PACKETS, MICROSECONDS = 2.0**16, 2.0**32
_NAMES = re.compile(r"PacketCounter[,;\t]")


def _names_at(head: Head) -> int | None:
    lines = enumerate(head.lines[:LINES])
    return next((i for i, line in lines if _NAMES.match(line.lstrip())), None)


def _recognises(head: Head) -> bool:
    return _names_at(head) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    beginning = head(files, name)
    at = _names_at(beginning)
    sheet = sheets.sheet(beginning, names_at=at)
    lines = "\n".join(beginning.lines[:at])
    told: dict[str, str] = dict(re.findall(r"^(\w[\w ]*):[,;\t ]*([^,;\t\n]+)", lines, re.M))
    raw = sheet.axes("acc", "Acc_{}")
    if (acc := raw or sheet.axes("acc", "FreeAcc_{}")) is None:
        raise DataError(f"{name}: no acceleration", found=", ".join(sheet.names))
    gyro = sheet.axes("gyro", "Gyr_{}") or {}
    fine = sheet.column("SampleTimeFine")
    if fine is not None and not any(row[fine].strip() for row in sheet.rows):
        fine = None
    rate = float("nan")
    if fine is None:
        digits = re.match(r"[\d.]+", told.get("OutputRate", ""))
        rate = (
            float(digits[0]) if digits else ask.number("rate_hz", "no time but a count of packets")
        )
    period = PACKETS if fine is None else MICROSECONDS

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        counter = Unwrapped(period)
        columns = {**acc, **gyro, "count": 0 if fine is None else fine}
        for block in sheets.blocks(files, ledger, sheet, columns):
            count = counter(block.pop("count").to_numpy())
            yield block.assign(time_s=count / (rate if fine is None else 1e6))

    unit = "deg/s"
    if gyro and "DeviceTag" not in told:  # other exports of the maker's have rad/s
        unit = ask("gyro_unit", "no DeviceTag tells that it is a DOT's, in deg/s", GYRO_UNITS)
    capture = Capture(
        recording_name(item),
        (rows,),
        gyro_unit=unit if gyro else "",
        gravity=raw is not None,
        device=f"Xsens DOT {told.get('DeviceTag', '')}".strip(),
        app=told.get("AppVersion", told.get("FirmwareVersion", "")),
        facts={} if raw else {"axes": "of the world, not of the sensor: FreeAcc"},
    )
    return plan(files, ask, capture)


RECORDER = Recorder(
    "xsens-dot", "Xsens/Movella DOT", _recognises, single, _plan, ("gyro_unit", "rate_hz")
)
