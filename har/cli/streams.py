"""Standard streams that are closed, that nobody reads, or that lack characters."""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from har.terminal.stream import guard


def speak_utf8() -> None:
    """Begin anew in Python's UTF-8 mode where a locale knows ASCII alone.

    Names of files and all that is printed would be ASCII otherwise, here and in workers.
    """
    if codecs.lookup(sys.getfilesystemencoding()).name == "ascii":
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONUTF8": "1"})  # noqa: S606


def prepare_streams() -> None:
    """Open closed streams on nothing, and let every text be written to the others.

    Characters that a locale lacks are written as their numbers, and those of control as text.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open for as long as the process lives.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    guard()


@contextmanager
def readers_may_leave() -> Iterator[None]:
    """End with exit code 0 where whoever read the output has seen enough, as `head` has."""
    try:
        yield
    except SystemExit as end:
        # Rich and click end by code 1 when they meet it.
        if isinstance(end.__context__, BrokenPipeError):
            _leave(0)
        if not _is_read():
            _leave(end.code)
        raise
    except BrokenPipeError:
        if _is_read():
            raise
        _leave(0)


def _is_read() -> bool:
    """Write what is still in the buffer, and tell whether that works."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


def _leave(code: int | str | None) -> NoReturn:
    """End, so that Python's own last flush meets no broken pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
