"""What the commands of ``har registry`` share: options, facts of versions, the gate's table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Group

    from har.config import Settings
    from har.registry.gate import Decision
    from har.registry.versions import Version

Selector = Annotated[
    str, typer.Argument(help="champion, challenger, previous, a stage, or a number.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]


def version_facts(version: "Version", waiting: "Mapping[int, str]") -> dict[str, Any]:
    """Return a version as JSON-able data."""
    return {
        **asdict(version),
        "gate": version.gate.to_dict() if version.gate else None,
        "promotion_asked_by": waiting.get(version.number),
    }


def asked_by(settings: "Settings") -> dict[int, str]:
    """Return who asked for the versions that wait for approval."""
    from har.registry.history import pending
    from har.registry.trail import Trail

    return {event["version"]: event["by"] for event in pending(Trail(settings.registry).events)}


def score_text(version: "Version") -> str:
    """Return macro-F1 with its interval."""
    if version.macro_f1 is None or version.macro_f1_interval is None:
        return "not measured"
    low, high = version.macro_f1_interval
    return f"{version.macro_f1:.4f} ({low:.4f} to {high:.4f})"


def rules_table(decision: "Decision") -> "Group":
    """Return every rule of a decision as a table."""
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
