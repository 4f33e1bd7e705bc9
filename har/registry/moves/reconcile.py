"""What was moved behind the history's back: found, reported, adopted or put back."""

from dataclasses import dataclass
from typing import Literal

from har.errors import UsageError
from har.lineage.audit import Event
from har.lineage.origin import now_utc
from har.registry.handle import Registry
from har.registry.history import placement as history
from har.registry.history import stages
from har.registry.history.stages import HOLDER, PREVIOUS, Change, Placement, Stage
from har.registry.moves.mover import Difference, Mover, Observed, differences, ours, require_dead

Choice = Literal["adopt", "revert"]


@dataclass(frozen=True)
class Reconciled:
    """What was found and what was done about it.

    Attributes
    ----------
    interrupted : dict or None
        The move that a dead process had left.
    differences : tuple of Difference
        Where the registry was not as its history says.
    since, noticed : str
        UTC: it was moved between these two, and nobody recorded by whom.
    done : str
        ``completed`` or ``undone`` for the interrupted move, ``adopt`` or ``revert`` for
        the differences; empty if nothing was done.
    """

    interrupted: Event | None
    differences: tuple[Difference, ...]
    since: str
    noticed: str
    done: str


def adopted(expected: Placement, found: Observed) -> Placement:
    """Return the placement that makes sense of what somebody did by hand.

    Parameters
    ----------
    expected : Placement
        What the history says.
    found : Observed
        What the registry says. Of alias, tag and MLflow's stage, those that differ from the
        history are the news.

    Raises
    ------
    UsageError
        If they name more than one new version for the same place.
    """
    new = expected
    for stage, alias in HOLDER.items():
        old = expected.aliases.get(alias)
        version = _news(alias, stage, old, found)
        if version != old and version is not None:
            new = stages.place(new, version, stage)
        elif version != old and old is not None and new.stage(old) == stage:
            new = stages.place(new, old, "Archived")
    by_hand = found.aliases.get(PREVIOUS)
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
    UsageError
        If what was done by hand contradicts itself and is to be adopted.
    """
    mover = Mover(registry)
    interrupted = history.unfinished(mover.trail.events)
    if interrupted and not dry_run:
        require_dead(interrupted)
        mover.finish(interrupted, undo=undo)
    events = mover.trail.events
    expected = history.placement(events)
    found = mover.look()
    wrong = tuple(differences(expected, found))
    since = events[-1]["time"] if events else ""
    settled = choice if wrong and choice and not dry_run else None
    if settled:
        new = adopted(expected, found) if choice == "adopt" else expected
        change = change_to(new, expected, found)
        version = next(iter(change.stages), None)
        by_hand = {alias: found.aliases.get(alias) for alias in change.aliases}
        mover.execute(settled, version, change, reason=reason, since=since, found=by_hand)
    if not dry_run:
        mover.announce()
    completed = "" if dry_run or not interrupted else "undone" if undo else "completed"
    return Reconciled(
        interrupted=interrupted,
        differences=wrong,
        since=since,
        noticed=now_utc(),
        done=settled or completed,
    )


def _news(alias: str, stage: Stage, old: int | None, found: Observed) -> int | None:
    """Return the version that somebody put in a place, or None if somebody emptied it."""
    named = {found.aliases[alias]} if alias in found.aliases else set()
    told = [named, *({v for v, s in by.items() if s == stage} for by in (found.tags, found.native))]
    news = set().union(*told) - {old}
    if len(news) > 1:
        raise UsageError(
            f"{alias}: the registry contradicts itself",
            expected="one version by alias, tag and MLflow's stage",
            found=", ".join(f"version {version}" for version in sorted(news)),
            hint="put it back with `har registry reconcile --revert`, or mend it by hand",
        )
    if news:
        return news.pop()
    return old if all(told) else None


def change_to(new: Placement, expected: Placement, found: Observed) -> Change:
    """Return all that must be written for registry and history to say the same.

    Parameters
    ----------
    new : Placement
        What they shall say.
    expected : Placement
        What the history says.
    found : Observed
        What the registry says.
    """
    names = sorted({*expected.aliases, *new.aliases, *ours(found.aliases)})
    aliases = {name: (expected.aliases.get(name), new.aliases.get(name)) for name in names}
    staged = {v: (expected.stage(v), new.stage(v)) for v in sorted(found.tags)}
    return Change(
        {
            n: (old, to)
            for n, (old, to) in aliases.items()
            if old != to or found.aliases.get(n) != to
        },
        {
            v: (old, to)
            for v, (old, to) in staged.items()
            if old != to or {found.tags[v], found.native.get(v, to)} != {to}
        },
    )
