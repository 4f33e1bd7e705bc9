"""Files that are whole or not there, and what to do where the disk refuses one."""

import contextlib
import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from har.errors import HarError, MissingError

_FULL = ("no space is left on the disk", "free some, or choose a place on another disk")
_FORBIDDEN = ("it may not be read or written", "ask whom it belongs to, or choose another place")
# What is wrong, and what to do.
_REFUSALS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("your share of the disk is used up", _FULL[1]),
    errno.EFBIG: ("it is larger than a file may be here", "raise the limit (`ulimit -f`)"),
    errno.EROFS: ("the disk is read-only", "choose a place that can be written"),
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EIO: ("the disk reports an error", "look after the disk: the kernel's log says more"),
}
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_NUMBER = re.compile(r"(?:\(os error |\[Errno )(\d+)[)\]]")  # as Rust and Python say it
_WORDS = {
    " requested and ": errno.ENOSPC,  # NumPy, where a file did not take all of an array
    "PytorchStreamWriter failed": errno.ENOSPC,
    "database or disk is full": errno.ENOSPC,
    "attempt to write a readonly database": errno.EROFS,
}


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a block a new file to write, which gets its name when the block has ended.

    Until then, and for ever if the block raises, the name is what it was: the file before, or
    none. What is no regular file, as ``/dev/stdout``, is written as it is.

    Parameters
    ----------
    path : Path
        The file; its folder is made. Of a link, the file that it leads to is replaced.

    Yields
    ------
    Path
        A file beside it.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # What a killed process leaves of it is no file of any kind that is looked for.
    new = path.with_name(f".har-{uuid.uuid4().hex[:12]}.tmp")
    try:
        yield new
        if path.exists():
            shutil.copymode(path, new)
        new.replace(path)
    except BaseException as error:
        new.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = None if str(error.filename) == str(new) else error.filename
            name_file(error, path)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, whole or not at all."""
    with whole(path) as new:
        new.write_text(text, encoding="utf-8")


def copy_folder(folder: Path, target: Path) -> Path:
    """Copy a folder's files into another, each whole or not at all; return the other one."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with whole(target / path.relative_to(folder)) as new:
            shutil.copyfile(path, new)
    return target


def explained(error: BaseException) -> HarError | None:
    """Return what to tell a user of an error that the disk is the cause of, else None."""
    for cause in _causes(error):
        if (number := _number(cause)) in _REFUSALS:
            what, hint = _REFUSALS[number]
            name = getattr(cause, "filename", None)
            told = None if name else str(cause).splitlines()[0]
            return MissingError(f"{name or 'a file'}: {what}", found=told, hint=hint)
    return None


def is_unwritable(error: OSError) -> bool:
    """Tell whether an error says that a folder or a whole file system cannot be written."""
    return error.errno in _UNWRITABLE


def name_file(error: OSError, path: Path) -> None:
    """Let an error of the system know the file that it is about, if it does not."""
    if error.errno is not None:
        error.filename = error.filename or str(path)


def _number(error: BaseException) -> int | None:
    """Return the number of a system's error, also where a library says it in words."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if found := _NUMBER.search(str(error)):
        return int(found[1])
    return next((n for words, n in _WORDS.items() if words in str(error)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
