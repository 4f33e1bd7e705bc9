"""What the commands of ``har registry`` share: options, facts of versions, the gate's table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.flags import as_reason
from har.cli.output import err, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Group

    from har.registry.handle import Registry
    from har.registry.versions.decision import Decision
    from har.registry.versions.version import Version

Selector = Annotated[
    str, typer.Argument(help="champion, challenger, previous, a stage, or a number.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.", callback=as_reason)]


def version_facts(version: "Version", waiting: "Mapping[int, str]") -> dict[str, Any]:
    """Return a version as JSON-able data."""
    return {
        **asdict(version),
        "gate": version.gate.to_dict() if version.gate else None,
        "promotion_asked_by": waiting.get(version.number),
    }


def asked_by(registry: "Registry") -> dict[int, str]:
    """Return who asked for the versions that wait for approval."""
    from har.registry.history.placement import pending
    from har.registry.history.trail import Trail

    return {request.version: request.by for request in pending(Trail(registry).events)}


def tell_disagreement(registry: "Registry") -> None:
    """Say on standard error where MLflow shows what the history does not say."""
    from har.registry.history.trail import Trail
    from har.registry.moves.disagreement import disagreement

    if sentence := disagreement(registry, Trail(registry).events):
        err.print(sentence, style="yellow", soft_wrap=True)


def rules_table(decision: "Decision") -> "Group":
    """Return every rule of a decision as a table, and how the registry's policy was bent."""
    from rich.console import Group

    rows = [
        (
            rule.name,
            rule.outcome,
            _number(rule.value),
            _number(rule.bound),
            f"{rule.detail or rule.name}; waived: {rule.waived}" if rule.waived else rule.detail,
        )
        for rule in decision.rules
    ]
    title = f"Gate: version {decision.version} {decision.verdict}, stage {decision.stage}"
    rules = table(title, ["rule", "", "value", "bound", "detail"], rows)
    if not decision.bent:
        return rules
    return Group(rules, f"Unlike the registry's policy: {'; '.join(decision.bent)}.")


def score(version: "Version") -> tuple[str, str]:
    """Return macro-F1 and its interval over subjects."""
    if version.macro_f1 is None or version.macro_f1_interval is None:
        return "not measured", ""
    low, high = version.macro_f1_interval
    return f"{version.macro_f1:.4f}", f"{low:.3f}–{high:.3f}"


def told_of(decision: "Decision") -> "list[str]":
    """Return what a decision says beside its rules: where they count, and who is challenger."""
    rivalry = f"{decision.rivalry[:1].upper()}{decision.rivalry[1:]}."
    return [text for text in (decision.deployment, rivalry.strip(".") and rivalry) if text]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
