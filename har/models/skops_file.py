"""Files of skops: written so that their bytes follow from their content, read within bounds.

skops numbers objects by their address in memory, names the arrays in its zip archive by
those numbers and stamps them with the time, so that equal models differ in every file.
Here objects and arrays are numbered as one comes upon them and no time is kept; what
skops reads is the same.

A file may come from anyone: what it unpacks to is bounded before any of it is, and types that are
not known are never made.
"""

import io
import json
import struct
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import skops.io

from har.errors import DataError, VerificationError

SCHEMA = "schema.json"
MAX_BYTES, MAX_MEMBER = 768 << 20, 256 << 20
"""Unpacked, of all members and of one: the largest model of a benchmark has 13 MB."""
MAX_SCHEMA = 16 << 20
"""Bytes of the schema, which takes 20 times as much when it is read; a forest's has 1 MB."""
MAX_MEMBERS = 20_000
# How much smaller than its content a file may be: arrays of numbers hardly shrink.
MAX_RATIO = 50
# What an archive ends with: signature, two numbers of disks, entries on this one and of all, size
# and place of their list, and the length of a comment, which skops does not write.
_END = struct.Struct("<4s4H2LH")


def dump(content: Any, path: Path) -> None:
    """Write an object as `skops.io.dump` does, the same bytes for the same content.

    Parameters
    ----------
    content : object
        Whatever skops can save.
    path : Path
        The file to write.
    """
    with ZipFile(io.BytesIO(skops.io.dumps(content))) as source, ZipFile(path, "w") as target:
        schema = json.loads(source.read(SCHEMA))
        for name, own in _renumber(schema).items():
            target.writestr(ZipInfo(own), source.read(name))
        target.writestr(ZipInfo(SCHEMA), json.dumps(schema, indent=1))


def load(path: Path, trusted: Iterable[str]) -> Any:
    """Read an object; nothing is unpickled.

    Parameters
    ----------
    path : Path
        As `dump` or skops writes it.
    trusted : iterable of str
        Types that it may have besides numpy's and scikit-learn's own, which skops audits.

    Raises
    ------
    DataError
        If it is damaged, unpacks to more than the bounds, or is no file of skops.
    VerificationError
        If it has types that are not trusted.
    """
    known = sorted(trusted)
    try:
        _check_size(path)
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(known))
        if not unknown:
            return skops.io.load(path, trusted=known)
    except DataError:
        raise
    except Exception as error:  # whatever a schema has in place of what it should
        raise _damaged(path, f"{type(error).__name__}: {error}"[:200]) from None
    raise VerificationError(
        f"{path}: holds types that are not trusted: {', '.join(unknown)[:1000]}"
    )


def _check_size(path: Path) -> None:
    """Refuse an archive by what its list of members says, which is what is unpacked at most."""
    size = path.stat().st_size
    _check_list(path, size)
    with ZipFile(path) as file:
        members = {member.filename: member.file_size for member in file.infolist()}
    if SCHEMA not in members:
        raise _damaged(path, f"no {SCHEMA}")
    unpacked = sum(members.values())
    bounds = {
        "bytes unpacked": (unpacked, min(MAX_BYTES, MAX_RATIO * size)),
        "bytes of one member": (max(members.values()), MAX_MEMBER),
        f"bytes of {SCHEMA}": (members[SCHEMA], MAX_SCHEMA),
    }
    for what, (found, most) in bounds.items():
        if found > most:
            raise DataError(
                f"{path}: too large", expected=f"at most {most:,} {what}", found=f"{found:,}"
            )


def _check_list(path: Path, size: int) -> None:
    """Refuse an archive of too many members before their list is read."""
    if not _END.size <= size <= MAX_BYTES:
        raise _damaged(path, f"{size:,} bytes")
    with path.open("rb") as file:
        file.seek(-_END.size, io.SEEK_END)
        signature, _, _, _, members, *_ = _END.unpack(file.read())
    if signature != b"PK\5\6" or members > MAX_MEMBERS:
        raise _damaged(
            path, "no end of an archive" if members <= MAX_MEMBERS else f"{members:,} members"
        )


def _damaged(path: Path, found: str) -> DataError:
    return DataError(
        f"{path}: cannot be read",
        expected="a whole model as `har train` saves it",
        found=found,
        hint="copy it again from where it was made, or train it again",
    )


def _renumber(schema: Any) -> dict[str, str]:
    """Renumber a schema's objects and files in place; return the new names of files by the old."""
    numbers, ids, files = count(1), dict[int, int](), dict[str, str]()

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            for value in node.values():
                visit(value)
            if "file" in node:
                name = node["file"]
                node["file"] = files.setdefault(name, f"{len(files)}{Path(name).suffix}")
            if "__id__" in node:
                # Equal plain values may be one object or several: that is Python's affair.
                own = next(numbers) if node.get("is_json") else None
                node["__id__"] = own or ids.setdefault(node["__id__"], next(numbers))
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(schema)
    return files
