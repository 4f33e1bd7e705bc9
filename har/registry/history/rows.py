"""The history as people read it: one row per event, wherever it is shown."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from har.lineage.origin import now_utc
from har.registry.history.clock import moments
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
        Who, with the account where the name is only asserted, and why; of an approval that is
        whoever approved.
    what : str
        What came of it, and that its date goes back.
    """

    time: str
    event: str
    version: int | str
    by: str
    reason: str
    what: str


def rows(events: Sequence[Event]) -> Iterator[Row]:
    """Yield one row per event; how a move ended is part of the move's row."""
    when = moments(events, now_utc())
    for moment, (event, following) in zip(when, zip_longest(events, events[1:]), strict=True):
        if isinstance(event, MoveEnding):
            continue
        what, marks = event.describe(), [moment.mark]
        if isinstance(event, MoveBegun):
            if not isinstance(following, MoveCompleted):
                what += f" ({following.event if following else 'not finished'})"
            if following and not moment.mark:
                marks = [when[moment.position + 1].mark]
        # A kind that only a later `har` knows may lack some of them.
        version, by, reason = (getattr(event, name, "") for name in ("version", "who", "reason"))
        if isinstance(event, MoveBegun) and event.approval:
            reason = event.approval.reason
        said = "; ".join(filter(None, [what, *marks]))
        yield Row(event.time, event.label, version or "", by, reason, said)
