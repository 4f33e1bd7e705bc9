"""WEDA-FALL's layout: a file a sensor, ``accel_time_list,accel_x_list,…``, joined by name.

In s, m/s² and rad/s, from a watch with Android. Files of vertical acceleration are derived.
"""

import re
from functools import partial

from har.data.ingest.files import RawFiles
from har.data.recorders.base import Asking, Plan, Reader, Recorder, Stated
from har.data.recorders.parts import sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.groups import joined, recording_name
from har.data.recorders.parts.heads import Head, head
from har.data.sources.base import Item
from har.errors import DataError

_SIGNATURE = re.compile(r"(vertical_)?(accel|gyro|orientation)_(time|x|s)_list,", re.I)
_SENSOR = re.compile(r"_?(vertical_accel|accel|gyro|orientation)$", re.I)


def _recognises(head: Head) -> bool:
    return _SIGNATURE.match(head.first) is not None


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    found: dict[str, Reader] = {}
    for name in item.files:
        sheet = sheets.sheet(head(files, name))
        for what, prefix in (("acc", "accel"), ("gyro", "gyro")):
            time, axes = (
                sheet.column(f"{prefix}_time_list"),
                sheet.axes(what, f"{prefix}_{{}}_list"),
            )
            if time is not None and axes:
                found.setdefault(
                    what, partial(sheets.blocks, of=sheet, columns={"time_s": time, **axes})
                )
    if "acc" not in found:
        raise DataError(f"{item.name}: no acceleration", found=", ".join(item.files))
    capture = Capture(
        recording_name(item),
        tuple(found[what] for what in ("acc", "gyro") if what in found),
        gyro_unit="rad/s" if "gyro" in found else "",
    )
    return plan(files, Asking(item, stated), capture)


RECORDER = Recorder(
    "weda", "WEDA-FALL's layout", _recognises, partial(joined, sensor=_SENSOR), _plan
)
