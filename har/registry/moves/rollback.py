"""Back to a version that served before, from the registry alone."""

from har.errors import UsageError
from har.registry.handle import Registry
from har.registry.history import stages
from har.registry.history.production import served
from har.registry.history.stages import Change
from har.registry.moves.mover import Mover
from har.registry.versions.files import require_verified
from har.registry.versions.lookup import find
from har.registry.versions.version import Version


def rollback(registry: Registry, selector: str, *, reason: str, dry_run: bool = False) -> Version:
    """Put a version that served before in the champion's place; return it as it is then.

    Needs neither the store nor torch: what serves is in the registry.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        ``previous`` or a number.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Check everything, move nothing.

    Raises
    ------
    ConflictError
        If somebody else moves a version at the same time.
    UsageError
        If the version never served, or serves now.
    VerificationError
        If its files are not the registered ones, or the registry is not as its history says.
    """
    mover = Mover(registry)
    now = mover.recover(dry_run=dry_run)
    version = find(registry, selector)
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
