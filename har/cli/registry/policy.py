"""``har registry policy``: the bounds that the registry keeps, shown and changed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import Reason

if TYPE_CHECKING:
    from har.config import Settings
    from har.registry.handle import Registry
    from har.registry.history.events import Event
    from har.registry.history.policy import Bounds

_SECTIONS = ("gate", "export", "intervals")


def policy(
    context: typer.Context,
    reason: Reason = "",
    approve: Annotated[
        bool, typer.Option("--approve", help="Let what somebody else asked for be the policy.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Turn it down, or withdraw it.")] = False,
    allow_self: Annotated[
        bool, typer.Option("--allow-self-approval", help="Approve your own request; recorded.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, but write nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Show the bounds that the registry keeps; with --set, change them for good.

    What the settings of one command state instead is written in the moves that it makes. A
    change waits for a second person, as a promotion does, unless `gate.approval` is never.

    Example: har registry policy --set gate.margin=0.01 --reason "seasons differ by that much"
    """
    from har.config import load, stated
    from har.errors import UsageError
    from har.registry.handle import Registry

    refuse_ignored(
        context,
        exclusive=("--approve", "--reject"),
        needs={"--allow-self-approval": ("--approve",)},
    )
    changes = {n: s for n, s in stated(overrides or []).items() if n in _SECTIONS}
    settings = load(overrides)
    registry = Registry.open(settings.environment)
    acts = bool(changes) or approve or reject
    if acts and not reason:
        raise UsageError("--reason is missing", hint="say why: it is kept in the history")
    if changes and (approve or reject):
        raise UsageError("--set with --approve or --reject", hint="answer what was asked for first")
    if not acts:
        return _show(registry, settings, as_json=as_json)
    if changes:
        event = _change(registry, settings, changes, reason=reason, dry_run=dry_run)
    else:
        event = _answer(
            registry, approve=approve, reason=reason, allow_self=allow_self, dry_run=dry_run
        )
    if as_json:
        return print_json({"event": event.to_dict(), "recorded": not dry_run})
    out.print(_told(event, dry_run=dry_run))
    return None


def _change(
    registry: "Registry",
    settings: "Settings",
    changes: dict[str, Any],
    *,
    reason: str,
    dry_run: bool,
) -> "Event":
    from har.registry.gate.policy import change

    bounds = _here(settings)
    return change(registry, changes, first=bounds, reason=reason, dry_run=dry_run)


def _answer(
    registry: "Registry", *, approve: bool, reason: str, allow_self: bool, dry_run: bool
) -> "Event":
    from har.registry.gate import policy as policies

    if approve:
        return policies.approve(registry, reason=reason, allow_self=allow_self, dry_run=dry_run)
    return policies.reject(registry, reason=reason, dry_run=dry_run)


def _here(settings: "Settings") -> "Bounds":
    """Return the bounds of this folder and this command."""
    from har.registry.history.policy import Bounds

    recipe = settings.recipe
    return Bounds(recipe.gate, recipe.export, recipe.intervals)


def _show(registry: "Registry", settings: "Settings", *, as_json: bool) -> None:
    from har.registry.history import policy as policies
    from har.registry.history.trail import Trail

    events = Trail(registry).events
    kept, asked, here = policies.kept(events), policies.waiting(events), _here(settings)
    bounds = policies.bounds(events) if kept else here
    bent = policies.differences(bounds.bent_by(here.gate, here.export, here.intervals), bounds)
    if as_json:
        policy, request = kept and kept.to_dict(), asked and asked.to_dict()
        return print_json({"policy": policy, "waiting": request, "bent_here": bent})
    out.print(table("Policy of the gate", ["bound", "value"], bounds.flat().items()), "")
    if kept is None:
        out.print("Not kept yet: these are the settings here; the first judgement records its own.")
    else:
        approved = f"; approved: {kept.approval.reason}" if kept.approval else ""
        what = f"{kept.describe()}: {kept.reason}{approved}"
        out.print(f"Set by {kept.who} at {kept.time}, {what}.")
    if bent:
        out.print(f"The settings here bend it: {'; '.join(bent)}.")
    if asked:
        out.print(
            f"{asked.who} asks for {asked.describe()} ({asked.reason}): "
            "`har registry policy --approve --reason …`, or --reject."
        )
    return None


def _told(event: "Event", *, dry_run: bool) -> str:
    from har.registry.history.events import PolicyRejected, PolicyRequested

    verb = "would be" if dry_run else "is"
    if isinstance(event, PolicyRejected):
        return f"The change of the policy {verb} rejected."
    if isinstance(event, PolicyRequested):
        waits = "would wait" if dry_run else "waits"
        command = "har registry policy --approve --reason …"
        return f"It {waits} for somebody else: {event.describe()}. {command}"
    return f"The policy {verb} changed: {event.describe()}."
