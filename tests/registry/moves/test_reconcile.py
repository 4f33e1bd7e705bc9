"""What was moved by hand or cut off: reported with its window, adopted, or put back."""

import json
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from mlflow import MlflowClient
from support import Setup, opened, promote, registry_command

from har.errors import ConflictError, MissingError, UsageError, VerificationError
from har.registry.history import stages
from har.registry.history.placement import placement
from har.registry.history.production import Changeover, changeover_at, production_periods
from har.registry.history.stages import Change, Placement
from har.registry.history.trail import Trail
from har.registry.moves import reconcile
from har.registry.moves.mover import Mover
from har.registry.moves.observation import Observed, observe
from har.registry.moves.reconcile import adopted
from har.registry.moves.rollback import rollback
from har.registry.notices.messages import notices
from har.registry.versions.lookup import find
from har.registry.versions.registration import register

pytestmark = pytest.mark.filterwarnings("ignore:.*stage.*:FutureWarning")

CHAMPION_1 = Placement({"champion": 1}, {1: "Production"})
CHAMPION_2 = Placement({"champion": 2, "previous": 1}, {1: "Archived", 2: "Production"})
NOBODY = Placement({"previous": 1}, {1: "Archived"})

Hand = Callable[[MlflowClient, str], None]


def by_alias(client: MlflowClient, model: str) -> None:
    """Move the champion's alias."""
    client.set_registered_model_alias(model, "champion", "2")


def by_stage(client: MlflowClient, model: str) -> None:
    """Move MLflow's stage, which archives the former one."""
    client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)


def by_tag(client: MlflowClient, model: str) -> None:
    """Overwrite the tag."""
    client.set_model_version_tag(model, "2", "har.stage", "Production")


def by_removal(client: MlflowClient, model: str) -> None:
    """Remove the alias."""
    client.delete_registered_model_alias(model, "champion")


def by_capital(client: MlflowClient, model: str) -> None:
    """Set an alias that differs from ours in letter case alone."""
    client.set_registered_model_alias(model, "Champion", "2")


def registry_of(settings: Setup) -> Observed:
    """Return what the registry says."""
    return observe(opened(settings))


@pytest.mark.parametrize(
    ("hand", "means"),
    [
        (by_alias, CHAMPION_2),
        (by_stage, CHAMPION_2),
        (by_tag, CHAMPION_2),
        (by_removal, NOBODY),
        (by_capital, CHAMPION_1),
    ],
)
@pytest.mark.parametrize("choice", ["adopt", "revert"])
def test_moved_by_hand(rivals: Setup, hand: Hand, means: Placement, choice) -> None:
    """It is reported without being touched, then adopted or put back; then all agree."""
    hand(opened(rivals).client, rivals.registry.model)
    meddled, last = registry_of(rivals), Trail(opened(rivals)).events[-1]
    report = reconcile.reconcile(opened(rivals))
    assert report.differences
    assert report.since == last.time <= report.noticed
    assert report.done == ""
    assert registry_of(rivals) == meddled

    done = reconcile.reconcile(opened(rivals), choice=choice, reason="a notebook")
    assert done.done == choice
    after = means if choice == "adopt" else CHAMPION_1
    found = registry_of(rivals)
    assert found.aliases == after.aliases
    assert found.tags == found.native == {v: after.stage(v) for v in (1, 2)}
    trail = Trail(opened(rivals))
    move = trail.events[-2]
    assert (move.kind, move.reason, move.since) == (choice, "a notebook", last.time)
    assert Mover(opened(rivals)).recover() == after == placement(trail.events)
    assert reconcile.reconcile(opened(rivals)).differences == ()


@pytest.mark.parametrize(("choice", "version", "replaced"), [("adopt", 2, 1), ("revert", 1, 2)])
def test_period_has_its_window(
    rivals: Setup, choice: reconcile.Choice, version: int, replaced: int
) -> None:
    """Who asks what was live is told whom somebody put there by hand, and between which moments."""
    by_alias(opened(rivals).client, rivals.registry.model)
    last = Trail(opened(rivals)).events[-1].time
    time.sleep(1.1)  # the history counts seconds
    reconcile.reconcile(opened(rivals), choice=choice, reason="found on Monday")
    events = Trail(opened(rivals)).events
    period = production_periods(events)[-1]
    assert (period.version, period.replaced, period.kind) == (version, replaced, choice)
    assert (period.began, period.since) == (last, events[-1].time)
    between = datetime.fromisoformat(last)
    assert changeover_at(events, between) == Changeover(2, last, period.since)
    (notice,) = notices(events, since=len(events) - 1)
    assert f"version {version} is in Production in place of version {replaced}" in notice.text
    told = " ".join(registry_command(rivals, "history").output.split())
    assert ("hand champion: 2" in told) == (choice == "revert")
    answer = registry_command(rivals, "history", "--at", last).output
    assert f"version 2, moved between {last} and {period.since}" in " ".join(answer.split())
    assert json.loads(registry_command(rivals, "history", "--at", last, "--json").output)[
        "perhaps"
    ] == {"version": 2, "began": last, "ended": period.since}


def test_nothing_to_do(rivals: Setup) -> None:
    """Where all agree nothing is written, whatever was asked for."""
    before = Trail(opened(rivals)).events
    done = reconcile.reconcile(opened(rivals), choice="revert", reason="to be sure")
    assert (done.interrupted, done.differences, done.done) == (None, (), "")
    assert Trail(opened(rivals)).events == before


@pytest.mark.parametrize("undo", [False, True])
def test_interrupted_move(rivals: Setup, undo: bool, monkeypatch) -> None:
    """What a dead process left is completed, or taken back if that is asked for."""
    mover = Mover(opened(rivals))
    now = mover.recover()
    change = Change.between(now, stages.place(now, 2, "Production"))
    with monkeypatch.context() as patch:
        patch.setattr(Mover, "_set_stage", _die)
        with pytest.raises(KeyboardInterrupt):
            mover.execute("promotion", 2, change, reason="cut off")
    with pytest.raises(ConflictError, match="under way"):  # this process lives
        reconcile.reconcile(opened(rivals))
    monkeypatch.setattr("har.registry.moves.mover.LEASE_S", -1.0)
    assert reconcile.reconcile(opened(rivals), dry_run=True).done == ""
    done = reconcile.reconcile(opened(rivals), undo=undo)
    assert done.interrupted is not None
    assert done.done == ("undone" if undo else "completed")
    assert Mover(opened(rivals)).recover() == (CHAMPION_1 if undo else CHAMPION_2)
    assert find(opened(rivals), "champion").number == (1 if undo else 2)


def test_a_deleted_champion_is_adopted_as_gone(rivals: Setup) -> None:
    """Putting it back is refused and writes nothing; adopting leaves nobody in Production."""
    opened(rivals).client.delete_model_version(rivals.registry.model, "1")
    before = Trail(opened(rivals)).events
    report = reconcile.reconcile(opened(rivals))
    assert ("version 1", "champion", "deleted in MLflow") in {
        (d.what, d.expected, d.found) for d in report.differences
    }
    with pytest.raises(MissingError, match="version 1: deleted in MLflow"):
        reconcile.reconcile(opened(rivals), choice="revert", reason="x")
    assert Trail(opened(rivals)).events == before
    with pytest.raises(VerificationError, match="har registry reconcile"):
        Mover(opened(rivals)).recover()
    assert reconcile.reconcile(opened(rivals), choice="adopt", reason="x").done == "adopt"
    assert Mover(opened(rivals)).recover() == Placement()
    assert reconcile.reconcile(opened(rivals)).differences == ()
    promote(find(opened(rivals), "2"), rivals, reason="the only one left")
    assert find(opened(rivals), "champion").number == 2


@pytest.mark.parametrize("undo", [False, True])
def test_a_move_of_a_version_that_was_deleted_then_ends(
    rivals: Setup, undo: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completed or taken back as far as it can be; what is left is adopted."""
    mover = Mover(opened(rivals))
    now = mover.recover()
    change = Change.between(now, stages.place(now, 2, "Production"))
    with monkeypatch.context() as patch:
        patch.setattr(Mover, "_set_alias", _die)
        with pytest.raises(KeyboardInterrupt):
            mover.execute("promotion", 2, change, reason="cut off")
    opened(rivals).client.delete_model_version(rivals.registry.model, "1")
    monkeypatch.setattr("har.registry.moves.mover.LEASE_S", -1.0)
    done = reconcile.reconcile(opened(rivals), undo=undo, choice="adopt", reason="x")
    assert done.done == "adopt"
    expected = Placement() if undo else Placement({"champion": 2}, {2: "Production"})
    assert Mover(opened(rivals)).recover() == expected
    assert reconcile.reconcile(opened(rivals)).differences == ()


def test_a_number_used_again_is_another_version(rivals: Setup, make_candidate) -> None:
    """The model was deleted and made anew: its version 1 has neither place nor past."""
    opened(rivals).client.delete_registered_model(rivals.registry.model)
    register(opened(rivals), make_candidate("encoder-small", errors=1))
    report = reconcile.reconcile(opened(rivals))
    assert ("version 1", "champion", "another version of this number") in {
        (d.what, d.expected, d.found) for d in report.differences
    }
    with pytest.raises(MissingError, match="another version of this number"):
        reconcile.reconcile(opened(rivals), choice="revert", reason="x")
    reconcile.reconcile(opened(rivals), choice="adopt", reason="x")
    assert Mover(opened(rivals)).recover() == Placement()
    with pytest.raises(UsageError, match="version 1 never served"):
        rollback(opened(rivals), "1", reason="x")
    promote(find(opened(rivals), "1"), rivals, reason="judged anew")
    assert reconcile.reconcile(opened(rivals)).differences == ()
    assert find(opened(rivals), "champion").number == 1


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_contradiction() -> None:
    """An alias and a stage that name two new versions are not guessed at."""
    found = Observed(
        {"champion": 2},
        {1: "Production", 2: "None", 3: "None"},
        {1: "Archived", 2: "None", 3: "Production"},
    )
    with pytest.raises(UsageError, match="version 2, version 3"):
        adopted(CHAMPION_1, found)
