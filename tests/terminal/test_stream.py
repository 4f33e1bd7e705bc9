"""Standard output and standard error, guarded: logs, warnings, tracebacks, wrong command lines."""

import contextlib
import io
import logging
import re
import sys
from pathlib import Path

import pytest
from support import Project

from har.processes import tell_progress
from har.terminal.log import LineFormatter
from har.terminal.stream import Guard, guard
from har.visible import INVISIBLE

NASTY = "\x1b]0;PWN\x07\x1b[2J\x1b[45m\u202e"
SHOWN = r"\x1b]0;PWN\x07\x1b[2J\x1b[45m\u202e"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Return true."""
        return True


@contextlib.contextmanager
def guarded(beneath: io.StringIO):
    """Guard both streams, which write to one place."""
    with contextlib.redirect_stdout(beneath), contextlib.redirect_stderr(beneath):
        guard()
        yield


def test_whoever_writes() -> None:
    """Prints, lines, progress and tracebacks."""
    beneath = io.StringIO()
    with guarded(beneath):
        print(NASTY)
        sys.stderr.writelines([NASTY, "\n"])
        tell_progress()
        logging.getLogger("har").info("%s", NASTY)
        sys.excepthook(ValueError, ValueError(NASTY), None)
    told = beneath.getvalue()
    assert told.count(SHOWN) == 4
    assert set(INVISIBLE.findall(told)) == {"\n"}


def test_colours_stay_on_a_terminal_alone() -> None:
    """Colour and weight pass where they are seen; what hides, blinks or moves never does."""
    for beneath, shown in ((Terminal(), "\x1b[1;31mred\x1b[0m"), (io.StringIO(), r"\x1b[1;31mred")):
        Guard(beneath).write("\x1b[1;31mred\x1b[0m\x1b[8mhidden\x1b[5m\x1b[1A\x1b[38;5;8mgrey")
        assert beneath.getvalue().startswith(shown)
        assert r"\x1b[8mhidden\x1b[5m\x1b[1A" in beneath.getvalue()


def test_a_record_stays_one() -> None:
    """What is logged of a stranger begins no line."""
    name = "x\nINFO har: all is well"
    record = logging.LogRecord("har", logging.INFO, "", 0, "recording %s", (name,), None)
    told = LineFormatter("INFO %(name)s: %(message)s").format(record)
    assert told == "INFO har: recording x\n    INFO har: all is well"


def test_guarded_once() -> None:
    """A second guard would show what the first let pass."""
    beneath = io.StringIO()
    with guarded(beneath):
        guard()
        assert sys.stdout.beneath is beneath


@pytest.mark.parametrize(
    "words",
    [
        ["registry", "list", f"--{NASTY}"],
        ["registry", "show"],
        ["serve", "--workers", NASTY],
        ["data", "list", NASTY],
        [NASTY],
        ["predict", "x.csv", "--smooth", NASTY],
        ["registry", "show", NASTY],
        ["train", "--set", f"{NASTY}=1"],
        ["data", "export", NASTY],
    ],
)
def test_a_wrong_command_line(words: list[str], tmp_path: Path) -> None:
    """Options, values and arguments are shown as text, also by Typer and with colours."""
    done = Project(tmp_path, {"FORCE_COLOR": "1"}).har(*words)
    assert done.returncode in (2, 6)
    told = done.stdout + done.stderr
    assert "\x1b[45m" not in told
    assert set(INVISIBLE.findall(re.sub(r"\x1b\[[\d;]*m", "", told))) <= {"\n"}
