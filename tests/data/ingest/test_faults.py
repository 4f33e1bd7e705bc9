"""A corpus of broken inputs, each with the one outcome that docs/faults.md states."""

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from har.data.ingest import own
from har.data.ingest.dataset import Ingestion, Request, ingest
from har.data.ingest.files import open_files
from har.errors import HarError
from har.store import Store

NAMES = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,activity"
N = 500  # rows of a sound table, ten seconds


def sound(n: int = N, *, seed: int = 0) -> pd.DataFrame:
    """Return a table without any fault: 50 Hz, m/s² and rad/s."""
    random = np.random.default_rng(seed)
    values = random.normal((0, 0, 9.81, 0, 0, 0), 0.3, (n, 6))
    frame = pd.DataFrame(values.round(5), columns=NAMES.split(",")[1:-1])
    frame.insert(0, "time_s", np.arange(n) / 50)
    return frame.assign(activity=np.where(np.arange(n) < n // 2, "walking", "sitting"))


def text(frame: pd.DataFrame | None = None, **options: Any) -> str:
    """Return a table as CSV."""
    return (sound() if frame is None else frame).to_csv(index=False, **options)


def with_line(number: int, line: str) -> str:
    """Return the sound table with one line (1-based, 1 is the names) replaced."""
    lines = text().splitlines()
    lines[number - 1] = line
    return "\n".join(lines) + "\n"


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@dataclass(frozen=True)
class Case:
    """One broken input.

    Attributes
    ----------
    fault, outcome : str
        As in docs/faults.md.
    make : callable
        Writes the input into a folder; returns the path to ingest.
    error : str, optional
        Pattern of the error that rejects it.
    exit_code : int
        Of that error.
    account : tuple of int
        Rows in, kept, repaired, quarantined.
    reasons, repairs : dict
        Rows by reason.
    warnings : set of str
        Kinds, apart from those that synthetic data always have.
    recordings : int
        How many there are in the end.
    stated : dict
        What the user states of the columns.
    """

    fault: str
    outcome: str
    make: Callable[[Path], Path]
    error: str | None = None
    exit_code: int = 3
    account: tuple[int, int, int, int] = (N, N, 0, 0)
    reasons: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    warnings: frozenset[str] = frozenset()
    recordings: int = 1
    stated: dict[str, Any] = field(default_factory=dict)


def _file(content: str | bytes, name: str = "s1.csv") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def _changed(**columns: Callable[[pd.DataFrame], Any]) -> Callable[[Path], Path]:
    return _file(text(sound().assign(**columns)))


def _rows(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], Path]:
    return _file(text(change(sound())))


def _stamped(times: Callable[[pd.DataFrame], Any]) -> Callable[[Path], Path]:
    """Make the sound table with other times, in a column whose name says no unit."""
    return _rows(lambda f: f.assign(time_s=times(f)).rename(columns={"time_s": "timestamp"}))


def _one(reason: str, n: int = 1, rows: int = N) -> dict[str, Any]:
    return {"account": (rows, rows - n, 0, n), "reasons": {reason: n}}


def _bad(fault: str, make: Callable[[Path], Path], error: str, **more: Any) -> Case:
    return Case(fault, "rejected", make, error=error, **more)


def _asked(fault: str, make: Callable[[Path], Path], error: str) -> Case:
    """Return a case that a person must settle; without a terminal, by a flag."""
    return Case(fault, "asked", make, error=error, exit_code=2)


def _iso(start: str, seconds: Any) -> Any:
    stamps = pd.Timestamp(start) + pd.to_timedelta(seconds, unit="s")
    return pd.Series(stamps).dt.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _autumn(frame: pd.DataFrame) -> Any:
    seconds = np.where(frame.index < 250, frame["time_s"], frame["time_s"] - 3600)
    return _iso("2025-10-26T02:59:55", seconds)


def _spring(frame: pd.DataFrame) -> Any:
    seconds = np.where(frame.index < 250, frame["time_s"], frame["time_s"] + 3600)
    return _iso("2025-03-30T01:59:55", seconds)


def _copied(folder: Path) -> Path:
    for who in ("s1", "s2"):
        _file(text(), f"{who}/walk.csv")(folder)
    return folder


def _tar_link(folder: Path) -> Path:
    with tarfile.open(folder / "set.tar", "w") as archive:
        link = tarfile.TarInfo("s1.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return folder / "set.tar"


def _cut_off(path: Path) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def _encrypted(folder: Path) -> Path:
    path = zipped(folder / "set.zip", {"s1.csv": text()})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    path.write_bytes(bytes(data))
    return path


def _flipped(folder: Path) -> Path:
    path = folder / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s1.csv", text())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    return path


def _parquet(folder: Path) -> Path:
    sound().to_parquet(folder / "s1.parquet")
    return folder / "s1.parquet"


def _traversal(folder: Path) -> Path:
    frame = sound().assign(subject="../../outside")
    return _file(text(frame))(folder)


AVERAGED = "averaged with others of the same time"
CASES = [
    # bytes and lines
    Case("UTF-8 byte order mark", "read", _file("\ufeff" + text())),
    Case("UTF-16", "read", _file(text().encode("utf-16"))),
    Case(
        "a byte that is not UTF-8",
        "the row in quarantine",
        _file(text().encode().replace(b"walking", b"w\xe4lking", 1)),
        **_one("not UTF-8"),
    ),
    Case(
        "a NUL byte",
        "the row in quarantine",
        _file(with_line(10, text().splitlines()[9].replace(".", "\0", 1))),
        **_one("holds a NUL byte"),
    ),
    Case("Windows' line ends", "read", _file(text(lineterminator="\r\n"))),
    Case("old Macs' line ends", "read", _file(text(lineterminator="\r"))),
    Case("no line end at the end", "read", _file(text().rstrip("\n"))),
    Case("blank lines", "read; they are no rows", _file(text().replace("\n", "\n\n"))),
    Case(
        "a line of 100 kB",
        "the row in quarantine",
        _file(with_line(10, "1" * 100_000)),
        **_one("longer than any row"),
    ),
    _bad(
        "random bytes",
        _file(np.random.default_rng(0).bytes(5000)),
        "no columns that look like acceleration|no rows|the first line holds numbers",
    ),
    _bad("an empty file", _file(""), "no rows"),
    _bad("a line of names and nothing else", _file(NAMES + "\n"), "no rows"),
    _bad("no line of names", _file(text(sound(), header=False)), "the first line holds numbers"),
    # fields
    Case("semicolons and decimal commas", "read", _file(text(sep=";", decimal=","))),
    Case("tabs", "read", _file(text(sep="\t"))),
    Case("quoted fields", "read", _file(text(quoting=1))),
    Case(
        "a row cut short",
        "the row in quarantine",
        _file(with_line(100, "1.96,0.1,0.2")),
        **_one("not 8 fields"),
    ),
    Case(
        "a row with a field too many",
        "the row in quarantine",
        _file(with_line(100, "1.96,0.1,0.2,9.8,0,0,0,walking,7")),
        **_one("not 8 fields"),
    ),
    Case(
        "thousands separators",
        "the row in quarantine",
        _file(with_line(100, "1.96,0.1,0.2,9.8,1,234.5,0,0,walking")),
        **_one("not 8 fields"),
    ),
    Case(
        "the word NaN",
        "the row in quarantine",
        _file(with_line(100, "1.96,NaN,0.2,9.8,0,0,0,walking")),
        **_one("acc_x is missing"),
    ),
    Case(
        "a word where a number belongs",
        "the row in quarantine",
        _file(with_line(100, "1.96,error,0.2,9.8,0,0,0,walking")),
        **_one("not a number"),
    ),
    Case(
        "a number that a spreadsheet made a date",
        "the row in quarantine",
        _file(with_line(100, "1.96,05. Jan,0.2,9.8,0,0,0,walking")),
        **_one("not a number"),
    ),
    Case(
        "infinity",
        "the row in quarantine",
        _file(with_line(100, "1.96,inf,0.2,9.8,0,0,0,walking")),
        **_one("acc_x out of range"),
    ),
    Case(
        "a value beyond any sensor",
        "the row in quarantine",
        _file(with_line(100, "1.96,1e6,0.2,9.8,0,0,0,walking")),
        **_one("acc_x out of range"),
    ),
    _bad(
        "two columns of one name",
        _file(text().replace("acc_y", "acc_x", 1)),
        "no columns that look like acceleration|several columns",
    ),
    _bad(
        "no acceleration",
        _file(text(sound()[["time_s", "gyro_x", "gyro_y", "gyro_z"]])),
        "median norm|no columns that look like acceleration|wrong unit|not in m/s²",
    ),
    # units
    Case(
        "acceleration in g",
        "read; the unit is guessed and converted",
        _changed(
            **{a: lambda f, a=a: (f[a] / 9.80665).round(6) for a in ("acc_x", "acc_y", "acc_z")}
        ),
    ),
    _bad(
        "g stated as m/s²",
        _changed(**{a: lambda f, a=a: f[a] / 9.80665 for a in ("acc_x", "acc_y", "acc_z")}),
        "looks like g",
        stated={"acc_unit": "m/s2"},
    ),
    Case(
        "thousandths of g",
        "read; the unit is guessed and converted",
        _changed(**{a: lambda f, a=a: f[a] * 102 for a in ("acc_x", "acc_y", "acc_z")}),
    ),
    _asked(
        "gravity taken away",
        _changed(acc_z=lambda f: f["acc_z"] - 9.81),
        "in g or, without gravity, in m/s²",
    ),
    _bad(
        "two units in one file",
        _changed(acc_z=lambda f: np.where(f.index < 250, f["acc_z"], f["acc_z"] / 9.80665)),
        "changes its unit",
    ),
    _bad(
        "deg/s stated as rad/s",
        _changed(gyro_x=lambda f: f["gyro_x"] * 57.3 * 4),
        "not in rad/s",
        stated={"gyro_unit": "rad/s"},
    ),
    _asked(
        "acceleration and angular velocity swapped",
        _rows(
            lambda f: f.rename(
                columns=lambda c: (
                    {"acc": "gyro", "gyro": "acc"}.get(c[:-2], c[:-2]) + c[-2:]
                    if c[-2:-1] == "_" and c != "time_s"
                    else c
                )
            )
        ),
        "in g or, without gravity, in m/s²",
    ),
    # time
    Case(
        "a clock that starts anew",
        "a recording before and one after",
        _changed(time_s=lambda f: np.where(f.index < 250, f["time_s"] + 900, f["time_s"] - 5)),
        recordings=2,
    ),
    Case(
        "the end of summer time",
        "a recording before and one after",
        _changed(time_s=_autumn),
        recordings=2,
    ),
    Case(
        "the start of summer time",
        "one recording with a gap of an hour, split by cleaning",
        _changed(time_s=_spring),
    ),
    Case(
        "rows out of order",
        "put in order",
        _rows(lambda f: f.iloc[[*range(100), 101, 100, *range(102, N)]]),
        account=(N, N - 1, 1, 0),
        repairs={"put in the order of time": 1},
    ),
    Case(
        "two samples at one time",
        "averaged",
        _changed(time_s=lambda f: f["time_s"].where(f.index != 100, f["time_s"][99])),
        account=(N, N - 2, 2, 0),
        repairs={AVERAGED: 2},
    ),
    Case(
        "batches of four samples with one time",
        "spread over the time of their batch",
        _changed(time_s=lambda f: f.index // 4 * 0.08),
        account=(N, N // 4, 3 * N // 4, 0),
        repairs={"given a time of its own within its batch": 3 * N // 4},
    ),
    _bad(
        "times rounded to a tenth of a second, of an uneven rate",
        _changed(time_s=lambda f: (f.index / 47 + 0.004 * np.sin(f.index)).round(1)),
        "most rows share their time",
    ),
    Case(
        "a rate of 12.5 Hz",
        "a warning; refused where windows of 50 Hz are wanted",
        _changed(time_s=lambda f: f["time_s"] * 4),
        warnings=frozenset({"low rate"}),
    ),
    Case(
        "a row twice",
        "the copy in quarantine",
        _rows(lambda f: pd.concat([f.iloc[:101], f.iloc[100:]])),
        **_one("copy of an earlier row", rows=N + 1),
    ),
    Case(
        "a block of rows twice",
        "the copies in quarantine",
        _rows(lambda f: pd.concat([f.iloc[:300], f.iloc[100:]])),
        **_one("copy of an earlier row", 200, rows=N + 200),
    ),
    Case(
        "time in milliseconds",
        "read; the unit is guessed",
        _stamped(lambda f: f["time_s"] * 1000),
    ),
    _asked(
        "milliseconds in a column that is named in seconds",
        _changed(time_s=lambda f: f["time_s"] * 1000),
        "Is 'time_s' in s, as it is named, or in ms, by its steps",
    ),
    Case(
        "nanoseconds since 1970",
        "read; the unit is guessed",
        _stamped(lambda f: (1_700_000_000_000_000_000 + f["time_s"] * 1e9).astype("int64")),
    ),
    Case(
        "rows without a time",
        "in quarantine",
        _changed(time_s=lambda f: f["time_s"].where(f.index % 100 != 50)),
        **_one("time_s is missing", 5),
    ),
    _bad(
        "a clock that stands still",
        _changed(time_s=lambda f: 7.0),
        "fewer than two different times",
    ),
    Case(
        "another rate than stated",
        "read at the timestamps' rate, with a warning",
        _file(text()),
        warnings=frozenset({"rate"}),
        stated={"rate_hz": 100.0},
    ),
    Case(
        "uneven time steps",
        "a warning",
        _changed(time_s=lambda f: f["time_s"] + 0.009 * (f.index % 2)),
        warnings=frozenset({"jitter"}),
    ),
    # sensors
    Case(
        "values at the end of the sensor's range",
        "a warning",
        _changed(acc_x=lambda f: np.where(f.index % 50, f["acc_x"], 19.61)),
        warnings=frozenset({"clipping"}),
    ),
    Case(
        "a sensor that hangs",
        "a warning",
        _rows(
            lambda f: f.assign(
                **{
                    a: f[a].where((f.index < 200) | (f.index > 300), f[a][200])
                    for a in ("acc_x", "acc_y", "acc_z")
                }
            )
        ),
        warnings=frozenset({"stuck"}),
    ),
    Case(
        "jogging, with a median norm of 20 m/s²",
        "read",
        _changed(acc_x=lambda f: f["acc_x"] + 30 * np.sin(f.index / 50 * 2 * np.pi * 3)),
    ),
    Case(
        "gravity 20 % off",
        "a warning",
        _changed(acc_z=lambda f: f["acc_z"] * 1.2),
        warnings=frozenset({"gravity"}),
    ),
    Case(
        "an empty gyroscope",
        "read without it",
        _changed(gyro_x=lambda f: np.nan, gyro_y=lambda f: np.nan, gyro_z=lambda f: np.nan),
    ),
    Case(
        "a gyroscope that misses rows",
        "those rows in quarantine",
        _changed(gyro_y=lambda f: f["gyro_y"].where(f.index % 100 != 50)),
        **_one("gyro_y is missing", 5),
    ),
    # labels and people
    Case(
        "labels with spaces and capitals",
        "read",
        _changed(activity=lambda f: " " + f["activity"].str.title() + " "),
    ),
    Case(
        "a label that nobody knows",
        "an activity of the data set's own",
        _changed(activity=lambda f: f["activity"].replace("sitting", "juggling")),
    ),
    _bad(
        "a column of numbers taken for the labels",
        _changed(activity=lambda f: f["acc_x"]),
        "its labels are no activities",
    ),
    Case(
        "a subject with one activity",
        "a warning",
        _changed(activity=lambda f: "walking"),
        warnings=frozenset({"single activity"}),
    ),
    Case(
        "one person's recording under another's name",
        "the copy in quarantine",
        _copied,
        account=(2 * N, N, 0, N),
        reasons={"copy of another recording": N},
    ),
    Case("a subject named ../../outside", "read under a name that is safe", _traversal),
    # archives
    _bad(
        "a zip that is cut off",
        lambda f: _cut_off(zipped(f / "set.zip", {"s1.csv": text()})),
        "damaged or cut off",
    ),
    _bad("a zip with a flipped bit", _flipped, "damaged or cut off"),
    _bad("an encrypted zip", _encrypted, "encrypted"),
    _bad(
        "a member that leaves its folder",
        lambda f: zipped(f / "set.zip", {"../s1.csv": text()}),
        "unsafe archive",
    ),
    _bad(
        "a zip bomb",
        lambda f: zipped(f / "set.zip", {"s1.csv": b"0" * (150 * 2**20)}),
        "unpacks to far more",
    ),
    _bad("a tar with a link", _tar_link, "holds a link"),
    _bad(
        "a gz that is cut off",
        lambda f: _cut_off(_file(gzip.compress(text().encode()), "s1.csv.gz")(f)),
        "damaged or cut off",
    ),
    _bad(
        "a tar.gz that is cut off",
        lambda f: _cut_off(_file(_tar_gz(), "set.tar.gz")(f)),
        "damaged or cut off",
    ),
    _bad("Parquet that is none", _file(text(), "s1.parquet"), "cannot be read"),
    _bad("Parquet that is cut off", lambda f: _cut_off(_parquet(f)), "cannot be read"),
    _bad("a folder without tables", lambda f: _file("hello", "notes.md")(f).parent, "no tables"),
]


def _tar_gz() -> bytes:
    buffer = io.BytesIO()
    data = text().encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("s1.csv")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def run(case: Case, folder: Path, store: Store) -> Ingestion:
    """Ingest a case as `har data ingest lab PATH --yes` does."""
    path = case.make(folder)
    understood = own.plan(open_files(path), case.stated, str(path))
    understood.refuse_doubts(str(path))
    return ingest(store, Request("lab", path, plan=understood))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_each_fault_has_its_outcome(case: Case, tmp_path: Path) -> None:
    """The input is read, repaired, quarantined or rejected, and every row is accounted for."""
    (tmp_path / "raw").mkdir()
    store = Store(tmp_path / "store")
    if case.error:
        with pytest.raises(HarError, match=case.error) as caught:
            run(case, tmp_path / "raw", store)
        assert caught.value.exit_code == case.exit_code
        return
    totals = run(case, tmp_path / "raw", store).totals
    counts = totals["counts"]
    names = ("rows_in", "rows_kept", "rows_repaired", "rows_quarantined")
    assert tuple(counts[name] for name in names) == case.account
    assert totals["reasons"] == case.reasons
    assert totals["repairs"] == case.repairs
    assert set(totals["warnings"]) == case.warnings
    assert counts["recordings"] == case.recordings


def test_the_page_of_faults_lists_every_case() -> None:
    """docs/faults.md states each fault with its outcome, and no other."""
    page = (Path(__file__).parents[3] / "docs" / "faults.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", page, re.MULTILINE)[1:]
    assert rows == [(case.fault, case.outcome) for case in CASES]
