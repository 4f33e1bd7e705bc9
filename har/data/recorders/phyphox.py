"""phyphox: one file, or a folder with a file a sensor and ``meta/``.

Names stand in quotes with their units. phyphox turns Apple's sign itself, so that iPhones and
Android agree. ``Linear Acceleration`` is without gravity. In a folder each sensor has its own
times, all from the start that ``meta/time.csv`` tells.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Reader, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.groups import beside, folder, items, recording_name, stem
from har.data.recorders.parts.heads import Head, head
from har.data.sources.base import Item
from har.errors import DataError

_TIME = re.compile(r'"Time \(s\)"[,;\t]"')
# By the start of a column's name, or by the name of the file where columns are called X, Y, Z.
_SENSORS = (
    ("linear", re.compile(r"lin(ear)?[ ._]*acc|without ?g", re.I)),
    ("gyro", re.compile(r"gyro|rotation", re.I)),
    ("mag", re.compile(r"magn", re.I)),
    ("acc", re.compile(r"acc", re.I)),
)
_SENSOR = re.compile(r"(lin(ear)?[ ._]*)?acc\w*|gyro\w*|magneto\w*", re.I)
_UNITS = {"m/s^2": "acc", "m/s²": "acc", "rad/s": "gyro", "µT": "mag", "μT": "mag", "uT": "mag"}


def _recognises(head: Head) -> bool:
    return _TIME.match(head.first) is not None


def _items(files: RawFiles, names: Sequence[str]) -> list[Item]:
    """Return an item for each folder with ``meta/``, set of sensors' files, or other file."""
    groups: dict[str, list[str]] = {}
    for name in names:
        meta = [f"{folder(name)}/meta/{part}.csv".lstrip("/") for part in ("device", "time")]
        meta = [part for part in meta if part in files.names]
        plain = '"X (' in head(files, name, 400).first and _SENSOR.search(stem(name))
        joined = plain or _SENSOR.fullmatch(stem(name))
        path = folder(name) if meta else beside(name, _SENSOR) if joined else name
        groups.setdefault(path, []).extend([name, *meta])
    return items(files, groups)


def _sensor(text: str) -> str:
    return next((sensor for sensor, pattern in _SENSORS if pattern.search(text)), "")


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    meta = {stem(name): name for name in item.files if folder(name).endswith("meta")}
    data = [name for name in item.files if name not in meta.values()]
    found: dict[str, Reader] = {}
    starts = _starts(files, meta.get("time"))
    for name in data:
        for sensor, reader in _readers(files, name, starts, ask):
            found.setdefault(sensor, reader)
    acc = found.get("acc") or found.get("linear")
    if acc is None:
        raise DataError(f"{item.name}: no acceleration", found=", ".join(data))
    told = _device(files, meta.get("device"))
    capture = Capture(
        recording_name(item),
        (acc, *([found["gyro"]] if "gyro" in found else [])),
        gyro_unit="rad/s" if "gyro" in found else "",
        field=found.get("mag"),
        gravity="acc" in found,
        clock="utc" if starts is not None else "",
        device=" ".join(filter(None, [told.get("deviceBrand"), told.get("deviceModel")])),
        app=told.get("version", ""),
    )
    return plan(files, ask, capture)


def _readers(
    files: RawFiles, name: str, starts: tuple[Float64, Float64] | None, ask: Asking
) -> Iterator[tuple[str, Reader]]:
    """Yield what a file measures, and how it is read."""
    sheet = sheets.sheet(head(files, name))
    for sensor, pattern in (
        ("linear", r"linear acceleration {} \(.*"),
        ("acc", r"acceleration {} \(.*"),
        ("gyro", r"gyroscope {} \(.*"),
        ("mag", r"magnetic field {} \(.*"),
        ("", r"{} \(.*"),
    ):
        if (axes := sheet.axes("acc", pattern)) is None:
            continue
        what = _UNITS.get(sheet.unit(axes["acc_x"]), "")
        if not what or sensor.replace("linear", "acc") not in ("", what):
            continue
        measured = sensor or _plain(name, what, ask)
        columns = {axis.replace("acc", what): column for axis, column in axes.items()}
        yield measured, partial(_rows, sheet=sheet, columns=columns, starts=starts)


def _plain(name: str, what: str, ask: Asking) -> str:
    """Return what a file with columns X, Y, Z measures."""
    if what != "acc":
        return what
    sensor = _sensor(stem(name))
    if sensor in {"linear", "acc"}:
        return sensor
    question = f"{name}: its name does not tell whether acceleration holds gravity"
    return "linear" if ask("gravity", question, ("included", "none")) == "none" else "acc"


def _rows(
    files: RawFiles,
    ledger: Ledger,
    *,
    sheet: sheets.Sheet,
    columns: dict[str, int],
    starts: tuple[Float64, Float64] | None,
) -> Iterator[pd.DataFrame]:
    for block in sheets.blocks(files, ledger, sheet, {"time_s": 0, **columns}):
        if starts is not None:
            own, system = starts
            time = block["time_s"].to_numpy()
            part = np.maximum(np.searchsorted(own, time, side="right") - 1, 0)
            block["time_s"] = time - own[part] + system[part]
        yield block


def _starts(files: RawFiles, name: str | None) -> tuple[Float64, Float64] | None:
    """Return the experiment's time and the time since 1970 at each start."""
    rows = list(csv.reader(head(files, name).lines)) if name else []
    try:
        pairs = [(float(row[1]), float(row[2])) for row in rows if row and row[0] == "START"]
    except (ValueError, IndexError):
        return None
    own, system = np.array(sorted(pairs)).reshape(-1, 2).T
    return (own, system) if len(own) else None


def _device(files: RawFiles, name: str | None) -> dict[str, str]:
    rows = list(csv.reader(head(files, name).lines)) if name else []
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[1] != "null"}


RECORDER = Recorder("phyphox", "phyphox", _recognises, _items, _plan, ("gravity",))
