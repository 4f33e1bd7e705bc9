"""``har registry``: versions, their stages, and how they got there."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table

if TYPE_CHECKING:
    from rich.console import Group

    from har.registry.gate import Decision
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
def history(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print the audit trail, oldest first, after verifying its chain.

    Example: har registry history
    """
    from har.config import load
    from har.lineage import audit

    path = load(overrides).registry.audit
    audit.verify_chain(path)
    entries = audit.entries(path)
    if as_json:
        return print_json(entries)
    columns = ["time", "event", "version", "stage", "by", "purpose", "reason"]
    rows = [[entry.get(column, "") for column in columns] for entry in entries]
    out.print(table("History", columns, rows))


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
