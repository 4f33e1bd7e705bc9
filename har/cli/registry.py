"""``har registry``: versions, their stages, and how they got there."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from rich.console import Group

    from har.config import Settings
    from har.lineage.audit import Event
    from har.registry.gate import Decision
    from har.registry.reconcile import Choice, Reconciled
    from har.registry.stages import Stage
    from har.registry.versions import Version

app = typer.Typer(no_args_is_help=True, help="Model versions: list, show, promote, history.")

Selector = Annotated[
    str, typer.Argument(help="champion, challenger, previous, a stage, or a number.")
]

Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]


@app.command(name="list")
def list_(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the versions of the registered model, newest first.

    Example: har registry list
    """
    from har.config import load
    from har.registry.versions import list_versions

    settings = load(overrides)
    versions, waiting = list_versions(settings), _waiting(settings)
    if as_json:
        return print_json([_facts(version, waiting) for version in versions])
    rows = [
        (
            *(v.number, v.candidate, v.stage + (", waits" if v.number in waiting else "")),
            *(", ".join(v.aliases), v.serving, v.created, _score(v)),
        )
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

    settings = load(overrides)
    version = find(selector, settings)
    facts = _facts(version, _waiting(settings))
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
    reason: Reason,
    to: Annotated[
        Literal["production", "staging", "archived", "none"],
        typer.Option(help="Stage; the gate judges what goes to production."),
    ] = "production",
    waive: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE=REASON", help="A rule that need not hold; kept for good."),
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
    from har.registry import promotion
    from har.registry.versions import find

    settings = load(overrides)
    version = find(selector, settings)
    if to == "production":
        waivers = {rule: why for rule, _, why in (text.partition("=") for text in waive or [])}
        decision = promotion.promote(
            version, settings, reason=reason, dry_run=dry_run, rejudge=True, waivers=waivers
        )
        return _tell(decision, settings, as_json=as_json)
    if waive:
        raise UsageError(f"--waive with --to {to}", expected="--to production, which is judged")
    stage: Stage = to.capitalize()  # type: ignore[assignment]
    promotion.put(version, stage, settings, reason=reason, dry_run=dry_run)
    version = find(str(version.number), settings)
    if as_json:
        return print_json(_facts(version, _waiting(settings)))
    verb = "would be" if dry_run else "is"
    out.print(f"Version {version.number} ({version.candidate}) {verb} at {stage}.")
    return None


def _tell(decision: "Decision", settings: "Settings", *, as_json: bool) -> None:
    """Print the gate's decision; end with its exit code."""
    from har.errors import GateRefusal

    if as_json:
        print_json(decision.to_dict())
    else:
        out.print(_rules(decision))
        if decision.version in _waiting(settings):
            out.print(f"It waits for approval: har registry approve {decision.version} --reason …")
    if not decision.passed:
        raise GateRefusal(f"version {decision.version} was refused", found=decision.reason)


@app.command()
def approve(
    selector: Selector,
    reason: Reason,
    allow_self: Annotated[
        bool, typer.Option("--allow-self-approval", help="Of one's own request; recorded.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, but move nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Let a version that somebody else asked for become the champion.

    Example: har registry approve challenger --reason "confusions looked at"
    """
    from har.config import load
    from har.registry.approval import approve as run

    request = run(selector, load(overrides), reason=reason, allow_self=allow_self, dry_run=dry_run)
    if as_json:
        return print_json({"request": request, "approved": not dry_run})
    verb = "would be" if dry_run else "is"
    out.print(f"Version {request['version']} {verb} the champion, as {request['by']} asked.")
    return None


@app.command()
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
    from har.registry.approval import reject as run

    request = run(selector, load(overrides), reason=reason, dry_run=dry_run)
    if as_json:
        return print_json({"request": request, "rejected": not dry_run})
    verb = "would be" if dry_run else "is"
    out.print(f"The request of {request['by']} for version {request['version']} {verb} rejected.")
    return None


@app.command()
def rollback(
    reason: Reason,
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

    settings = load(overrides)
    version = run(selector, settings, reason=reason, dry_run=dry_run)
    if as_json:
        return print_json(_facts(version, _waiting(settings)))
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
    reason: Reason = "",
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
    out.print(table("History", columns, _history_rows(events)))


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


def _history_rows(events: "Sequence[Event]") -> "Iterator[tuple[object, ...]]":
    """Yield a row an event; what ended a move is told with the move."""
    from itertools import zip_longest

    from har.registry.history import MOVE, MOVED, UNDONE

    for event, following in zip_longest(events, events[1:]):
        if event["event"] in (MOVED, UNDONE):
            continue
        what = event.get("verdict", "")
        if event["event"] == MOVE:
            ending = following["event"] if following else "not finished"
            what = _what_moved(event) + ("" if ending == MOVED else f" ({ending})")
        yield (
            event["time"],
            event.get("kind", event["event"]),
            event["version"] or "",
            event["by"],
            event["reason"],
            what,
        )


def _what_moved(move: "Event") -> str:
    from har.registry.history import change_of

    change = change_of(move)
    moved = [f"{v}: {old} → {new}" for v, (old, new) in change.stages.items() if old != new]
    named = [f"{alias}: {new or 'nobody'}" for alias, (_, new) in change.aliases.items()]
    return ", ".join(moved or named)


def _facts(version: "Version", waiting: "Mapping[int, str]") -> dict[str, Any]:
    return {
        **asdict(version),
        "gate": version.gate.to_dict() if version.gate else None,
        "promotion_asked_by": waiting.get(version.number),
    }


def _waiting(settings: "Settings") -> dict[int, str]:
    """Return who asked for the versions that wait for approval."""
    from har.registry.history import pending
    from har.registry.trail import Trail

    return {event["version"]: event["by"] for event in pending(Trail(settings.registry).events)}


def _score(version: "Version") -> str:
    low, high = version.macro_f1_interval
    return f"{version.macro_f1:.4f} ({low:.4f} to {high:.4f})"


def _rules(decision: "Decision") -> "Group":
    rows = [
        (
            rule.name,
            "holds" if rule.passed else "waived" if rule.waived else "broken",
            "" if rule.value is None else f"{rule.value:.4g}",
            "" if rule.bound is None else f"{rule.bound:.4g}",
            f"{rule.detail or rule.name}; waived: {rule.waived}" if rule.waived else rule.detail,
        )
        for rule in decision.rules
    ]
    verdict = "passed" if decision.passed else "refused"
    title = f"Gate: version {decision.version} {verdict}, stage {decision.stage}"
    return table(title, ["rule", "", "value", "bound", "detail"], rows)
