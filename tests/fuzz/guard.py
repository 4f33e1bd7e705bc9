"""What holds for all that reads files of strangers, whatever they are.

Only documented errors, and their text shows on a terminal as it is; no warning; an end, in time;
bounded memory; nothing written, run, unpickled or asked for beyond the input's own folder.
"""

import contextlib
import os
import re
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz.target import Files, Target, Wrong, require
from har.cli.output import in_lines
from har.errors import DataError, HarError, MissingError, UsageError, VerificationError

DOCUMENTED = (DataError, UsageError, MissingError, VerificationError)
PATIENCE_S = 30  # of one input of some kilobytes
MORE_MEMORY = 2**30  # bytes over the largest size of the process before, which is some 0.5 GiB
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WRITES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")
_REACHES = (
    *("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec"),
    *("os.posix_spawn", "pickle.find_class"),
)


class Hang(BaseException):
    """An input took too long; no `except Exception` may hide that."""


def checked(target: Target, seed: str, files: Files) -> Counter[str]:
    """Check an input in a folder of its own; return what was counted.

    Raises
    ------
    Exception
        Whatever is a finding.
    """
    with tempfile.TemporaryDirectory(prefix="har-fuzz-") as name:
        folder = Path(name).resolve()
        write(files, folder / "input")
        with (
            contextlib.chdir(_prepared(folder)),
            _inside(folder),
            _without_warnings(),
            _in_time(),
            _in_memory(),
            _quiet(folder / "printed"),
        ):
            return _counted(target, seed, folder)


def write(files: Files, folder: Path) -> None:
    """Write an input; what no disk takes as a name is left out, as is what is beside the folder."""
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or path.is_dir():
            continue
        with contextlib.suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _prepared(folder: Path) -> Path:
    """Make what stands beside an input, and return the folder to work in."""
    for part in ("out", "tmp", "work"):
        (folder / part).mkdir()
    return folder / "work"


def _counted(target: Target, seed: str, folder: Path) -> Counter[str]:
    try:
        return target.check(seed, folder)
    except DOCUMENTED as error:
        _check_text(error)
        return Counter({"refused": 1})


def _check_text(error: HarError) -> None:
    text = in_lines(error)
    require(not _CONTROL.search(text), f"an error shows control characters: {text!r:.300}")


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Turn warnings into errors, and those where nothing can be raised, as of files left open."""
    unraised: list[str] = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda told: unraised.append(f"{told.exc_value!r} in {told.object!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        sys.unraisablehook = before
    require(not unraised, f"unraised: {'; '.join(unraised[:3])}")


@contextlib.contextmanager
def _quiet(path: Path) -> Iterator[None]:
    """Raise `Wrong` if compiled code or a log writes to the terminal what acts on it."""
    kept = [(number, os.dup(number)) for number in (1, 2)]
    with path.open("wb") as file:
        for number, _ in kept:
            os.dup2(file.fileno(), number)
        try:
            yield
        finally:
            for number, before in kept:
                os.dup2(before, number)
                os.close(before)
    text = path.read_text(encoding="utf-8", errors="replace")
    path.unlink()
    require(not _CONTROL.search(text), f"control characters are printed: {text!r:.300}")


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"no end within {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)  # of a test that runs this


@contextlib.contextmanager
def _in_memory() -> Iterator[None]:
    before = _peak()
    yield
    more = _peak() - before
    require(more < MORE_MEMORY, f"memory: {more / 2**30:.2f} GiB more")


def _peak() -> float:
    """Return the largest memory of this process so far, bytes."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * (1 if sys.platform == "darwin" else 1024)


class _Watch:
    """Notes what Python does beyond a folder while one is set; hooks cannot be taken off again."""

    folder: Path | None = None
    seen: list[str] = []  # noqa: RUF012 - one for the process, as the hook is
    installed = False

    @classmethod
    def hook(cls, event: str, arguments: tuple[Any, ...]) -> None:
        if cls.folder is None:
            return
        if event in _REACHES:
            cls.seen.append(f"{event}{arguments!r:.200}")
        elif (event == "open" and _is_written(arguments)) or event in _WRITES:
            path = arguments[0]
            if isinstance(path, str | bytes | os.PathLike) and not cls.is_inside(os.fsdecode(path)):
                cls.seen.append(f"{event}{arguments!r:.200}")

    @classmethod
    def is_inside(cls, path: str) -> bool:
        whole = os.path.realpath(path)
        own = (str(cls.folder) + os.sep, "/dev/null", "/proc/self/")
        return whole.startswith(own) or "__pycache__" in whole


def _is_written(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = (*arguments, None, None)[:3]
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Raise `Wrong` at the end if anything was done beyond a folder, or left in its ``tmp``."""
    if not _Watch.installed:
        sys.addaudithook(_Watch.hook)
        _Watch.installed = True
    before, kept = tempfile.tempdir, _listing(folder)
    _Watch.folder, _Watch.seen = folder, []
    tempfile.tempdir = str(folder / "tmp")
    try:
        yield
    finally:
        _Watch.folder, tempfile.tempdir = None, before
    require(not _Watch.seen, f"beyond its folder: {'; '.join(_Watch.seen[:3])}")
    changed = kept.symmetric_difference(_listing(folder))
    require(not changed, f"written or changed: {sorted(changed)[:3]}")


def _listing(folder: Path) -> set[tuple[str, int]]:
    """Return all that stands in a folder but ``out/``, with what tells that it was changed."""
    found = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("out/"):
            found.add((name, path.stat().st_mtime_ns if path.is_file() else 0))
    return found


__all__ = ["DOCUMENTED", "Hang", "Wrong", "checked", "write"]
