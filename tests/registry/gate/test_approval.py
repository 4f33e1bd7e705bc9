"""Promotions that a second person approves: asked for, answered once, never by oneself."""

from pathlib import Path

import pytest
from support import files_of

from har.config import Settings
from har.errors import ConflictError, GateRefusal, UsageError, VerificationError
from har.registry.gate.approval import approve, reject
from har.registry.gate.promotion import promote
from har.registry.history import placement as history
from har.registry.history.stages import Change, move
from har.registry.history.trail import Trail
from har.registry.identity import identity
from har.registry.moves.mover import Mover
from har.registry.versions.lookup import find, register


def by(name: str, settings: Settings, approval: str = "replacing") -> Settings:
    """Return the settings of a person, with a copy of the history of their own."""
    own = {"identity": name, "audit": Path(f"{name}.jsonl").resolve()}
    return settings.model_copy(
        update={
            "registry": settings.registry.model_copy(update=own),
            "gate": settings.gate.model_copy(update={"approval": approval}),
        }
    )


@pytest.fixture
def asked(settings: Settings, make_candidate) -> Settings:
    """Let Ana ask for a version that is better than the champion."""
    ana = by("ana", settings)
    promote(register(make_candidate("svm", settings=ana, errors=2)), ana, reason="first")
    better = register(make_candidate("encoder-small", settings=ana, errors=0))
    assert promote(better, ana, reason="new season").passed
    return settings


def waiting(settings: Settings) -> list[tuple[int, str]]:
    """Return what waits, and who asked."""
    return [(e["version"], e["by"]) for e in history.pending(Trail(settings.registry).events)]


def test_asked(asked: Settings) -> None:
    """The first champion needs nobody; the next one waits in Staging, and is asked for once."""
    ben = by("ben", asked)
    assert (find("champion", ben).number, find("challenger", ben).number) == (1, 2)
    assert waiting(ben) == [(2, "ana")]
    events = Trail(ben.registry).events
    promote(find("2", ben), ben, reason="the same job again")
    assert Trail(ben.registry).events == events


def test_approved_by_another(asked: Settings) -> None:
    """Ben approves: the move says who asked, who approved, and why."""
    ben = by("ben", asked)
    assert approve("2", ben, reason="looked at it")["by"] == "ana"
    assert (find("champion", ben).number, find("previous", ben).number) == (2, 1)
    assert waiting(ben) == []
    made = Trail(ben.registry).events[-2]
    assert (made["by"], made["reason"]) == ("ben", "new season")
    assert made["approval"] == {"reason": "looked at it", "asked_by": "ana", "self": False}
    with pytest.raises(UsageError, match="nobody's approval"):
        approve("2", ben, reason="again")


def test_own_request(asked: Settings) -> None:
    """Ana cannot approve what she asked for, unless she says so, which is recorded."""
    ana = by("ana", asked)
    with pytest.raises(GateRefusal, match="nobody approves their own request"):
        approve("challenger", ana, reason="I am sure")
    assert find("champion", ana).number == 1
    approve("challenger", ana, reason="night shift", allow_self=True)
    assert Trail(ana.registry).events[-2]["approval"]["self"] is True
    assert find("champion", ana).number == 2


def test_rejected(asked: Settings) -> None:
    """What Ben rejects stays in Staging, and can be asked for again."""
    ben = by("ben", asked)
    reject("2", ben, reason="confuses sitting")
    assert waiting(ben) == []
    assert (find("2", ben).stage, find("champion", ben).number) == ("Staging", 1)
    with pytest.raises(UsageError, match="there is none"):
        approve("2", ben, reason="after all")
    ana = by("ana", asked)
    promote(find("2", ana), ana, reason="with more data", rejudge=True)
    assert waiting(ana) == [(2, "ana")]


def test_dry_run(asked: Settings) -> None:
    """A dry run checks and writes nothing."""
    ben = by("ben", asked)
    events = Trail(ben.registry).events
    approve("2", ben, reason="look", dry_run=True)
    reject("2", ben, reason="look", dry_run=True)
    assert Trail(ben.registry).events == events
    with pytest.raises(GateRefusal, match="own request"):
        approve("2", by("ana", asked), reason="look", dry_run=True)


def test_other_champion(asked: Settings) -> None:
    """A request does not outlive the champion that the version was held against."""
    cem = by("cem", asked)
    mover = Mover(cem.registry)
    now = mover.settle()
    mover.make("retirement", 1, Change.between(now, move(now, 1, "Archived")), reason="recall")
    assert waiting(cem) == [(2, "ana")]
    with pytest.raises(ConflictError, match="held against the champion of now"):
        approve("2", by("ben", asked), reason="fine")


def test_files_changed_since(local: Settings, make_candidate) -> None:
    """What is approved is what was judged: changed files are refused, the champion stays."""
    ana, ben = by("ana", local), by("ben", local)
    for errors in (2, 0):
        promote(register(make_candidate(settings=ana, errors=errors)), ana, reason="season")
    (files_of(find("2", ben), ben) / "onnx" / "builds.json").unlink()
    for dry_run in (True, False):
        with pytest.raises(VerificationError, match="not there"):
            approve("2", ben, reason="fine", dry_run=dry_run)
    assert find("champion", ben).number == 1


def test_replaced_challenger(asked: Settings, make_candidate) -> None:
    """A request lapses when another version takes the challenger's place."""
    dan = by("dan", asked)
    promote(register(make_candidate("svm", settings=dan, errors=4)), dan, reason="worse")
    assert find("challenger", dan).number == 3
    assert waiting(dan) == []


def test_always(settings: Settings, make_candidate) -> None:
    """Where every promotion is approved, the first one waits too."""
    ana = by("ana", settings, approval="always")
    promote(register(make_candidate(settings=ana)), ana, reason="first")
    assert (find("1", ana).stage, waiting(ana)) == ("Staging", [(1, "ana")])
    approve("1", by("ben", settings), reason="fine")
    assert find("champion", ana).number == 1


def test_identity(local: Settings, monkeypatch) -> None:
    """The setting, else the server's user, else the operating system's."""
    monkeypatch.setenv("USER", "os-user")
    monkeypatch.setenv("LOGNAME", "os-user")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "server-user")
    server = local.registry.model_copy(update={"tracking_uri": "http://mlflow.lab"})
    assert identity(local.registry) == "os-user"
    assert identity(server) == "server-user"
    assert identity(server.model_copy(update={"identity": "ana"})) == "ana"
