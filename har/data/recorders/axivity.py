"""Axivity AX3 and AX6: CSV without names as OmGui exports it, and binary ``.cwa``.

A row of CSV is a time, then acceleration in g, then, of an AX6, angular velocity in deg/s.
The time is ``2014-05-07 16:29:30.000``, or seconds since 1970.
"""

import re
from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import binary, sheets
from har.data.recorders.parts.captures import ACC_UNITS, Capture, plan
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recording import ACC, CHANNELS
from har.data.sources.base import Item

_DATE = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?"
_NUMBER = r"\s*[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?"
_ROW = re.compile(rf"(?:{_DATE}|1\d{{9}}\.\d+)((?:,{_NUMBER}){{3}}|(?:,{_NUMBER}){{6}})\s*")
_FIRST = 3  # lines that must be rows: one might be a chance


def _recognises(head: Head) -> bool:
    if binary.is_cwa(head):
        return True
    lines = [line for line in head.lines if line.strip()][:_FIRST]
    return len(lines) == _FIRST and all(map(_ROW.fullmatch, lines))


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    beginning = head(files, name)
    if binary.is_cwa(beginning):
        return plan(files, ask, binary.axivity(item, beginning))
    width = beginning.first.count(",")
    sheet = sheets.table(beginning, ("time", *CHANNELS[:width]), header=0, separator=",")
    columns = {channel: i for i, channel in enumerate(sheet.names) if i}
    dates = re.match(_DATE, beginning.first) is not None
    raw = not any("." in cell for row in sheet.rows for cell in row[1:4])
    unit = ask.usual("acc_unit", "g", ACC_UNITS)
    if raw:
        unit = ask("acc_unit", "acceleration in whole numbers, which are no g", ACC_UNITS)

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        timed = {"time_s": 0, **columns}
        yield from sheets.blocks(files, ledger, sheet, timed, dates=("time_s",) if dates else ())

    return plan(
        files,
        ask,
        Capture(
            recording_name(item),
            (rows,),
            acc_unit=unit,
            gyro_unit="deg/s" if width > len(ACC) else "",
            clock="local" if dates else "utc",
            device="Axivity AX6" if width > len(ACC) else "Axivity",
        ),
    )


RECORDER = Recorder("axivity", "Axivity", _recognises, single, _plan, ("acc_unit",))
