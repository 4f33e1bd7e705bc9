"""Promotion: the record first, then the alias, once, on both kinds of registry."""

import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from support import files_of

from har.config import GateSettings, Settings
from har.errors import ConflictError, GateRefusal, UsageError, VerificationError
from har.lineage import digest
from har.registry.connection import connect
from har.registry.gate import promotion
from har.registry.gate.judge import Decision
from har.registry.gate.promotion import promote, put
from har.registry.history import stages
from har.registry.history.trail import Trail
from har.registry.identity import identity
from har.registry.moves.mover import Mover
from har.registry.versions.lookup import Version, find, list_versions, register


@pytest.fixture
def two(settings: Settings, make_candidate) -> tuple[Version, Version]:
    """Register a version and one that is better on every subject."""
    worse = register(make_candidate("svm", settings=settings, errors=2))
    return worse, register(make_candidate("encoder-small", settings=settings, errors=0))


def test_champion_is_replaced(two: tuple[Version, Version], settings: Settings) -> None:
    """A better version becomes champion; the former one is previous and archived."""
    first, second = two
    assert promote(first, settings, reason="first").stage == "Production"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decision = promote(second, settings, reason="better")
    assert (decision.passed, decision.champion) == (True, 1)
    assert find("champion", settings).number == 2
    former = find("previous", settings)
    assert (former.number, former.stage) == (1, "Archived")
    client = connect(settings.registry)
    native = client.get_model_version(second.model, "2").current_stage
    assert (find("2", settings).stage, native) == ("Production", "Production")
    assert find("2", settings).gate == decision


def test_refused_version_is_challenger(settings: Settings, make_candidate) -> None:
    """A version that is not better stays at Staging with the reason, and the champion stays."""
    promote(register(make_candidate(settings=settings, errors=1)), settings, reason="first")
    version = register(make_candidate(settings=settings, errors=3))
    decision = promote(version, settings, reason="second")
    assert not decision.passed
    challenger = find("challenger", settings)
    assert (challenger.number, challenger.stage) == (2, "Staging")
    assert challenger.gate is not None
    assert challenger.gate.reason.startswith("not better than version 1 beyond noise")
    assert find("champion", settings).number == 1


def test_nothing_may_serve(local: Settings, make_candidate) -> None:
    """A version without a build that passed keeps the stage None and gets no alias."""
    version = register(make_candidate(settings=local, failures=("probability gap 0.3 > 0.15",)))
    assert promote(version, local, reason="try").stage == "None"
    after = find("1", local)
    assert (after.stage, after.aliases) == ("None", ())
    assert after.gate is not None


def test_decided_once(local: Settings, make_candidate) -> None:
    """A second call finds the decision and writes nothing; rejudge makes a new one."""
    promote(register(make_candidate(settings=local, errors=1)), local, reason="first")
    version = register(make_candidate(settings=local, errors=3))
    decision = promote(version, local, reason="second")
    events = Trail(local.registry).events
    assert promote(version, local, reason="third") == decision
    assert Trail(local.registry).events == events
    strict = local.model_copy(update={"gate": GateSettings(min_macro_f1=0.99, max_ece=0.3)})
    again = promote(version, strict, reason="again", rejudge=True)
    assert (again.purpose, again.stage) == ("again", "Staging")
    assert (len(decision.failures), len(again.failures)) == (1, 2)
    with pytest.raises(UsageError, match="version 1 is the champion"):
        promote(find("champion", local), local, reason="again", rejudge=True)


def test_challenger_that_may_not_serve_any_more(local: Settings, make_candidate) -> None:
    """A challenger that is judged again and may not serve loses its alias and its stage."""
    promote(register(make_candidate(settings=local, errors=1)), local, reason="first")
    version = register(make_candidate(settings=local, errors=3))
    promote(version, local, reason="second")
    mover = Mover(local.registry)
    now = mover.settle()
    change = stages.Change.between(now, stages.move(now, 2, "None"))
    mover.make("withdrawal", 2, change, reason="too hot")
    after = find("2", local)
    assert (after.stage, after.aliases) == ("None", ())


def test_waived(local: Settings, make_candidate) -> None:
    """What is waived, by whom and why, is in the history and in the decision for good."""
    strict = local.model_copy(update={"gate": local.gate.model_copy(update={"max_ece": 0.001})})
    version = register(make_candidate(settings=strict))
    assert promote(version, strict, reason="first").stage == "Staging"
    waivers = {"calibration error": "confidence is not shown"}
    decision = promote(version, strict, reason="demo", rejudge=True, waivers=waivers)
    assert (decision.passed, decision.stage) == (True, "Production")
    event = [e for e in Trail(local.registry).events if e["event"] == "gate"][-1]
    assert (event["waived"], event["broken"]) == (waivers, ["calibration error"])
    assert event["by"] == identity(local.registry)


def test_damaged_evidence(local: Settings, make_candidate) -> None:
    """Numbers that somebody improved in the registry are no evidence."""
    version = register(make_candidate(settings=local))
    metrics = files_of(version, local) / "evaluation" / "metrics.json"
    metrics.write_text(metrics.read_text().replace('"macro_f1": 0.9', '"macro_f1": 0.99'))
    with pytest.raises(VerificationError, match=r"evaluation/metrics\.json changed"):
        promote(version, local, reason="first")
    assert Trail(local.registry).events == ()


def test_put(two: tuple[Version, Version], settings: Settings) -> None:
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
        put(second, stage, settings, reason="season")
        after = find("2", settings)
        assert (after.stage, after.aliases) == (stage, aliases)
    with pytest.raises(UsageError, match="from Production: Archived"):
        put(first, "Staging", settings, reason="demote")
    put(first, "Archived", settings, reason="recall")
    assert {v.aliases for v in list_versions(settings)} == {("previous",), ("challenger",)}


def test_put_what_may_not_serve(local: Settings, make_candidate) -> None:
    """A version without a build that may serve does not reach Staging; a dry run says so too."""
    version = register(make_candidate(settings=local, failures=("probability gap 0.3 > 0.15",)))
    for dry_run in (True, False):
        with pytest.raises(GateRefusal, match=r"probability gap 0\.3"):
            put(version, "Staging", local, reason="try", dry_run=dry_run)
    assert Trail(local.registry).events == ()


def test_dry_run_writes_nothing(local: Settings, make_candidate) -> None:
    """A dry run says what would happen and leaves everything as it was."""
    version = register(make_candidate(settings=local))
    decision = promote(version, local, reason="look", dry_run=True)
    assert (decision.stage, decision.audit) == ("Production", "")
    assert find("1", local) == version
    assert Trail(local.registry).events == ()


def test_record(local: Settings, make_candidate) -> None:
    """History, gate.json and tag say the same; each move names its decision."""
    version = register(make_candidate(settings=local))
    decision = promote(version, local, reason="for the record")
    gate, *moves = Trail(local.registry).events
    assert (gate["event"], gate["reason"], gate["version"]) == ("gate", "for the record", 1)
    assert gate["sha256"] == decision.audit
    assert gate["lineage_digest"] == version.tags["har.lineage_digest"]
    path = connect(local.registry).download_artifacts(version.run_id, "gate.json")
    kept = Decision.from_json(Path(path).read_text())
    assert kept == decision == find("1", local).gate
    assert digest.of_json(replace(kept, at="", audit="").to_dict()) == gate["content"]
    assert [(m["event"], m.get("kind"), m.get("decision")) for m in moves] == [
        ("move", "staging", decision.audit),
        ("moved", None, None),
        ("move", "promotion", decision.audit),
        ("moved", None, None),
    ]


def test_decision_without_its_move(local: Settings, make_candidate, monkeypatch) -> None:
    """A decision that was recorded but not carried out is carried out by the next call."""
    version = register(make_candidate(settings=local))
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "_carry_out", lambda *_, **__: None)
        decision = promote(version, local, reason="first")
    assert find("1", local).aliases == ()
    assert promote(version, local, reason="second") == decision
    assert find("champion", local).number == 1


def test_stale_decision_is_made_again(local: Settings, make_candidate, monkeypatch) -> None:
    """A decision that was never carried out does not outlive the champion it was about."""
    stale = register(make_candidate(settings=local, errors=2))
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "_carry_out", lambda *_, **__: None)
        assert promote(stale, local, reason="first").stage == "Production"
    better = register(make_candidate(settings=local, errors=0))
    promote(better, local, reason="second")
    decision = promote(stale, local, reason="third")
    assert (decision.champion, decision.stage) == (2, "Staging")
    assert find("champion", local).number == 2


def test_decided_for_a_champion_that_went(local: Settings, make_candidate, monkeypatch) -> None:
    """Who is overtaken between the judgement and its record is refused, and moves nothing."""
    first = register(make_candidate(settings=local, errors=2))
    second = register(make_candidate(settings=local, errors=0))
    judge = promotion.judge

    def slow_judge(*args, **kwargs) -> Decision:
        monkeypatch.setattr(promotion, "judge", judge)
        promote(second, local, reason="fast")
        return judge(*args, **kwargs)

    monkeypatch.setattr(promotion, "judge", slow_judge)
    with pytest.raises(ConflictError, match="somebody else was faster"):
        promote(first, local, reason="slow")
    assert (find("champion", local).number, find("1", local).stage) == (2, "None")
