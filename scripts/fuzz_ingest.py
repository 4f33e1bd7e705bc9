"""Fuzz the readers for a while: no traceback, and no row lost silently.

Takes small inputs in the layout of every data set, of every recorder and of users' tables,
damages them at random (bytes, lines, fields, archives) and ingests what comes out. An input
may be rejected with a `DataError`; whatever is read must add up, and must not be in another
unit; warnings are errors.

    python scripts/fuzz_ingest.py --minutes 10 --seed 1
    python scripts/fuzz_ingest.py --minutes 10 --only recorders
"""

import argparse
import codecs
import collections
import itertools
import random
import re
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from har.data import gravity, sources
from har.data.ingest import own, published
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.recording import ACC as ACCELERATION
from har.data.recording import MAG, Recording
from har.errors import DataError, MissingError

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import binary_files
from recorder_files import SAMPLES

# What people who stand or walk have, m/s²; and rows of which some damage cannot change it.
LEVEL, ENOUGH = (7.0, 13.0), 50
FIELD = (40.0, 56.0)  # µT, of all inputs with a magnetometer
ONE_ROW_A_LINE = ("lab", "sp-sw-har")
JUNK = (
    *(b"", b"NaN", b"inf", b"-", b"1e999", b"0x1F", b"1_000", b"1,5", b"'", b'"', b'""', b"\0"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b";", b";;", b"\t", b" ", b"null"),
    *(b"9" * 400, b"-9223372036854775809", b"1e-400", b"2025-10-26T02:59:59", b"walking "),
)


N = 260  # rows of a seed
TICKS = np.arange(N)
MS, NS = 1657544418323 + 20 * TICKS, 90_000_000_000 + 50_000_000 * TICKS
_RANDOM = np.random.default_rng(0)
ACC = _RANDOM.normal((0, 0, 9.81), 0.4, (N, 3))
GYRO = _RANDOM.normal(0, 0.4, (N, 3))
G = ACC / 9.80665
HHAR = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
Seeds = dict[str, dict[str, bytes]]


def _rows(*columns: object, sep: str = ",", end: str = "", head: str = "") -> bytes:
    """Return columns, matrices and constants as lines of text."""
    arrays = [np.broadcast_to(np.asarray(c), (N,)) if np.ndim(c) < 2 else c for c in columns]
    flat = [column for a in arrays for column in (a.T if np.ndim(a) == 2 else [a])]
    words = (
        sep.join(f"{v:.5f}" if isinstance(v, float) else str(v) for v in row) + end
        for row in zip(*(c.tolist() for c in flat), strict=True)
    )
    return ("\n".join([*([head] if head else []), *words]) + "\n").encode()


def _own() -> Seeds:
    lab = _rows(TICKS / 50, ACC, GYRO, "walking", head="time_s,ax,ay,az,gx,gy,gz,activity")
    other = lab.replace(b",", b";").replace(b".", b",")
    return {"lab": {"s1/walk.csv": lab, "s2/walk.csv": other}}


def _recorders() -> Seeds:
    standing = [[(0.5, -0.25, 0.8)] * 100] * 3
    texts = {
        name: {file: text.encode() for file, text in sample.files.items()}
        for name, sample in SAMPLES.items()
    }
    return texts | {
        "gt3x": {"a.gt3x": binary_files.gt3x(standing)},
        "cwa": {"a.cwa": binary_files.cwa([page[:80] for page in standing])},
        "bin": {"a.bin": binary_files.geneactiv([page * 3 for page in standing])},
    }


def _phones() -> Seeds:
    return {
        "hapt": {
            "RawData/acc_exp01_user01.txt": _rows(G, sep=" "),
            "RawData/gyro_exp01_user01.txt": _rows(GYRO, sep=" "),
            "RawData/labels.txt": b"1 1 5 20 120\n1 1 4 130 250\n",
        },
        "uci-har": {
            f"test/Inertial Signals/{kind}_{axis}_test.txt": "".join(
                "  " + "  ".join(f"{v:.7e}" for v in values[i : i + 128, k]) + "\n"
                for i in range(0, N - 128, 64)
            ).encode()
            for kind, values in (("total_acc", G), ("body_gyro", GYRO))
            for k, axis in enumerate("xyz")
        }
        | {"test/subject_test.txt": b"2\n2\n2\n", "test/y_test.txt": b"1\n1\n4\n"},
        "wisdm": {"WISDM_ar_v1.1_raw.txt": _rows(33, "Jogging", NS, ACC, end=";")},
        "wisdm-2019": {
            "raw/phone/accel/data_1600_accel_phone.txt": _rows(1600, "A", NS, ACC, end=";"),
            "raw/phone/gyro/data_1600_gyro_phone.txt": _rows(1600, "A", NS + 7, GYRO, end=";"),
        },
        "hhar": {
            "Phones_accelerometer.csv": _rows(
                TICKS, MS, NS, ACC, "a", "nexus4", "nexus4_1", "walk", head=HHAR
            ),
            "Phones_gyroscope.csv": _rows(
                TICKS, MS, NS + 9, GYRO, "a", "nexus4", "nexus4_1", "walk", head=HHAR
            ),
        },
    }


def _motion() -> Seeds:
    return {
        "motionsense": {
            "A_DeviceMotion_data/wlk_7/sub_1.csv": _rows(
                TICKS,
                GYRO,
                G * [0, 0, -1],
                GYRO,
                G - [0, 0, 1],
                head=",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,"
                "rotationRate.x,rotationRate.y,rotationRate.z,"
                "userAcceleration.x,userAcceleration.y,userAcceleration.z",
            )
        },
        "sp-sw-har": {
            "DATA/s01/s01_01_sp.csv": _rows(
                ACC,
                GYRO,
                MS,
                "WALKING",
                head="x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label",
            )
        },
    }


def _worn() -> Seeds:
    return {
        "pamap2": {
            "Protocol/subject101.dat": _rows(
                TICKS / 100, 4, 100, *([30.0, ACC, ACC, GYRO, GYRO, np.zeros((N, 4))] * 3), sep=" "
            )
        },
        "mhealth": {
            "mHealth_subject1.log": _rows(
                ACC, np.zeros((N, 2)), *([ACC, GYRO * 57, GYRO] * 2), 4, sep="\t"
            )
        },
        "dsads": {
            f"data/a09/p1/s{part:02d}.txt": _rows(*([ACC, GYRO, GYRO] * 5))[: 125 * 400]
            for part in (1, 2)
        },
        "harth": {
            "harth/S006.csv": b"timestamp,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label\n"
            + b"".join(
                f"2019-01-12 00:00:{i // 50:02d}.{i % 50 * 20:03d},".encode() + line + b"\n"
                for i, line in enumerate(_rows(G, G, 1).splitlines())
            )
        },
    }


KINDS: dict[str, Callable[[], Seeds]] = {
    "own": _own,
    "data-sets": lambda: _phones() | _motion() | _worn(),
    "recorders": _recorders,
}


def seeds(only: str | None = None) -> Seeds:
    """Return small sound inputs: files by name, by data set or recorder, of one kind or all."""
    made = [make() for kind, make in KINDS.items() if only in (None, kind)]
    return {name: files for inputs in made for name, files in inputs.items()}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to six faults."""
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(FAULTS)(content, chance)
    return content


def _place(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content) + 1)


def _flip(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + chance.choice(JUNK) + content[at:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _remove(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice((1, 7, 80, 3000)) :]


def _lines(content: bytes, chance: random.Random) -> bytes:
    """Repeat, move, swap or drop a run of lines."""
    lines = content.split(b"\n")
    start = chance.randrange(len(lines))
    run = lines[start : start + chance.choice((1, 2, 50))]
    kind = chance.randrange(3)
    if kind == 0:
        lines[start:start] = run
    elif kind == 1:
        del lines[start : start + len(run)]
    else:
        del lines[start : start + len(run)]
        at = chance.randrange(len(lines) + 1)
        lines[at:at] = run
    return b"\n".join(lines)


def _field(content: bytes, chance: random.Random) -> bytes:
    """Put junk in place of a field."""
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    separator = next((s for s in (b",", b";", b"\t", b" ") if s in lines[at]), b",")
    fields = lines[at].split(separator)
    fields[chance.randrange(len(fields))] = chance.choice(JUNK)
    lines[at] = separator.join(fields)
    return b"\n".join(lines)


FAULTS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flip, _insert, _cut, _remove, _lines, _lines, _field, _field, _field),
)


def write(files: dict[str, bytes], folder: Path, chance: random.Random) -> Path:
    """Write files, some of them damaged, as a folder or as a zip that may be damaged too."""
    changed = dict(files)
    for name in chance.sample(sorted(files), chance.randint(1, len(files))):
        changed[name] = damaged(files[name], chance)
    if chance.random() < 0.1:
        changed.pop(chance.choice(sorted(changed)))
    if chance.random() < 0.25:
        path = folder / "set.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in changed.items():
                archive.writestr(name, content)
        if chance.random() < 0.5:
            path.write_bytes(damaged(path.read_bytes(), chance))
        return path
    for name, content in changed.items():
        path = folder / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "set").mkdir(exist_ok=True)
    return folder / "set"


def read(name: str, path: Path) -> collections.Counter[str]:
    """Ingest an input; return its account. `Ledger.check` proves that it adds up."""
    files = open_files(path)
    published.recognise(files)
    if name in sources.names():
        source = sources.get(name)
    else:
        stated = SAMPLES[name].stated if name in SAMPLES else {}
        source = own.source(name, own.plan(files, stated, str(path)))
    total: collections.Counter[str] = collections.Counter()
    for item in source.items(files):
        ledger = Ledger()
        origin = Origin(name, source, {})
        try:
            for recording in read_item(files, item, origin, ledger):
                total["samples"] += len(recording.table)
                _require_unit(recording)
        except DataError:
            total["rejected items"] += 1
            continue
        if name in ONE_ROW_A_LINE and ledger.rows_in != lines_of(files, item.files):
            raise AssertionError(f"{ledger.rows_in} rows of {lines_of(files, item.files)} lines")
        if ledger.rows_quarantined != len(ledger.quarantined()):
            raise AssertionError("rows in quarantine are not all kept")
        for field in (
            *("rows_in", "rows_kept", "rows_repaired", "rows_quarantined", "rows_left_out"),
        ):
            total[field] += getattr(ledger, field)
    return total


def _require_unit(recording: Recording) -> None:
    """Raise unless a recording is in m/s²: whatever was damaged, no unit changes silently."""
    table = recording.table
    level = gravity.level(table["time_s"], table[list(ACCELERATION)])
    low, high = LEVEL
    if recording.meta.gravity and len(table) > ENOUGH and not low < level < high:
        raise AssertionError(f"{recording.meta.recording_id}: gravity of {level:.3g} m/s²")
    if set(MAG) <= set(table) and len(table) > ENOUGH:
        size = float(np.median(np.linalg.norm(table[list(MAG)], axis=1)))
        if not FIELD[0] < size < FIELD[1]:
            raise AssertionError(f"{recording.meta.recording_id}: a field of {size:.3g} µT")


def lines_of(files: RawFiles, names: tuple[str, ...]) -> int:
    """Count the lines below the names that are not blank, by other means than the reader's.

    Names that stand there twice are names twice.
    """
    total = 0
    for name in names:
        with files.open(name) as file:
            content = file.read()
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16", "replace") if wide else content.decode("latin-1")
        names_line, *lines = re.split("\r{0,2}\n|\r", text)
        rows = itertools.dropwhile(lambda line, first=names_line: line == first, lines)
        total += sum(bool(line.strip(" \t\x0b\x0c")) for line in rows)
    return total


def main() -> int:
    """Fuzz until the time is over; return 1 if anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=tuple(KINDS))
    options = parser.parse_args()
    warnings.simplefilter("error")
    inputs = seeds(options.only)
    end = time.monotonic() + 60 * options.minutes
    total: collections.Counter[str] = collections.Counter()
    failures = number = 0
    while time.monotonic() < end:
        chance = random.Random(f"{options.seed}/{number}")
        name = sorted(inputs)[number % len(inputs)]
        with tempfile.TemporaryDirectory(prefix="har-fuzz-") as folder:
            try:
                total += read(name, write(inputs[name], Path(folder), chance))
            except (DataError, MissingError):
                total["rejected inputs"] += 1
            except Exception:  # HarError itself too: rows that do not add up
                failures += _tell(options.seed, number, name)
        number += 1
    print(f"{number} inputs, {failures} failures; {dict(total)}")
    return int(failures > 0)


def _tell(seed: int, number: int, name: str) -> int:
    print(f"--- seed {seed}, input {number} ({name})", traceback.format_exc(), sep="\n", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
