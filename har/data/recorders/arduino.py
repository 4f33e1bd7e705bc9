"""Arduino's capture sketches: ``aX,aY,aZ,gX,gY,gZ`` without time, a blank line between captures.

In g and deg/s, as the boards' libraries give them, unless other units are stated; 119 Hz on the
Nano 33 BLE, 104 Hz on others.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from har.data.ingest.files import RawFiles, reading
from har.data.ingest.harmonise import whole
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import ACC_UNITS, GYRO_UNITS, Capture, plan
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.sources.base import Item, Raw

_NAMES = re.compile(r"aX,\s*aY,\s*aZ(,\s*gX,\s*gY,\s*gZ)?")


def _recognises(head: Head) -> bool:
    return _NAMES.fullmatch(head.first) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    sheet = sheets.sheet(head(files, name))
    columns = {**(sheet.axes("acc", "a{}") or {}), **(sheet.axes("gyro", "g{}") or {})}
    rate = ask.number("rate_hz", "no time: at how many rows a second was it recorded?")

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        for block in sheets.blocks(files, ledger, sheet, columns):
            yield block.assign(time_s=block["line"] / rate)

    capture = Capture(
        recording_name(item),
        (rows,),
        acc_unit=ask.usual("acc_unit", "g", ACC_UNITS),
        gyro_unit=ask.usual("gyro_unit", "deg/s", GYRO_UNITS) if len(columns) > 3 else "",
        facts={
            "rate": f"{rate:g} Hz" if math.isfinite(rate) else "",
            "recordings": "one for each stretch between blank lines",
        },
    )
    whole_file = plan(files, ask, capture)
    return replace(whole_file, recordings=partial(_captures, whole_file, name))


def _captures(plan: Plan, name: str, files: RawFiles, ledger: Ledger) -> Iterator[Raw]:
    """Yield the stretches between blank lines, each from time 0."""
    blank = _blank_lines(files, name)
    for raw in plan.recordings(files, ledger):
        rows = whole(raw.tables[0])
        stretch = np.searchsorted(blank, rows["line"])
        for number, (_, part) in enumerate(rows.groupby(stretch), start=1):
            start = part["time_s"].iloc[0]
            timed = part.assign(time_s=part["time_s"] - start).reset_index(drop=True)
            suffix = f"-{number}" if len(np.unique(stretch)) > 1 else ""
            yield replace(raw, name=f"{raw.name}{suffix}", tables=(timed,))


def _blank_lines(files: RawFiles, name: str) -> list[int]:
    with reading(name), files.open(name) as file:
        return [number for number, line in enumerate(file, start=1) if not line.strip()]


RECORDER = Recorder(
    *("arduino", "Arduino capture sketch", _recognises, single, _plan),
    entries=("rate_hz", "acc_unit", "gyro_unit"),
)
