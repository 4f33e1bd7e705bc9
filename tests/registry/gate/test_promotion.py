"""Promotion: the record first, then the alias, once, on both kinds of registry."""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from support import Setup, files_of, opened, promote

from har.config import GateSettings
from har.errors import ConflictError, GateRefusal, UsageError, VerificationError
from har.lineage import digest
from har.registry.gate import promotion
from har.registry.gate.promotion import change_stage
from har.registry.history import stages
from har.registry.history.events import GateDecided
from har.registry.history.trail import Trail
from har.registry.moves.mover import Mover
from har.registry.versions.decision import Decision
from har.registry.versions.gate_file import event_of, verdict_of
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register
from har.registry.versions.version import Version


@pytest.fixture
def two(settings: Setup, make_candidate) -> tuple[Version, Version]:
    """Register a version and one that is better on every subject."""
    worse = register(opened(settings), make_candidate("svm", errors=2))
    return worse, register(opened(settings), make_candidate("encoder-small", errors=0))


def test_champion_is_replaced(two: tuple[Version, Version], settings: Setup) -> None:
    """A better version becomes champion; the former one is previous and archived."""
    first, second = two
    assert promote(first, settings, reason="first").stage == "Production"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decision = promote(second, settings, reason="better")
    assert (decision.passed, decision.champion) == (True, 1)
    assert find(opened(settings), "champion").number == 2
    former = find(opened(settings), "previous")
    assert (former.number, former.stage) == (1, "Archived")
    client = opened(settings).client
    native = client.get_model_version(second.model, "2").current_stage
    assert (find(opened(settings), "2").stage, native) == ("Production", "Production")
    assert find(opened(settings), "2").gate == decision


def test_refused_version_is_challenger(settings: Setup, make_candidate) -> None:
    """A version that is not better stays at Staging with the reason, and the champion stays."""
    promote(
        register(opened(settings), make_candidate(errors=1)),
        settings,
        reason="first",
    )
    version = register(opened(settings), make_candidate(errors=3))
    decision = promote(version, settings, reason="second")
    assert not decision.passed
    challenger = find(opened(settings), "challenger")
    assert (challenger.number, challenger.stage) == (2, "Staging")
    assert challenger.gate is not None
    assert challenger.gate.reason.startswith("not better than version 1 beyond noise")
    assert find(opened(settings), "champion").number == 1


def test_nothing_may_serve(local: Setup, make_candidate) -> None:
    """A version without a build that passed keeps the stage None and gets no alias."""
    version = register(opened(local), make_candidate(failures=("probability gap 0.3 > 0.15",)))
    assert promote(version, local, reason="try").stage == "None"
    after = find(opened(local), "1")
    assert (after.stage, after.aliases) == ("None", ())
    assert after.gate is not None


def test_decided_once(local: Setup, make_candidate) -> None:
    """A second call finds the decision and writes nothing; rejudge makes a new one."""
    promote(register(opened(local), make_candidate(errors=1)), local, reason="first")
    version = register(opened(local), make_candidate(errors=3))
    decision = promote(version, local, reason="second")
    events = Trail(opened(local)).events
    assert promote(version, local, reason="third") == decision
    assert Trail(opened(local)).events == events
    strict = local.model_copy(update={"gate": GateSettings(min_macro_f1=0.99, max_ece=0.3)})
    again = promote(version, strict, reason="again", rejudge=True)
    assert (again.purpose, again.stage) == ("again", "Staging")
    assert (len(decision.failures), len(again.failures)) == (1, 2)
    with pytest.raises(UsageError, match="version 1 is the champion"):
        promote(find(opened(local), "champion"), local, reason="again", rejudge=True)


def test_challenger_that_may_not_serve_any_more(local: Setup, make_candidate) -> None:
    """A challenger that is judged again and may not serve loses its alias and its stage."""
    promote(register(opened(local), make_candidate(errors=1)), local, reason="first")
    version = register(opened(local), make_candidate(errors=3))
    promote(version, local, reason="second")
    mover = Mover(opened(local))
    now = mover.recover()
    change = stages.Change.between(now, stages.move(now, 2, "None"))
    mover.execute("withdrawal", 2, change, reason="too hot")
    after = find(opened(local), "2")
    assert (after.stage, after.aliases) == ("None", ())


def test_waived(local: Setup, make_candidate) -> None:
    """What is waived, by whom and why, is in the history and in the decision for good."""
    strict = local.model_copy(update={"gate": local.gate.model_copy(update={"max_ece": 0.001})})
    version = register(opened(strict), make_candidate())
    assert promote(version, strict, reason="first").stage == "Staging"
    waivers = {"calibration error": "confidence is not shown"}
    decision = promote(version, strict, reason="demo", rejudge=True, waivers=waivers)
    assert (decision.passed, decision.stage) == (True, "Production")
    event = [e for e in Trail(opened(local)).events if isinstance(e, GateDecided)][-1]
    assert (event.waived, event.broken) == (waivers, ("calibration error",))
    assert event.by == opened(local).identity


def test_damaged_evidence(local: Setup, make_candidate) -> None:
    """Numbers that somebody improved in the registry are no evidence."""
    version = register(opened(local), make_candidate())
    metrics = files_of(version, local) / "evaluation" / "metrics.json"
    metrics.write_text(metrics.read_text().replace('"macro_f1": 0.9', '"macro_f1": 0.99'))
    with pytest.raises(VerificationError, match=r"evaluation/metrics\.json changed"):
        promote(version, local, reason="first")
    assert Trail(opened(local)).events == ()


def test_put(two: tuple[Version, Version], settings: Setup) -> None:
    """A version goes where nobody judges it, step by step, and back."""
    first, second = two
    promote(first, settings, reason="first")
    for stage, aliases in [
        ("Staging", ("challenger",)),
        ("None", ()),
        ("Staging", ("challenger",)),
        ("Archived", ()),
        ("Staging", ("challenger",)),
    ]:
        change_stage(opened(settings), str(second.number), stage, reason="season")
        after = find(opened(settings), "2")
        assert (after.stage, after.aliases) == (stage, aliases)
    with pytest.raises(UsageError, match="from Production: Archived"):
        change_stage(opened(settings), str(first.number), "Staging", reason="demote")
    change_stage(opened(settings), str(first.number), "Archived", reason="recall")
    assert {v.aliases for v in list_versions(opened(settings))} == {("previous",), ("challenger",)}


def test_put_what_may_not_serve(local: Setup, make_candidate) -> None:
    """A version without a build that may serve does not reach Staging; a dry run says so too."""
    version = register(opened(local), make_candidate(failures=("probability gap 0.3 > 0.15",)))
    for dry_run in (True, False):
        with pytest.raises(GateRefusal, match=r"probability gap 0\.3"):
            change_stage(
                opened(local), str(version.number), "Staging", reason="try", dry_run=dry_run
            )
    assert Trail(opened(local)).events == ()


def test_dry_run_writes_nothing(local: Setup, make_candidate) -> None:
    """A dry run says what would happen and leaves everything as it was."""
    version = register(opened(local), make_candidate())
    decision = promote(version, local, reason="look", dry_run=True)
    assert (decision.stage, decision.audit) == ("Production", "")
    assert find(opened(local), "1") == version
    assert Trail(opened(local)).events == ()


def test_what_an_earlier_har_kept(local: Setup, make_candidate) -> None:
    """A tag that holds the whole decision is read; one file of another decision is not."""
    version = register(opened(local), make_candidate())
    decision = promote(version, local, reason="first")
    writer = opened(local).writer
    writer.set_model_version_tag("har", "1", "har.gate", f"passed event=a sha256={'0' * 64}")
    assert find(opened(local), "1").gate is None
    writer.set_model_version_tag("har", "1", "har.gate", json.dumps(decision.to_dict()))
    old = find(opened(local), "1")
    assert old.gate == decision
    assert (verdict_of(old.tags), event_of(old.tags)) == ("passed", decision.audit)


def test_record(local: Setup, make_candidate) -> None:
    """History, gate.json and tag say the same; each move names its decision."""
    version = register(opened(local), make_candidate())
    decision = promote(version, local, reason="for the record")
    _, gate, *moves = Trail(opened(local)).events
    assert (gate.event, gate.reason, gate.version) == ("gate", "for the record", 1)
    assert gate.sha256 == decision.audit
    assert gate.lineage_digest == version.tags["har.lineage_digest"]
    path = opened(local).client.download_artifacts(version.run_id, "gate.json")
    kept = Decision.from_json(Path(path).read_text())
    assert kept == decision == find(opened(local), "1").gate
    tags = find(opened(local), "1").tags
    assert tags["har.gate"].startswith(f"passed event={gate.sha256} sha256=")
    assert (verdict_of(tags), event_of(tags)) == ("passed", gate.sha256)
    assert max(map(len, tags.values())) < 200
    assert digest.of_json(replace(kept, at="", audit="").to_dict()) == gate.content
    path = opened(local).client.download_artifacts(version.run_id, f"gate/{gate.content[:16]}.json")
    assert Decision.from_json(Path(path).read_text()) == replace(kept, at="", audit="")
    assert [(m.event, getattr(m, "kind", None), getattr(m, "decision", None)) for m in moves] == [
        ("move", "staging", decision.audit),
        ("moved", None, None),
        ("move", "promotion", decision.audit),
        ("moved", None, None),
    ]


def test_decision_without_its_move(local: Setup, make_candidate, monkeypatch) -> None:
    """A decision that was recorded but not carried out is carried out by the next call."""
    version = register(opened(local), make_candidate())
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "_carry_out", lambda *_, **__: None)
        decision = promote(version, local, reason="first")
    assert find(opened(local), "1").aliases == ()
    assert promote(version, local, reason="second") == decision
    assert find(opened(local), "champion").number == 1


@pytest.mark.parametrize("rejudge", [True, False])
def test_killed_before_its_judgement_is_published(
    local: Setup, make_candidate, monkeypatch, rejudge: bool
) -> None:
    """A judgement whose tag was lost is found again by its digest, and nobody judges again."""
    promote(register(opened(local), make_candidate(errors=1)), local, reason="first")
    version = register(opened(local), make_candidate(errors=3))
    promote(version, local, reason="second")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(promotion.judgement, "publish", interrupt)
        promote(version, local, reason="third", rejudge=True)
    shown = find(opened(local), "2").gate
    assert shown is not None
    decision = promote(version, local, reason="fourth", rejudge=rejudge)
    judged = [e for e in Trail(opened(local)).events if isinstance(e, GateDecided)]
    assert [event.reason for event in judged] == ["first", "second", "third"]
    assert (decision.purpose, decision.audit) == ("third", judged[-1].sha256)
    assert find(opened(local), "2").gate == decision != shown


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("{}")])
def test_a_judgement_that_cannot_be_read_is_made_again(
    local: Setup, make_candidate, monkeypatch, spoil
) -> None:
    """Only a file with the digest that the history names stands for a judgement."""
    version = register(opened(local), make_candidate())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(promotion.judgement, "publish", interrupt)
        promote(version, local, reason="first")
    (kept,) = (files_of(version, local) / "gate").iterdir()
    spoil(kept)
    assert promote(version, local, reason="again").purpose == "again"
    assert find(opened(local), "champion").number == 1


def test_who_asks_otherwise_is_judged_again(local: Setup, make_candidate, monkeypatch) -> None:
    """A judgement that was cut off does not answer for other rules or waivers."""
    version = register(opened(local), make_candidate())
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "_carry_out", lambda *_, **__: None)
        promote(version, local, reason="first")
    waivers = {"calibration error": "not shown"}
    assert promote(version, local, reason="w", rejudge=True, waivers=waivers).waived == waivers


def interrupt(*_: object) -> None:
    """End like a process that is killed here."""
    raise KeyboardInterrupt


def test_stale_decision_is_made_again(local: Setup, make_candidate, monkeypatch) -> None:
    """A decision that was never carried out does not outlive the champion it was about."""
    stale = register(opened(local), make_candidate(errors=2))
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "_carry_out", lambda *_, **__: None)
        assert promote(stale, local, reason="first").stage == "Production"
    better = register(opened(local), make_candidate(errors=0))
    promote(better, local, reason="second")
    decision = promote(stale, local, reason="third")
    assert (decision.champion, decision.stage) == (2, "Staging")
    assert find(opened(local), "champion").number == 2


def test_decided_for_a_champion_that_went(local: Setup, make_candidate, monkeypatch) -> None:
    """Who is overtaken between the judgement and its record is refused, and moves nothing."""
    first = register(opened(local), make_candidate(errors=2))
    second = register(opened(local), make_candidate(errors=0))
    judge = promotion.judge

    def slow_judge(*args, **kwargs) -> Decision:
        monkeypatch.setattr(promotion, "judge", judge)
        promote(second, local, reason="fast")
        return judge(*args, **kwargs)

    monkeypatch.setattr(promotion, "judge", slow_judge)
    with pytest.raises(ConflictError, match="somebody else was faster"):
        promote(first, local, reason="slow")
    assert (find(opened(local), "champion").number, find(opened(local), "1").stage) == (2, "None")
