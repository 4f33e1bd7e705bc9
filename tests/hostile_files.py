"""Hostile files: what each is, how it is written, and what is rightly said of it.

>>> sorted(FILES)[0]  # doctest: +SKIP
'archive: a name that leads out'

A file is an entry of `FILES`: a function that writes it into a folder and returns the path that
is given to a command, with what is to be said (`says`, a regular expression over standard error)
and how the command is to end (`code`). `outcome` runs one through a command in a process of its
own, with its time and its memory measured. Whoever adds a kind of file adds a function here;
``tests/test_hostile_files.py`` tries it, and ``scripts/hostile.py`` puts it on its page.
"""

import contextlib
import gzip
import io
import multiprocessing
import os
import resource
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

MB = 2**20
MOST_MB = 1500.0  # of memory for any hostile file
PATIENCE_S = 45.0  # after which a command hangs
_ADDRESS_SPACE = 12 * 2**30  # so that a fault ends a process and not the machine
COLUMNS = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
# What commands do with a path; a file of another kind (a model, a mapping) names its own.
INGEST = ("data", "ingest", "mine", "{path}", "--yes", "--jobs", "1")
PREDICT = ("predict", "{path}", "--model", "{model}", "--yes")


@dataclass(frozen=True)
class Hostile:
    """One hostile file.

    Attributes
    ----------
    name : str
        What it is, in words that a page can show.
    write : callable
        Writes it into an empty folder and returns the path that a command is given.
    says : str
        A regular expression that standard error of the command matches.
    code : int
        How the command ends: 3, input data that cannot be trusted, if nothing else is said.
    commands : tuple of tuple of str
        Which commands it is given to, with ``{path}`` for it and ``{model}`` for a sound model.
    slow : bool
        Whether it takes more than a second, so that tests try it with one command alone.
    """

    name: str
    write: Callable[[Path], Path]
    says: str
    code: int = 3
    commands: tuple[tuple[str, ...], ...] = (INGEST, PREDICT)
    slow: bool = False


FILES: dict[str, Hostile] = {}


def hostile(
    name: str,
    *,
    says: str,
    code: int = 3,
    commands: tuple[tuple[str, ...], ...] = (INGEST, PREDICT),
    slow: bool = False,
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Make a function that writes a file an entry of `FILES`."""

    def entered(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
        assert name not in FILES
        FILES[name] = Hostile(name, write, says, code, commands, slow)
        return write

    return entered


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes
    ----------
    code : int or None
        Its exit code; None where it was ended because it hung, or died.
    said : str
        Its standard error.
    seconds, peak_mb : float
        Of the command alone, without what Python's modules take to load.
    """

    code: int | None
    said: str
    seconds: float
    peak_mb: float


def outcome(command: tuple[str, ...], folder: Path, **places: Path) -> Outcome:
    """Run a command in a process of its own, in a folder.

    Parameters
    ----------
    command : tuple of str
        Words after ``har``, with the names of `places` in braces.
    folder : Path
        Where it works.
    **places : Path
        What the braces stand for.
    """
    words = [word.format(**places) for word in command]
    # The server is one thread with all modules loaded, from which a process is forked each time.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["har.cli", "har.serving.recordings", "har.benchmarks.measure"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, words, folder))
    start = time.perf_counter()
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE_S):
            return Outcome(None, "it hung", time.perf_counter() - start, float("nan"))
        made: Outcome = ours.recv()
    except EOFError:
        return Outcome(None, "it died", time.perf_counter() - start, float("nan"))
    else:
        return made
    finally:
        process.kill()
        process.join()


def _run(pipe: Connection, words: list[str], folder: Path) -> None:
    from support import Project

    from har.benchmarks.measure import peak_mb

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    with contextlib.suppress(OSError):  # the kernel counts the peak anew
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    start = time.perf_counter()
    done = Project(folder).har(*words)
    pipe.send(Outcome(done.returncode, done.stderr, time.perf_counter() - start, peak_mb()))


def rows(n: int) -> bytes:
    """Return a sound table of n rows, 100 Hz, as CSV."""
    lines = (
        f"{i / 100:.2f},0.{i % 7},0.2{i % 5},9.8{i % 3},0.01,0.0{i % 9},0.03" for i in range(n)
    )
    return "\n".join([COLUMNS, *lines, ""]).encode()


def zipped(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of some members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@hostile("zip: 200 inner zips of 90 MB each", says="unpack", slow=True)
def _nested_zips(folder: Path) -> Path:
    line = b"0.01,0.11,0.22,9.81,0.01,0.02,0.03\n"
    inner = zipped({"a.csv": rows(3000) + line * (90 * MB // len(line))})
    return _written(folder / "nb.zip", zipped({f"{i}.zip": inner for i in range(200)}))


@hostile("gzip: 300 MB of short lines", says="unpack", slow=True)
def _short_lines(folder: Path) -> Path:
    path = folder / "g2.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(rows(3000))
        for _ in range(300):
            file.write(b"1\n" * (MB // 2))
    return path


@hostile("path: a FIFO", says="not a regular file")
def _fifo(folder: Path) -> Path:
    path = folder / "pipe.csv"
    os.mkfifo(path)
    return path


def _parquet(path: Path, table: pa.Table, **how: Any) -> Path:
    pq.write_table(table, path, **how)
    return path


def _sound_table(n: int = 3000) -> pa.Table:
    return pacsv.read_csv(io.BytesIO(rows(n)))


def _with_column(n: int, name: str, values: pa.Array) -> pa.Table:
    return _sound_table(n).append_column(name, values)


@hostile("Parquet: 150 million rows in 2 MB", says="unpacks to far more", slow=True)
def _many_rows(folder: Path) -> Path:
    sound = _sound_table()
    n = 15_000_000
    zeros = pa.chunked_array([np.zeros(n)])
    table = pa.table([zeros] * sound.num_columns, schema=sound.schema)
    with pq.ParquetWriter(folder / "b.parquet", sound.schema, compression="zstd") as writer:
        writer.write_table(sound)
        for _ in range(10):
            writer.write_table(table, row_group_size=n)
    return folder / "b.parquet"


@hostile("Parquet: one text of 50 MB in each of 3,000 rows", says="longer than any word")
def _long_text(folder: Path) -> Path:
    words = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(3000, np.int32)), pa.array(["x" * 50_000_000])
    )
    table = _with_column(3000, "subject", words)
    return _parquet(folder / "d.parquet", table, store_schema=False, compression="zstd")


@hostile("Parquet: 120,000 row groups", says="cannot be read|too many row groups", slow=True)
def _many_groups(folder: Path) -> Path:
    table = pa.table({"time_s": np.zeros(1)})
    with pq.ParquetWriter(folder / "g.parquet", table.schema, write_statistics=False) as writer:
        for _ in range(120_000):
            writer.write_table(table)
    return folder / "g.parquet"


@hostile("Parquet: 20,000 columns", says="too many columns|too much is stated")
def _many_columns(folder: Path) -> Path:
    zero = pa.array(np.zeros(1))
    return _parquet(folder / "c.parquet", pa.table({f"c{i}": zero for i in range(20_000)}))


@hostile(
    "Parquet: a nested column of acceleration", says="cannot be read|no column|no acceleration"
)
def _nested(folder: Path) -> Path:
    nested = pa.array([{"x": {"y": [1.0]}}] * 3000)
    table = _sound_table().set_column(1, "acc_x", nested)
    return _parquet(folder / "n.parquet", table)


@hostile("Parquet: cut off", says="cannot be read")
def _cut(folder: Path) -> Path:
    path = _parquet(folder / "cut.parquet", _sound_table())
    return _written(path, path.read_bytes()[:-2000])


@hostile("Parquet: a flipped bit in a page with a checksum", says="not as it was written", code=5)
def _flipped(folder: Path) -> Path:
    path = _parquet(folder / "f.parquet", _sound_table(), write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[2000] ^= 16
    return _written(path, bytes(content))
