"""What a name stands for by the history, whatever somebody did to aliases in MLflow's page."""

from collections.abc import Sequence
from dataclasses import dataclass

from har.errors import MissingError, VerificationError
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import placement, unfinished
from har.registry.history.stages import CHALLENGER, CHAMPION, HOLDER, PREVIOUS
from har.registry.history.trail import Trail
from har.registry.versions.judgement import require_judged
from har.registry.versions.lookup import find
from har.registry.versions.version import Version


@dataclass(frozen=True)
class Promoted:
    """The version that serves under a name.

    Attributes
    ----------
    version : Version
        By the history.
    warning : str
        What MLflow shows instead; empty where the two agree.
    """

    version: Version
    warning: str = ""


def promoted(registry: Registry, selector: str, found: Version) -> Promoted:
    """Return the version that was promoted to what a name says.

    A number is served as it is asked for. While a move is under way, its old and its new
    version are right.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        An alias, a number or a stage.
    found : Version
        What MLflow says that it is.

    Raises
    ------
    VerificationError
        If nobody was promoted to it, or what was is no longer there.
    """
    names = {stage.lower(): alias for stage, alias in HOLDER.items()}
    alias = names.get(selector.lower(), selector.lower())
    if alias not in (CHAMPION, CHALLENGER, PREVIOUS):
        return Promoted(found)
    events = Trail(registry).events
    if found.number in _by_history(events, alias):
        return Promoted(require_judged(found, events))
    number = placement(events).aliases.get(alias)
    if number is None:
        raise _unpromoted(found, alias, f"a version that the history has as {alias}; it has none")
    try:
        version = require_judged(find(registry, str(number)), events)
    except MissingError:
        expected = f"version {number}, which the history has as {alias} and MLflow no longer has"
        raise _unpromoted(found, alias, expected) from None
    claim = _unpromoted(found, alias, "").message
    return Promoted(version, f"{claim}: by the history it is version {number}, which is used")


def _unpromoted(found: Version, alias: str, expected: str) -> VerificationError:
    return VerificationError(
        f"version {found.number} is {alias} in MLflow, but nobody promoted it",
        expected=expected,
        hint="`har registry reconcile --revert` puts the alias back, --adopt makes the history say "
        f"so; --version {found.number} uses it all the same",
    )


def _by_history(events: Sequence[Event], alias: str) -> set[int | None]:
    """Return which versions an alias may name now."""
    now = placement(events)
    versions = {now.aliases.get(alias)}
    if move := unfinished(events):
        versions.add(now.after(move.change).aliases.get(alias))
    return versions
