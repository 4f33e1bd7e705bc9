"""The history in MLflow: it grows, never changes, and one of two writers is refused."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import Setup, opened, registry_command

from har.config import Environment
from har.errors import ConflictError, UsageError, VerificationError
from har.lineage import audit
from har.registry.history.events import MoveBegun, MoveCompleted, RequestRejected
from har.registry.history.stages import Change
from har.registry.history.trail import Trail


def event(by: str, version: int = 1) -> RequestRejected:
    """Return an event of somebody."""
    return RequestRejected(version=version, by=by, reason="", request="")


def test_empty(settings: Setup) -> None:
    """A model without history has no event, and asking for it makes nothing."""
    trail = Trail(opened(settings))
    assert trail.events == ()
    assert not trail.copy.exists()


def test_grows(settings: Setup) -> None:
    """What one reader adds, another reads, in the registry and in the copy alike."""
    trail = Trail(opened(settings))
    recorded = [trail.append(event("ana", n)) for n in range(3)]
    again = Trail(opened(settings))
    assert list(again.events) == recorded
    assert [e.sequence for e in recorded] == [0, 1, 2]
    assert [e.previous for e in recorded] == [
        audit.GENESIS,
        *(e.sha256 for e in recorded[:2]),
    ]
    assert audit.verify(audit.read(trail.copy), "the copy") == [e.to_dict() for e in recorded]


def test_slower_writer_is_refused(settings: Setup) -> None:
    """Who has not read the last event adds nothing, and is told what that event is."""
    slow, fast = Trail(opened(settings)), Trail(opened(settings))
    fast.append(event("ana@lab"))
    with pytest.raises(ConflictError, match="rejected by ana@lab"):
        slow.append(event("ben@lab"))
    slow.refresh()
    slow.append(event("ben@lab"))
    fast.refresh()
    assert [e.by for e in fast.events] == ["ana@lab", "ben@lab"]


def test_an_event_added_while_the_history_is_read_is_no_alarm(
    settings: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the copy already, and not yet in what was read."""
    reader, writer = Trail(opened(settings)), Trail(opened(settings))
    writer.append(event("ana"))
    read = Trail._read

    def slowly(trail: Trail, run: str) -> list[bytes]:
        lines = read(trail, run)
        if trail is reader and len(writer.events) == 1:
            writer.append(event("ben"))
        return lines

    monkeypatch.setattr(Trail, "_read", slowly)
    reader.refresh()
    assert [e.by for e in reader.events] == ["ana"]
    assert len(audit.read(reader.copy)) == 2
    reader.refresh()
    assert [e.by for e in reader.events] == ["ana", "ben"]


WRITER = """
import sys
from har.config import Environment
from har.errors import ConflictError
from har.registry.handle import Registry
from har.registry.history.events import MoveBegun, MoveCompleted, RequestRejected
from har.registry.history.stages import Change
from har.registry.history.trail import Trail

registry = Registry.open(Environment.model_validate_json(sys.argv[1]))
added = 0
while added < 5:
    trail = Trail(registry)
    try:
        trail.append(RequestRejected(version=added, by=sys.argv[2], reason="", request=""))
        added += 1
    except ConflictError:
        pass
"""


def test_race_of_processes(settings: Setup, tmp_path: Path) -> None:
    """Four processes that add five events each, on four machines, make one chain of twenty."""

    def write(name: str) -> int:
        copy = {"audit": tmp_path / f"{name}.jsonl"}
        own = Environment(registry=settings.registry.model_copy(update=copy))
        command = [sys.executable, "-c", WRITER, own.model_dump_json(), name]
        return subprocess.run(command, check=False).returncode

    names = ["ana", "ben", "cem", "dan"]
    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(write, names)) == [0, 0, 0, 0]
    events = Trail(opened(settings)).events
    for name in names:
        assert [e.version for e in events if e.by == name] == [0, 1, 2, 3, 4]
        copied = audit.read(tmp_path / f"{name}.jsonl")
        assert [e.to_dict() for e in events[: len(copied)]] == audit.verify(copied, name)


def test_too_long(settings: Setup) -> None:
    """An event that MLflow would cut off is refused before it is written."""
    trail = Trail(opened(settings))
    with pytest.raises(UsageError, match="6000 bytes at most"):
        trail.append(event("ana").model_copy(update={"reason": "x" * 6000}))
    assert Trail(opened(settings)).events == ()


def test_rewritten_copy_is_found(local: Setup) -> None:
    """A copy that was changed, even with a whole chain, disagrees with the registry."""
    trail = Trail(opened(local))
    trail.append(event("ana"))
    forged = audit.next_line({**trail.events[0].to_dict(), "by": "eve"}, [])
    trail.copy.write_bytes(forged + b"\n")
    with pytest.raises(VerificationError, match="has another line there"):
        Trail(opened(local))


def test_registry_that_lost_lines_is_found(local: Setup, tmp_path: Path) -> None:
    """A registry put back to an old backup lacks what this machine has seen."""
    trail = Trail(opened(local))
    trail.append(event("ana"))
    database = tmp_path / "mlruns" / "mlflow.db"
    backup = database.read_bytes()
    trail.append(event("ana"))
    database.write_bytes(backup)
    with pytest.raises(VerificationError, match="no such line"):
        Trail(opened(local))


def test_damaged_registry_is_found(local: Setup) -> None:
    """A parameter that says what its successor does not expect breaks the chain."""
    trail = Trail(opened(local))
    trail.append(event("ana"))
    run = opened(local).client.search_runs(
        [opened(local).client.get_experiment_by_name("har/history").experiment_id]
    )[0]
    opened(local).client.log_param(run.info.run_id, "00000001", '{"sequence": 1}')
    with pytest.raises(VerificationError, match="line 2: the chain is broken"):
        Trail(opened(local))


def test_where_the_copy_is(tmp_path: Path) -> None:
    """Beside a local database; in a folder of its own for each server; never with a password."""

    def place(uri: str) -> str:
        return opened(Setup(registry={"tracking_uri": uri})).audit_file.as_posix()

    assert place(f"sqlite:///{tmp_path}/mlflow.db") == f"{tmp_path}/history/har/audit.jsonl"
    assert place("http://mlflow.lab:5000") == "mlruns/mlflow.lab-5000/har/audit.jsonl"
    assert place("postgresql://u:secret@db/mlflow") == "mlruns/db-mlflow/har/audit.jsonl"


def test_a_clock_that_was_set_back(local: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command marks the event, follows the chain, and says what that leaves open."""
    clock = iter(["2026-11-26T10:05:00Z"] * 2 + ["2026-10-27T10:07:00Z"] * 2)
    monkeypatch.setattr("har.registry.history.trail.now_utc", lambda: next(clock))
    trail = Trail(opened(local))
    for old, new in ((None, 1), (1, 2)):
        change = Change({"champion": (old, new)}, {})
        process = {"host": "lab", "pid": 1, "by": "ana"}
        begun = trail.append(
            MoveBegun(kind="promotion", version=new, reason="", change=change, **process)
        )
        trail.append(MoveCompleted(move=begun.sha256))
    told = json.loads(registry_command(local, "history", "--json").stdout)
    mark = "dated 2026-10-27T10:07:00Z, before event 2 of 2026-11-26T10:05:00Z"
    assert [event.get("clock", "")[: len(mark)] for event in told] == ["", "", mark, mark]
    at = ("history", "--at", "2026-11-26T10:10:00Z")
    live = json.loads(registry_command(local, *at, "--json").stdout)
    assert (live["reign"]["version"], live["perhaps"]["version"]) == (1, 2)
    said = " ".join(registry_command(local, *at).stdout.split())
    assert f"not unique times go back: promotion of version 2 is {mark}" in said
