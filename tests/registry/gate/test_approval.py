"""Promotions that a second person approves: asked for, answered once, never by oneself."""

import os
import platform
from pathlib import Path

import pytest
from support import Setup, files_of, opened, promote

from har.errors import ConflictError, GateRefusal, UsageError, VerificationError
from har.lineage import origin
from har.registry.gate import policy
from har.registry.gate.approval import approve, reject
from har.registry.gate.promotion import change_stage
from har.registry.history.events import Approval
from har.registry.history.placement import pending
from har.registry.history.policy import Bounds
from har.registry.history.rows import rows
from har.registry.history.stages import Change, move
from har.registry.history.trail import Trail
from har.registry.moves.mover import Mover
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register


def by(name: str, settings: Setup, approval: str = "replacing") -> Setup:
    """Return the settings of a person, with a copy of the history of their own."""
    own = {"identity": name, "audit": Path(f"{name}.jsonl").resolve()}
    return settings.model_copy(
        update={
            "registry": settings.registry.model_copy(update=own),
            "gate": settings.gate.model_copy(update={"approval": approval}),
        }
    )


@pytest.fixture
def asked(settings: Setup, make_candidate) -> Setup:
    """Let Ana ask for a version that is better than the champion."""
    ana = by("ana", settings)
    promote(register(opened(ana), make_candidate("svm", errors=2)), ana, reason="first")
    better = register(opened(ana), make_candidate("encoder-small", errors=0))
    assert promote(better, ana, reason="new season").passed
    return settings


def waiting(settings: Setup) -> list[tuple[int, str]]:
    """Return what waits, and who asked."""
    return [(request.version, request.by) for request in pending(Trail(opened(settings)).events)]


def test_asked(asked: Setup) -> None:
    """The first champion needs nobody; the next one waits in Staging, and is asked for once."""
    ben = by("ben", asked)
    assert (find(opened(ben), "champion").number, find(opened(ben), "challenger").number) == (1, 2)
    assert waiting(ben) == [(2, "ana")]
    events = Trail(opened(ben)).events
    promote(find(opened(ben), "2"), ben, reason="the same job again")
    assert Trail(opened(ben)).events == events


def test_approved_by_another(asked: Setup) -> None:
    """Ben approves: the move says who asked, who approved, and why."""
    ben = by("ben", asked)
    assert approve(opened(ben), "2", reason="looked at it").by == "ana"
    assert (find(opened(ben), "champion").number, find(opened(ben), "previous").number) == (2, 1)
    assert waiting(ben) == []
    made = Trail(opened(ben)).events[-2]
    assert (made.by, made.reason) == ("ben", "new season")
    assert made.approval == Approval(
        reason="looked at it", asked_by="ana", own=False, same_account=True
    )
    with pytest.raises(UsageError, match="does not wait for approval"):
        approve(opened(ben), "2", reason="again")


def test_own_request(asked: Setup) -> None:
    """Ana cannot approve what she asked for, unless she says so, which is recorded."""
    ana = by("ana", asked)
    with pytest.raises(GateRefusal, match="nobody approves their own request"):
        approve(opened(ana), "challenger", reason="I am sure")
    assert find(opened(ana), "champion").number == 1
    approve(opened(ana), "challenger", reason="night shift", allow_self=True)
    assert Trail(opened(ana)).events[-2].approval.own
    assert find(opened(ana), "champion").number == 2


def test_rejected(asked: Setup) -> None:
    """What Ben rejects stays in Staging, and can be asked for again."""
    ben = by("ben", asked)
    reject(opened(ben), "2", reason="confuses sitting")
    assert waiting(ben) == []
    assert (find(opened(ben), "2").stage, find(opened(ben), "champion").number) == ("Staging", 1)
    with pytest.raises(UsageError, match="there is none"):
        approve(opened(ben), "2", reason="after all")
    ana = by("ana", asked)
    promote(find(opened(ana), "2"), ana, reason="with more data", rejudge=True)
    assert waiting(ana) == [(2, "ana")]


def test_dry_run(asked: Setup) -> None:
    """A dry run checks and writes nothing."""
    ben = by("ben", asked)
    events = Trail(opened(ben)).events
    approve(opened(ben), "2", reason="look", dry_run=True)
    reject(opened(ben), "2", reason="look", dry_run=True)
    assert Trail(opened(ben)).events == events
    with pytest.raises(GateRefusal, match="own request"):
        approve(opened(by("ana", asked)), "2", reason="look", dry_run=True)


def test_other_champion(asked: Setup) -> None:
    """A request does not outlive the champion that the version was held against."""
    cem = by("cem", asked)
    mover = Mover(opened(cem))
    now = mover.recover()
    mover.execute("retirement", 1, Change.between(now, move(now, 1, "Archived")), reason="recall")
    assert waiting(cem) == [(2, "ana")]
    with pytest.raises(ConflictError, match="judged against today's champion"):
        approve(opened(by("ben", asked)), "2", reason="fine")


def test_files_changed_since(local: Setup, make_candidate) -> None:
    """What is approved is what was judged: changed files are refused, the champion stays."""
    ana, ben = by("ana", local), by("ben", local)
    for errors in (2, 0):
        promote(register(opened(ana), make_candidate(errors=errors)), ana, reason="season")
    (files_of(find(opened(ben), "2"), ben) / "onnx" / "builds.json").unlink()
    for dry_run in (True, False):
        with pytest.raises(VerificationError, match="not there"):
            approve(opened(ben), "2", reason="fine", dry_run=dry_run)
    assert find(opened(ben), "champion").number == 1


def test_worse_newcomer(asked: Setup, make_candidate) -> None:
    """Who waits for approval gives way to nobody who is worse, and says so; by hand it does."""
    dan = by("dan", asked)
    worse = register(opened(dan), make_candidate("svm", errors=4))
    decision = promote(worse, dan, reason="worse")
    assert (find(opened(dan), "challenger").number, find(opened(dan), "3").stage) == (2, "None")
    assert decision.rivalry.startswith("version 2 stays challenger: version 3 is not better ")
    assert Trail(opened(dan)).events[-1].finding.endswith(decision.rivalry)
    assert waiting(dan) == [(2, "ana")]
    change_stage(opened(dan), "3", "Staging", reason="a whim")
    assert find(opened(dan), "challenger").number == 3
    assert waiting(dan) == []


def test_approved_beside_the_challenger(settings: Setup, make_candidate) -> None:
    """What passes, but beats a refused challenger not beyond noise, waits and serves beside it."""
    ana, strict = by("ana", settings), by("ana", settings)
    strict = strict.model_copy(update={"gate": strict.gate.model_copy(update={"max_ece": 0.01})})
    promote(register(opened(ana), make_candidate("svm", errors=3)), ana, reason="first")
    promote(register(opened(ana), make_candidate("svm", errors=0)), strict, reason="best")
    asked = promote(register(opened(ana), make_candidate("svm", errors=1)), ana, reason="good")
    assert (asked.passed, asked.challenger, asked.displaces) == (True, 2, False)
    assert (find(opened(ana), "3").stage, waiting(ana)) == ("None", [(3, "ana")])
    approve(opened(by("ben", settings)), "3", reason="it holds")
    stood = {v.number: v.aliases for v in list_versions(opened(ana))}
    assert stood == {1: ("previous",), 2: ("challenger",), 3: ("champion",)}


def test_always(settings: Setup, make_candidate) -> None:
    """Where every promotion is approved, the first one waits too."""
    ana = by("ana", settings, approval="always")
    promote(register(opened(ana), make_candidate()), ana, reason="first")
    assert (find(opened(ana), "1").stage, waiting(ana)) == ("Staging", [(1, "ana")])
    approve(opened(by("ben", settings)), "1", reason="fine")
    assert find(opened(ana), "champion").number == 1


def forbid_shared_accounts(settings: Setup) -> None:
    """Let Ana ask that names alone approve nothing, and Ben approve it."""
    bounds = {"gate": {"shared_account": False}}
    policy.change(opened(by("ana", settings)), bounds, first=Bounds.of({}), reason="audit")
    policy.approve(opened(by("ben", settings)), reason="audit")


def test_one_account_under_two_names(asked: Setup) -> None:
    """Where the policy does not allow it, another name on the same account approves nothing."""
    ben = by("ben", asked)
    forbid_shared_accounts(asked)
    with pytest.raises(GateRefusal, match="nobody approves a request of their own account") as no:
        approve(opened(ben), "2", reason="seen")
    assert f"both from {origin.actor()}" in str(no.value)
    approve(opened(ben), "2", reason="night shift", allow_self=True)
    assert Trail(opened(ben)).events[-2].approval.same_account


def test_one_account_where_it_may(asked: Setup) -> None:
    """Where the policy allows it, the history's row says that the account is the same."""
    approve(opened(by("ben", asked)), "2", reason="seen")
    *_, row = rows(Trail(opened(asked)).events)
    assert row.what.endswith("; asked by ana, same account: new season")
    assert row.by == f"ben (account {origin.actor()})"


def test_two_accounts(asked: Setup, monkeypatch) -> None:
    """Another account is another person, whatever variables say of its name."""
    forbid_shared_accounts(asked)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    approve(opened(by("ben", asked)), "2", reason="seen")
    made = Trail(opened(asked)).events[-2]
    assert (made.by, made.known_by) == ("ben", "setting")
    assert made.account == f"54321@{platform.node()}"
    assert not made.approval.same_account
