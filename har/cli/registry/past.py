"""``har registry history|reconcile``: what happened, and whether the registry agrees."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from har.lineage.audit import Event
    from har.registry.moves.reconcile import Choice, Reconciled


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
    from har.registry.handle import Registry
    from har.registry.history.trail import Trail

    events = Trail(Registry.open(load(overrides).environment)).events
    if at:
        return _live(events, at, as_json=as_json)
    if as_json:
        return print_json(events)
    columns = ["time", "event", "version", "by", "reason", "what"]
    out.print(table("History", columns, _history_rows(events)))


def _live(events: "Sequence[Event]", at: str, *, as_json: bool) -> None:
    from har.registry.history.placement import doubt_at, reign_at

    instant = _instant(at)
    reign, doubt = reign_at(events, instant), doubt_at(events, instant)
    if as_json:
        found = {"reign": reign and asdict(reign), "perhaps": doubt and asdict(doubt)}
        return print_json({"at": instant.isoformat(), **found})
    rows = {"version": "none that the history knows of"}
    if reign:
        rows = {
            "version": "none" if reign.version is None else str(reign.version),
            "since": reign.since,
            "until": reign.until or "now",
            "began by": f"{reign.kind}, {reign.by}",
            "reason": reign.reason,
            "replaced": "nothing" if reign.replaced is None else f"version {reign.replaced}",
        }
    if doubt:
        other = "none" if doubt.version is None else f"version {doubt.version}"
        rows["or perhaps"] = f"{other}, moved between {doubt.began} and {doubt.ended}"
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
            expected="a date as 2026-11-17, 2026-11-17 12:00 or 2026-11-17T12:00:00Z",
        ) from None


def _history_rows(events: "Sequence[Event]") -> "Iterator[tuple[object, ...]]":
    """Yield a row an event; what ended a move is told with the move."""
    from itertools import zip_longest

    from har.registry.history.placement import GATE, MOVE, MOVED, SHADOW, UNDONE

    tell = {GATE: _what_decided, MOVE: _what_moved, SHADOW: _what_scored}
    for event, following in zip_longest(events, events[1:]):
        if event["event"] in (MOVED, UNDONE):
            continue
        what = tell[event["event"]](event) if event["event"] in tell else ""
        if event["event"] == MOVE:
            ending = following["event"] if following else "not finished"
            what += "" if ending == MOVED else f" ({ending})"
        yield (
            event["time"],
            event.get("kind", event["event"]),
            event["version"] or "",
            event["by"],
            event["reason"],
            what,
        )


def _what_decided(gate: "Event") -> str:
    waived = ", ".join(gate["waived"])
    return f"{gate['verdict']}; waived: {waived}" if waived else str(gate["verdict"])


def _what_moved(move: "Event") -> str:
    from har.registry.history.placement import change_of

    change = change_of(move)
    moved = [f"{v}: {old} → {new}" for v, (old, new) in change.stages.items() if old != new]
    named = _held({alias: new for alias, (_, new) in change.aliases.items()})
    asked = f"; asked by {move['approval']['asked_by']}" if "approval" in move else ""
    found = move.get("found", {}).items()
    by_hand = _held({alias: v for alias, v in found if v != change.aliases[alias][1]})
    told = ", ".join(moved) or named
    return told + asked + (f"; by hand {by_hand}" if by_hand else "")


def _held(aliases: "Mapping[str, int | None]") -> str:
    return ", ".join(f"{alias}: {version or 'nobody'}" for alias, version in aliases.items())


def _what_scored(shadow: "Event") -> str:
    number, parts = shadow["part"]
    part = f" ({number} of {parts})" if parts > 1 else ""
    return f"{shadow['windows']} windows, {100 * shadow['agreement']:.1f} % agree{part}"


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
    from har.registry.handle import Registry
    from har.registry.moves.reconcile import reconcile as run

    if adopt and revert:
        raise UsageError("--adopt and --revert", expected="one of the two", found="both")
    if (adopt or revert) and not reason:
        raise UsageError("--reason is missing", hint="say why: it is kept in the history")
    choice: Choice | None = "adopt" if adopt else "revert" if revert else None
    registry = Registry.open(load(overrides).environment)
    found = run(registry, choice=choice, undo=undo, reason=reason, dry_run=dry_run)
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
