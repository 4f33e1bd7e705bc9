"""HHAR: 9 subjects, 8 phones at the waist and 4 watches at once, 6 activities, 50 to 200 Hz.

Layout: ``{Phones,Watch}_{accelerometer,gyroscope}.csv``, each with the samples of all
subjects and devices. The files are larger than memory: they are split by subject and
device into temporary files first.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.partition import partition
from har.data.ingest.text import Layout, iter_tables
from har.data.recording import ACC, GYRO
from har.data.sources.base import Archive, Item, Raw, Source
from har.errors import DataError

PATTERN = r"(Phones|Watch)_(accelerometer|gyroscope)\.csv"
PLACEMENTS = {"Phones": "waist", "Watch": "wrist"}
SENSORS = {"accelerometer": ACC, "gyroscope": GYRO}
CLOCK_S = 60.0  # samples arrive within seconds; a step in their delay is another clock
LAYOUT = Layout(
    columns=(
        *("_index", "arrival_ms", "creation_ns", "x", "y", "z"),
        *("user", "_model", "device", "label"),
    ),
    text=("user", "_model", "device", "label"),
    header=1,
)


def items(files: RawFiles) -> list[Item]:
    """Return the phones and the watches, each accelerometer and gyroscope."""
    groups: dict[str, list[str]] = {}
    for name, match in files.match(PATTERN).items():
        groups.setdefault(match[1], []).append(name)
    for kind, group in groups.items():
        if len(group) != len(SENSORS) or len({Path(name).name for name in group}) != len(group):
            raise DataError(
                f"{kind}: not one accelerometer and one gyroscope file",
                found=", ".join(group),
                hint="keep either the unpacked files or their archive, not both",
            )
    return [Item(kind.lower(), tuple(group)) for kind, group in groups.items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per subject and device: m/s² with gravity, rad/s."""
    matches = files.match(PATTERN)
    placement = PLACEMENTS[matches[item.files[0]][1]]
    blocks = (
        block.assign(sensor=matches[name][2])
        for name in item.files
        for block in _named_rows(files, name, ledger)
    )
    for (user, device), rows in partition(blocks, ("user", "device")):
        acc, gyro = (_load(rows[rows["sensor"] == sensor], sensor) for sensor in SENSORS)
        yield from _recordings(user, device, placement, acc, gyro, ledger)


def _named_rows(files: RawFiles, name: str, ledger: Ledger) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file that name a subject and a device, block by block."""
    for block in iter_tables(files, name, LAYOUT, ledger):
        named = _is_name(block["user"]) & _is_name(block["device"])
        yield ledger.filter(block, ~named, "no subject or device")


def _is_name(column: "pd.Series[str]") -> "pd.Series[bool]":
    return column.isin([name for name in column.cat.categories if re.fullmatch(r"\w+", name)])


def _load(rows: pd.DataFrame, sensor: str) -> pd.DataFrame | None:
    """Return the samples of one sensor, or None if the device has none."""
    if rows.empty:
        return None
    table = rows.drop(columns=["user", "device", "sensor"]).reset_index(drop=True)
    table["time_s"] = table.pop("creation_ns") / 1e9
    table["delay_s"] = table.pop("arrival_ms") / 1e3 - table["time_s"]
    return table.rename(columns=dict(zip("xyz", SENSORS[sensor], strict=True)))


def _recordings(
    user: str,
    device: str,
    placement: str,
    acc: pd.DataFrame | None,
    gyro: pd.DataFrame | None,
    ledger: Ledger,
) -> Iterator[Raw]:
    """Yield a recording for each clock that the device had, usually one."""
    delays = pd.concat([table["delay_s"] for table in (acc, gyro) if table is not None])
    starts = _clocks(delays)
    accs, gyros = _by_clock(acc, starts), _by_clock(gyro, starts)
    for clock in gyros.keys() - accs.keys():
        ledger.quarantine(gyros[clock], "no acceleration of this device and clock")
    for clock, rows in accs.items():
        name = device if len(accs) == 1 else f"{device}-clock{clock}"
        tables = (rows, gyros[clock].drop(columns="label")) if clock in gyros else (rows,)
        model = device.rpartition("_")[0] or device  # nexus4_1 is the first Nexus 4
        yield Raw(user, name, placement, tables, device=model)


def _clocks(delay_s: "pd.Series[float]") -> list[float]:
    """Return the least delay of each clock: Creation_Time counts from 1970, or from a boot."""
    delays = delay_s.to_numpy("float64")
    known = np.sort(delays[np.isfinite(delays)])
    steps = np.diff(known, prepend=-np.inf)
    return [float(start) for start in known[steps > CLOCK_S]]


def _by_clock(rows: pd.DataFrame | None, starts: list[float]) -> dict[int, pd.DataFrame]:
    """Return the rows of each clock, in the order of the file; clocks count from 1."""
    if rows is None:
        return {}
    # A row without a time sorts last; it goes to quarantine with whatever clock.
    clock = np.maximum(np.searchsorted(starts, rows["delay_s"].to_numpy(), side="right"), 1)
    values = rows.drop(columns="delay_s")
    return {
        int(number): values[clock == number].reset_index(drop=True) for number in np.unique(clock)
    }


SOURCE = Source(
    name="hhar",
    title="Heterogeneity Human Activity Recognition",
    licence="CC BY 4.0",
    citation=(
        "A. Stisen, H. Blunck, S. Bhattacharya, T. S. Prentow, M. B. Kjærgaard, A. Dey, T. Sonne, "
        "M. M. Jensen: Smart Devices are Different: Assessing and Mitigating Mobile Sensing "
        "Heterogeneities for Activity Recognition. Proc. SenSys, 2015."
    ),
    homepage="https://archive.ics.uci.edu/dataset/344",
    placements=tuple(PLACEMENTS.values()),
    rate_hz=None,
    units="m/s² with gravity, rad/s, nanoseconds since 1970 or since the device's boot",
    faults=(
        (
            "Creation_Time counts from 1970 on some devices, from the boot on others",
            "differences alone are used; a device whose clock changes gives a recording a clock",
        ),
        ("accelerometer and gyroscope are sampled apart", "joined by the device's own clock"),
        ("duplicate samples", "copies quarantined; other repeated times averaged"),
        ("samples out of order", "put in the order of Creation_Time"),
        ("rates from 50 to 200 Hz, by device", "each recording has its own"),
        ("the Samsung S+ (samsungold) has no gyroscope", "acceleration alone"),
        ("the word null where nobody annotated", "unlabelled"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/ml/machine-learning-databases/00344/"
        "Activity%20recognition%20exp.zip",
        sha256="d4c0c53b195b523859bf71f5a349d164c7a604a321ff6b0972fbed6e03b46582",
        seen=1,
    ),
    classes=("walking", "stairs-up", "stairs-down", "sitting", "standing", "cycling"),
)
