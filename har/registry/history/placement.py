"""Where versions stand by the events of a model's history, and what waits for an answer."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from har.registry.history.events import (
    ApprovalRequested,
    Event,
    MoveBegun,
    MoveCompleted,
    RequestRejected,
    ShadowScored,
)
from har.registry.history.stages import Placement


def placement(events: Sequence[Event]) -> Placement:
    """Return where versions stand after the moves that were carried out."""
    now = Placement()
    for move, _ in carried_out(events):
        now = now.after(move.change)
    return now


def carried_out(events: Sequence[Event]) -> Iterator[tuple[MoveBegun, MoveCompleted]]:
    """Yield every move that was carried out, with the event that ended it."""
    for move, end in pairwise(events):
        if isinstance(move, MoveBegun) and isinstance(end, MoveCompleted):
            yield move, end


def unfinished(events: Sequence[Event]) -> MoveBegun | None:
    """Return the move that has begun and has not ended, if there is one."""
    last = events[-1] if events else None
    return last if isinstance(last, MoveBegun) else None


def pending(events: Sequence[Event]) -> list[ApprovalRequested]:
    """Return the requests for approval that nobody answered, oldest first.

    A request lapses when its version moves, or is asked for again.
    """
    waiting: dict[int, ApprovalRequested] = {}
    for before, event in pairwise((None, *events)):
        match event:
            case ApprovalRequested():
                waiting.pop(event.version, None)
                waiting[event.version] = event
            case RequestRejected():
                waiting.pop(event.version, None)
            case MoveCompleted() if isinstance(before, MoveBegun):
                for version in before.change.stages:
                    waiting.pop(version, None)
    return list(waiting.values())


def shadow_windows(events: Sequence[Event], version: int, champion: int | None) -> int:
    """Return how many windows a version was scored on beside a champion, each recording once."""
    counted: dict[str, int] = {}
    for event in events:
        if isinstance(event, ShadowScored) and (event.version, event.champion) == (
            version,
            champion,
        ):
            counted |= event.recordings
    return sum(counted.values())
