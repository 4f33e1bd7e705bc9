"""SP-SW-HAR: 23 subjects, phone and watch, sitting, standing up, walking, turning, sitting down.

Layout: ``sNN/sNN_EE_{sp,sw}.csv``; one walk per file, with millisecond time since 1970.
"""

from collections.abc import Iterator

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.sources.base import Item, Raw, Source
from har.errors import DataError

PLACEMENTS = {"sp": "pocket", "sw": "wrist"}
PATTERN = r"(s\d\d)/(s\d\d)_(\d\d)_(sp|sw)\.csv"
LAYOUT = Layout(
    columns=(
        *("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"),
        *("time_s", "label"),
    ),
    text=("label",),
    header=1,
)


def items(files: RawFiles) -> list[Item]:
    """Return one item per subject and device."""
    groups: dict[str, list[str]] = {}
    for name, match in files.match(PATTERN).items():
        if match[1] != match[2]:
            raise DataError(f"{name}: a file of {match[2]} in the folder of {match[1]}")
        groups.setdefault(f"{match[1]}-{match[4]}", []).append(name)
    return [Item(name, tuple(group)) for name, group in groups.items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per file: m/s² with gravity, rad/s, at about 103 Hz."""
    matches = files.match(PATTERN)
    for name in item.files:
        _, subject, trial, device = matches[name].groups()
        table = read_table(files, name, LAYOUT, ledger)
        table["time_s"] /= 1000
        yield Raw(subject[1:], trial, PLACEMENTS[device], (table,))


SOURCE = Source(
    name="sp-sw-har",
    title="Smartphone and smartwatch inertial measurements from heterogeneous subjects",
    licence="CC BY 4.0",
    citation=(
        "M. Matey-Sanz, S. Casteleyn, C. Granell: Dataset of inertial measurements of "
        "smartphones and smartwatches for human activity recognition. Data in Brief 51, 2023."
    ),
    homepage="https://doi.org/10.5281/zenodo.8398688",
    placements=tuple(PLACEMENTS.values()),
    rate_hz=102.5,
    units="m/s² with gravity, rad/s, milliseconds since 1970",
    faults=(
        ("some 8 % of the phone's rows repeat a timestamp", "averaged with the row before"),
        ("samples come in bursts, with gaps to 0.19 s", "resampled by time, not by index"),
    ),
    items=items,
    read=read,
)
