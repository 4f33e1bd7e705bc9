"""Moves between stages as rules: which are legal, and what they make of the others."""

import pytest
from pydantic import TypeAdapter

from har.errors import UsageError
from har.registry.history.stages import LEGAL, STAGES, Change, Placement, Stage, move, rollback

SERVING = Placement(
    {"champion": 3, "challenger": 4, "previous": 2},
    {1: "Archived", 2: "Archived", 3: "Production", 4: "Staging"},
)
AT: dict[Stage, int] = {"None": 5, "Staging": 4, "Production": 3, "Archived": 2}


@pytest.mark.parametrize("here", STAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_illegal_moves_name_the_legal_ones(here: Stage, stage: Stage) -> None:
    """Every pair of stages is either legal or refused with the ways that there are."""
    if stage in LEGAL[here]:
        assert move(SERVING, AT[here], stage).stage(AT[here]) == stage
    else:
        with pytest.raises(UsageError, match=f"from {here}: {', '.join(LEGAL[here])}"):
            move(SERVING, AT[here], stage)


def test_first_version() -> None:
    """The first version goes up through Staging, and nothing was there before."""
    staged = move(Placement(), 1, "Staging")
    assert staged == Placement({"challenger": 1}, {1: "Staging"})
    assert move(staged, 1, "Production") == Placement({"champion": 1}, {1: "Production"})


def test_champion_is_replaced() -> None:
    """The former champion is previous and archived; the one before loses its alias only."""
    after = move(SERVING, 4, "Production")
    assert after.aliases == {"champion": 4, "previous": 3}
    assert after.stages == {1: "Archived", 2: "Archived", 3: "Archived", 4: "Production"}


def test_challenger_is_replaced() -> None:
    """There is one challenger: the former one is archived."""
    after = move(SERVING, 5, "Staging")
    assert after.aliases == {**SERVING.aliases, "challenger": 5}
    assert (after.stage(4), after.stage(5)) == ("Archived", "Staging")


def test_champion_retires() -> None:
    """A champion that is archived leaves nobody in production, and is previous."""
    after = move(SERVING, 3, "Archived")
    assert after.aliases == {"challenger": 4, "previous": 3}
    assert rollback(after, 3).aliases == {"challenger": 4, "champion": 3}


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_challenger_withdraws(stage: Stage) -> None:
    """A challenger that leaves Staging loses its alias."""
    after = move(SERVING, 4, stage)
    assert "challenger" not in after.aliases
    assert after.stage(4) == stage


def test_rollback() -> None:
    """The one that comes back is champion; the one that it replaced is previous."""
    after = rollback(SERVING, 2)
    assert after.aliases == {"champion": 2, "challenger": 4, "previous": 3}
    assert (after.stage(2), after.stage(3)) == ("Production", "Archived")
    assert rollback(after, 3) == SERVING
    with pytest.raises(UsageError, match="version 3 is the champion"):
        rollback(SERVING, 3)


@pytest.mark.parametrize(
    "after", [move(SERVING, 4, "Production"), move(SERVING, 3, "Archived"), rollback(SERVING, 1)]
)
def test_change(after: Placement) -> None:
    """What differs makes the new placement of the old one, survives JSON, and can be undone."""
    kept = TypeAdapter(Change)
    change = kept.validate_json(kept.dump_json(Change.between(SERVING, after)))
    assert SERVING.after(change) == after
    assert after.after(change.reverse) == SERVING
    assert all(old != new for old, new in [*change.aliases.values(), *change.stages.values()])
