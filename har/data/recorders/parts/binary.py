"""Binary files of ActiGraph, Axivity and GENEActiv, read by the library ``actfast``."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.data.ingest.files import RawFiles, reading
from har.data.ingest.ledger import Ledger
from har.data.recorders.parts.captures import Capture
from har.data.recorders.parts.groups import recording_name
from har.data.recorders.parts.heads import Head
from har.data.recording import ACC, CHANNELS, GYRO
from har.data.sources.base import Item
from har.errors import DataError

ROWS = 500_000  # in a block


def is_cwa(head: Head) -> bool:
    """Tell whether a file is Axivity's: ``MD`` and the length of its header's block."""
    return head.data[:4] == b"MD\xfc\x03"


def is_gt3x(head: Head) -> bool:
    """Tell whether a file is ActiGraph's: a zip of ``info.txt`` and ``log.bin``."""
    return head.data[:2] == b"PK" and head.data[30:38] in {b"info.txt", b"log.bin\0"[:8]}


def is_geneactiv(head: Head) -> bool:
    """Tell whether a file is GENEActiv's own."""
    return head.data.startswith(b"Device Identity")


def capture(item: Item, *, device: str) -> Capture:
    """Return the recording of a binary file; it is read in whole when its rows are asked for."""
    (name,) = item.files

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        sensors = _read(files, name)
        time = sensors["datetime"]
        ledger.read(len(time))
        for first in range(0, len(time), ROWS):
            yield _block(sensors, slice(first, first + ROWS), name)

    return Capture(
        recording_name(item),
        (rows,),
        acc_unit="g",
        gyro_unit="deg/s",
        clock="local",
        device=device,
        facts={"angular velocity": "deg/s, if the device has a gyroscope"},
    )


def _read(files: RawFiles, name: str) -> dict[str, Any]:
    """Return the table of a file that holds acceleration.

    Raises
    ------
    ModuleNotFoundError
        Without the library; the command line says which extra brings it.
    DataError
        If the file is damaged, or has no acceleration.
    """
    import actfast

    with _on_disk(files, name) as path:
        try:
            content = actfast.read(path)
        except (ValueError, OSError) as error:
            raise DataError(
                f"{name}: damaged or cut off", found=str(error), hint="copy it again"
            ) from None
    for sensors in content["timeseries"].values():
        if "acceleration" in sensors and len(sensors["acceleration"]):
            return dict(sensors)
    raise DataError(f"{name}: no acceleration", found=", ".join(content["timeseries"]) or "nothing")


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
