"""Times of a history that go back: the order of the chain counts, and what is left open is said.

Each event has the time of the machine that wrote it. Where one is dated before an earlier
event, a clock was wrong, and which of the two nobody can tell. That it happened after the
other, the chain proves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from har.registry.history.events import Event


@dataclass(frozen=True)
class Moment:
    """When an event happened, as far as the order of the chain and the dates tell.

    Attributes
    ----------
    position : int
        Of the event, from 0.
    dated : str
        The time on the event, UTC.
    earliest, latest : str
        It happened between these two, UTC. Both are `dated` unless that goes back.
    after : int or None
        Where the date goes back: the position of the earlier event that has a later one.
    """

    position: int
    dated: str
    earliest: str
    latest: str
    after: int | None = None

    @property
    def mark(self) -> str:
        """What is wrong with the date, in words; empty if nothing is."""
        if self.after is None:
            return ""
        return (
            f"dated {self.dated}, before event {self.after + 1} of {self.earliest}: "
            "a clock was wrong; the order of the history counts"
        )


def moments(events: Sequence[Event], now: str) -> list[Moment]:
    """Return when each event happened; the last ones by the time at which they are read.

    Parameters
    ----------
    events : sequence of Event
        The history, oldest first.
    now : str
        The time of reading, UTC, in the form that events have.
    """
    later = _latest_before(events)
    found: list[Moment] = []
    bound = max([now, *(event.time for event in events)])
    for position in reversed(range(len(events))):
        dated, after = events[position].time, later[position]
        if after is None:
            bound = dated
            found.append(Moment(position, dated, dated, dated))
        else:
            found.append(Moment(position, dated, events[after].time, bound, after))
    return found[::-1]


def _latest_before(events: Sequence[Event]) -> list[int | None]:
    """Return for each event the earlier one of the latest date, if that is later than its own."""
    latest, found = 0, list[int | None]()
    for position, event in enumerate(events):
        goes_back = event.time < events[latest].time
        found.append(latest if goes_back else None)
        latest = latest if goes_back else position
    return found
