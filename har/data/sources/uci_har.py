"""UCI HAR: 30 subjects with a phone at the waist, 6 activities, 50 Hz, cut into windows.

Layout: ``{train,test}/Inertial Signals/{total_acc,body_gyro}_{x,y,z}_{train,test}.txt``,
one window of 128 samples per line, the next one starting 64 samples later; beside them
``subject_*.txt`` and ``y_*.txt``, one number per window. The set names no recordings:
windows that follow one another are joined to runs where the second half of one is the
first half of the next in all six signals and the subject is the same. The raw files hold
most samples twice, so a row of the account is a sample of a run, not a line of a file.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from har.arrays import Float64, Int64
from har.data.activities import BASIC
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, read_table
from har.data.recording import CHANNELS
from har.data.sources.base import Archive, Item, Raw, Source
from har.errors import DataError

RATE_HZ = 50.0
MAX_NUMBER = 100  # above any subject or label
LENGTH, HALF = 128, 64  # samples of a window, and those it shares with the next
SIGNALS = tuple(f"{kind}_{axis}" for kind in ("total_acc", "body_gyro") for axis in "xyz")
ROLES = (*SIGNALS, "subject", "y")
PATTERN = rf"(train|test)/(?:Inertial Signals/)?({'|'.join(ROLES)})_(train|test)\.txt"
WINDOWS = Layout(columns=tuple(f"sample{i}" for i in range(LENGTH)), separator=" ")
NUMBERS = Layout(columns=("number",), separator=" ")
DAMAGED = "a window that is damaged or missing in one of its files"


def items(files: RawFiles) -> list[Item]:
    """Return the training and the test windows."""
    groups: dict[str, dict[str, str]] = {}
    for name, match in files.match(PATTERN).items():
        if match[1] != match[3]:
            raise DataError(f"{name}: a file of {match[3]} in the folder of {match[1]}")
        group = groups.setdefault(match[1], {})
        if match[2] in group:
            raise DataError(f"{name}: a second file of its kind", found=group[match[2]])
        group[match[2]] = name
    complete = {part: group for part, group in groups.items() if set(SIGNALS) & set(group)}
    for part, group in complete.items():
        missing = [f"{role}_{part}.txt" for role in ROLES if role not in group]
        if missing:
            raise DataError(f"{part}: files are missing", expected=", ".join(missing))
    return [Item(part, tuple(group[r] for r in ROLES)) for part, group in complete.items()]


def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
    """Yield one recording per run: g with gravity, rad/s, at 50 Hz.

    It is named for the line of its first window. Samples in two windows of different
    labels have none.
    """
    tables = _tables(files, item, ledger)
    values = np.stack([tables[signal].to_numpy() for signal in SIGNALS], axis=2)
    subjects = tables["subject"]["number"].to_numpy(int)
    labels = tables["y"]["number"].to_numpy(int)
    lines = tables["y"].index.to_numpy()
    for run in _runs(values, subjects, lines):
        frame = _rebuilt(values[run], labels[run], lines[run])
        codes = np.zeros(len(frame), np.int8)
        frame["file"] = pd.Categorical.from_codes(codes, categories=pd.Index([item.files[0]]))
        frame["repaired"] = False
        ledger.read(len(frame))
        name = f"{item.name}-{lines[run.start]:04d}"
        yield Raw(str(subjects[run.start]), name, "waist", (frame,), acc_unit="g")


def _tables(files: RawFiles, item: Item, ledger: Ledger) -> dict[str, pd.DataFrame]:
    """Return the item's files by role, with those lines that are sound in all of them."""
    notes = Ledger()
    tables = {}
    for role, name in zip(ROLES, item.files, strict=True):
        layout = WINDOWS if role in SIGNALS else NUMBERS
        table = read_table(files, name, layout, notes).set_index("line")
        values = table[list(layout.columns)]
        if role in SIGNALS:
            tables[role] = values.dropna(how="all")
        else:  # the number of a person or of a label
            tables[role] = values[values["number"].isin(range(1, MAX_NUMBER))]
    sound_everywhere = tables["y"].index
    for table in tables.values():
        sound_everywhere = sound_everywhere.intersection(table.index)
    damaged = _damaged(notes)
    every = set(damaged).union(*(table.index for table in tables.values()))
    lost = sorted(every.difference(sound_everywhere))
    ledger.read(len(lost))
    ledger.set_aside(item.files[0], lost, [damaged.get(line, "") for line in lost], DAMAGED)
    return {role: table.loc[sound_everywhere] for role, table in tables.items()}


def _damaged(notes: Ledger) -> dict[int, str]:
    """Return what stands in each damaged line, with the files that it stands in."""
    found = notes.quarantined()
    texts: dict[int, str] = {}
    for file, line, text in zip(found["file"], found["line"], found["content"], strict=True):
        texts[line] = "; ".join((*filter(None, [texts.get(line)]), f"{file}: {text}"))
    return texts


def _runs(values: Float64, subjects: Int64, lines: Int64) -> Iterator[slice]:
    """Yield the windows of each run."""
    follows = (values[:-1, HALF:] == values[1:, :HALF]).all(axis=(1, 2))
    follows &= (subjects[:-1] == subjects[1:]) & (np.diff(lines) == 1)
    edges = [0, *(np.flatnonzero(~follows) + 1).tolist(), len(values)]
    for start, stop in pairwise(edges):
        if stop > start:
            yield slice(start, stop)


def _rebuilt(values: Float64, labels: Int64, lines: Int64) -> pd.DataFrame:
    """Return a run's samples once each; the half windows at its ends lie in one window."""
    samples = np.concatenate([values[0], values[1:, HALF:].reshape(-1, len(SIGNALS))])
    earlier, later = np.append(labels[:1], labels), np.append(labels, labels[-1:])
    label = pd.Series(earlier.astype(str)).where(earlier == later)
    frame = pd.DataFrame(samples, columns=list(CHANNELS))
    frame["time_s"] = np.arange(len(frame)) / RATE_HZ
    frame["label"] = label.repeat(HALF).to_numpy()
    frame["line"] = np.repeat(np.append(lines[:1], lines), HALF)
    return frame


SOURCE = Source(
    name="uci-har",
    title="Human Activity Recognition Using Smartphones",
    licence=("CC BY 4.0 by the UCI page; but its README says: any commercial use is prohibited"),
    citation=(
        "D. Anguita, A. Ghio, L. Oneto, X. Parra, J.-L. Reyes-Ortiz: A Public Domain Dataset "
        "for Human Activity Recognition Using Smartphones. ESANN, 2013."
    ),
    homepage="https://archive.ics.uci.edu/dataset/240",
    placements=("waist",),
    rate_hz=RATE_HZ,
    units="g with gravity (total_acc), rad/s (body_gyro), low-pass filtered at 20 Hz",
    faults=(
        ("windows overlap by half", "joined to runs, every sample once"),
        ("no recordings are named", "a run ends where the next window does not continue it"),
        ("two windows of one sample may differ in label", "the sample is unlabelled"),
        ("no timestamps", "counted from the start of the run, at 50 Hz"),
    ),
    items=items,
    read=read,
    archive=Archive(
        "https://archive.ics.uci.edu/static/public/240/"
        "human+activity+recognition+using+smartphones.zip",
        sha256="c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
        seen=5,
    ),
    classes=BASIC,
    test_subjects=tuple(f"uci-har-{n}" for n in (2, 4, 9, 10, 12, 13, 18, 20, 24)),
    # Those of HAPT, the same people: so neither set trains on who validates the other.
    same_people_as=("hapt",),
    validation_subjects=tuple(f"uci-har-{n}" for n in (7, 16, 23, 29)),
)
