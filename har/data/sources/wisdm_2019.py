"""WISDM 2019: 51 subjects with a phone in the pocket and a watch, 18 activities.

Layout: ``raw/{phone,watch}/{accel,gyro}/data_16NN_{accel,gyro}_{phone,watch}.txt``, one
sample per line: ``subject,code,timestamp,x,y,z;``. Three minutes of each activity, A to S
without N, are one recording.
"""

from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.recording import ACC, GYRO
from har.data.sources.base import Archive, Item, Raw, Source
from har.errors import DataError

PLACEMENTS = {"phone": "pocket", "watch": "wrist"}
AXES = {"accel": ACC, "gyro": GYRO}
PATTERN = r"(phone|watch)/(accel|gyro)/data_(\d{4})_(accel|gyro)_(phone|watch)\.txt"


def items(files: RawFiles) -> list[Item]:
    """Return one item per subject and device: its accelerometer and its gyroscope."""
    groups: dict[str, dict[str, str]] = {}
    for name, match in files.match(PATTERN).items():
        device, sensor, subject = match[1], match[2], match[3]
        if (device, sensor) != (match[5], match[4]):
            raise DataError(f"{name}: a file of {match[4]}, {match[5]} in another's folder")
        group = groups.setdefault(f"{subject}-{device}", {})
        if sensor in group:
            raise DataError(f"{name}: a second file of its kind", found=group[sensor])
        group[sensor] = name
    return [
        Item(name, tuple(group[sensor] for sensor in AXES if sensor in group))
        for name, group in sorted(groups.items())
    ]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per activity code: m/s² with gravity, rad/s, at some 20 Hz.

    Angular velocity of an activity without acceleration is quarantined.
    """
    subject, device = item.name.split("-")
    matches = files.match(PATTERN)
    parts: dict[str, dict[str, pd.DataFrame]] = {sensor: {} for sensor in AXES}
    for name in item.files:
        sensor = matches[name][2]
        rows = _rows(files, name, sensor, ledger)
        if (rows["subject"] != int(subject)).any():
            found = rows["subject"][rows["subject"] != int(subject)].iloc[0]
            raise DataError(f"{name}: holds another subject's rows", found=f"{found:g}")
        rows = rows.drop(columns="subject")
        parts[sensor] = {str(code): part for code, part in rows.groupby("label", sort=True)}
    for code, acc in parts["accel"].items():
        gyro = parts["gyro"].pop(code, None)
        rotation = () if gyro is None else (gyro.drop(columns="label"),)
        tables = tuple(table.reset_index(drop=True) for table in (acc, *rotation))
        yield Raw(subject, code, PLACEMENTS[device], tables)
    for gyro in parts["gyro"].values():
        ledger.quarantine(gyro, "no acceleration of this activity")


def _rows(files: RawFiles, name: str, sensor: str, ledger: Ledger) -> pd.DataFrame:
    """Return the rows of a file that have a subject and the code of an activity."""
    columns = ("subject", "label", "time_s", *AXES[sensor])
    rows = read_table(files, name, Layout(columns=columns, text=("label",), end=";"), ledger)
    rows["time_s"] /= 1e9
    rows["label"] = rows["label"].astype("object").fillna("").str.strip()
    coded = rows["label"].str.fullmatch("[A-Z]") & rows["subject"].notna()
    return ledger.filter(rows, ~coded.to_numpy(bool), "no subject or no activity code")


SOURCE = Source(
    name="wisdm-2019",
    title="WISDM Smartphone and Smartwatch Activity and Biometrics Dataset",
    licence="CC BY 4.0",
    citation=(
        "G. M. Weiss, K. Yoneda, T. Hayajneh: Smartphone and Smartwatch-Based Biometrics Using "
        "Activities of Daily Living. IEEE Access 7, 2019."
    ),
    homepage="https://archive.ics.uci.edu/dataset/507",
    placements=tuple(PLACEMENTS.values()),
    rate_hz=20.0,
    units="m/s² with gravity, rad/s, nanoseconds of each device's own clock",
    faults=(
        (
            "phones step by 20, 40 or 50 ms in spite of the declared 20 Hz",
            "the rate of the timestamps is taken, with a warning",
        ),
        ("the clocks of phone and watch are unrelated", "two recordings, not one"),
        ("subject 1629 repeats every block", "copies of rows are quarantined"),
        ("some activities lack a sensor", "no gyroscope; without acceleration: quarantined"),
        ("up and down stairs are one code", "labelled as stairs"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/static/public/507/"
        "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
        sha256="6e0147f181d8f5275918db65eeb9dc842a0185d37cb6b2f30cbf74ee6e205469",
        seen=2,
    ),
    classes=(
        *("walking", "jogging", "stairs", "sitting", "standing", "typing", "brushing-teeth"),
        *("eating", "drinking", "soccer", "catching", "basketball", "writing", "clapping"),
        "folding-laundry",
    ),
)
