"""What was in Production when, by the events of a model's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from har.lineage.origin import now_utc
from har.registry.history.clock import Moment, moments
from har.registry.history.events import Event, MoveBegun, MoveCompleted
from har.registry.history.placement import of_version


@dataclass(frozen=True)
class ProductionPeriod:
    """A time in which one version, or none, was in Production.

    Attributes
    ----------
    version : int or None
        The champion; None if there was none.
    since, until : str
        UTC; ``until`` is empty for the period that lasts. Where the date of the move goes back,
        ``since`` is the moment by which it had ended.
    began : str
        When its move began, UTC: between ``began`` and ``since`` either version may have
        served. Of a move by hand that was adopted: a moment when it had not happened yet.
    kind, by, reason : str
        The move that began it, who made it, and why.
    replaced : int or None
        The champion before; where a move by hand was taken back, whom it had put there.
    dated, mark : str
        Where the date of the move goes back: that date, and what is wrong with it, in words.
    """

    version: int | None
    since: str
    until: str
    began: str
    kind: str
    by: str
    reason: str
    replaced: int | None
    dated: str = ""
    mark: str = ""


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
    when = moments(events, now_utc())
    begun = [
        (position, move)
        for position, (move, end) in enumerate(pairwise(events))
        if isinstance(move, MoveBegun) and isinstance(end, MoveCompleted) and move.changes_champion
    ]
    untils = [*(when[position + 1].latest for position, _ in begun[1:]), ""]
    return [
        _period(move, when[position], when[position + 1], until)
        for (position, move), until in zip(begun, untils, strict=False)  # no move, no end
    ]


def _period(move: MoveBegun, begun: Moment, ended: Moment, until: str) -> ProductionPeriod:
    old, new = move.champions
    goes_back = ended if ended.mark else begun
    return ProductionPeriod(
        version=new,
        since=ended.latest,
        until=until,
        began=move.since or begun.earliest,
        kind=move.kind,
        by=move.by,
        reason=move.reason,
        replaced=old,
        dated=goes_back.dated if goes_back.mark else "",
        mark=goes_back.mark,
    )


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


def doubts(events: Sequence[Event], instant: datetime) -> list[str]:
    """Say what leaves open who was in Production at an instant, as dates go back; none if nothing.

    Such a change of the champion happened at some moment between `ProductionPeriod.began` and
    ``since``. Its own date says otherwise, and may be the one that is right.
    """
    return [
        f"{period.kind} of {name_of(period.version)} is {period.mark}"
        for period in production_periods(events)
        if period.mark
        and datetime.fromisoformat(min(period.dated, period.began)) <= instant
        and instant < datetime.fromisoformat(period.since)
    ]


def name_of(version: int | None) -> str:
    """Return what people call a version, or that there is none."""
    return "no version" if version is None else f"version {version}"
