"""MHEALTH: 10 subjects, sensors at chest, left ankle and right wrist, 12 activities, 50 Hz.

Layout: ``mHealth_subjectN.log``, one session per file, 24 columns, tab separated, no
timestamps. The chest unit has no gyroscope.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.recording import ACC, CHANNELS, GYRO
from har.data.sources.base import Archive, Item, Raw, Source

RATE_HZ = 50.0
PATTERN = r"mHealth_subject(\d+)\.log"
PLACEMENTS = {"chest": ACC, "ankle": CHANNELS, "wrist": CHANNELS}
LAYOUT = Layout(
    columns=(
        *(f"chest_{axis}" for axis in ACC),
        *("_ecg_1", "_ecg_2"),
        *(f"ankle_{axis}" for axis in CHANNELS),
        *(f"_ankle_magnetic_{i}" for i in range(3)),
        *(f"wrist_{axis}" for axis in CHANNELS),
        *(f"_wrist_magnetic_{i}" for i in range(3)),
        "label",
    ),
    text=("label",),
    separator="\t",
)
NOTE = (
    "angular velocity read as deg/s, as documented; a public analysis calls it unreliable, "
    "and held between samples"
)
BRISK_DPS = 20.0  # the ankle of somebody who walks turns several times as fast


def items(files: RawFiles) -> list[Item]:
    """Return one item per subject."""
    return [Item(f"subject{match[1]}", (name,)) for name, match in files.match(PATTERN).items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield a subject's three recordings, one per placement: m/s² with gravity, deg/s."""
    (name,) = item.files
    subject = files.match(PATTERN)[name][1]
    rows = read_table(files, name, LAYOUT, ledger)
    ledger.share(rows, len(PLACEMENTS))
    # By the line, so that a row which cannot be read leaves a gap.
    rows["time_s"] = (rows["line"] - 1) / RATE_HZ
    for placement, channels in PLACEMENTS.items():
        table = _at(rows, placement, channels)
        if channels == ACC:
            yield Raw(subject, "session", placement, (table,))
            continue
        _warn_of_slow(table, f"{item.name}-{placement}", ledger)
        yield Raw(subject, "session", placement, (table,), gyro_unit="deg/s", conversions=(NOTE,))


def _at(rows: pd.DataFrame, placement: str, channels: tuple[str, ...]) -> pd.DataFrame:
    own = {f"{placement}_{channel}": channel for channel in channels}
    common = ["time_s", "label", "file", "line", "repaired"]
    return rows[[*common, *own]].rename(columns=own)


def _warn_of_slow(table: pd.DataFrame, name: str, ledger: Ledger) -> None:
    """Tell where angular velocity is too small for its documented unit."""
    values = table[list(GYRO)].abs().max(axis=1)
    largest = float(values[np.isfinite(values)].quantile(0.99))
    if largest < BRISK_DPS:
        detail = f"99 % of samples within {largest:.3g}, too small for deg/s in motion"
        ledger.warn(name, "angular velocity", detail)


SOURCE = Source(
    name="mhealth",
    title="MHEALTH: mobile health",
    licence="CC BY 4.0",
    citation=(
        "O. Banos, R. Garcia, J. A. Holgado-Terriza, M. Damas, H. Pomares, I. Rojas, A. Saez, "
        "C. Villalonga: mHealthDroid: a novel framework for agile development of mobile health "
        "applications. Proc. IWAAL, 2014."
    ),
    homepage="https://archive.ics.uci.edu/dataset/319",
    placements=tuple(PLACEMENTS),
    rate_hz=RATE_HZ,
    units="m/s² with gravity, deg/s (documented), no timestamps",
    faults=(
        ("no timestamps", "counted from the line, at 50 Hz"),
        ("no gyroscope at the chest", "recordings of the chest have acceleration alone"),
        (
            "angular velocity is unreliable: off zero at rest, held, of doubtful scale",
            "converted as documented, noted in the conversions; a warning where it is too small",
        ),
        ('the magnetic field is in a unit of its own ("local")', "not read, for it is not in µT"),
        ("the null class 0 is most of the data", "unlabelled"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/static/public/319/mhealth+dataset.zip",
        sha256="16ad0ce709f3f00df18f348610d15bce0884b79e2143f57f446493673f02b8e0",
        seen=6,
    ),
    classes=(
        *("standing", "sitting", "lying", "walking", "stairs-up", "waist-bending"),
        *("arm-raising", "knee-bending", "cycling", "jogging", "running", "jumping"),
    ),
)
