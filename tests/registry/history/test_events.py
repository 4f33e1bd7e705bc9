"""Events: read as they were written, whoever wrote them, and heard by people in their words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from har.errors import VerificationError
from har.lineage import audit
from har.registry.history.events import KINDS, Event, MoveBegun, MoveEnding, read_event
from har.registry.history.placement import pending, placement
from har.registry.history.production import production_periods
from har.registry.notices.messages import notices

# Written by `har` before its events had types, and later kinds after: one of each at least.
STORED = audit.read(Path(__file__).with_name("history-1.jsonl"))
ENTRIES = audit.verify(STORED, "the stored history")


@pytest.fixture
def events() -> list[Event]:
    """Return the stored history."""
    return [read_event(entry, "the stored history") for entry in ENTRIES]


def test_a_history_of_before_is_read_and_written_again(events: list[Event]) -> None:
    """Every kind has its class, and every line is written again byte for byte."""
    assert {event.event for event in events} == set(KINDS)
    assert [type(event) for event in events] == [KINDS[entry["event"]] for entry in ENTRIES]
    again: list[bytes] = []
    for event in events:
        content = event.to_dict()
        for added in ("sequence", "previous", "sha256"):
            del content[added]
        again.append(audit.next_line(content, again))
    assert again == STORED


def test_what_it_amounts_to(events: list[Event]) -> None:
    """Placement, requests and periods are read from it as before."""
    periods = [(p.version, p.kind, p.replaced) for p in production_periods(events)]
    assert periods == [
        *((3, "adoption", None), (2, "promotion", 1), (3, "rollback", 6)),
        *((1, "revert", 2), (2, "adopt", 1)),
    ]
    assert placement(events).aliases["champion"] == 2
    assert pending(events) == []


def test_the_rows_of_the_history(events: list[Event]) -> None:
    """Each says what came of it; the end of a move is no row of its own."""
    rows = [(e.label, e.describe()) for e in events if not isinstance(e, MoveEnding)]
    assert rows == [
        (
            "adoption",
            "1: None → Archived, 2: None → Archived, 3: None → Production, 4: None → Staging",
        ),
        ("gate", "refused"),
        ("gate", "passed; waived: same test windows as the champion"),
        ("staging", "1: None → Staging"),
        ("shadow", "42 windows, 35.7 % agree"),
        ("request", ""),
        ("rejected", ""),
        (
            "promotion",
            "1: Production → Archived, 2: Staging → Production; asked by ana: new season",
        ),
        ("rollback", "3: Archived → Production, 6: Production → Archived"),
        ("staging", "2: None → Staging"),
        ("revert", "champion: 1; by hand champion: 2"),
        (
            "adopt",
            "1: Production → Archived, 2: None → Production; by hand champion: 1, previous: nobody",
        ),
        ("pruned", ""),
        ("policy asked for", "margin: 0.01 instead of 0"),
        ("policy rejected", ""),
        ("policy", "margin: 0.01 instead of 0; asked by ana, same account"),
    ]


def test_the_notices(events: list[Event]) -> None:
    """Who is told hears one sentence, of the kind that the event has."""
    told = [(n.type.removeprefix("registry."), n.text) for n in notices(events, since=0)]
    assert told == [
        ("moved", "har: version 3 is in Production; adoption by ana (last year's)"),
        (
            "refused",
            "har: the gate refused version 6: version 3 was adopted: nobody measured it on test "
            "windows; asked by ana (first of ours)",
        ),
        ("moved", "har: version 1 is at Staging; staging by ana (first)"),
        (
            "requested",
            "har: ana asks to put version 2 in Production: it waits for approval (new season)",
        ),
        ("rejected", "har: ben turned down the request for version 2 (confuses sitting)"),
        (
            "moved",
            "har: version 2 is in Production in place of version 1; promotion by ben, "
            "who approved what ana asked for (new season)",
        ),
        (
            "moved",
            "har: version 3 is in Production in place of version 6; rollback by ana (back)",
        ),
        ("undone", "har: a staging of version 2 by ana was taken back (try)"),
        (
            "moved",
            "har: version 1 is in Production in place of version 2; revert by ana "
            "(found on Monday)",
        ),
        (
            "moved",
            "har: version 2 is in Production in place of version 1; adopt by ana (a notebook)",
        ),
        (
            "requested",
            "har: ana asks to change the gate's policy: margin: 0.01 instead of 0; it waits for "
            "approval (seasons)",
        ),
        ("rejected", "har: ben turned down the change of the gate's policy (too wide)"),
        (
            "policy",
            "har: the gate's policy is margin: 0.01 instead of 0; set by ben, who approved what "
            "ana asked for (seasons)",
        ),
    ]


def test_the_versions_that_it_names(events: list[Event]) -> None:
    """A version that was judged, moved or compared with is named; a removal names none."""
    named = [
        (event.event, *sorted(event.versions))
        for event in events
        if not isinstance(event, MoveEnding)
    ]
    assert named == [
        *(("move", 1, 2, 3, 4), ("gate", 3, 6), ("gate", 3, 6), ("move", 1)),
        *(("shadow", 1, 2), ("request", 1, 2), ("rejected", 2)),
        *(("move", 1, 2), ("move", 3, 6), ("move", 2), ("move", 1), ("move", 1, 2)),
        *(("pruned",), ("policy-request",), ("policy-rejected",), ("policy",)),
    ]


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("move", {"pid": "7"}, "pid: input should be a valid integer"),
        (
            "move",
            {"change": {"aliases": {"champion": [1]}, "stages": {}}},
            "change.aliases.champion",
        ),
        ("moved", {"move": None}, "move: input should be a valid string"),
        ("gate", {"stage": "Shelf"}, "stage: input should be 'None', 'Staging'"),
        ("shadow", {"recordings": {"ab": 1.5}}, "recordings.ab: input should be a valid integer"),
        ("request", {"version": True}, "version: input should be a valid integer"),
    ],
)
def test_a_wrong_type_is_refused(kind: str, change: dict[str, Any], message: str) -> None:
    """The error names the line and the field."""
    entry = next(entry for entry in ENTRIES if entry["event"] == kind)
    with pytest.raises(VerificationError) as caught:
        read_event({**entry, **change}, "the history of har, line 3")
    assert caught.value.message.startswith(f"the history of har, line 3: {message}")


def test_what_a_later_har_adds_is_kept() -> None:
    """Fields and kinds that are not known here are in what is written."""
    move = next(entry for entry in ENTRIES if entry["event"] == "move")
    later = {**move, "ticket": {"id": 7, "share": 0.5}}
    assert read_event(later, "x").to_dict() == later
    unknown = {**move, "event": "drifted", "share": 0.25}
    assert read_event(unknown, "x").to_dict() == unknown
    assert (read_event(unknown, "x").versions, read_event(unknown, "x").notice()) == (set(), None)


def test_frozen(events: list[Event]) -> None:
    """Nobody changes an event that was read."""
    (first, *_) = events
    assert isinstance(first, MoveBegun)
    with pytest.raises(ValidationError, match="frozen"):
        first.reason = "another"  # type: ignore[misc]
