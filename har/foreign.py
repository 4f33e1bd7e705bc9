"""Files of strangers: opened if they are files, and parsed up to a bound.

A pipe makes whoever opens it wait for ever, and a device need not end; neither is opened. A
small text, as a mapping or settings, is read up to `LARGEST` bytes, and whatever is wrong in it
is one error, not one of its parser's dozen.
"""

import errno
import json
import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from har.errors import DataError, HarError, MissingError

LARGEST = 2**20  # bytes of a file that a person writes by hand
DEEPEST = 32  # tables within tables; what nests deeper ends the recursion of whoever walks it
_KINDS: Mapping[str, Callable[[int], bool]] = {
    "a folder": stat.S_ISDIR,
    "a pipe": stat.S_ISFIFO,
    "a socket": stat.S_ISSOCK,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}
# Nobody waits for the other end of a pipe that took a file's place.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def require_regular(path: Path) -> None:
    """Raise unless a path, or what it links to, is a regular file.

    Raises
    ------
    MissingError
        If there is nothing.
    DataError
        If it is a folder, a pipe, a socket or a device.
    """
    try:
        _refuse_other(path, path.stat().st_mode)
    except OSError as error:
        raise _missing(path, error) from None


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """Open a regular file for reading, without waiting for anything else.

    Parameters
    ----------
    path : Path
        The file.
    follow : bool, default=True
        Whether it may be a link.

    Raises
    ------
    MissingError
        If there is nothing.
    DataError
        If it is a folder, a pipe, a socket or a device, or a link that is not followed.
    """
    require_regular(path)
    flags = _FLAGS if follow else _FLAGS | getattr(os, "O_NOFOLLOW", 0)
    try:
        file = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise _missing(path, error) from None
    # What is open cannot be exchanged any more.
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        file.close()
        _refuse_other(path, mode)
    return file


def text_of(path: Path, kind: str = "UTF-8", error: type[HarError] = DataError) -> str:
    """Return a small text in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What it is to be, for errors.
    error : type of HarError
        Raised where it is not UTF-8, or longer than `LARGEST`.

    Raises
    ------
    MissingError
        If there is no such file.
    DataError
        If it is no regular file.
    """
    with open_regular(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise error(f"{path}: not {kind}", expected=f"at most {LARGEST:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise error(f"{path}: not {kind}", found=str(wrong)) from None


def toml_of(path: Path, error: type[HarError] = DataError) -> dict[str, Any]:
    """Return what a small TOML file holds.

    Parameters
    ----------
    path : Path
        The file.
    error : type of HarError
        Raised where it is no TOML.

    Raises
    ------
    MissingError, DataError
        See `text_of`.
    """
    text = text_of(path, "TOML", error)
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise error(f"{path}: not TOML", found=_shown(wrong)) from None
    if _is_deeper(tree, DEEPEST):
        raise error(f"{path}: not TOML", found=f"tables within tables, over {DEEPEST} deep")
    return tree


def json_of(data: bytes | str, name: str) -> Any:
    """Return what JSON holds.

    Parameters
    ----------
    data : bytes or str
        Its text, whose length the caller has bounded.
    name : str
        What it is called in errors.

    Raises
    ------
    DataError
        If it is no JSON, or nests deeper than can be read.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: not JSON", found=_shown(error)) from None


def _refuse_other(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    raise DataError(
        f"{path}: not a regular file",
        found=next((kind for kind, is_one in _KINDS.items() if is_one(mode)), "something else"),
        hint="write what it gives into a file; `har predict -` reads standard input",
    )


def _missing(path: Path, error: OSError) -> HarError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return MissingError(f"{path}: no such file")
    if error.errno == errno.ELOOP:
        return DataError(f"{path}: not a regular file", found="a link")
    return MissingError(f"{path}: cannot be read", found=error.strerror)


def _shown(error: Exception) -> str:
    return "nests too deep" if isinstance(error, RecursionError) else str(error)[:300]


def _is_deeper(tree: Any, most: int) -> bool:
    level = [tree]
    for _ in range(most):
        level = [value for node in level for value in _inside(node)]
    return bool(level)


def _inside(node: Any) -> list[Any]:
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [value for value in values if isinstance(value, dict | list)]
