"""MbientLab MetaBase: a file a sensor, with the same names but for the units.

Files of one recording begin with the same name. Those of sensor fusion, ``Linear Acceleration``
and ``Gravity``, are in g as the accelerometer's. The magnetometer's are in tesla.
"""

import re
from collections.abc import Iterator
from functools import partial

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Reader, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.groups import joined, recording_name, stem
from har.data.recorders.parts.heads import Head, head
from har.data.recorders.parts.values import field_factor, unit
from har.data.recording import MAG
from har.data.sources.base import Item
from har.errors import DataError

_SIGNATURE = re.compile(r'"?epoch? \(ms\)"?,.*elapsed \(s\)"?,')
_SENSOR = re.compile(
    r"_(Linear ?Acceleration|Accelerometer|Gyroscope|Gravity|Magnetometer|Euler ?Angles?|"
    r"Quaternion)"
    r"(_[\d.]+Hz)?(_[\d.]+)?$"
)


def _recognises(head: Head) -> bool:
    return _SIGNATURE.match(head.first) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    found: dict[str, Reader] = {}
    for name in item.files:
        sheet = sheets.sheet(head(files, name))
        if (axes := sheet.axes("acc", r"{}-axis \(.*\)")) is None:
            continue
        sensor = _sensor(name, sheet.unit(axes["acc_x"]))
        found.setdefault(sensor, partial(_rows, sheet=sheet, sensor=sensor, axes=axes))
    acc = found.get("acc") or found.get("linear")
    if acc is None:
        raise DataError(
            f"{item.name}: no acceleration",
            expected="x-axis (g), y-axis (g), z-axis (g), or a file beside that has them",
            found=", ".join(item.files),
        )
    capture = Capture(
        recording_name(item),
        (acc, *([found["gyro"]] if "gyro" in found else [])),
        acc_unit="g",
        gyro_unit="deg/s" if "gyro" in found else "",
        field=found.get("mag"),
        gravity="acc" in found,
        clock="utc",
        device="MbientLab",
        facts={"files": ", ".join(item.files)},
    )
    return plan(files, ask, capture)


def _sensor(name: str, text: str) -> str:
    """Return what a file measures, by its unit, and by its name where two have the same."""
    match = _SENSOR.search(stem(name))
    named = match[1].lower() if match else ""
    if unit(text) == "g":
        return next((word for word in ("linear", "gravity") if named.startswith(word)), "acc")
    if field_factor(text):
        return "mag"
    return "gyro" if unit(text) == "deg/s" else ""


def _rows(
    files: RawFiles,
    ledger: Ledger,
    *,
    sheet: sheets.Sheet,
    sensor: str,
    axes: dict[str, int],
) -> Iterator[pd.DataFrame]:
    factor = field_factor(sheet.unit(axes["acc_x"])) or 1.0
    if sensor in ("gyro", "mag"):
        axes = {axis.replace("acc", sensor): column for axis, column in axes.items()}
    for block in sheets.blocks(files, ledger, sheet, {"time_s": 0, **axes}):
        block["time_s"] /= 1000
        if sensor == "mag":
            block[list(MAG)] *= factor
        yield block


RECORDER = Recorder(
    "mbientlab", "MbientLab MetaBase", _recognises, partial(joined, sensor=_SENSOR), _plan
)
