"""``har registry``: versions, their stages, and how they got there."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Group

    from har.lineage.audit import Event
    from har.registry.gate import Decision
    from har.registry.reconcile import Choice, Reconciled
    from har.registry.versions import Version

app = typer.Typer(no_args_is_help=True, help="Model versions: list, show, promote, history.")

Selector = Annotated[
    str, typer.Argument(help="champion, challenger, previous, a stage, or a number.")
]


@app.command(name="list")
def list_(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the versions of the registered model, newest first.

    Example: har registry list
    """
    from har.config import load
    from har.registry.versions import list_versions

    versions = list_versions(load(overrides))
    if as_json:
        return print_json([_facts(version) for version in versions])
    rows = [
        (v.number, v.candidate, v.stage, ", ".join(v.aliases), v.serving, v.created, _score(v))
        for v in versions
    ]
    columns = ["version", "model", "stage", "alias", "serves", "created", "macro-F1"]
    out.print(table("Versions", columns, rows))


@app.command()
def show(selector: Selector, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show one version: its scores, its stage and the gate's decision.

    Example: har registry show champion --json
    """
    from har.config import load
    from har.registry.versions import find

    version = find(selector, load(overrides))
    facts = _facts(version)
    if as_json:
        return print_json(facts)
    shown = {k: v for k, v in facts.items() if k not in ("tags", "gate") and v is not None}
    shown |= {"aliases": ", ".join(version.aliases), "macro_f1": _score(version)}
    del shown["macro_f1_interval"]
    out.print(table(f"{version.model} {version.number}", ["", ""], shown.items()), "")
    if version.gate:
        out.print(_rules(version.gate))


@app.command()
def promote(
    selector: Selector,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, but move nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Judge a version at the gate again and move it to the stage that it earns.

    Ends with exit code 4 if the gate refuses.

    Example: har registry promote 2 --reason "new season's data" --dry-run
    """
    from har.config import load
    from har.errors import GateRefusal
    from har.registry.promotion import promote as run
    from har.registry.versions import find

    settings = load(overrides)
    version = find(selector, settings)
    decision = run(version, settings, reason=reason, dry_run=dry_run, rejudge=True)
    if as_json:
        print_json(decision.to_dict())
    else:
        out.print(_rules(decision))
    if not decision.passed:
        raise GateRefusal(f"version {version.number} was refused", found=decision.reason)


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")],
    selector: Selector = "previous",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, but move nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Put a version that served before back in the champion's place, files verified.

    Example: har registry rollback --reason "stairs are taken for walking since Monday"
    """
    from har.config import load
    from har.registry.rollback import rollback as run

    version = run(selector, load(overrides), reason=reason, dry_run=dry_run)
    if as_json:
        return print_json(_facts(version))
    verb = "would be" if dry_run else "is"
    out.print(f"Version {version.number} ({version.candidate}) {verb} the champion.")
    return None


@app.command()
def reconcile(
    adopt: Annotated[bool, typer.Option("--adopt", help="The registry is right.")] = False,
    revert: Annotated[bool, typer.Option("--revert", help="The history is right.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take an interrupted move back, do not complete it.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, but change nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """End what a killed process left, and find what was moved without the history.

    Ends with exit code 5 while registry and history disagree.

    Example: har registry reconcile --revert --reason "moved in a notebook by mistake"
    """
    from har.config import load
    from har.errors import UsageError, VerificationError
    from har.registry.reconcile import reconcile as run

    if adopt and revert:
        raise UsageError("--adopt and --revert", expected="one of the two", found="both")
    if (adopt or revert) and not reason:
        raise UsageError("--reason is missing", hint="say why: it is kept in the history")
    choice: Choice | None = "adopt" if adopt else "revert" if revert else None
    found = run(load(overrides).registry, choice=choice, undo=undo, reason=reason, dry_run=dry_run)
    if as_json:
        print_json(asdict(found))
    else:
        _print_reconciled(found)
    if found.differences and found.done not in ("adopt", "revert"):
        raise VerificationError(
            "registry and history disagree",
            hint="har registry reconcile --adopt, or --revert, with --reason",
        )


def _print_reconciled(found: "Reconciled") -> None:
    if move := found.interrupted:
        what = f"{move['kind']} of version {move['version']}"
        done = found.done if found.done in ("completed", "undone") else "still open"
        out.print(f"Interrupted: {what}, begun by {move['by']} at {move['time']}: {done}.")
    if found.differences:
        rows = [(d.what, d.expected, d.found) for d in found.differences]
        out.print(table("Moved without the history", ["", "history says", "registry says"], rows))
        since = f"between {found.since} and {found.noticed}" if found.since else "at any time"
        out.print(f"It happened {since}; who did it is not recorded.")
        if found.done == "adopt":
            out.print("Adopted: the history says so too now.")
        if found.done == "revert":
            out.print("Put back as the history says.")
    elif not found.interrupted:
        out.print("Registry and history agree.")


@app.command()
def history(
    at: Annotated[
        str | None, typer.Option(help="A date, and a time if it matters: what was live then.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Print who moved which version when and why, oldest first, after verifying the chain.

    Example: har registry history --at "2026-11-17 12:00"
    """
    from har.config import load
    from har.registry.trail import Trail

    events = Trail(load(overrides).registry).events
    if at:
        return _live(events, at, as_json=as_json)
    if as_json:
        return print_json(events)
    columns = ["time", "event", "version", "by", "reason", "what"]
    out.print(table("History", columns, map(_event_row, events)))


def _live(events: "Sequence[Event]", at: str, *, as_json: bool) -> None:
    from har.registry.history import reign_at

    instant = _instant(at)
    reign = reign_at(events, instant)
    if as_json:
        return print_json({"at": instant.isoformat(), "reign": asdict(reign) if reign else None})
    title = f"In production at {instant.isoformat(' ')}"
    if reign is None:
        out.print(table(title, ["", ""], [("version", "none yet")]))
        return None
    rows = {
        "version": "none" if reign.version is None else str(reign.version),
        "since": reign.since,
        "until": reign.until or "now",
        "began by": f"{reign.kind}, {reign.by}",
        "reason": reign.reason,
        "replaced": "nothing" if reign.replaced is None else f"version {reign.replaced}",
    }
    out.print(table(title, ["", ""], rows.items()))
    return None


def _instant(text: str) -> "datetime":
    """Read a date with or without a time; without a zone it is this machine's."""
    from datetime import datetime

    from har.errors import UsageError

    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise UsageError(
            f"--at {text}: not a date",
            expected="a date as 2026-11-17, 2026-11-17 12:00 or 2026-11-17T12:00:00Z",
        ) from None


def _event_row(event: "Event") -> tuple[object, ...]:
    from har.registry.history import MOVE, change_of

    what = ""
    if event["event"] == MOVE:
        moved = change_of(event).stages
        what = ", ".join(f"{v}: {old} → {new}" for v, (old, new) in moved.items())
    elif event["event"] == "gate":
        what = event["verdict"]
    name = event.get("kind", event["event"])
    return (
        *(event["time"], name, event.get("version", ""), event.get("by", "")),
        *(event.get("reason", ""), what),
    )


def _facts(version: "Version") -> dict[str, Any]:
    return {**asdict(version), "gate": version.gate.to_dict() if version.gate else None}


def _score(version: "Version") -> str:
    low, high = version.macro_f1_interval
    return f"{version.macro_f1:.4f} ({low:.4f} to {high:.4f})"


def _rules(decision: "Decision") -> "Group":
    rows = [
        (
            rule.name,
            "holds" if rule.passed else "broken",
            "" if rule.value is None else f"{rule.value:.4g}",
            "" if rule.bound is None else f"{rule.bound:.4g}",
            rule.detail,
        )
        for rule in decision.rules
    ]
    verdict = "passed" if decision.passed else "refused"
    title = f"Gate: version {decision.version} {verdict}, stage {decision.stage}"
    return table(title, ["rule", "", "value", "bound", "detail"], rows)
