"""What a history says of a moment: who was live, since when, by whom, why."""

from datetime import UTC, datetime

import pytest

from har.registry.history.events import Event, MoveBegun, MoveCompleted, MoveUndone
from har.registry.history.placement import placement, unfinished
from har.registry.history.production import (
    Changeover,
    changeover_at,
    doubts,
    production_at,
    production_periods,
)
from har.registry.history.rows import rows
from har.registry.history.stages import Change, Placement, move, rollback


def events_of(*steps: tuple[str, Placement, str, str]) -> list[Event]:
    """Return events of moves, each with its kind, new placement, begin and end (or none)."""
    events: list[Event] = []
    now = Placement()
    for kind, new, began, ended in steps:
        events.append(
            MoveBegun(
                kind=kind,
                version=1,
                reason=f"why {kind}",
                by=f"{kind}@lab",
                change=Change.between(now, new),
                host="lab",
                pid=1,
                time=began,
                sha256=began,
            )
        )
        if ended:
            events.append(MoveCompleted(move=began, time=ended))
            now = new
        else:
            events.append(MoveUndone(move=began, time=began))
    return events


STAGED = move(Placement(), 1, "Staging")
FIRST = move(STAGED, 1, "Production")
SECOND = move(move(FIRST, 2, "Staging"), 2, "Production")
BACK = rollback(SECOND, 1)
RETIRED = move(BACK, 1, "Archived")
EVENTS = [
    Event(event="of a later har", time="2026-11-01T08:00:00Z"),
    *events_of(
        ("staging", STAGED, "2026-11-01T09:00:00Z", "2026-11-01T09:00:01Z"),
        ("promotion", FIRST, "2026-11-01T10:00:00Z", "2026-11-01T10:00:03Z"),
        ("promotion", RETIRED, "2026-11-02T10:00:00Z", ""),
        ("promotion", SECOND, "2026-11-03T10:00:00Z", "2026-11-03T10:00:01Z"),
        ("rollback", BACK, "2026-11-04T10:00:00Z", "2026-11-04T10:00:01Z"),
        ("retirement", RETIRED, "2026-11-05T10:00:00Z", "2026-11-05T10:00:01Z"),
    ),
]


def test_placement() -> None:
    """The moves that were carried out add up; the one that was undone does not count."""
    assert placement(EVENTS) == RETIRED
    assert placement(EVENTS[:5]) == placement(EVENTS[:7]) == FIRST
    assert placement([]) == Placement()


def test_unfinished() -> None:
    """A move is unfinished while it is the last event."""
    assert unfinished(EVENTS) is None
    assert unfinished(EVENTS[:-1]) == EVENTS[-2]
    assert placement(EVENTS[:-1]) == BACK


def test_production_periods() -> None:
    """Each champion follows the one that it replaced, to the second."""
    periods = production_periods(EVENTS)
    assert [(r.version, r.replaced, r.kind) for r in periods] == [
        (1, None, "promotion"),
        (2, 1, "promotion"),
        (1, 2, "rollback"),
        (None, 1, "retirement"),
    ]
    assert [r.until for r in periods] == [*(r.since for r in periods[1:]), ""]
    assert (periods[0].began, periods[0].since) == ("2026-11-01T10:00:00Z", "2026-11-01T10:00:03Z")


@pytest.mark.parametrize(
    ("instant", "version"),
    [
        ("2026-11-01T10:00:02Z", "nobody"),
        ("2026-11-01T10:00:03Z", 1),
        ("2026-11-02T12:00:00Z", 1),
        ("2026-11-03T12:00:00+02:00", 1),
        ("2026-11-03T12:00:01+02:00", 2),
        ("2026-11-04T12:00:00Z", 1),
        ("2030-01-01T00:00:00Z", None),
    ],
)
def test_production_at(instant: str, version: int | str | None) -> None:
    """At any instant, in any zone, the one that was live is found."""
    period = production_at(EVENTS, datetime.fromisoformat(instant))
    assert (period.version if period else "nobody") == version


@pytest.mark.parametrize(
    ("instant", "changeover"),
    [
        ("2026-11-01T09:59:59Z", None),
        ("2026-11-01T10:00:02Z", Changeover(1, "2026-11-01T10:00:00Z", "2026-11-01T10:00:03Z")),
        ("2026-11-01T10:00:03Z", None),
        ("2026-11-02T10:00:00Z", None),
        ("2026-11-05T10:00:00Z", Changeover(None, "2026-11-05T10:00:00Z", "2026-11-05T10:00:01Z")),
    ],
)
def test_changeover_at(instant: str, changeover: Changeover | None) -> None:
    """While a champion is replaced it may be either; an undone move leaves no doubt."""
    assert changeover_at(EVENTS, datetime.fromisoformat(instant)) == changeover


# Version 1 is promoted; a machine whose clock is a month behind puts version 2 in its place;
# then somebody with a right clock is told no.
SET_BACK = [
    *events_of(
        ("promotion", FIRST, "2026-11-26T10:04:58Z", "2026-11-26T10:05:00Z"),
        ("promotion", SECOND, "2026-10-27T10:07:00Z", "2026-10-27T10:07:01Z"),
    ),
    Event(event="of a later har", time="2026-11-26T10:30:00Z"),
]
BOTH = ("2026-11-26T10:05:00Z", "2026-11-26T10:30:00Z")


@pytest.mark.parametrize(
    ("instant", "version", "perhaps", "n_doubts"),
    [
        ("2026-10-01T00:00:00Z", "nobody", None, 0),
        # By its own date, version 2 served before version 1 did.
        ("2026-11-01T00:00:00Z", "nobody", None, 1),
        ("2026-11-26T10:05:00Z", 1, Changeover(2, *BOTH), 1),
        ("2026-11-26T10:10:00Z", 1, Changeover(2, *BOTH), 1),
        ("2026-11-26T10:30:00Z", 2, None, 0),
    ],
)
def test_a_clock_that_was_set_back(
    instant: str, version: int | str | None, perhaps: Changeover | None, n_doubts: int
) -> None:
    """The order of the chain decides, and what it leaves open is said."""
    at = datetime.fromisoformat(instant)
    period = production_at(SET_BACK, at)
    assert (period.version if period else "nobody") == version
    assert changeover_at(SET_BACK, at) == perhaps
    assert len(doubts(SET_BACK, at)) == n_doubts


def test_a_date_that_goes_back_is_marked() -> None:
    """In the row of its event, in words that name the event before it; no other is marked."""
    mark = (
        "dated 2026-10-27T10:07:00Z, before event 2 of 2026-11-26T10:05:00Z: a clock was wrong; "
        "the order of the history counts"
    )
    first, second, third = (row.what for row in rows(SET_BACK))
    assert second.endswith(mark)
    assert "clock" not in first + third
    (told,) = doubts(SET_BACK, datetime.fromisoformat("2026-11-26T10:10:00Z"))
    assert told == f"promotion of version 2 is {mark}".replace("10:07:00Z", "10:07:01Z")


def test_the_end_of_a_move_that_goes_back_is_marked_too() -> None:
    """Where the clock was set back while versions moved."""
    (row,) = rows(events_of(("promotion", FIRST, BOTH[1], BOTH[0])))
    assert f"dated {BOTH[0]}, before event 1 of {BOTH[1]}" in row.what


def test_what_went_back_last_had_happened_when_it_is_read() -> None:
    """With no later event, the change lies between the event before it and now."""
    *_, last = production_periods(SET_BACK[:-1])
    assert (last.version, last.began, last.dated) == (2, BOTH[0], "2026-10-27T10:07:01Z")
    assert last.since >= BOTH[0]
    period = production_at(SET_BACK[:-1], datetime(2999, 1, 1, tzinfo=UTC))
    assert period == last
