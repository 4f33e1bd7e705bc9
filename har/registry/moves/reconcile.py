"""What was moved behind the history's back: found, reported, adopted or put back."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from har.errors import MissingError, UsageError
from har.lineage.origin import now_utc
from har.registry.handle import Registry
from har.registry.history import stages
from har.registry.history.events import MoveBegun
from har.registry.history.placement import ADOPT, placement, unfinished
from har.registry.history.stages import HOLDER, PREVIOUS, Change, Placement, Stage
from har.registry.moves.mover import Mover, require_dead
from har.registry.moves.observation import (
    Difference,
    Observed,
    differences,
    lost,
    own_aliases,
)
from har.registry.versions import judgement

Choice = Literal["adopt", "revert"]


@dataclass(frozen=True)
class Reconciled:
    """What was found and what was done about it.

    Attributes
    ----------
    interrupted : MoveBegun or None
        The move that a dead process had left.
    differences : tuple of Difference
        Where the registry was not as its history says.
    since, noticed : str
        UTC: it was moved between these two, and nobody recorded by whom.
    done : str
        ``completed`` or ``undone`` for the interrupted move, ``adopt`` or ``revert`` for
        the differences; empty if nothing was done.
    judged : tuple of int
        Versions whose judgement a dead process had recorded and not published; it is now.
    """

    interrupted: MoveBegun | None
    differences: tuple[Difference, ...]
    since: str
    noticed: str
    done: str
    judged: tuple[int, ...] = ()


def adopted(expected: Placement, observed: Observed, absent: Collection[int] = ()) -> Placement:
    """Return the placement that somebody who moved versions by hand must have meant.

    Parameters
    ----------
    expected : Placement
        What the history says.
    observed : Observed
        What the registry says. Of alias, tag and MLflow's stage, those that differ from the
        history are the news.
    absent : collection of int
        Versions that are no longer there: they have no place.

    Raises
    ------
    UsageError
        If they name more than one new version for the same stage.
    """
    new = expected = expected.without(absent)
    for stage, alias in HOLDER.items():
        old = expected.aliases.get(alias)
        version = _news(alias, stage, old, observed)
        if version != old and version is not None:
            new = stages.place(new, version, stage)
        elif version != old and old is not None and new.stage(old) == stage:
            new = stages.place(new, old, "Archived")
    by_hand = observed.aliases.get(PREVIOUS)
    if by_hand != expected.aliases.get(PREVIOUS):
        kept = {a: v for a, v in new.aliases.items() if a != PREVIOUS}
        new = Placement({**kept, **({PREVIOUS: by_hand} if by_hand else {})}, new.stages)
    return new


def reconcile(
    registry: Registry,
    *,
    choice: Choice | None = None,
    undo: bool = False,
    reason: str = "",
    dry_run: bool = False,
) -> Reconciled:
    """End what a dead process left, and find what was moved without the history.

    Parameters
    ----------
    registry : Registry
        The model.
    choice : str, optional
        ``adopt`` makes the history say what the registry says, ``revert`` the other way
        round; without it, differences are only reported.
    undo : bool
        Take an interrupted move back instead of completing it.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Report only.

    Raises
    ------
    ConflictError
        If somebody's move is under way.
    MissingError
        If a version that is to be put back is no longer there.
    UsageError
        If what was done by hand contradicts itself and is to be adopted.
    """
    mover = Mover(registry)
    if not dry_run:
        registry.connect(to_write=True)
    interrupted = unfinished(mover.trail.events)
    if interrupted and not dry_run:
        require_dead(interrupted)
        mover.finish(interrupted, undo=undo)
    events = mover.trail.events
    expected = placement(events)
    observed = mover.look()
    wrong = tuple(differences(expected, events, observed))
    absent = lost(expected, events, observed)
    since = events[-1].time if events else ""
    resolved = choice if wrong and choice and not dry_run else None
    if resolved:
        if choice != ADOPT:
            _require_all_there(absent)
        new = adopted(expected, observed, absent) if choice == ADOPT else expected
        change = change_to(new, expected, observed, absent)
        version = next(iter(change.stages), None)
        by_hand = {alias: observed.aliases.get(alias) for alias in change.aliases}
        mover.execute(resolved, version, change, reason=reason, since=since, by_hand=by_hand)
    judged = () if dry_run else judgement.complete(registry, mover.trail.events)
    if not dry_run:
        mover.announce()
    completed = "" if dry_run or not interrupted else "undone" if undo else "completed"
    return Reconciled(
        interrupted=interrupted,
        differences=wrong,
        since=since,
        noticed=now_utc(),
        done=resolved or completed,
        judged=tuple(decision.version for decision in judged),
    )


def _require_all_there(absent: dict[int, str]) -> None:
    if absent:
        raise MissingError(
            "what is no longer there cannot be put back",
            found="; ".join(f"version {number}: {why}" for number, why in absent.items()),
            hint="`har registry reconcile --adopt --reason …` says so in the history; then "
            "`har run` registers the model again",
        )


def _news(alias: str, stage: Stage, old: int | None, observed: Observed) -> int | None:
    """Return the version that somebody put at a stage, or None if somebody emptied the stage."""
    named = {observed.aliases[alias]} if alias in observed.aliases else set()
    staged = ({v for v, s in by.items() if s == stage} for by in (observed.tags, observed.native))
    holders = [named, *staged]
    news = set().union(*holders) - {old}
    if len(news) > 1:
        raise UsageError(
            f"{alias}: the registry contradicts itself",
            expected="one version by alias, tag and MLflow's stage",
            found=", ".join(f"version {version}" for version in sorted(news)),
            hint="put it back with `har registry reconcile --revert`, or repair it by hand",
        )
    if news:
        return news.pop()
    return old if all(holders) else None


def change_to(
    new: Placement, expected: Placement, observed: Observed, absent: Collection[int] = ()
) -> Change:
    """Return all that must be written for registry and history to say the same.

    Parameters
    ----------
    new : Placement
        What they shall say.
    expected : Placement
        What the history says.
    observed : Observed
        What the registry says.
    absent : collection of int
        Versions of the history that are no longer there.
    """
    names = sorted({*expected.aliases, *new.aliases, *own_aliases(observed.aliases)})
    aliases = {name: (expected.aliases.get(name), new.aliases.get(name)) for name in names}
    numbers = sorted({*observed.tags, *absent})
    staged = {v: (expected.stage(v), new.stage(v)) for v in numbers}
    return Change(
        {
            n: (old, to)
            for n, (old, to) in aliases.items()
            if old != to or observed.aliases.get(n) != to
        },
        {
            v: (old, to)
            for v, (old, to) in staged.items()
            if old != to or {observed.tags.get(v, to), observed.native.get(v, to)} != {to}
        },
    )
