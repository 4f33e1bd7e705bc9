"""The journal of a run: written as it goes, whole or not, and read again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from har.errors import MissingError, VerificationError
from har.lineage import journal
from har.lineage.journal import FILE, FOLDER, Journal, Known, Writer, journals, new_run

RECIPE = {"seeds": [0]}


def known(name: str, made_by: str) -> Known:
    """Return a step as a run writes it down."""
    digests = {"key": "a" * 64, "content": "b" * 64}
    times = {"time": "2026-11-27T03:00:00Z", "made": "2026-11-27T03:00:00Z", "seconds": 1.5}
    return Known(name=name, step=name, made_by=made_by, **digests, **times)


def test_a_finished_run(tmp_path: Path) -> None:
    """It says who, why and what, which steps it made, which it found, and that it ended."""
    writer = Writer(tmp_path, new_run())
    with writer.recording(RECIPE, "new people"), writer.recording(RECIPE, "within"):
        writer.know(known("clean", writer.run))
        writer.know(known("clean", writer.run))
        writer.know(known("ingest", "another"))
    writer.know(known("late", writer.run))  # by nobody's block
    (read,) = journals(tmp_path)
    assert read == Journal.read(tmp_path, writer.run[:6])
    assert (read.state, read.begun.cause.reason) == ("finished", "new people")
    assert read.begun.recipe == RECIPE
    assert [step.name for step in read.steps] == ["clean", "ingest"]
    assert [step.name for step in read.made] == ["clean"]
    assert {"python", "numpy"} <= read.begun.environment.keys()
    assert "processor" in read.begun.hardware
    installed = json.loads((writer.folder / "environment" / "packages.json").read_text())
    assert installed[f"numpy {numpy.__version__}"]


def test_a_failed_run_that_goes_on(tmp_path: Path) -> None:
    """How it ended is what the last line says."""
    writer = Writer(tmp_path, new_run())
    with pytest.raises(ValueError, match="no such"), writer.recording(RECIPE, ""):
        raise ValueError("no such class")
    (failed,) = journals(tmp_path)
    assert failed.state == "failed"
    assert failed.ended
    assert failed.ended.error == "ValueError: no such class"
    with writer.recording(RECIPE, ""):
        pass
    assert journals(tmp_path)[0].state == "finished"


def test_a_killed_run(tmp_path: Path) -> None:
    """What it made until then is there, and half a line is not read."""
    program = f"""
import os, signal
from pathlib import Path
from har.lineage.journal import Writer
writer = Writer(Path({str(tmp_path)!r}), "{"c" * 32}")
with writer.recording({{}}, "killed"):
    print("begun", flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert journals(tmp_path)[0].state == "running"
        os.kill(process.pid, signal.SIGKILL)
    with (tmp_path / FOLDER / ("c" * 32) / FILE).open("ab") as file:
        file.write(b'{"kind":"st')
    (killed,) = journals(tmp_path)
    assert (killed.state, killed.begun.cause.reason, killed.ended) == ("killed", "killed", None)


def test_a_run_that_was_killed_at_its_first_line(tmp_path: Path) -> None:
    """Of half a line nothing is known, and it stops no other."""
    writer = Writer(tmp_path, new_run())
    with writer.recording(RECIPE, ""):
        pass
    other = tmp_path / FOLDER / ("f" * 32)
    other.mkdir()
    (other / FILE).write_bytes(b'{"kind":"beg')
    assert [one.begun.run for one in journals(tmp_path)] == [writer.run]
    with pytest.raises(MissingError, match="no journal of the run"):
        Journal.read(tmp_path, "f" * 32)


def test_secrets_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the command line, neither a secret setting nor a password in an address is kept."""
    words = [
        "--set",
        "registry.webhook_secret=CANARY",
        "--set",
        "registry.tracking_uri=h://a:CANARY@b",
    ]
    monkeypatch.setattr(sys, "argv", ["/usr/bin/har", "run", *words])
    cause = journal.cause("")
    assert cause.trigger == "command"
    assert "CANARY" not in cause.name
    assert cause.name.startswith("har run --set ")


def test_what_is_no_journal(tmp_path: Path) -> None:
    """It is refused with its place; an unknown run is missing."""
    folder = tmp_path / FOLDER / "d"
    folder.mkdir(parents=True)
    (folder / FILE).write_text('{"kind":"moon"}\n')
    with pytest.raises(VerificationError, match=r"d/journal\.jsonl:1: not a line"):
        journals(tmp_path)
    with pytest.raises(MissingError, match="no journal of the run 'e'"):
        Journal.read(tmp_path, "e")
