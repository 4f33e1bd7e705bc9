"""GENEActiv: CSV as its software exports it raw, and binary ``.bin``.

A hundred lines of ``name,value``, then rows without names: time with a colon before the
milliseconds, acceleration in g, light, button, temperature.
"""

import re
from collections.abc import Iterator
from functools import partial

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import binary, sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recorders.parts.rewritten import Rewritten
from har.data.recording import ACC
from har.data.sources.base import Item
from har.errors import DataError

COLUMNS = ("time_s", *ACC, "_light", "_button", "_temperature")
_COLON = re.compile(rb"(:\d\d):(\d{3},)")
_ROW = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3},")


def _recognises(head: Head) -> bool:
    return re.match(r"Device Type,\s*GENEA", head.first) is not None or binary.is_geneactiv(head)


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    beginning = head(files, item.files[0])
    if binary.is_geneactiv(beginning):
        return plan(files, ask, binary.geneactiv(item, beginning))
    first = _first_row(beginning)
    header = "\n".join(beginning.lines[:first])
    told = dict(re.findall(r"^([A-Z][\w ]+),([^,\n]+?),*$", header, re.M))
    sheet = sheets.table(beginning, COLUMNS, header=first, separator=",")
    capture = Capture(
        recording_name(item),
        (partial(_rows, sheet=sheet),),
        acc_unit="g",
        clock="local",
        subject=told.get("Subject Code", ""),
        placement=told.get("Device Location Code", ""),
        device=f"GENEActiv {told.get('Device Model', '')}".strip(),
        app=told.get("Device Firmware Version", ""),
        facts={"rate": told.get("Measurement Frequency", "")},
    )
    return plan(files, ask, capture)


def _first_row(beginning: Head) -> int:
    """Return the line of the first row, from 0; raise if it is not raw."""
    lines = beginning.lines
    first = next((i for i, line in enumerate(lines) if _ROW.match(line)), None)
    fields = [line.count(",") + 1 for line in lines[first : first + 20]] if first else []
    if first is None or len(COLUMNS) not in fields:
        raise DataError(
            f"{beginning.name}: no raw rows of a GENEActiv",
            expected="time, x, y, z, light, button, temperature",
            found=lines[first][:80] if first is not None else f"{len(lines)} lines of header",
            hint="export it again as raw CSV, not as a summary of epochs",
        )
    return first


def _rows(files: RawFiles, ledger: Ledger, *, sheet: sheets.Sheet) -> Iterator[pd.DataFrame]:
    # Twice as fast as dates in a form of their own.
    pointed = Rewritten(files, _COLON, rb"\1.\2")
    columns = {column: i for i, column in enumerate(COLUMNS[:4])}
    return sheets.blocks(pointed, ledger, sheet, columns, dates=("time_s",))


RECORDER = Recorder("geneactiv", "GENEActiv", _recognises, single, _plan)
