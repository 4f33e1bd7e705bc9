"""Edge Impulse: CSV, and its acquisition format in JSON or CBOR.

CSV has ms and no unit. The acquisition format has a step in ms and units; its label is the part
of the file's name before the first dot. Phones record in a browser, whose acceleration has the
sign of the platform, which the files do not tell.
"""

import json
import re
import reprlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from har.data.ingest.budget import whole
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import ACC_UNITS, GYRO_UNITS, Capture, plan
from har.data.recorders.parts.groups import recording_name, single, stem
from har.data.recorders.parts.heads import Head, head
from har.data.recorders.parts.values import unit
from har.data.sources.base import Item
from har.errors import DataError

_CSV = re.compile(r"timestamp,acc_?x,acc_?y,acc_?z(,gyr_?x,gyr_?y,gyr_?z)?(,mag.*)?", re.I)
_LABEL = re.compile(r"([^.]+)\.[0-9a-z]{6,}(\..+)?")
_NAMES = {"acc": r"acc(el(eration)?)?[ _.]?{}", "gyro": r"gyr(o(scope)?)?[ _.]?{}"}
_BROWSER = "MOBILE_CLIENT"
ROWS = 100_000  # in a block
_JSON = json.JSONEncoder(default=reprlib.repr)
LARGEST = 2**63  # of whole numbers, which a float can hold


def _recognises(head: Head) -> bool:
    if _is_cbor(head.data):
        return True
    if head.data.lstrip()[:1] == b"{":
        return b'"protected"' in head.data and b'"payload"' in head.data
    return _CSV.fullmatch(head.first) is not None


def _is_cbor(data: bytes) -> bool:
    """Tell whether a file begins as a CBOR map whose first key is ``protected``."""
    return data[:1] >= b"\xa0" and b"iprotected" in data[:16]


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    beginning = head(files, item.files[0])
    if _CSV.fullmatch(beginning.first):
        return plan(files, ask, _table(item, beginning, ask))
    return plan(files, ask, _acquisition(files, item, ask))


def _label(name: str) -> str:
    match = _LABEL.fullmatch(stem(name))
    return match[1] if match else ""


def _table(item: Item, beginning: Head, ask: Asking) -> Capture:
    sheet = sheets.sheet(beginning)
    acc = sheet.axes("acc", "acc_?{}") or {}
    gyro = sheet.axes("gyro", "gyr_?{}") or {}

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        for block in sheets.blocks(files, ledger, sheet, {"time_s": 0, **acc, **gyro}):
            block["time_s"] /= 1000
            yield block

    question = "no unit stands in the file, and slow turns in deg/s look like rad/s"
    return Capture(
        recording_name(item),
        (rows,),
        acc_unit=ask.usual("acc_unit", "m/s2", ACC_UNITS),
        gyro_unit=ask("gyro_unit", question, GYRO_UNITS) if gyro else "",
        label=_label(item.files[0]),
    )


def _acquisition(files: RawFiles, item: Item, ask: Asking) -> Capture:
    (name,) = item.files
    payload = _payload(files, name)
    sensors = [(_word(s, "name"), _word(s, "units")) for s in payload["sensors"]]
    sheet = sheets.Sheet(name, tuple(s[0] for s in sensors), ",", ".", 0, ())
    acc, gyro = (sheet.axes(what, pattern) for what, pattern in _NAMES.items())
    if acc is None:
        raise DataError(
            f"{name}: no acceleration",
            expected="sensors accX, accY, accZ",
            found=", ".join(sheet.names),
        )
    step = payload["interval_ms"] / 1000
    browser = payload.get("device_type") == _BROWSER
    question = "a browser recorded it: on Android (+), or on an iPhone (-), whose sign is opposite?"

    def rows(_: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        values, columns = payload["values"], {**acc, **(gyro or {})}
        for first in range(0, len(values), ROWS):
            block = _rows(values[first : first + ROWS], columns, len(sensors), name, ledger, first)
            if not len(block) and first + ROWS <= len(values):
                raise DataError(
                    f"{name}: not as Edge Impulse writes it",
                    expected=f"rows of {len(sensors)} numbers",
                    found=f"none in {ROWS:,} rows",
                )
            yield block.assign(time_s=(block["line"] - 1) * step)

    return Capture(
        recording_name(item),
        (rows,),
        acc_unit=_unit(sensors[acc["acc_x"]], "acc_unit", ACC_UNITS, ask),
        gyro_unit=_unit(sensors[gyro["gyro_x"]], "gyro_unit", GYRO_UNITS, ask) if gyro else "",
        sign=ask("acc_sign", question, ("+", "-")) if browser else "+",
        label=_label(name),
        device=_word(payload, "device_type"),
    )


def _payload(files: RawFiles, name: str) -> dict[str, Any]:
    """Return what was recorded: ``interval_ms``, ``sensors`` and ``values``."""
    data = whole(files, name)
    try:
        payload = (_cbor(data) if _is_cbor(data) else json.loads(data))["payload"]
        float(payload["interval_ms"]), payload["sensors"][0].keys(), payload["values"][0]
        if not isinstance(payload["values"], list):
            raise TypeError("values are no list")
    except (
        *(ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError),
    ) as error:
        raise DataError(
            f"{name}: not as Edge Impulse writes it",
            expected="a payload with interval_ms, sensors and values",
            found=f"{type(error).__name__}: {error}"[:200],
            hint="export or copy it again",
        ) from None
    if not payload["interval_ms"] > 0:
        raise DataError(f"{name}: interval_ms = {payload['interval_ms']}", expected="more than 0")
    return dict(payload)


def _cbor(data: bytes) -> Any:
    import cbor2

    try:
        return cbor2.loads(data)
    except (cbor2.CBORDecodeError, EOFError, OverflowError, MemoryError) as error:
        raise ValueError(str(error)) from None


def _word(fields: Any, key: str) -> str:
    """Return a text among the fields of an object; nothing where there is none.

    Nothing else is turned into text: in CBOR one object may hold another many times over.
    """
    value = fields.get(key) if isinstance(fields, dict) else None
    return value if isinstance(value, str) else ""


def _rows(
    values: list[Any], columns: dict[str, int], width: int, name: str, ledger: Ledger, first: int
) -> pd.DataFrame:
    """Return the values of sensors from a row on; what is no row of numbers is set aside."""
    ledger.read(len(values))
    sound = [
        isinstance(row, list) and len(row) == width and all(map(_number, row)) for row in values
    ]
    lines = [i for i, good in enumerate(sound) if not good]
    bad = [_shown(values[i]) for i in lines]
    ledger.set_aside(name, [first + i + 1 for i in lines], bad, f"not {width} numbers")
    good = np.array([row for row, fine in zip(values, sound, strict=True) if fine], "float64")
    good = good.reshape(-1, width)
    rows = pd.DataFrame({channel: good[:, column] for channel, column in columns.items()})
    rows["line"] = np.flatnonzero(sound) + first + 1
    rows["repaired"] = False
    rows["file"] = pd.Categorical.from_codes(np.zeros(len(rows), np.int8), pd.Index([name]))
    return rows


def _number(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < LARGEST
    return isinstance(value, float)


def _shown(row: Any) -> str:
    """Return what stands in the place of a row, at most a few of its values."""
    flat = isinstance(row, list) and not any(isinstance(cell, list | dict) for cell in row[:99])
    return _JSON.encode(row[:99])[:1000] if flat else reprlib.repr(row)


def _unit(sensor: tuple[str, str], entry: str, choices: tuple[str, ...], ask: Asking) -> str:
    name, told = sensor
    known = unit(told)
    if known in choices:
        return known
    return ask(entry, f"{name} has the unit {told!r}, which is not known", choices)


RECORDER = Recorder(
    *("edge-impulse", "Edge Impulse", _recognises, single, _plan),
    entries=("acc_unit", "gyro_unit", "acc_sign"),
)
