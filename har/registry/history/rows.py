"""The history as people read it: one row per event, wherever it is shown."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from har.registry.history.events import Event, MoveBegun, MoveCompleted, MoveEnding


class Row(NamedTuple):
    """What a row of the history says.

    Attributes
    ----------
    time : str
        UTC.
    event : str
        What people call it.
    version : int or str
        The version that it is about; empty if there is none.
    by, reason : str
        Who, and why; of an approval that is whoever approved.
    what : str
        What came of it.
    """

    time: str
    event: str
    version: int | str
    by: str
    reason: str
    what: str


def rows(events: Sequence[Event]) -> Iterator[Row]:
    """Yield one row per event; how a move ended is part of the move's row."""
    for event, following in zip_longest(events, events[1:]):
        if isinstance(event, MoveEnding):
            continue
        what = event.describe()
        if isinstance(event, MoveBegun) and not isinstance(following, MoveCompleted):
            what += f" ({following.event if following else 'not finished'})"
        # A kind that only a later `har` knows may lack some of them.
        version, by, reason = (getattr(event, name, "") for name in ("version", "by", "reason"))
        if isinstance(event, MoveBegun) and event.approval:
            reason = event.approval.reason
        yield Row(event.time, event.label, version or "", by, reason, what)
