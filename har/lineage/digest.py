"""SHA-256 of files, folders, arrays, settings and code, each in one canonical form."""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

SOURCE_SUFFIXES = (".py", ".toml", ".html")


def canonical(value: Any) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def of_bytes(data: bytes) -> str:
    """Return the digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def of_json(value: Any) -> str:
    """Return the digest of a JSON-able value in its canonical form."""
    return of_bytes(canonical(value))


def of_file(path: Path) -> str:
    """Return the digest of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_folder(folder: Path, *, leave_out: Iterable[str] = ()) -> dict[str, str]:
    """Return the digest of every file, by POSIX path relative to the folder."""
    skipped = set(leave_out)
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    names = [p.relative_to(folder).as_posix() for p in paths]
    return {n: of_file(p) for n, p in zip(names, paths, strict=True) if n not in skipped}


def of_array(array: "npt.NDArray[Any]") -> str:
    """Return the digest of an array's content: dtype, shape and C-ordered bytes."""
    # Here, because listing versions must not cost the import of numpy.
    import numpy as np

    canonical = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    head = json.dumps([canonical.dtype.str, list(canonical.shape)])
    return hashlib.sha256(head.encode() + canonical.tobytes()).hexdigest()


def of_mapping(digests: Mapping[str, str]) -> str:
    """Return one digest over named digests."""
    return of_json(dict(digests))


@functools.cache
def of_code() -> str:
    """Return the digest of this package's source: modules, tables and templates."""
    package = Path(__file__).parents[1]
    sources = (path for path in package.rglob("*") if path.suffix in SOURCE_SUFFIXES)
    return of_mapping({f"har:{p.relative_to(package).as_posix()}": of_file(p) for p in sources})
