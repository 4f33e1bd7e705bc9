"""``har registry history|reconcile``: what happened, and whether the registry agrees."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from har.registry.history.events import Event
    from har.registry.moves.reconcile import Choice, Reconciled


def history(
    at: Annotated[
        str | None, typer.Option(help="A date, with or without a time: show what was live then.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Print who moved which version when and why, oldest first, after verifying the chain.

    Example: har registry history --at "2026-11-17 12:00"
    """
    from har.config import load
    from har.lineage.origin import now_utc
    from har.registry.handle import Registry
    from har.registry.history.clock import moments
    from har.registry.history.rows import rows
    from har.registry.history.trail import Trail

    events = Trail(Registry.open(load(overrides).environment)).events
    if at:
        return _live(events, at, as_json=as_json)
    if as_json:
        marks = [{"clock": m.mark} if m.mark else {} for m in moments(events, now_utc())]
        return print_json([e.to_dict() | m for e, m in zip(events, marks, strict=True)])
    columns = ["time", "event", "version", "by", "reason", "what"]
    out.print(table("History", columns, rows(events)))


def _live(events: "Sequence[Event]", at: str, *, as_json: bool) -> None:
    from har.registry.history.production import changeover_at, doubts, name_of, production_at
    from har.registry.history.promotions import promotions

    instant = _instant(at)
    period, changeover = production_at(events, instant), changeover_at(events, instant)
    dates = (period.since, period.dated) if period else ()
    came = next((p for p in promotions(events) if p.time in dates), None)
    open_as = doubts(events, instant)
    if as_json:
        told = {"reign": period, "promotion": came, "perhaps": changeover}
        live = {name: one and asdict(one) for name, one in told.items()}
        return print_json({"at": instant.isoformat(), **live, "not_unique": open_as})
    rows = {"version": "none that the history knows of"}
    if period:
        rows = {
            "version": "none" if period.version is None else str(period.version),
            "since": period.since,
            "until": period.until or "now",
            **(came.facts if came else {"came by": period.kind, "reason": period.reason}),
            "replaced": "nothing" if period.replaced is None else name_of(period.replaced),
        }
    if changeover:
        between = f"moved between {changeover.began} and {changeover.ended}"
        rows["or perhaps"] = f"{name_of(changeover.version)}, {between}"
    if open_as:
        rows["not unique"] = "times go back: " + "; ".join(open_as)
    out.print(table(f"In production at {instant.isoformat(' ')}", ["", ""], rows.items()))
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
            expected="a date such as 2026-11-17, 2026-11-17 12:00 or 2026-11-17T12:00:00Z",
        ) from None


def reconcile(
    context: typer.Context,
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
    from har.registry.handle import Registry
    from har.registry.moves.reconcile import reconcile as run

    choices = ("--adopt", "--revert")
    refuse_ignored(context, exclusive=choices, needs={"--reason": choices})
    if (adopt or revert) and not reason:
        raise UsageError("--reason is missing", hint="say why: it is kept in the history")
    choice: Choice | None = "adopt" if adopt else "revert" if revert else None
    registry = Registry.open(load(overrides).environment)
    found = run(registry, choice=choice, undo=undo, reason=reason, dry_run=dry_run)
    interrupted = found.interrupted and found.interrupted.to_dict()
    if as_json:
        print_json({**asdict(found), "interrupted": interrupted})
    else:
        _print_reconciled(found)
    if found.differences and found.done not in ("adopt", "revert"):
        raise VerificationError(
            "registry and history disagree",
            hint="har registry reconcile --adopt, or --revert, with --reason",
        )


def _print_reconciled(found: "Reconciled") -> None:
    if move := found.interrupted:
        what = f"{move.kind} of version {move.version}"
        done = found.done if found.done in ("completed", "undone") else "still open"
        out.print(f"Interrupted: {what}, begun by {move.by} at {move.time}: {done}.")
    for number in found.judged:
        out.print(
            f"Version {number} was judged when a command was killed; nothing is lost: "
            f"`har registry promote {number} --reason …` goes on from there."
        )
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
