"""``har registry promote|approve|reject|rollback``: versions from stage to stage."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import (
    Reason,
    Selector,
    asked_by,
    rules_table,
    score,
    told_of,
    version_facts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from har.registry.handle import Registry
    from har.registry.history.stages import Stage
    from har.registry.moves.rollback import Restored
    from har.registry.versions.decision import Decision


def promote(
    selector: Selector,
    reason: Reason,
    to: Annotated[
        Literal["production", "staging", "archived", "none"],
        typer.Option(help="Stage; the gate judges what goes to production."),
    ] = "production",
    waive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE=REASON", help="A rule that need not hold, and why; kept for good."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, but move nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Move a version to another stage; to production if the gate lets it pass.

    To replace a champion it then waits for a second person's approval. Ends with exit
    code 4 if the gate refuses.

    Example: har registry promote 2 --reason "new season's data" --dry-run
    """
    from har.config import load
    from har.errors import UsageError
    from har.registry.gate import promotion
    from har.registry.handle import Registry
    from har.registry.versions.lookup import list_versions

    recipe, environment = load(overrides)
    registry = Registry.open(environment)
    if to == "production":
        waivers = {rule: why for rule, _, why in (text.partition("=") for text in waive or [])}
        decision = promotion.promote(
            registry,
            selector,
            gate=recipe.gate,
            export=recipe.export,
            intervals=recipe.intervals,
            reason=reason,
            dry_run=dry_run,
            rejudge=True,
            waivers=waivers,
        )
        return _print(decision, registry, as_json=as_json)
    if waive:
        raise UsageError(
            f"--waive with --to {to}", expected="--to production: the gate judges no other stage"
        )
    stage: Stage = to.capitalize()  # type: ignore[assignment]
    there = [v for v in list_versions(registry) if stage == v.stage == "Staging"]
    version = promotion.change_stage(registry, selector, stage, reason=reason, dry_run=dry_run)
    if as_json:
        return print_json(version_facts(version, asked_by(registry)))
    verb = "would be" if dry_run else "is"
    out.print(f"Version {version.number} ({version.candidate}) {verb} at {stage}.")
    for former in (v for v in there if v.number != version.number):
        out.print(f"Version {former.number} ({former.candidate}), the challenger, {verb} archived.")
    return None


def _print(decision: "Decision", registry: "Registry", *, as_json: bool) -> None:
    """Print the gate's decision; end with its exit code."""
    from har.errors import GateRefusal

    if as_json:
        print_json(decision.to_dict())
    else:
        out.print(rules_table(decision), *told_of(decision), sep="\n")
        if decision.version in asked_by(registry):
            out.print(f"It waits for approval: har registry approve {decision.version} --reason …")
    if not decision.passed:
        raise GateRefusal(
            f"version {decision.version} was refused", found=decision.reason, hint=_to_do(decision)
        )


def _to_do(decision: "Decision") -> str:
    """Say what would make a refused version pass, and how a rule is waived."""
    from har.registry.gate.rules import NEVER_WAIVED

    broken = [rule.name for rule in decision.rules if not rule.holds]
    if set(broken) & set(NEVER_WAIVED):
        return f"{decision.remedy}: no waiver lets it serve"
    waivers = " ".join(f"--waive '{name}=WHY'" for name in broken)
    again = f"har registry promote {decision.version} --reason WHY {waivers}"
    return f"{decision.remedy}. Or waive, for good and by name: {again}"


def approve(
    selector: Selector,
    reason: Reason,
    allow_self: Annotated[
        bool, typer.Option("--allow-self-approval", help="Approve your own request; recorded.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, but move nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Let a version that somebody else asked for become the champion.

    Example: har registry approve challenger --reason "confusions looked at"
    """
    from har.config import load
    from har.registry.gate.approval import approve as run
    from har.registry.handle import Registry

    registry = Registry.open(load(overrides).environment)
    request = run(registry, selector, reason=reason, allow_self=allow_self, dry_run=dry_run)
    if as_json:
        return print_json({"request": request.to_dict(), "approved": not dry_run})
    verb = "would be" if dry_run else "is"
    out.print(f"Version {request.version} {verb} the champion, as {request.by} asked.")
    return None


def reject(
    selector: Selector,
    reason: Reason,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, but write nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Turn down what somebody asked for, or withdraw it; the version stays in Staging.

    Example: har registry reject 4 --reason "confuses sitting with standing"
    """
    from har.config import load
    from har.registry.gate.approval import reject as run
    from har.registry.handle import Registry

    registry = Registry.open(load(overrides).environment)
    request = run(registry, selector, reason=reason, dry_run=dry_run)
    if as_json:
        return print_json({"request": request.to_dict(), "rejected": not dry_run})
    verb = "would be" if dry_run else "is"
    out.print(f"The request of {request.by} for version {request.version} {verb} rejected.")
    return None


def rollback(
    reason: Reason,
    selector: Annotated[
        str | None,
        typer.Argument(help="A version that served; default: the last one nobody rolled back from"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, but move nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Put a version that served before back in the champion's place, files verified.

    Says when it served, how it scored, and what clients will see differ.

    Example: har registry rollback --reason "stairs are taken for walking since Monday"
    """
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.moves.rollback import present, restored
    from har.registry.moves.rollback import rollback as run

    registry = Registry.open(load(overrides).environment)
    former = present(registry)
    version = run(registry, selector, reason=reason, dry_run=dry_run)
    found = restored(registry, version, former)
    if as_json:
        replaced = former.number if former else None
        told = {"periods": found.periods, "clients": found.clients, "replaced": replaced}
        return print_json({**version_facts(version, asked_by(registry)), **told})
    verb = "would be" if dry_run else "is"
    out.print(f"Version {version.number} ({version.candidate}) {verb} the champion.")
    out.print(table("What it restores", ["", ""], _restored(found)))
    return None


def _restored(found: "Restored") -> "Iterator[tuple[str, str]]":
    for period in found.periods:
        yield "served", f"{period.since} to {period.until} ({period.kind}: {period.reason})"
    yield "macro-F1", " ".join(score(found.version))
    if found.former:
        yield f"version {found.former.number} had", " ".join(score(found.former))
        for change in found.clients or ("nothing differs but the answers",):
            yield "clients", change
