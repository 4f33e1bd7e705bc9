"""Promotions that wait for a second person: asked for, approved, rejected.

The history holds them, so they wait in any registry, with or without a Prefect server.
"""

from har.errors import ConflictError, GateRefusal, UsageError
from har.registry.handle import Registry
from har.registry.history import policy as policies
from har.registry.history import stages
from har.registry.history.events import Act, Approval, ApprovalRequested, RequestRejected
from har.registry.history.placement import pending
from har.registry.history.stages import CHAMPION, Change
from har.registry.identity import is_one_person
from har.registry.moves.mover import Mover
from har.registry.versions.files import require_verified
from har.registry.versions.lookup import find
from har.registry.versions.signature import claim_approval


def approve(
    registry: Registry,
    selector: str,
    *,
    reason: str,
    allow_self: bool = False,
    dry_run: bool = False,
) -> ApprovalRequested:
    """Move a version to Production as somebody else asked; return the request.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        The version, as for `har.registry.versions.lookup.find`.
    reason : str
        Why it is approved; kept in the history.
    allow_self : bool
        Let somebody approve their own request; kept in the history.
    dry_run : bool
        Check everything, move nothing.

    Raises
    ------
    GateRefusal
        If it is one's own request, or one from the same account under another name and the
        registry's policy does not allow that (``gate.shared_account``).
    ConflictError
        If the champion is not the one that the version was held against, or somebody else
        moves a version at the same time.
    UsageError
        If nobody asked for it.
    VerificationError
        If its files are no longer those that were judged, or the registry is not as its
        history says.
    """
    mover = Mover(registry)
    now = mover.recover(dry_run=dry_run)
    version = find(registry, selector)
    number = version.number
    request = _request(number, mover)
    answer = answer_to(request, f"version {number}", mover, reason=reason, allow_self=allow_self)
    if now.aliases.get(CHAMPION) != request.champion:
        raise ConflictError(
            f"version {number} was not judged against today's champion",
            expected=f"version {request.champion} as champion",
            found=f"version {now.aliases.get(CHAMPION)}",
            hint="have it judged again: `har registry promote`",
        )
    then = stages.move(now, number, "Production")
    require_verified(registry, version)
    if not dry_run:
        mover.execute(
            "promotion",
            number,
            Change.between(now, then),
            reason=request.reason,
            decision=request.decision,
            request=request.sha256,
            approval=answer,
            bent=request.bent,
        )
        claim_approval(registry, version, mover.trail.events)
        mover.announce()
    return request


def answer_to(request: Act, what: str, mover: Mover, *, reason: str, allow_self: bool) -> Approval:
    """Return the approval of a request by whoever acts here.

    Parameters
    ----------
    request : Act
        What somebody asked for.
    what : str
        What it is about, for errors.
    mover : Mover
        Of the model; its history holds the policy.
    reason : str
        Why it is approved.
    allow_self : bool
        Let somebody approve their own request.

    Raises
    ------
    GateRefusal
        If it is one's own request, or one from the same account under another name.
    """
    who = mover.registry.actor
    own = who.name == request.by
    shared = not own and is_one_person(who.proof, request.proof)
    answer = Approval(reason=reason, asked_by=request.by, own=own, same_account=shared)
    if allow_self:
        return answer
    if own:
        raise GateRefusal(
            f"{what}: nobody approves their own request",
            found=f"asked for and approved by {who.name}",
            hint="let somebody else approve it, or say --allow-self-approval, which is recorded",
        )
    if shared and not policies.bounds(mover.trail.events).gate.shared_account:
        raise GateRefusal(
            f"{what}: nobody approves a request of their own account",
            found=f"asked for by {request.by}, approved by {who.name}, both from {who.account}",
            hint="approve it from an account of your own; or `har registry policy --set "
            "gate.shared_account=true --reason …`, or --allow-self-approval: both are recorded",
        )
    return answer


def reject(
    registry: Registry, selector: str, *, reason: str, dry_run: bool = False
) -> ApprovalRequested:
    """Turn a request down, or withdraw one's own; the version stays where it is.

    Raises
    ------
    UsageError
        If nobody asked for it.
    """
    mover = Mover(registry)
    request = _request(find(registry, selector).number, mover)
    if not dry_run:
        mover.recover()
        mover.record(
            RequestRejected(version=request.version, reason=reason, request=request.sha256)
        )
        mover.announce()
    return request


def _request(number: int, mover: Mover) -> ApprovalRequested:
    waiting = pending(mover.trail.events)
    for request in waiting:
        if request.version == number:
            return request
    names = ", ".join(str(request.version) for request in waiting)
    raise UsageError(
        f"version {number} does not wait for approval",
        expected=f"a version that waits: {names or 'there is none'}",
        hint="`har registry promote` judges a version and asks for its promotion",
    )
