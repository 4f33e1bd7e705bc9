"""What was in Production when, by the events of a model's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from har.registry.history.events import Event
from har.registry.history.placement import carried_out, of_version


@dataclass(frozen=True)
class ProductionPeriod:
    """A time in which one version, or none, was in Production.

    Attributes
    ----------
    version : int or None
        The champion; None if there was none.
    since, until : str
        UTC; ``until`` is empty for the period that lasts.
    began : str
        When its move began, UTC: between ``began`` and ``since`` either version may have
        served. Of a move by hand that was adopted: a moment when it had not happened yet.
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
class Changeover:
    """A time in which the champion changed: which of two versions served is not known.

    Attributes
    ----------
    version : int or None
        The version, or none, that may have served beside the one of the period.
    began, ended : str
        UTC: the champion changed at some moment between these two.
    """

    version: int | None
    began: str
    ended: str


def production_periods(events: Sequence[Event]) -> list[ProductionPeriod]:
    """Return who was in Production when, oldest first, from the first champion on."""
    moves = [(move, end) for move, end in carried_out(events) if move.changes_champion]
    untils = [*(end.time for _, end in moves[1:]), ""]
    periods = []
    for (move, end), until in zip(moves, untils, strict=False):  # no move, no end
        old, new = move.champions
        periods.append(
            ProductionPeriod(
                version=new,
                since=end.time,
                until=until,
                began=move.since or move.time,
                kind=move.kind,
                by=move.by,
                reason=move.reason,
                replaced=old,
            )
        )
    return periods


def served(events: Sequence[Event]) -> set[int]:
    """Return the versions that were in Production, and have their numbers still."""
    return {
        period.version
        for number in {period.version for period in production_periods(events)}
        if number is not None
        for period in production_periods(of_version(events, number))
        if period.version == number
    }


def production_at(events: Sequence[Event], instant: datetime) -> ProductionPeriod | None:
    """Return the period that an instant lies in, or None before the first champion."""
    begun = [p for p in production_periods(events) if datetime.fromisoformat(p.since) <= instant]
    return begun[-1] if begun else None


def changeover_at(events: Sequence[Event], instant: datetime) -> Changeover | None:
    """Return who else may have been in Production at an instant, if the champion changed then."""
    certain = production_at(events, instant)
    for period in production_periods(events):
        began, since = (datetime.fromisoformat(at) for at in (period.began, period.since))
        if began <= instant < since:
            is_certain = period.version == (certain.version if certain else None)
            other = period.replaced if is_certain else period.version
            return Changeover(other, period.began, period.since)
    return None
