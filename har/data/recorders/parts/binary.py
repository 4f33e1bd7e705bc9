"""Binary files of ActiGraph, Axivity and GENEActiv, read by the library ``actfast``."""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.data.ingest.archives import open_archive
from har.data.ingest.budget import Budget, beyond
from har.data.ingest.files import RawFiles, reading
from har.data.ingest.ledger import Ledger
from har.data.recorders.parts.captures import Capture
from har.data.recorders.parts.groups import recording_name
from har.data.recorders.parts.heads import Head
from har.data.recording import ACC, CHANNELS, GYRO
from har.data.sources.base import Item
from har.errors import DataError
from har.foreign import open_regular

ROWS = 500_000  # in a block
BLOCK = 2**20  # bytes
GENEACTIV = b"Device Identity"
LATEST = 4_000_000_000 * 10**9  # ns since 1970, in the year 2096
PANIC = "PanicException"  # what an error of the library's own becomes
AX6 = 0x64  # as the header of a .cwa names the device
GT3X, CWA, BIN = "Actigraph GT3X", "Axivity CWA", "GeneActiv BIN"  # as the library names them
CWA_BLOCK = 512  # bytes
RATE_AT = 36  # the byte of a .cwa that tells its rate
BIN_PAGE = 300  # rows


def is_cwa(head: Head) -> bool:
    """Tell whether a file is Axivity's: ``MD`` and the length of its header's block."""
    return head.data[:4] == b"MD\xfc\x03" and len(head.data) > RATE_AT


def is_gt3x(head: Head) -> bool:
    """Tell whether a file is ActiGraph's: a zip that begins with one of its two members."""
    return head.data[:2] == b"PK" and head.data[30:].startswith((b"info.txt", b"log.bin"))


def is_geneactiv(head: Head) -> bool:
    """Tell whether a file is GENEActiv's own."""
    return head.data.startswith(GENEACTIV)


def axivity(item: Item, beginning: Head) -> Capture:
    """Return the recording of a ``.cwa``, whose header tells device and rate."""
    rate = 3200 / 2 ** (15 - (beginning.data[RATE_AT] & 0x0F))
    six = beginning.data[4] == AX6
    capture = _capture(item, "Axivity AX6" if six else "Axivity AX3", f"{rate:g} Hz")
    return replace(capture, gyro_unit="deg/s" if six else "")


def actigraph(item: Item) -> Capture:
    """Return the recording of a ``.gt3x``."""
    return _capture(item, "ActiGraph", "")


def geneactiv(item: Item, beginning: Head) -> Capture:
    """Return the recording of a ``.bin``, whose header is text."""
    header = "\n".join(beginning.lines).partition("Recorded Data")[0]
    told = dict(re.findall(r"^([A-Z][\w ]+):(.*\S)\s*$", header, re.M))
    capture = _capture(item, "GENEActiv", told.get("Measurement Frequency", ""))
    return replace(
        capture,
        subject=told.get("Subject Code", ""),
        placement=told.get("Device Location Code", ""),
    )


def _capture(item: Item, device: str, rate: str) -> Capture:
    """Return a recording whose file is read, in whole, when its rows are asked for.

    Raises
    ------
    ModuleNotFoundError
        Without the library; the command line says which extra brings it.
    """
    import actfast

    del actfast  # it is missed before a person is asked anything
    (name,) = item.files

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        sensors, whole = _read(files, name)
        total = len(sensors["datetime"])
        ledger.read(total)
        if not whole:
            ledger.warn(name, "cut off", "the file ends within a block, which is not read")
        for first in range(0, total, ROWS):
            yield _block(sensors, slice(first, first + ROWS), name)

    facts = {"rate": rate}
    return Capture(
        recording_name(item), (rows,), acc_unit="g", clock="local", device=device, facts=facts
    )


def _read(files: RawFiles, name: str) -> tuple[dict[str, Any], bool]:
    """Return the table of a file that holds acceleration, and whether its last block is whole.

    Raises
    ------
    DataError
        If the file is damaged, does not tell its scale, or has no acceleration.
    """
    with _on_disk(files, name) as path:
        size = path.stat().st_size
        _refuse_large(files, path, name)
        content = _content(path, name)
    # Without a record of parameters the library knows no scale, and multiplies by 256.
    scaled = content["format"] != GT3X or "device_feature_enabled" in content["metadata"]
    for sensors in content["timeseries"].values():
        if scaled and len(sensors.get("acceleration", ())):
            of_block = {CWA: size % CWA_BLOCK, BIN: len(sensors["acceleration"]) % BIN_PAGE}
            return dict(sensors), not of_block.get(content["format"], 0)
    raise DataError(
        f"{name}: no acceleration that can be read",
        expected="records of activity, and of the parameters that tell their scale",
        found=", ".join(content["timeseries"]) if scaled else "no parameters",
        hint="export it as raw CSV with the maker's software",
    )


def _refuse_large(files: RawFiles, path: Path, name: str) -> None:
    """Raise `LimitError` if a file is longer, or unpacks to more, than memory is to hold."""
    budget = Budget(files.limits, name)
    with reading(name), open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(2) == b"PK":
            file.seek(0)
            open_archive(path, file, budget.packed(name, size))
    size = max(size, budget.unpacked)
    if size > (most := files.limits.binary_mb * 10**6):
        raise beyond(
            f"{name}: too long",
            "binary_mb",
            expected=f"at most {most:,.0f} bytes",
            found=f"{size:,}",
        )


def _content(path: Path, name: str) -> dict[str, Any]:
    """Return what the library reads; a panic of it, which is no `Exception`, is damage too."""
    import actfast

    try:
        _refuse_other_characters(path)
        content: dict[str, Any] = dict(actfast.read(path))
        _refuse_other_times(content)
    except BaseException as error:
        if not isinstance(error, ValueError | OSError) and type(error).__name__ != PANIC:
            raise
        raise DataError(
            f"{name}: damaged or cut off",
            found=str(error).splitlines()[0][:200],
            hint="copy it again",
        ) from None
    return content


def _refuse_other_times(content: dict[str, Any]) -> None:
    """Raise ValueError at times that cannot be, as a rate of 0 gives."""
    times = [table["datetime"] for table in content["timeseries"].values()]
    if any(len(time) and not 0 <= time.min() <= time.max() < LATEST for time in times):
        raise ValueError("times that cannot be")


def _refuse_other_characters(path: Path) -> None:
    """Raise ValueError if a GENEActiv's file is not ASCII: the library would panic, loudly."""
    with path.open("rb") as file:
        block = file.read(BLOCK)
        is_text = block.startswith(GENEACTIV)
        while is_text and block:
            if not block.isascii():
                raise ValueError("characters that no GENEActiv writes")
            block = file.read(BLOCK)


def _block(sensors: dict[str, Any], part: slice, name: str) -> pd.DataFrame:
    time = sensors["datetime"][part]
    columns = {"time_s": time.astype("float64") / 1e9}
    for what, channels in (("acceleration", ACC), ("gyroscope", GYRO)):
        if what in sensors and len(sensors[what]):
            columns |= dict(zip(channels, sensors[what][part].astype("float64").T, strict=True))
    assert set(columns) <= {"time_s", *CHANNELS}
    rows = pd.DataFrame(columns)
    rows["line"] = np.arange(part.start, part.start + len(rows)) + 1
    rows["repaired"] = False
    codes = np.zeros(len(rows), np.int8)
    rows["file"] = pd.Categorical.from_codes(codes, categories=pd.Index([name]))
    return rows


@contextlib.contextmanager
def _on_disk(files: RawFiles, name: str) -> Iterator[Path]:
    """Yield a path of a file, which is copied if it lies in an archive."""
    path = files.root / name if files.root.is_dir() else files.root
    if path.is_file() and path.name == name.rpartition("/")[2]:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="har-") as copy:
        with reading(name), files.open(name) as file:
            shutil.copyfileobj(file, copy, 2**20)
        copy.flush()
        yield Path(copy.name)
