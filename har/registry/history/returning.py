"""Where a rollback goes that names no version: to the last one that nobody rolled back from."""

from collections.abc import Sequence

from har.registry.history.events import Event, MoveBegun
from har.registry.history.placement import carried_out, of_version
from har.registry.history.production import production_periods, served


def rolled_back_from(events: Sequence[Event]) -> dict[int, MoveBegun]:
    """Return the rollback that ended a version's last time in Production, by version.

    Who is put in Production again is taken at somebody's word, and is no such version.
    """
    found: dict[int, MoveBegun] = {}
    for move, _ in carried_out(events):
        if not move.changes_champion:
            continue
        old, new = move.champions
        if move.kind == "rollback" and old is not None:
            found[old] = move
        if new is not None:
            found.pop(new, None)
    return {number: move for number, move in found.items() if move in of_version(events, number)}


def last_good(events: Sequence[Event]) -> int | None:
    """Return the version that served last of those that nobody rolled back from.

    The present champion is none of them. None: there is no such version.
    """
    periods = production_periods(events)
    present = periods[-1].version if periods else None
    bad, there = rolled_back_from(events), served(events)
    return next(
        (
            period.version
            for period in reversed(periods)
            if period.version in there and period.version != present and period.version not in bad
        ),
        None,
    )
