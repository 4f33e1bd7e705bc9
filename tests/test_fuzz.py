"""Some inputs of each target of the fuzzer, always the same ones; and that it finds what it is for.

`scripts/fuzz.py` tries others, for as long as one likes.
"""

import contextlib
import itertools
import os
import pickle
import socket
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from fuzz import findings, guard, readers
from fuzz.damage import damaged
from fuzz.running import TARGETS, one, run, sound, target
from fuzz.target import Target

from har.data.recording import Recording, read_recordings

SEED = 1
# Inputs of each, about half a minute of one processor for all of them.
MANY = {
    "ingest": 110,
    "predict": 70,
    "mappings": 300,
    "settings": 300,
    "onnx": 400,
    "checkpoints": 150,
    "streams": 300,
}


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs_are_refused_or_read_right(name: str, tmp_path: Path) -> None:
    """No other error, no warning, no lost row, no changed value, nothing beyond the folder."""
    aim = target(name)
    assert not sound(aim)["refused"]
    found = [finding for number in range(MANY[name]) if (finding := one(aim, SEED, number))]
    for finding in findings.first_of_each(found):
        kept = findings.save(finding, Path(os.environ.get("HAR_FUZZ_OUT", tmp_path)))
        print(f"{finding.details}\npython scripts/fuzz.py --again {kept}")
    assert not found, Counter(finding.problem for finding in found)


def planted(fault: Callable[[bytes], object]) -> Target:
    """Return a target whose reader has a fault that one byte brings out."""

    def check(_seed: str, folder: Path) -> Counter[str]:
        content = (folder / "input" / "a.txt").read_bytes()
        if b"x" in content:
            fault(content)
        return Counter()

    seeds = {"seed": {"a.txt": b"0123456789\n" * 30, "b.txt": b"b"}}
    return Target("planted", lambda: seeds, lambda files, _: files, check)


def write_beside(_content: bytes) -> None:
    Path("../beside.txt").write_text("x", encoding="utf-8")


def write_away(_content: bytes) -> None:
    with contextlib.suppress(OSError):
        Path("/no-such-folder/x").write_text("x", encoding="utf-8")


def reach_out(_content: bytes) -> None:
    with socket.socket() as client:
        client.connect_ex(("127.0.0.1", 9))


FAULTS: dict[str, tuple[Callable[[bytes], object], str]] = {
    "an error that nobody documents": (int, "ValueError"),
    "a warning": (lambda _: warnings.warn("odd", stacklevel=1), "UserWarning"),
    "no end": (lambda _: time.sleep(60), "Hang"),
    "a file beside its folder": (write_beside, "written or changed"),
    "a file far away": (write_away, "beyond its folder"),
    "a connection": (reach_out, "beyond its folder"),
    "a pickle": (lambda _: pickle.loads(pickle.dumps(Counter)), "beyond its folder"),
    "what it prints": (lambda _: os.write(2, b"\x1b[2J"), "control characters are printed"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of fault that the fuzzer is for."""
    fault, problem = FAULTS[name]
    monkeypatch.setattr(guard, "PATIENCE_S", 0.2)
    aim = planted(fault)
    assert findings.find(aim, "seed", aim.seeds()["seed"], "1/0") is None
    finding = findings.find(aim, "seed", {"a.txt": b"012x\n"}, "1/1")
    assert finding is not None
    assert problem in finding.problem


def test_a_changed_value_and_a_lost_row_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth in one sample, or one sample less than the account has."""
    aim = target("ingest")
    files = aim.seeds()["lab"]

    def found(change: Callable[[pd.DataFrame], pd.DataFrame]) -> str:
        def altered(folder: Path) -> list[Recording]:
            return [replace(one, table=change(one.table)) for one in read_recordings(folder)]

        monkeypatch.setattr(readers, "read_recordings", altered)
        finding = findings.find(aim, "lab", files, "1/0")
        return finding.problem if finding else ""

    assert found(lambda table: table) == ""
    moved = found(lambda table: table.assign(acc_y=table["acc_y"] + 0.01 * (table.index == 7)))
    assert moved == "Wrong target.py:require values changed"
    assert found(lambda table: table.drop(index=7)) == "Wrong target.py:require samples"


def test_memory_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel counts it: a gibibyte more than before is a finding."""
    peaks = iter([1.0, 1.0 + 2**29, 1.0, 1.0 + 2**30])
    monkeypatch.setattr(guard, "_peak", lambda: next(peaks))
    aim = planted(int)
    files = aim.seeds()["seed"]
    assert findings.find(aim, "seed", files, "1/0") is None
    finding = findings.find(aim, "seed", files, "1/0")
    assert finding is not None
    assert finding.problem == "Wrong target.py:require memory"


def test_a_finding_is_made_small_and_kept(tmp_path: Path) -> None:
    """Of three hundred bytes and two files, the byte that matters is left."""
    aim = planted(int)
    files = {"a.txt": b"0123456789\n" * 20 + b"56x78\n" + b"0123456789\n" * 20, "b.txt": b"b"}
    found = findings.find(aim, "seed", files, "1/7")
    assert found is not None
    small = findings.minimised(found, aim)
    assert small.files == {"a.txt": b"x"}
    kept = findings.save(small, tmp_path)
    assert findings.load(kept) == small
    assert (kept / "input" / "a.txt").read_bytes() == b"x"


def test_inputs_follow_from_seed_and_number() -> None:
    """The same on every machine; others by another number or another seed."""
    content = b"a,b\n1,2\n" * 20
    assert damaged(content, Random("1/a/0")) == damaged(content, Random("1/a/0"))
    assert len({damaged(content, Random(f"{i}/a/{j}")) for i in (1, 2) for j in range(5)}) == 10


def test_an_input_that_ends_its_process_is_found() -> None:
    """By hand, inputs are checked in a process of their own; another one goes on behind it."""
    found = list(itertools.islice(run("planted", SEED, 60), 4))
    assert [finding and finding.problem for finding in found] == [
        *(None, "the process is lost", None, None),
    ]
    assert found[1] is not None
    assert (found[1].files, found[1].details) == ({"a.txt": b"x"}, "ended with 7")
