"""Back to a version that served before, from the registry alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from har.errors import UsageError
from har.registry.handle import Registry
from har.registry.history import stages
from har.registry.history.events import Event
from har.registry.history.placement import of_version
from har.registry.history.production import ProductionPeriod, production_periods, served
from har.registry.history.returning import last_good, rolled_back_from
from har.registry.history.stages import CHAMPION, Change
from har.registry.history.trail import Trail
from har.registry.moves.mover import Mover
from har.registry.versions.clients import seen_by_clients
from har.registry.versions.files import require_verified
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.version import Version


@dataclass(frozen=True)
class Restored:
    """What a rollback puts back.

    Attributes
    ----------
    version : Version
        The version that serves then, with its scores.
    former : Version or None
        The one whose place it takes.
    periods : tuple of ProductionPeriod
        When it served before, oldest first.
    clients : tuple of str
        What clients see differ, beside answers.
    """

    version: Version
    former: Version | None
    periods: tuple[ProductionPeriod, ...]
    clients: tuple[str, ...]


def restored(registry: Registry, version: Version, former: Version | None) -> Restored:
    """Tell what a rollback to a version puts back in the place of another."""
    events = of_version(Trail(registry).events, version.number)
    periods = [p for p in production_periods(events) if p.version == version.number and p.until]
    clients = seen_by_clients(registry, version, former) if former else []
    return Restored(version, former, tuple(periods), tuple(clients))


def present(registry: Registry) -> Version | None:
    """Return the champion, if there is one."""
    return next((v for v in list_versions(registry) if CHAMPION in v.aliases), None)


def rollback(
    registry: Registry, selector: str | None = None, *, reason: str, dry_run: bool = False
) -> Version:
    """Put a version that served before in the champion's place; return it as it is then.

    Needs neither the store nor torch: what serves is in the registry.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str, optional
        ``previous`` or a number; by default the version that served last of those that nobody
        rolled back from.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Check everything, move nothing.

    Raises
    ------
    ConflictError
        If somebody else moves a version at the same time.
    UsageError
        If the version never served, or serves now, or none is named and there is none left
        that nobody rolled back from.
    VerificationError
        If its files are not the registered ones, or the registry is not as its history says.
    """
    mover = Mover(registry)
    now = mover.recover(dry_run=dry_run)
    version = find(registry, selector or str(_last_good(mover.trail.events)))
    known = served(mover.trail.events)
    if version.number not in known:
        names = ", ".join(map(str, sorted(known))) or "none"
        raise UsageError(
            f"version {version.number} never served: there is no going back to it",
            expected=f"a version that served: {names}",
            hint="`har registry promote` judges a new one",
        )
    then = stages.rollback(now, version.number)
    require_verified(registry, version)
    if not dry_run:
        mover.execute("rollback", version.number, Change.between(now, then), reason=reason)
        mover.announce()
    return find(registry, str(version.number))


def _last_good(events: Sequence[Event]) -> int:
    number = last_good(events)
    if number is not None:
        return number
    bad = {
        version: f"version {version}, by {move.by} at {move.time}: {move.reason}"
        for version, move in rolled_back_from(events).items()
    }
    raise UsageError(
        "there is no version to go back to that nobody rolled back from",
        found="; ".join(bad.values()) or "no other version that served",
        hint=f"name one all the same: `har registry rollback {max(bad)}`" if bad else None,
    )
