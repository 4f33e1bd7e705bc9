"""PAMAP2: 9 subjects, inertial units at wrist, chest and ankle, 18 activities, 100 Hz.

Layout: ``Protocol/subject10N.dat`` and, for five subjects, ``Optional/subject10N.dat``;
one session per file, 54 columns, with seconds since the session's start.
"""

from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.recording import ACC, GYRO, MAG
from har.data.sources.base import Archive, Item, Raw, Source

PATTERN = r"(Protocol|Optional)/subject(\d{3})\.dat"
PLACEMENTS = ("wrist", "chest", "ankle")  # in the order of the columns


def _unit(placement: str) -> tuple[str, ...]:
    """Return the 17 columns of an inertial unit; of two accelerometers the ±16 g one is used."""
    return (
        "_temperature_" + placement,
        *(f"{placement}_{axis}" for axis in ACC),
        *(f"_{placement}_6g_{i}" for i in range(3)),
        *(f"{placement}_{axis}" for axis in (*GYRO, *MAG)),
        *(f"_{placement}_orientation_{i}" for i in range(4)),
    )


LAYOUT = Layout(
    columns=("time_s", "label", "_heart_rate", *(c for p in PLACEMENTS for c in _unit(p))),
    text=("label",),
    separator=" ",
)


def items(files: RawFiles) -> list[Item]:
    """Return one item per session."""
    return [
        Item(f"{match[1].lower()}-{match[2]}", (name,))
        for name, match in files.match(PATTERN).items()
    ]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield a session's three recordings, one per placement: m/s² with gravity, rad/s, µT."""
    (name,) = item.files
    session, subject = files.match(PATTERN)[name].groups()
    rows = read_table(files, name, LAYOUT, ledger)
    ledger.share(rows, len(PLACEMENTS))
    for placement in PLACEMENTS:
        yield Raw(subject, session.lower(), placement, (_at(rows, placement),))


def _at(rows: pd.DataFrame, placement: str) -> pd.DataFrame:
    own = {f"{placement}_{channel}": channel for channel in (*ACC, *GYRO, *MAG)}
    common = ["time_s", "label", "file", "line", "repaired"]
    return rows[[*common, *own]].rename(columns=own)


SOURCE = Source(
    name="pamap2",
    title="PAMAP2 Physical Activity Monitoring",
    licence="CC BY 4.0",
    citation=(
        "A. Reiss, D. Stricker: Introducing a New Benchmarked Dataset for Activity Monitoring. "
        "Proc. ISWC, 2012."
    ),
    homepage="https://archive.ics.uci.edu/dataset/231",
    placements=PLACEMENTS,
    rate_hz=100.0,
    units="m/s² with gravity, rad/s, µT, seconds since the session's start",
    faults=(
        ("radio losses: NaN for one unit or all", "those rows quarantined, for that placement"),
        ("the ±6 g accelerometer saturates when running", "not read; the ±16 g one is"),
        ("orientation is invalid by the data set's own account", "not read"),
        ("activity 0 is transient: between activities, or waiting", "unlabelled"),
        ("subject 109's protocol session has one activity", "read as it is"),
        ("optional sessions exist of subjects 101, 105, 106, 108, 109", "read as well"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/static/public/231/pamap2+physical+activity+monitoring.zip",
        sha256="76b3580bd5a804121f507717cb498c66a312ef5c774f4a78ac470e6558add352",
        seen=3,
    ),
    # The twelve of the protocol; too few subjects did the optional ones.
    classes=(
        *("lying", "sitting", "standing", "walking", "running", "cycling", "nordic-walking"),
        *("stairs-up", "stairs-down", "vacuuming", "ironing", "rope-jumping"),
    ),
    # As in N. Hammerla, S. Halloran, T. Plötz: Deep, Convolutional, and Recurrent Models for
    # Human Activity Recognition using Wearables. Proc. IJCAI, 2016.
)
