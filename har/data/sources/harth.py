"""HARTH: 22 subjects in free living, accelerometers on the lower back and the thigh, 50 Hz.

Layout: ``harth/S006.csv`` and so on, one subject per file. The header line tells which
columns a file has; both sensors stand in each line, and there is no gyroscope.
"""

from collections.abc import Iterator

import pandas as pd

from har.data.ingest.files import RawFiles, reading
from har.data.ingest.ledger import ORIGIN, Ledger
from har.data.ingest.lines import MAX_LINE
from har.data.ingest.text import Layout, iter_tables
from har.data.sources.base import Archive, Item, Raw, Source
from har.errors import DataError

PLACEMENTS = {"back": "lower-back", "thigh": "right-thigh"}
COLUMNS = (
    "timestamp",
    *(f"{sensor}_{axis}" for sensor in PLACEMENTS for axis in "xyz"),
    "label",
)
EPOCH = pd.Timestamp(0, tz="UTC")
FAULTS = (
    ("some files have a further column with an index", "left out, by the header line"),
    ("fractions of a second have 3 to 9 digits", "each timestamp is read as it is written"),
    ("stretches are missing, and time steps vary by 1 ms", "resampled by time, not by index"),
)


def items(files: RawFiles) -> list[Item]:
    """Return one item per subject."""
    return one_file_each(files, r"S(\d{3})\.csv")


def one_file_each(files: RawFiles, pattern: str) -> list[Item]:
    """Return one item per subject, whose id is the first group of the pattern.

    Raises
    ------
    DataError
        If two files are of the same subject.
    """
    names: dict[str, str] = {}
    for name, match in files.match(pattern).items():
        other = names.setdefault(match[1], name)
        if other != name:
            raise DataError(
                f"subject {match[1]} is there twice",
                expected="one file per subject",
                found=f"{other} and {name}",
                hint="remove one of them",
            )
    return [Item(subject, (name,)) for subject, name in names.items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield the recordings of the lower back and of the thigh: g with gravity, 50 Hz."""
    (name,) = item.files
    blocks = [
        _timed(block, ledger) for block in iter_tables(files, name, _layout(files, name), ledger)
    ]
    table = pd.concat(blocks, ignore_index=True)
    table["label"] = table["label"].astype("category")
    ledger.share(table, len(PLACEMENTS))
    for sensor, placement in PLACEMENTS.items():
        axes = {f"{sensor}_{axis}": f"acc_{axis}" for axis in "xyz"}
        part = table[["time_s", *axes, "label", *ORIGIN]].rename(columns=axes)
        yield Raw(item.name, "01", placement, (part,), acc_unit="g", clock="local")


def _layout(files: RawFiles, name: str) -> Layout:
    """Return the columns that the header line names; those nobody needs are left out."""
    with reading(name), files.open(name) as file:
        header = file.readline(MAX_LINE).decode("utf-8-sig", errors="replace")
    found = [column.strip().strip('"') for column in header.split(",")]
    if sorted(column for column in found if column in COLUMNS) != sorted(COLUMNS):
        raise DataError(
            f"{name}: not the columns of this data set",
            expected=",".join(COLUMNS),
            found=header.strip()[:200],
        )
    columns = [c if c in COLUMNS else f"_{number}" for number, c in enumerate(found)]
    return Layout(tuple(columns), text=("timestamp", "label"), header=1)


def _timed(block: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Add seconds since 1970; quarantine rows whose timestamp is none."""
    times = pd.to_datetime(
        block["timestamp"].astype("str"), format="ISO8601", utc=True, errors="coerce"
    )
    block["time_s"] = (times - EPOCH) / pd.Timedelta(seconds=1)
    good = ledger.filter(block, times.isna().to_numpy(), "not a time")
    return good.drop(columns="timestamp")


SOURCE = Source(
    name="harth",
    title="HARTH: Human Activity Recognition Trondheim",
    licence="CC BY 4.0",
    citation=(
        "A. Logacjov, K. Bach, A. Kongsvold, H. B. Bårdstu, P. J. Mork: HARTH: A Human "
        "Activity Recognition Dataset for Machine Learning. Sensors 21(23), 2021."
    ),
    homepage="https://archive.ics.uci.edu/dataset/779/harth",
    placements=tuple(PLACEMENTS.values()),
    rate_hz=50.0,
    units="g with gravity; timestamps as text",
    faults=(
        *FAULTS,
        ("S006 steps by 10 ms instead of 20 ms", "its timestamps are trusted, with a warning"),
    ),
    items=items,
    read=read,
    archive=Archive("https://archive.ics.uci.edu/static/public/779/harth.zip"),
)
