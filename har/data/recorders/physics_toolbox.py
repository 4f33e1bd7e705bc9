"""Physics Toolbox: one table, ``gFx`` in g with gravity, ``ax`` in m/s² without, ``wx`` in rad/s.

The files do not tell the phone, and with it the sign of ``gF``.
"""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.clocks import Unwrapped
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.sources.base import Item

# Three columns ax, ay, az alone may be anybody's: aT is the app's.
_SIGNATURE = re.compile(r"time([,;\t])(.*\1)?(gFx\1gFy\1gFz(\1.*)?|ax\1ay\1az\1(.*\1)?aT\b.*)")
_OF_DAY = re.compile(r"\d+:\d+:\d+[:.,]\d+")
DAY_S = 86400.0


def _recognises(head: Head) -> bool:
    return _SIGNATURE.fullmatch(head.first.replace('"', "")) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    (name,) = item.files
    sheet = sheets.sheet(head(files, name))
    with_gravity = sheet.axes("acc", "gF{}")
    acc = with_gravity or sheet.axes("acc", "a{}")
    assert acc is not None
    gyro = sheet.axes("gyro", "w{}") or {}
    of_day = bool(sheet.rows) and _OF_DAY.fullmatch(sheet.rows[0][0].strip()) is not None

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        columns = {"time": 0, **acc, **gyro}
        unwrap = Unwrapped(DAY_S)
        for block in sheets.blocks(files, ledger, sheet, columns, text=("time",) if of_day else ()):
            time = block.pop("time")
            yield block.assign(time_s=unwrap(_seconds(time)) if of_day else time)

    capture = Capture(
        recording_name(item),
        (rows,),
        acc_unit="g" if with_gravity else "m/s2",
        gyro_unit="rad/s" if gyro else "",
        gravity=with_gravity is not None,
        sign=ask(
            "acc_sign",
            "the file does not tell whether it is from Android (+) or an iPhone (-), whose "
            "acceleration has the opposite sign",
            ("+", "-"),
        ),
        facts={"clock": "time of the day"} if of_day else {},
    )
    return plan(files, ask, capture)


def _seconds(texts: "pd.Series[str]") -> Float64:
    """Return the seconds of the day of ``10:35:02:123``; NaN for what is none."""
    parts = texts.astype("str").str.extract(r"^\s*(\d+):(\d+):(\d+)[:.,](\d+)\s*$")
    hour, minute, second = (parts[i].astype("float64").to_numpy() for i in range(3))
    fraction = ("0." + parts[3]).astype("float64").to_numpy()
    return np.asarray(hour * 3600 + minute * 60 + second + fraction)


RECORDER = Recorder("physics-toolbox", "Physics Toolbox", _recognises, single, _plan, ("acc_sign",))
