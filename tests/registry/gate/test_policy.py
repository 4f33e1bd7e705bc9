"""The registry's policy: kept at the first judgement, bent in words, changed by two people."""

from typing import Any

import pytest
from support import Setup, opened, promote, registry_command

from har.config import GateSettings
from har.errors import GateRefusal, UsageError
from har.registry.gate import policy
from har.registry.gate.approval import approve
from har.registry.history import policy as policies
from har.registry.history.events import GateDecided, MoveBegun, PolicyRequested, PolicySet
from har.registry.history.trail import Trail
from har.registry.versions.lookup import find
from har.registry.versions.registration import register

STANDARD = policies.Bounds.of({})


def with_gate(settings: Setup, name: str = "ana", **stated: Any) -> Setup:
    """Return the settings of somebody whose ``[gate]`` states these alone."""
    registry = settings.registry.model_copy(update={"identity": name})
    return settings.model_copy(update={"gate": GateSettings(**stated), "registry": registry})


@pytest.fixture
def kept(local: Setup, make_candidate) -> Setup:
    """Let Ana promote a first champion, whose settings become the policy."""
    ana = with_gate(local, max_ece=0.3, shared_account=True)
    promote(register(opened(ana), make_candidate("svm", errors=2)), ana, reason="first")
    register(opened(ana), make_candidate("encoder-small", errors=0))
    return ana


def test_the_first_judgement_keeps_its_settings(kept: Setup) -> None:
    """They are an event of whoever asked; what other settings do not state is as it says."""
    first, judged, *_ = Trail(opened(kept)).events
    assert isinstance(first, PolicySet)
    assert (first.by, first.settings["gate"]["max_ece"], first.changes) == ("ana", 0.3, ())
    silent = with_gate(kept, "ben")
    decision = promote(find(opened(silent), "2"), silent, reason="better", rejudge=True)
    assert (decision.bent, judged.bent) == ((), ())
    bounds = {rule.name: rule.bound for rule in decision.rules}
    assert bounds["calibration error"] == 0.3


def test_what_is_bent_is_in_the_event_and_in_the_move(kept: Setup) -> None:
    """One person replaces the champion by a variable: history and version say that it was bent."""
    alone = with_gate(kept, approval="never", margin=0.5, max_ece=0.3)
    decision = promote(find(opened(alone), "2"), alone, reason="alone", rejudge=True)
    bent = ("margin: 0.5 instead of 0", "approval: never instead of replacing")
    assert decision.bent == bent
    assert find(opened(alone), "2").gate == decision
    events = Trail(opened(alone)).events
    told = [e.bent for e in events if isinstance(e, GateDecided | MoveBegun) and e.version == 2]
    assert told == [bent] * 3  # judged, to Staging, to Production
    for command in ("history", "show 2"):
        said = registry_command(alone, *command.split()).stdout
        assert "approval: never instead of replacing" in " ".join(said.split())


def test_who_approves_sees_what_was_bent(kept: Setup) -> None:
    """A request under a margin of its own says so, and so does the move that follows."""
    ana = with_gate(kept, margin=0.5)
    promote(find(opened(ana), "2"), ana, reason="better", rejudge=True)
    request = approve(opened(with_gate(kept, "ben")), "2", reason="seen")
    assert request.bent == ("margin: 0.5 instead of 0",)
    assert Trail(opened(ana)).events[-2].bent == request.bent


def test_changed_by_two(kept: Setup) -> None:
    """A change waits for another person, and is then what versions are held against."""
    ana, ben = with_gate(kept), with_gate(kept, "ben")
    asked = policy.change(opened(ana), {"gate": {"margin": 0.01}}, first=STANDARD, reason="seasons")
    assert isinstance(asked, PolicyRequested)
    assert asked.changes == ("margin: 0.01 instead of 0",)
    assert policies.bounds(Trail(opened(ana)).events).gate.margin == 0
    with pytest.raises(GateRefusal, match="the policy: nobody approves their own request"):
        policy.approve(opened(ana), reason="sure")
    made = policy.approve(opened(ben), reason="agreed")
    assert made.approval is not None
    assert (made.reason, made.approval.asked_by, made.approval.reason) == (
        *("seasons", "ana", "agreed"),
    )
    events = Trail(opened(ana)).events
    assert policies.bounds(events).gate == GateSettings(
        max_ece=0.3, shared_account=True, margin=0.01
    )
    with pytest.raises(UsageError, match="no change of the policy waits"):
        policy.approve(opened(ben), reason="again")
    with pytest.raises(UsageError, match="says so already"):
        policy.change(opened(ana), {"gate": {"margin": 0.01}}, first=STANDARD, reason="again")


def test_a_change_that_is_turned_down(kept: Setup) -> None:
    """Nothing changes, and nothing waits any more."""
    policy.change(opened(kept), {"gate": {"approval": "never"}}, first=STANDARD, reason="haste")
    policy.reject(opened(with_gate(kept, "ben")), reason="no")
    events = Trail(opened(kept)).events
    assert policies.waiting(events) is None
    assert policies.bounds(events).gate.approval == "replacing"


def test_an_older_history_has_none(local: Setup) -> None:
    """Without a policy the first change makes one, of the settings here, by one person."""
    here = STANDARD.with_stated({"gate": {"min_macro_f1": 0.8}})
    stated = {"gate": {"approval": "always"}}
    dry = policy.change(opened(local), stated, first=here, reason="rules", dry_run=True)
    assert (dry.sha256, Trail(opened(local)).events) == ("", ())
    made = policy.change(opened(local), stated, first=here, reason="rules")
    assert isinstance(made, PolicySet)
    gate = policies.bounds(Trail(opened(local)).events).gate
    assert (gate.min_macro_f1, gate.approval) == (0.8, "always")


def test_commands(kept: Setup) -> None:
    """Shown, asked for, refused to its author, approved; and what the settings here bend."""
    person = ("--set=registry.identity=ben",)
    assert "max_ece 0.3" in " ".join(registry_command(kept, "policy").stdout.split())
    change = ("policy", "--set=gate.margin=0.01")
    assert isinstance(registry_command(kept, *change).exception, UsageError)  # no reason
    asked = registry_command(kept, *change, "--reason=seasons", "--set=registry.identity=ana")
    assert "It waits for somebody else: margin: 0.01 instead of 0." in asked.stdout
    approved = registry_command(kept, "policy", "--approve", "--reason=agreed", *person)
    assert "The policy is changed: margin: 0.01 instead of 0; asked by ana" in " ".join(
        approved.stdout.split()
    )
    assert "agreed" in registry_command(kept, "policy").stdout
