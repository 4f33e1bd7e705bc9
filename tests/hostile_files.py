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
import socket
import struct
import tarfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

MB = 2**20
MOST_MB = 1500.0  # of memory for any hostile file
PATIENCE_S = 45.0  # after which a command hangs
_ADDRESS_SPACE = 12 * 2**30  # so that a fault ends a process and not the machine
COLUMNS = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
_LOADED = [
    *("har.cli", "har.cli.understood", "har.serving.recordings", "har.serving.timeline"),
    *("har.benchmarks.measure", "har.registry.gate.promotion", "typer.testing", "pyarrow.csv"),
    *("har.data.ingest.dataset", "har.data.recorders", "har.serving.served", "cbor2", "actfast"),
]
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
    heavy : bool
        Whether it takes so long that the page alone tries it.
    """

    name: str
    write: Callable[[Path], Path]
    says: str
    code: int = 3
    commands: tuple[tuple[str, ...], ...] = (INGEST, PREDICT)
    slow: bool = False
    heavy: bool = False


FILES: dict[str, Hostile] = {}


def hostile(
    name: str,
    *,
    says: str,
    code: int = 3,
    commands: tuple[tuple[str, ...], ...] = (INGEST, PREDICT),
    slow: bool = False,
    heavy: bool = False,
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Make a function that writes a file an entry of `FILES`."""

    def entered(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
        # A module of entries may be imported by two names.
        assert name not in FILES or FILES[name].says == says
        FILES[name] = Hostile(name, write, says, code, commands, slow, heavy)
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
    context.set_forkserver_preload(_LOADED)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, words, folder))
    start = time.perf_counter()
    process.start()
    theirs.close()
    try:
        # Torch alone takes as long to be imported on a busy machine.
        if not ours.poll(PATIENCE_S if words[0] != "load" else 4 * PATIENCE_S):
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

    call = Project(folder).har
    if words[0] == "load":
        from hostile_models import loader

        call = loader()
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    with contextlib.suppress(OSError):  # the kernel counts the peak anew
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    start = time.perf_counter()
    done = call(*words)
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


def _tarred(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


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


@hostile("Parquet: 150 million rows in 2 MB", says="unpacks to far more", heavy=True)
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


@hostile("Parquet: one text of 50 MB in each of 3,000 rows", says="unpacks to far more", heavy=True)
def _long_text(folder: Path) -> Path:
    words = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(3000, np.int32)), pa.array(["x" * 50_000_000])
    )
    table = _with_column(3000, "subject", words)
    return _parquet(folder / "d.parquet", table, store_schema=False, compression="zstd")


@hostile("Parquet: a text of 1 GB that is not read", says="unpacks to far more", heavy=True)
def _long_note(folder: Path) -> Path:
    table = _with_column(1, "note", pa.array(["x" * 10**9], pa.large_string()))
    return _parquet(folder / "t.parquet", table, compression="zstd", use_dictionary=False)


@hostile("Parquet: 120,000 row groups", says="cannot be read|too many row groups", heavy=True)
def _many_groups(folder: Path) -> Path:
    table = pa.table({"time_s": np.zeros(1)})
    with pq.ParquetWriter(folder / "g.parquet", table.schema, write_statistics=False) as writer:
        for _ in range(120_000):
            writer.write_table(table)
    return folder / "g.parquet"


@hostile("Parquet: 20,000 columns", says="too many columns|too much is stated", heavy=True)
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


@hostile("CBOR: 10 million empty lists", says="not as Edge Impulse", heavy=True)
def _cbor_lists(folder: Path) -> Path:
    sensors = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
    n = 9_900_000
    inner = {"interval_ms": 10, "sensors": sensors, "values": []}
    packed = cbor2.dumps({"protected": {}, "signature": "", "payload": inner})
    assert packed.endswith(b"\x80")
    values = b"\x9a" + n.to_bytes(4, "big") + b"\x80" * n
    return _written(folder / "walk.cbor", packed[:-1] + values)


@hostile(
    "CBOR: one list in a list, thirty times over", says="set aside|can be trusted|no recording"
)
def _cbor_shared(folder: Path) -> Path:
    value: Any = [0.5, 0.5]
    for _ in range(30):
        value = [value, value]
    sensors = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
    inner = {"interval_ms": 10, "sensors": sensors, "values": [value, value]}
    whole = {"protected": {}, "signature": "", "payload": inner}
    return _written(folder / "walk.cbor", cbor2.dumps(whole, value_sharing=True))


@hostile("JSON: 5 million numbers where messages belong", says="too many samples", heavy=True)
def _json_numbers(folder: Path) -> Path:
    sample = '{"sensor":"Accelerometer","time":"1","seconds_elapsed":"1","x":"1","y":"1","z":"1"}'
    return _written(folder / "log.json", f"[{sample},{'1,' * 5_000_000}1]".encode())


@hostile("JSON: a message of 200 MB", says="a message is too long", slow=True)
def _json_message(folder: Path) -> Path:
    begin = b'[{"messageId":1,"sessionId":"a","payload":[{"x":"'
    return _written(folder / "log.json", begin + b"y" * 200 * MB)


@hostile("JSON: 100,000 objects in each other", says="damaged or cut off|too long")
def _json_deep(folder: Path) -> Path:
    begin = b'[{"messageId":1,"sessionId":"a","payload":'
    return _written(folder / "log.json", begin + b'{"a":' * 100_000)


@hostile("JSON: a number of 5,000 digits", says="damaged or cut off")
def _json_digits(folder: Path) -> Path:
    begin = b'[{"messageId":1,"sessionId":"a","payload":[{"x":'
    return _written(folder / "log.json", begin + b"9" * 5000 + b"}]}]")


@hostile(".gt3x: records of 2 GB in 2 MB", says="unpacks to far more", slow=True)
def _gt3x(folder: Path) -> Path:
    path = folder / "log.gt3x"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("info.txt", "Sample Rate: 30\r\nAcceleration Scale: 256.0\r\n")
        with archive.open("log.bin", "w", force_zip64=True) as member:
            for _ in range(512):
                member.write(bytes(MB))
    return path


@hostile(".cwa: four bytes", says="no tables|damaged|no rows")
def _cwa(folder: Path) -> Path:
    return _written(folder / "short.cwa", b"MD\xfc\x03")


# --- paths and links -----------------------------------------------------------------------------


@hostile("path: a link to /dev/zero", says="not a regular file")
def _zero(folder: Path) -> Path:
    (folder / "zero.csv").symlink_to("/dev/zero")
    return folder / "zero.csv"


@hostile("path: a socket", says="not a regular file")
def _socket(folder: Path) -> Path:
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as here:
        here.bind("s.csv")
    return folder / "s.csv"


@hostile("folder: a link to a file elsewhere", says="a link that leads out of the folder")
def _link_out(folder: Path) -> Path:
    (folder / "given").mkdir()
    _written(folder / "given" / "a.csv", rows(3000))
    (folder / "given" / "l.csv").symlink_to("/etc/passwd")
    return folder / "given"


@hostile("folder: a link to a table beside it", says="a link that leads out of the folder")
def _link_beside(folder: Path) -> Path:
    (folder / "given").mkdir()
    _written(folder / "outside.csv", rows(3000))
    (folder / "given" / "o.csv").symlink_to("../outside.csv")
    return folder / "given"


_MODEL = ("predict", "sound.csv", "--model", "{path}", "--yes")
_MAPPING = ("data", "ingest", "mine", "sound.csv", "--mapping", "{path}")


@hostile("model: a FIFO", says="not a regular file", commands=(_MODEL,))
def _model_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "model.onnx")
    return folder / "model.onnx"


@hostile("mapping: a FIFO", says="not a regular file", commands=(_MAPPING,))
def _mapping_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "m.toml")
    return folder / "m.toml"


# --- archives ------------------------------------------------------------------------------------


@hostile("zip: two members of one name", says="holds two files of one name")
def _twice(folder: Path) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(folder / "t.zip", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a.csv", rows(600))
        archive.writestr("a.csv", rows(600))
    return folder / "t.zip"


@hostile("tar: two members of one name", says="holds two files of one name")
def _twice_in_tar(folder: Path) -> Path:
    return _tarred(folder / "t.tar", [("./a.csv", rows(600)), ("a.csv", rows(600))])


@hostile("tar.gz: headers of 1 GB", says="headers longer than names of files can be", slow=True)
def _pax(folder: Path) -> Path:
    path = folder / "pax.tar.gz"
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1024 * MB
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(150):
            file.write(bytes(MB))
    return path


@hostile("tar.gz: a file with holes, 100 GB", says="unpacks to far more")
def _sparse(folder: Path) -> Path:
    info = tarfile.TarInfo("a.csv")
    info.pax_headers = {
        "GNU.sparse.size": str(10**11),
        "GNU.sparse.numblocks": "1",
        "GNU.sparse.map": "0,0",
    }
    with tarfile.open(folder / "s.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    return folder / "s.tar.gz"


@hostile("gzip in tar in zip: 300 MB of blank lines", says="unpacks to far more", heavy=True)
def _gz_in_tar_in_zip(folder: Path) -> Path:
    packed = gzip.compress(rows(3000) + b"\n" * 300 * MB, compresslevel=9)
    content = _tarred(folder / "inner.tar", [("a.csv.gz", packed)]).read_bytes()
    return _written(folder / "outer.zip", zipped({"inner.tar": content}))


@hostile("tar: a header that states no number", says="damaged or cut off")
def _no_number(folder: Path) -> Path:
    info = tarfile.TarInfo("a.csv")
    info.pax_headers = {"GNU.sparse.size": "1", "GNU.sparse.map": ""}
    with tarfile.open(folder / "s.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    return folder / "s.tar"


@hostile("zip: a directory of 60 MB", says="headers longer than names of files can be", slow=True)
def _directory(folder: Path) -> Path:
    content = zipped({"a.csv": rows(600)})
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    entries = content[start:end] * (60 * MB // (end - start))
    record = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFF0, 0xFFF0, len(entries), start, 0)
    return _written(folder / "d.zip", content[:start] + entries + record)


@hostile("zip: a name of 60,000 letters", says="unsafe archive")
def _long_name(folder: Path) -> Path:
    return _written(folder / "n.zip", zipped({".a" * 30_000 + "!.csv": rows(600)}))


# --- text that makes its reader slow -------------------------------------------------------------


@hostile("CSV: 100 cells of 60,000 digits and a letter", says="made in|set aside", code=0)
def _digits(folder: Path) -> Path:
    bad = b"1" * 60_000 + b"x,1,1,1,1,1,1\n"
    return _written(folder / "digits.csv", rows(3000) + bad * 100)


@hostile(
    "CSV: a million blank lines behind the rows",
    says="made in|3,000 rows read",
    code=0,
    commands=((*INGEST, "--map", "rate_hz=100"), (*PREDICT, "--map", "rate_hz=100")),
)
def _blank_lines(folder: Path) -> Path:
    untimed = b"\n".join(line.split(b",", 1)[1] for line in rows(3000).split(b"\n")[:-1])
    return _written(folder / "blank.csv", untimed + b"\n" * 1_000_000)


@hostile("CSV: the name of a column is 60,000 brackets", says="longer than any")
def _brackets(folder: Path) -> Path:
    head, rest = rows(3000).split(b"\n", 1)
    wider = rest.replace(b"\n", b",1\n")
    return _written(folder / "b.csv", head + b"," + b"(" * 60_000 + b"\n" + wider)


@hostile("CSV: six names of columns of 16,000 brackets", says="made in|3,000 rows read", code=0)
def _many_brackets(folder: Path) -> Path:
    head, rest = rows(3000).split(b"\n", 1)
    names = b"".join(
        b"," + (bracket * 16_000)[:16_000] for bracket in (b"(", b"[", b"(a", b"_m/", b"()", b"a[")
    )
    return _written(folder / "b.csv", head + names + b"\n" + rest.replace(b"\n", b",1,1,1,1,1,1\n"))


# --- mappings ------------------------------------------------------------------------------------


def _mapping(name: str, content: bytes, *, says: str) -> None:
    """Enter a mapping that is given to `har data ingest` with a sound table."""

    @hostile(f"mapping: {name}", says=says, commands=(_MAPPING,))
    def write(folder: Path) -> Path:
        return _written(folder / "m.toml", content)


_mapping("5,000 brackets", b"x = " + b"[" * 5000, says="not TOML")
_mapping("5,000 tables in each other", b"x." * 5000 + b"y = 1", says="not TOML")
_mapping("a number of 6,000 digits", b"x = " + b"1" * 6000, says="not TOML")
_mapping("a NUL", b"x = 1\0", says="not TOML")
_mapping("not UTF-8", b"x = '\xff'", says="not TOML")
_mapping("2 MB", b"#" * 2 * MB, says="at most 1,048,576 bytes")
_mapping("a pattern of 1 MB", b"subject_pattern = '" + b"(a)" * 349_000 + b"'", says="longer than")
_mapping("look-around", rb"subject_pattern = '(?=s)(\d+)'", says="not known")
_mapping("a reference to a group", rb"subject_pattern = '(a)\1'", says="not known")


@hostile(
    "pattern: ^(a+)+$ on a name of 200 letters",
    says="subject_pattern finds no subject",
    commands=((*INGEST, "--map", "subject_pattern=^(a+)+$"),),
)
def _backtracking(folder: Path) -> Path:
    return _written(folder / ("a" * 200 + "!.csv"), rows(3000))


@hostile(
    "pattern: a group that may be missing",
    says="subject_pattern finds no subject",
    commands=((*INGEST, "--map", "subject_pattern=c|(zz)"),),
)
def _missing_group(folder: Path) -> Path:
    return _written(folder / "abc.csv", rows(3000))
