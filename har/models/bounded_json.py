"""JSON of strangers: read within bounds, refused as bad input."""

import json
from pathlib import Path
from typing import Any, NoReturn

from har.errors import DataError

MAX_FILE = 1 << 20
"""Bytes of a file that describes a model: a configuration has a few thousand."""


def read_json(path: Path, *, most: int = MAX_FILE) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        Bytes that it may have.

    Raises
    ------
    DataError
        If it is larger, no JSON in UTF-8, nested too deep, or holds a number that is none.
    """
    if (size := path.stat().st_size) > most:
        raise DataError(
            f"{path}: too large", expected=f"at most {most:,} bytes", found=f"{size:,} bytes"
        )
    return parse_json(path.read_bytes(), str(path), most=most)


def parse_json(content: bytes | str, where: str, *, most: int = MAX_FILE) -> Any:
    """Parse JSON; `where` is what it is called in errors.

    Raises
    ------
    DataError
        As `read_json` does.
    """
    if len(content) > most:
        raise DataError(f"{where}: too large", expected=f"at most {most:,} bytes of JSON")
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        found = "nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise DataError(f"{where}: not JSON", expected="JSON in UTF-8", found=found) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
