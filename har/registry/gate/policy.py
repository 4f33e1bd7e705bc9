"""The registry's policy changed: by whoever may, or asked for and approved by a second person."""

from collections.abc import Mapping
from typing import Any, TypeVar

from har.errors import UsageError
from har.registry.gate.approval import answer_to
from har.registry.handle import Registry
from har.registry.history import policy as policies
from har.registry.history.events import Act, PolicyRejected, PolicyRequested, PolicySet
from har.registry.history.policy import Bounds
from har.registry.moves.mover import Mover

A = TypeVar("A", bound=Act)


def change(
    registry: Registry,
    stated: Mapping[str, Mapping[str, Any]],
    *,
    first: Bounds,
    reason: str,
    dry_run: bool = False,
) -> PolicySet | PolicyRequested:
    """Change bounds of the policy, or ask to where a second person approves promotions.

    Parameters
    ----------
    registry : Registry
        The model.
    stated : mapping
        The bounds that change, by section and name.
    first : Bounds
        What becomes the policy, with `stated`, where none was recorded yet.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Say what would change, and write nothing.

    Returns
    -------
    PolicySet or PolicyRequested
        What was recorded.

    Raises
    ------
    UsageError
        If nothing would change.
    """
    mover = Mover(registry)
    mover.recover(dry_run=dry_run)
    policy = policies.kept(mover.trail.events)
    now = policies.bounds(mover.trail.events) if policy else first
    new = now.with_stated(stated)
    changes = policies.differences(new, now)
    if policy and not changes:
        raise UsageError("the registry's policy says so already", hint="har registry policy")
    asks = policy is not None and now.gate.approval != "never"
    kind: type[PolicySet | PolicyRequested] = PolicyRequested if asks else PolicySet
    event = kind(version=None, reason=reason, settings=new.to_dict(), changes=changes)
    return event if dry_run else _recorded(mover, event)


def approve(
    registry: Registry, *, reason: str, allow_self: bool = False, dry_run: bool = False
) -> PolicySet:
    """Let the bounds that somebody else asked for be the policy.

    Raises
    ------
    GateRefusal
        If it is one's own request (`har.registry.gate.approval.answer_to`).
    UsageError
        If nobody asked for other bounds.
    """
    mover = Mover(registry)
    mover.recover(dry_run=dry_run)
    request = _waiting(mover)
    answer = answer_to(request, "the policy", mover, reason=reason, allow_self=allow_self)
    event = PolicySet(
        version=None,
        reason=request.reason,
        settings=request.settings,
        changes=request.changes,
        request=request.sha256,
        approval=answer,
    )
    return event if dry_run else _recorded(mover, event)


def reject(registry: Registry, *, reason: str, dry_run: bool = False) -> PolicyRejected:
    """Turn a change of the policy down, or withdraw one's own.

    Raises
    ------
    UsageError
        If nobody asked for other bounds.
    """
    mover = Mover(registry)
    mover.recover(dry_run=dry_run)
    request = _waiting(mover)
    event = PolicyRejected(version=None, reason=reason, request=request.sha256)
    return event if dry_run else _recorded(mover, event)


def _recorded(mover: Mover, event: A) -> A:
    recorded = mover.record(event)
    mover.announce()
    return recorded


def _waiting(mover: Mover) -> PolicyRequested:
    request = policies.waiting(mover.trail.events)
    if request is None:
        raise UsageError(
            "no change of the policy waits for approval",
            hint="`har registry policy --set gate.<name>=<value> --reason …` asks for one",
        )
    return request
