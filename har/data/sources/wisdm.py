"""WISDM v1.1 (2010): 36 users with a phone in the trousers' front pocket, 6 activities.

Layout: ``WISDM_ar_v1.1_raw.txt``, all users in one file, one sample of the accelerometer
a record: ``user,activity,timestamp,x,y,z;``. The set names no recordings: one is what
stands together in the file of one user.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float64
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, iter_tables
from har.data.recording import ACC
from har.data.sources.base import Archive, Item, Raw, Source

FIELDS = ("user", "label", "time_s", *ACC)
LONGEST_BURST = 10  # samples of one timestamp; half a second, where a burst has two or three


def mend(line: str) -> list[str]:
    """Return the records of a malformed line: several of them, or one comma too many.

    Examples
    --------
    >>> mend("1,Walking,5,0.1,9.8,0.2;1,Walking,6,0.1,9.7,0.2,;")
    ['1,Walking,5,0.1,9.8,0.2;', '1,Walking,6,0.1,9.7,0.2;']
    """
    *ended, rest = (text.strip() for text in line.split(";"))
    records = [
        f"{text.removesuffix(',') if text.count(',') == len(FIELDS) else text};"
        for text in ended
        if text
    ]
    return [*records, rest] if rest else records


LAYOUT = Layout(columns=FIELDS, text=("label",), end=";", mend=mend)


def items(files: RawFiles) -> list[Item]:
    """Return the file."""
    return [Item("raw", (name,)) for name in files.match(r"WISDM_ar_v1\.1_raw\.txt")]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per stretch of one user: m/s² with gravity, at 20 Hz, no gyroscope."""
    numbers: Counter[str] = Counter()
    for stretch in _stretches(files, item.files[0], ledger):
        user = f"{stretch['user'].iloc[0]:.0f}"
        table = stretch.drop(columns="user")
        time = table["time_s"].to_numpy()
        table = ledger.filter(table, time == 0, "timestamp is 0")
        table = ledger.filter(table, _stands(table["time_s"].to_numpy()), "the clock stands still")
        if table.empty:
            continue
        numbers[user] += 1
        table["time_s"] /= 1e9
        table["label"] = table["label"].astype("object")
        yield Raw(user, f"{numbers[user]:02d}", "pocket", (table,))


def _stretches(files: RawFiles, name: str, ledger: Ledger) -> Iterator[pd.DataFrame]:
    """Yield the rows of one user that stand together; no more of the file is in memory."""
    rest: list[pd.DataFrame] = []
    for block in iter_tables(files, name, LAYOUT, ledger):
        rows = ledger.filter(block, block["user"].isna().to_numpy(), "user is missing")
        if rows.empty:
            continue
        if rest and rest[-1]["user"].iloc[-1] != rows["user"].iloc[0]:
            yield pd.concat(rest, ignore_index=True)
            rest = []
        changes = np.cumsum(rows["user"].diff().fillna(0) != 0)
        *whole, last = (part for _, part in rows.groupby(changes, sort=True))
        for part in whole:
            yield pd.concat([*rest, part], ignore_index=True)
            rest = []
        rest.append(last)
    if rest:
        yield pd.concat(rest, ignore_index=True)


def _stands(time: Float64) -> npt.NDArray[np.bool_]:
    """Tell which samples share their timestamp with more neighbours than a burst has."""
    if not len(time):
        return np.zeros(0, bool)
    group = np.cumsum(np.diff(time, prepend=np.nan) != 0)
    longer: npt.NDArray[np.bool_] = np.bincount(group)[group] > LONGEST_BURST
    return longer


SOURCE = Source(
    name="wisdm",
    title="WISDM activity prediction data set v1.1",
    licence=(
        "none stated; the provider asks to cite the paper and to keep readme.txt with every copy"
    ),
    citation=(
        "J. R. Kwapisz, G. M. Weiss, S. A. Moore: Activity Recognition using Cell Phone "
        "Accelerometers. SensorKDD, 2010."
    ),
    homepage="https://www.cis.fordham.edu/wisdm/dataset.php",
    placements=("pocket",),
    rate_hz=20.0,
    units="m/s² with gravity, nanoseconds since the phone was started",
    faults=(
        ("several records on a line, a comma too many", "repaired"),
        ("a record without its semicolon", "quarantined: it may be cut off"),
        ("empty values", "quarantined"),
        ("timestamp 0", "quarantined"),
        ("a timestamp repeated by many samples", "quarantined; of up to ten: averaged"),
        ("the clock starts again between sessions", "another recording"),
        ("no gyroscope", "left empty"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://www.cis.fordham.edu/wisdm/includes/datasets/latest/WISDM_ar_latest.tar.gz"
    ),
    classes=("walking", "jogging", "stairs-up", "stairs-down", "sitting", "standing"),
)
