"""Where versions stand by the events of a model's history, and what waits for an answer."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from har.registry.history.events import (
    ApprovalRequested,
    Event,
    GateDecided,
    MoveBegun,
    MoveCompleted,
    RequestRejected,
    ShadowScored,
)
from har.registry.history.stages import Placement

ADOPT = "adopt"  # the kind of a move by which the history follows the registry


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


def of_version(events: Sequence[Event], number: int) -> Sequence[Event]:
    """Return the events since a number was given to the version that has it now.

    A model that was deleted in MLflow and made anew counts from 1 again. The move by which
    the history took note of that, ``adopt``, ends what it says of the version before.
    """
    begun = 0
    for position, (move, end) in enumerate(pairwise(events)):
        if isinstance(move, MoveBegun) and isinstance(end, MoveCompleted) and move.kind == ADOPT:
            _, stage = move.change.stages.get(number, (None, None))
            if stage == "None":
                begun = position + 2
    return events[begun:]


def judged_content(events: Sequence[Event], number: int) -> str | None:
    """Return the digest of the lineage record of a version when it was last judged."""
    judged = [
        event.lineage_digest
        for event in of_version(events, number)
        if isinstance(event, GateDecided) and event.version == number
    ]
    return judged[-1] if judged else None


def shadow_windows(events: Sequence[Event], version: int, champion: int | None) -> int:
    """Return how many windows a version was scored on beside a champion, each recording once."""
    counted: dict[str, int] = {}
    for event in of_version(events, version):
        if isinstance(event, ShadowScored) and (event.version, event.champion) == (
            version,
            champion,
        ):
            counted |= event.recordings
    return sum(counted.values())
