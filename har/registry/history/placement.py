"""What the events of a model's history amount to: where versions stand, and stood when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from har.lineage.audit import Event
from har.registry.history.stages import CHAMPION, Change, Placement

MOVE, MOVED, UNDONE = "move", "moved", "undone"
REQUEST, REJECTED = "request", "rejected"
GATE, SHADOW, PRUNED = "gate", "shadow", "pruned"


@dataclass(frozen=True)
class Reign:
    """A time in which one version, or none, was in Production.

    Attributes
    ----------
    version : int or None
        The champion; None if there was none.
    since, until : str
        UTC; ``until`` is empty for the reign of now.
    began : str
        When its move began, UTC: between ``began`` and ``since`` either version may have
        served. Of a move by hand that was adopted: when it had not happened yet.
    kind, by, reason : str
        The move that began it, who made it, and why.
    replaced : int or None
        The champion before; where a move by hand was taken back, whom it had put there.
    """

    version: int | None
    since: str
    until: str
    began: str
    kind: str
    by: str
    reason: str
    replaced: int | None


@dataclass(frozen=True)
class Doubt:
    """A version, or none, that may have been in Production at an instant as well.

    Attributes
    ----------
    version : int or None
        The version.
    began, ended : str
        UTC: it was moved at some moment between these two.
    """

    version: int | None
    began: str
    ended: str


def placement(events: Sequence[Event]) -> Placement:
    """Return where versions stand after the moves that were carried out."""
    now = Placement()
    for move, _ in _carried_out(events):
        now = now.after(change_of(move))
    return now


def unfinished(events: Sequence[Event]) -> Event | None:
    """Return the move that has begun and has not ended, if there is one."""
    last = events[-1] if events else None
    return last if last and last["event"] == MOVE else None


def change_of(move: Event) -> Change:
    """Return what a move changes."""
    return Change.from_dict(move["change"])


def champions(move: Event) -> tuple[int | None, int | None]:
    """Return who was champion before and after a move that changes it.

    Where a move by hand is taken back, whom it had put there comes first.
    """
    old, new = change_of(move).aliases[CHAMPION]
    return (move.get("found", {}).get(CHAMPION) if old == new else old), new


def pending(events: Sequence[Event]) -> list[Event]:
    """Return the requests for approval that nobody answered, oldest first.

    A request lapses when its version moves, or is asked for again.
    """
    waiting: dict[int, Event] = {}
    for number, event in enumerate(events):
        if event["event"] == REQUEST:
            waiting.pop(event["version"], None)
            waiting[event["version"]] = event
        elif event["event"] == REJECTED:
            waiting.pop(event["version"], None)
        elif event["event"] == MOVED:
            for version in change_of(events[number - 1]).stages:
                waiting.pop(version, None)
    return list(waiting.values())


def shadow_windows(events: Sequence[Event], version: int, champion: int | None) -> int:
    """Return how many windows a version was scored on beside a champion, each recording once."""
    wanted = (SHADOW, version, champion)
    counted: dict[str, int] = {}
    for event in events:
        if (event["event"], event.get("version"), event.get("champion")) == wanted:
            counted |= event["recordings"]
    return sum(counted.values())


def reigns(events: Sequence[Event]) -> list[Reign]:
    """Return who was in Production when, oldest first; the time before the first is left out."""
    found: list[Reign] = []
    moves = [(m, end) for m, end in _carried_out(events) if CHAMPION in change_of(m).aliases]
    ends = [end["time"] for _, end in moves[1:]]
    for (move, end), until in zip(moves, [*ends, ""], strict=True):
        old, new = champions(move)
        found.append(
            Reign(
                version=new,
                since=end["time"],
                until=until,
                began=str(move.get("since", move["time"])),
                kind=move["kind"],
                by=move["by"],
                reason=move["reason"],
                replaced=old,
            )
        )
    return found


def reign_at(events: Sequence[Event], instant: datetime) -> Reign | None:
    """Return the reign at an instant, or None before the first."""
    begun = [r for r in reigns(events) if datetime.fromisoformat(r.since) <= instant]
    return begun[-1] if begun else None


def doubt_at(events: Sequence[Event], instant: datetime) -> Doubt | None:
    """Return who else may have been in Production at an instant, while somebody moved it."""
    told = reign_at(events, instant)
    certain = told.version if told else None
    for reign in reigns(events):
        if datetime.fromisoformat(reign.began) <= instant < datetime.fromisoformat(reign.since):
            other = reign.replaced if reign.version == certain else reign.version
            return Doubt(other, reign.began, reign.since)
    return None


def _carried_out(events: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """Yield every move that was carried out, with the event that ended it."""
    for move, end in pairwise(events):
        if move["event"] == MOVE and end["event"] == MOVED:
            yield move, end
