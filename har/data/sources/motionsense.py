"""MotionSense: 24 subjects with an iPhone in the front pocket, six activities, 50 Hz.

Layout: ``A_DeviceMotion_data/<activity>_<trial>/sub_<subject>.csv``, one trial per file.
Apple splits the accelerometer's reading into gravity and user acceleration, and gives
both the opposite of the usual sign: a phone at rest reads 1 g downward.
"""

import re
from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.sources.base import Archive, Item, Raw, Source

RATE_HZ = 50.0
PATTERN = r"(dws|ups|wlk|jog|sit|std)_(\d+)/sub_(\d+)\.csv"
# The same data by single sensor, in folders and files of the same names.
OTHER_FORMS = re.compile(r"(^|/)[BC]_(Accelerometer|Gyroscope)_data")
AXES = ("x", "y", "z")
LAYOUT = Layout(
    columns=(
        "row",
        *("_roll", "_pitch", "_yaw"),
        *(f"gravity_{axis}" for axis in AXES),
        *(f"gyro_{axis}" for axis in AXES),
        *(f"user_{axis}" for axis in AXES),
    ),
    header=1,
)
CONVERSION = (
    "acceleration = -(gravity + userAcceleration): Core Motion's sign turned, so that at rest "
    "it points up, away from the ground, as in other data sets"
)


def items(files: RawFiles) -> list[Item]:
    """Return one item per subject."""
    groups: dict[str, list[str]] = {}
    for name, match in files.match(PATTERN).items():
        if not OTHER_FORMS.search(name):
            groups.setdefault(match[3], []).append(name)
    return [Item(f"sub_{subject}", tuple(group)) for subject, group in groups.items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per file: g with gravity, rad/s, at 50 Hz."""
    matches = files.match(PATTERN)
    for name in item.files:
        activity, trial, subject = matches[name].groups()
        table = _signals(read_table(files, name, LAYOUT, ledger))
        table["label"] = activity
        yield Raw(
            subject,
            f"{activity}_{trial}",
            "pocket",
            (table,),
            acc_unit="g",
            conversions=(CONVERSION,),
        )


def _signals(rows: pd.DataFrame) -> pd.DataFrame:
    parts = [f"{part}_{axis}" for part in ("gravity", "user") for axis in AXES]
    total = {f"acc_{a}": -(rows[f"gravity_{a}"] + rows[f"user_{a}"]) for a in AXES}
    # By the row index, so that a row which cannot be read leaves a gap.
    return rows.assign(**total, time_s=rows["row"] / RATE_HZ).drop(columns=["row", *parts])


SOURCE = Source(
    name="motionsense",
    title="MotionSense: smartphone motion in the pocket, six activities",
    licence="MIT",
    citation=(
        "M. Malekzadeh, R. G. Clegg, A. Cavallaro, H. Haddadi: Mobile Sensor Data "
        "Anonymization. Proc. IoTDI, 2019."
    ),
    homepage="https://github.com/mmalekzadeh/motion-sense",
    placements=("pocket",),
    rate_hz=RATE_HZ,
    units="g, gravity and user acceleration apart, in Apple's sign; rad/s; no timestamps",
    faults=(
        ("acceleration without gravity", "gravity added again, and Apple's sign turned"),
        ("no timestamps", "counted from the row index, at 50 Hz"),
        (
            "trials begin and end with the phone being put into and taken out of the pocket",
            "kept with the trial's label",
        ),
        ("folders B and C repeat the data by single sensor", "not read"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://github.com/mmalekzadeh/motion-sense/raw/master/data/A_DeviceMotion_data.zip"
    ),
    classes=("walking", "stairs-up", "stairs-down", "sitting", "standing", "jogging"),
)
