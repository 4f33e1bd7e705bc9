"""HAPT: 30 subjects with a phone at the waist, 12 activities, 50 Hz.

The bundled file holds the integer counts of the phone's sensors; the scale in its
metadata turns them into the phone's own float32 readings in m/s² and rad/s, bit for
bit (``scripts/bundle_hapt.py`` made the file and proved it).

The official layout is ``RawData/{acc,gyro}_expNN_userMM.txt``, one sample per line, and
``RawData/labels.txt``: experiment, user, activity, first and last sample.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from har import parquet
from har.arrays import Int64
from har.data.activities import BASIC
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.recording import ACC, CHANNELS, GYRO
from har.data.sources.base import Archive, Item, Raw, Source
from har.errors import DataError
from har.lineage import digest

RATE_HZ = 50.0
# A larger number in a line of labels.txt is damage: no experiment has so many samples.
MAX_NUMBER = 1e9
MOST_BYTES = 2**24  # of the bundled file and more
BUNDLED = Path(__file__).parents[1] / "bundled" / "hapt.parquet"
SIGNALS = r"(acc|gyro)_exp(\d\d)_user(\d\d)\.txt"
LABELS = r"labels\.txt"
RANGES = Layout(columns=("experiment", "user", "label", "first", "last"), separator=" ")


def subject(number: int) -> str:
    """Return the id of a subject: ``hapt-02`` is the data set's user 2."""
    return f"hapt-{number:02d}"


def items(files: RawFiles) -> list[Item]:
    """Return the bundled file, and one item per experiment of the official layout."""
    found = [Item("bundled", (name,)) for name in files.match(r"hapt\.parquet")]
    groups: dict[str, dict[str, str]] = {}
    for name, match in files.match(SIGNALS).items():
        group = groups.setdefault(f"exp{match[2]}", {})
        if match[1] in group:
            raise DataError(f"{name}: a second file of exp{match[2]}", found=group[match[1]])
        group[match[1]] = name
    labels = tuple(files.match(LABELS)) if groups else ()
    if len(labels) > 1:
        raise DataError(f"{labels[1]}: a second file of labels", found=labels[0])
    for experiment, group in groups.items():
        if group.keys() != {"acc", "gyro"} or not labels:
            raise DataError(
                f"{experiment}: files are missing",
                expected="acc_…, gyro_… and labels.txt",
                found=", ".join((*group.values(), *labels)),
            )
        found.append(Item(experiment, (group["acc"], group["gyro"], *labels)))
    return found


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield recordings at 50 Hz, rad/s: m/s² from the bundled file, g from the official.

    A sample of an official experiment is two raw rows, one of each sensor's file; its
    place in the file is its time. Lines of ``labels.txt`` are no samples and not counted.
    """
    if item.name == "bundled":
        yield from _bundled(files, item.files[0], ledger)
    else:
        yield _official(files, item, ledger)


def _official(files: RawFiles, item: Item, ledger: Ledger) -> Raw:
    acc_name, gyro_name, labels = item.files
    matches = files.match(SIGNALS)
    _, experiment, user = matches[acc_name].groups()
    if matches[gyro_name][3] != user:
        raise DataError(f"{gyro_name}: of another user than {acc_name}")
    acc = read_table(files, acc_name, Layout(columns=ACC, separator=" "), ledger)
    gyro = read_table(files, gyro_name, Layout(columns=GYRO, separator=" "), ledger)
    for table in (acc, gyro):
        table["time_s"] = (table["line"] - 1) / RATE_HZ
    acc["label"] = _labels(files, labels, acc["line"].to_numpy(), (int(experiment), int(user)))
    return Raw(user, f"exp{experiment}", "waist", (acc, gyro), acc_unit="g")


def _labels(
    files: RawFiles, name: str, lines: Int64, who: tuple[int, int]
) -> npt.NDArray[np.object_]:
    """Return each sample's label, None where no range or two different ones hold it."""
    ranges = _ranges(files, name)
    ranges = ranges[ranges["experiment"] == who[0]]
    if (ranges["user"] != who[1]).any():
        raise DataError(
            f"{name}: experiment {who[0]} is of another user",
            expected=f"user {who[1]}, as its files are named",
            found=f"user {int(ranges['user'][ranges['user'] != who[1]].iloc[0])}",
        )
    labels = np.full(len(lines), None, dtype=object)
    taken = np.zeros(len(lines), bool)
    for _, _, activity, first, last in ranges.to_numpy(int).tolist():
        inside = (lines >= first) & (lines <= last)
        differs = inside & taken & (labels != str(activity))
        labels[inside] = str(activity)
        labels[differs] = None
        taken |= inside
    return labels


def _ranges(files: RawFiles, name: str) -> pd.DataFrame:
    notes = Ledger()
    ranges = read_table(files, name, RANGES, notes)[list(RANGES.columns)]
    whole = (ranges % 1 == 0) & (ranges >= 0) & (ranges < MAX_NUMBER)
    if notes.rows_quarantined or not whole.all(axis=None):
        raise DataError(
            f"{name}: a line is not a range of labels",
            expected=f"five whole numbers per line: {', '.join(RANGES.columns)}",
            hint="a lost range would leave its samples unlabelled: copy the file again",
        )
    return ranges


def _bundled(files: RawFiles, name: str, ledger: Ledger) -> Iterator[Raw]:
    with files.open(name) as file:
        if digest.of_bytes(file.read(MOST_BYTES)) != digest.of_file(BUNDLED):
            raise DataError(f"{name}: not the bundled data", expected="the file of this package")
        file.seek(0)
        with parquet.open_file(file, name) as counts:
            table = counts.read()
    scale = json.loads(table.schema.metadata[b"scale"])
    conversions = tuple(f"{axis} = count * {scale[axis]!r}" for axis in CHANNELS)
    rows = table.to_pandas()
    rows["line"] = np.arange(1, len(rows) + 1)
    ledger.read(len(rows))
    for experiment, part in rows.groupby("experiment", sort=True):
        values = {c: part[c].to_numpy(np.float32) * np.float32(scale[c]) for c in CHANNELS}
        frame = pd.DataFrame(values, dtype="float64")
        frame["time_s"] = np.arange(len(part)) / RATE_HZ
        frame["label"] = part["label"].astype(str).where(part["label"] > 0).to_numpy()
        frame["file"], frame["line"], frame["repaired"] = name, part["line"].to_numpy(), False
        who = f"{int(part['subject'].iloc[0]):02d}"
        yield Raw(who, f"exp{experiment:02d}", "waist", (frame,), conversions=conversions)


SOURCE = Source(
    name="hapt",
    title="Smartphone-Based Recognition of Human Activities and Postural Transitions",
    licence="CC BY 4.0",
    citation=(
        "J.-L. Reyes-Ortiz, L. Oneto, A. Samà, X. Parra, D. Anguita: Transition-Aware Human "
        "Activity Recognition Using Smartphones. Neurocomputing 171, 2016."
    ),
    homepage="https://archive.ics.uci.edu/dataset/341",
    placements=("waist",),
    rate_hz=RATE_HZ,
    units="g with gravity, rad/s (bundled: counts of the sensors)",
    faults=(
        ("no timestamps", "counted from the row, at 50 Hz"),
        ("many samples lie in no range of labels.txt", "kept, without a label"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/static/public/341/"
        "smartphone+based+recognition+of+human+activities+and+postural+transitions.zip"
    ),
    classes=BASIC,
    test_subjects=tuple(subject(n) for n in (2, 4, 9, 10, 12, 13, 18, 20, 24)),
    # Every fifth of the other 21, chosen before any model was trained.
    validation_subjects=tuple(subject(n) for n in (7, 16, 23, 29)),
    same_people_as=("uci-har",),
    bundled=BUNDLED,
)
