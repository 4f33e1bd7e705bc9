"""UMAFall's layout: lines that begin with ``%``, then a long table, one row a sensor and time.

Sensor types are 0 acceleration in g, 1 angular velocity in deg/s, 2 magnetic field; a sensor is
worn at one place, which the lines before tell.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.harmonise import whole
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recording import ACC, GYRO
from har.data.sources.base import Item, Raw
from har.errors import DataError

_NAMES = re.compile(r"%?\s*TimeStamp\s*;.*Sensor Type\s*;\s*Sensor ID", re.I)
_PLACE = re.compile(
    r"^%\s*(\d{1,4})\s*;.*?\b((?:RIGHT|LEFT)? ?POCKET|CHEST|WAIST|WRIST|ANKLE|THIGH)\b", re.I | re.M
)
ACCELERATION, ANGULAR_VELOCITY = 0, 1


def _names_at(head: Head) -> int | None:
    return next((i for i, line in enumerate(head.lines) if _NAMES.match(line.strip())), None)


def _recognises(head: Head) -> bool:
    return head.first.startswith("%") and _names_at(head) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    beginning = head(files, name)
    at = _names_at(beginning)
    sheet = sheets.sheet(beginning, names_at=at, separator=";")
    columns = {"time_s": 0, **(sheet.axes("acc", "{}(-axis)?") or {})}
    kind, sensor = sheet.column("Sensor Type"), sheet.column("Sensor ID")
    if len(columns) != 4 or kind is None or sensor is None:
        raise DataError(f"{name}: no X, Y, Z", found=", ".join(sheet.names))
    columns |= {"kind": kind, "sensor": sensor}
    places = {int(i): place.lower() for i, place in _PLACE.findall("\n".join(beginning.lines[:at]))}

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        for block in sheets.blocks(files, ledger, sheet, columns):
            block["time_s"] /= 1000
            yield block

    capture = Capture(
        recording_name(item),
        (rows,),
        acc_unit="g",
        gyro_unit="deg/s",
        facts={"placement": ", ".join(places.values()), "recordings": "one for each sensor"},
    )
    long = plan(files, ask, replace(capture, facts=capture.facts | {"rate": ""}))
    return replace(long, recordings=partial(_sensors, long, places, ask))


def _sensors(
    plan: Plan, places: dict[int, str], ask: Asking, files: RawFiles, ledger: Ledger
) -> Iterator[Raw]:
    """Yield the recording of each sensor; other quantities are left out."""
    for raw in plan.recordings(files, ledger):
        rows = whole(raw.tables[0])
        rows = ledger.filter(
            rows, ~np.isfinite(rows[["kind", "sensor"]]).all(axis=1), "no sensor's number"
        )
        for number in rows["sensor"].unique():
            of_sensor = rows[rows["sensor"] == number]
            kinds = dict(iter(of_sensor.groupby("kind")))
            acc, gyro = kinds.pop(ACCELERATION, None), kinds.pop(ANGULAR_VELOCITY, None)
            for other in kinds.values():
                ledger.leave_out(other)
            if acc is None:
                if gyro is not None:
                    ledger.quarantine(gyro, "no acceleration of the same sensor")
                continue
            tables = [_plain(acc)]
            if gyro is not None:
                tables.append(_plain(gyro).rename(columns=dict(zip(ACC, GYRO, strict=True))))
            place = ask.stated.get("placement") or places.get(int(number), f"sensor {number:g}")
            yield replace(raw, name=f"{raw.name}-{number:g}", placement=place, tables=tuple(tables))


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=["kind", "sensor"]).reset_index(drop=True)


RECORDER = Recorder("umafall", "UMAFall's layout", _recognises, single, _plan)
