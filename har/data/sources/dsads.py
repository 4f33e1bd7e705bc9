"""DSADS: 8 subjects, 19 daily and sports activities, five sensor units, 25 Hz.

Layout: ``data/a01/p1/s01.txt``: activity, subject, and one of sixty segments of 5 s that
follow each other without a pause. A line holds acceleration, angular velocity and
magnetic field of all five units.
"""

from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import ORIGIN, Ledger
from har.data.ingest.text import Layout, read_table
from har.data.recording import ACC, GYRO
from har.data.sources.base import Archive, Item, Raw, Source
from har.errors import DataError

PLACEMENTS = ("torso", "right-arm", "left-arm", "right-leg", "left-leg")
PATTERN = r"(a\d\d)/p(\d+)/s(\d\d)\.txt"
RATE_HZ = 25.0
ROWS = 125  # of a segment
LAYOUT = Layout(
    columns=tuple(
        name
        for unit in PLACEMENTS
        for name in (
            *(f"{unit}.{axis}" for axis in (*ACC, *GYRO)),
            *(f"_{unit}.mag_{axis}" for axis in "xyz"),
        )
    )
)


def items(files: RawFiles) -> list[Item]:
    """Return one item per activity and subject.

    Raises
    ------
    DataError
        If a segment is there twice.
    """
    groups: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for name, match in files.match(PATTERN).items():
        activity, subject, segment = match.groups()
        other = seen.setdefault(f"{activity}/p{subject}/s{segment}", name)
        if other != name:
            raise DataError(
                f"{activity}/p{subject}/s{segment}.txt is there twice",
                expected="one file per segment",
                found=f"{other} and {name}",
                hint="remove one of them",
            )
        groups.setdefault(f"{activity}-p{subject}", []).append(name)
    return [Item(name, tuple(group)) for name, group in groups.items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per unit, of all segments: m/s² with gravity, rad/s, 25 Hz."""
    activity, subject = item.name.split("-p")
    matches = files.match(PATTERN)
    segments = [_segment(files, name, int(matches[name][3]), ledger) for name in item.files]
    table = pd.concat(segments, ignore_index=True)
    table["file"] = table["file"].astype("category")
    table["label"] = pd.Categorical([activity] * len(table))
    ledger.share(table, len(PLACEMENTS))
    for unit in PLACEMENTS:
        axes = {f"{unit}.{axis}": axis for axis in (*ACC, *GYRO)}
        part = table[["time_s", *axes, "label", *ORIGIN]].rename(columns=axes)
        yield Raw(subject, activity, unit, (part,))


def _segment(files: RawFiles, name: str, number: int, ledger: Ledger) -> pd.DataFrame:
    """Return a segment's rows; their time follows from the file's number and the line."""
    rows = read_table(files, name, LAYOUT, ledger)
    surplus = (rows["line"] > ROWS).to_numpy()
    rows = ledger.filter(rows, surplus, f"more than {ROWS} rows in a segment")
    rows["time_s"] = ((number - 1) * ROWS + rows["line"] - 1) / RATE_HZ
    return rows


SOURCE = Source(
    name="dsads",
    title="DSADS: Daily and Sports Activities",
    licence="CC BY 4.0",
    citation=(
        "K. Altun, B. Barshan, O. Tunçel: Comparative study on classifying human activities "
        "with miniature inertial and magnetic sensors. Pattern Recognition 43(10), 2010."
    ),
    homepage="https://archive.ics.uci.edu/dataset/256/daily+and+sports+activities",
    placements=PLACEMENTS,
    rate_hz=RATE_HZ,
    units="m/s² with gravity, rad/s; no time",
    faults=(
        ("the magnetic field has no unit that is told", "not read"),
        ("a recording of 5 min is cut into 60 files", "joined; a missing file leaves a gap"),
        ("no timestamps", "counted from the file's number and the line, at 25 Hz"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/static/public/256/daily+and+sports+activities.zip",
        "f42ad7744ecf14151c9fa3a86dfb5b24de9d7cb7ffe956ef5de242983459c77e",
        10,
    ),
)
