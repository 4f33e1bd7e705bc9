"""Skops files of strangers: what they unpack to is bounded before any of it is."""

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.pipeline import Pipeline

from har.errors import DataError
from har.models import skops_file
from har.models.classical import MODEL, ClassicalModel

SCHEMA = skops_file.SCHEMA


def zipped(path: Path, **members: bytes) -> None:
    """Write an archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("_json", ".json"), content)


def noise() -> bytes:
    """Return bytes that do not shrink, so that the archive's ratio is a usual one."""
    return np.random.default_rng(0).bytes(10_000)


def lying(path: Path) -> None:
    """Say that a member of 4 MB has but ten bytes."""
    zipped(path, schema_json=bytes(4 << 20))
    content = bytearray(path.read_bytes())
    size = struct.pack("<L", 4 << 20)
    while (place := content.find(size)) >= 0:
        content[place : place + 4] = struct.pack("<L", 10)
    path.write_bytes(content)


def cut(path: Path) -> None:
    """Keep the first half of a model."""
    skops.io.dump({"name": "svm"}, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def crowded(path: Path) -> None:
    """Say that there are 30,000 members."""
    zipped(path, schema_json=b"{}")
    end = struct.pack("<HH", 30_000, 30_000)
    content = path.read_bytes()
    path.write_bytes(content[:-14] + end + content[-10:])


def listed(schema: Any) -> Callable[[Path], None]:
    """Hold a schema of one's own."""
    return lambda path: zipped(path, schema_json=json.dumps(schema).encode())


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "cannot be read"),
    "random": (lambda path: path.write_bytes(b"evil" * 100), "cannot be read"),
    "cut": (cut, "cannot be read"),
    "no schema": (lambda path: zipped(path, other=b"x"), "cannot be read"),
    "a schema of 30 MB": (lambda path: zipped(path, schema_json=bytes(30 << 20)), "too large"),
    "a member of 60 MB": (
        lambda path: zipped(path, schema_json=b"{}", large=bytes(60 << 20)),
        "too large",
    ),
    "a member that lies": (lying, "cannot be read"),
    "many members": (crowded, "cannot be read"),
    "no JSON": (lambda path: zipped(path, schema_json=b"{"), "cannot be read"),
    "deep JSON": (
        lambda path: zipped(path, schema_json=b"[" * 100_000, more=noise()),
        "cannot be read",
    ),
    "a list": (listed([1, 2]), "cannot be read"),
    "an unknown loader": (
        listed({"__class__": "a", "__module__": "b", "__loader__": "Evil", "protocol": 2}),
        "cannot be read",
    ),
    "another thing": (lambda path: skops.io.dump([1], path), "holds no model"),
    "no fields": (lambda path: skops.io.dump({"name": "svm"}, path), "holds no model"),
}
FIELDS = {
    "name": "svm",
    "pipeline": Pipeline([("scale", "passthrough"), ("decide", "passthrough")]),
    "calibration": {},
    "classes": ["a", "b"],
    "n_samples": 128,
    "rate_hz": 50.0,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_of_a_stranger_is_bad_input(what: str, tmp_path: Path) -> None:
    """One class of error, whatever it is."""
    write, says = HOSTILE[what]
    write(tmp_path / MODEL)
    with pytest.raises(DataError, match=says):
        ClassicalModel.load(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "evil"},
        {"n_samples": 10**9},
        {"rate_hz": 0.0},
        {"channels": ["evil"] * 3},
        {"classes": []},
        {"calibration": {"a": float("nan")}},
        {"pipeline": Pipeline([("evil", "passthrough")])},
        {"convolutions": {"evil": 1}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_fields_out_of_bounds_are_bad_input(changed: dict[str, Any], tmp_path: Path) -> None:
    """Nothing of such a size is made."""
    skops.io.dump({**FIELDS, **changed}, tmp_path / MODEL)
    with pytest.raises(DataError, match="holds no model"):
        ClassicalModel.load(tmp_path)
