"""``har registry``: versions, their stages, and how they got there."""

from dataclasses import asdict
from typing import Annotated

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table

app = typer.Typer(no_args_is_help=True, help="Model versions: list, show, promote, history.")

Selector = Annotated[
    str, typer.Argument(help="champion, challenger, previous, a stage, or a number.")
]


@app.command(name="list")
def list_(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the versions of the registered model.

    Example: har registry list
    """
    from har.config import load
    from har.registry.versions import list_versions

    versions = list_versions(load(overrides))
    if as_json:
        return print_json([asdict(version) for version in versions])
    rows = [
        (v.number, v.candidate, v.stage, ", ".join(v.aliases), f"{v.macro_f1:.4f}", v.created)
        for v in versions
    ]
    columns = ["version", "model", "stage", "alias", "macro-F1", "created"]
    out.print(table("Versions", columns, rows, left=4))


@app.command()
def show(selector: Selector, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show one version: its scores, its stage and the gate's decision.

    Example: har registry show champion --json
    """
    from har.config import load
    from har.registry.versions import find

    version = find(selector, load(overrides))
    if as_json:
        return print_json(asdict(version))
    facts = {k: v for k, v in asdict(version).items() if k not in ("tags", "decision")}
    out.print(table(f"{version.model} {version.number}", ["", ""], facts.items(), left=2), "")
    if version.decision:
        out.print(_rules(version.decision))


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
    decision = run(find(selector, settings), settings, reason=reason, dry_run=dry_run, rejudge=True)
    if as_json:
        print_json(asdict(decision))
    else:
        out.print(_rules(asdict(decision)))
    if not decision.passed:
        raise GateRefusal(f"version {selector} was refused", found=decision.reason)


@app.command()
def history(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print the audit trail: every decision, the oldest first; its chain is verified.

    Example: har registry history
    """
    from har.config import load
    from har.lineage.audit import read

    entries = read(load(overrides).registry.audit)
    if as_json:
        return print_json(entries)
    columns = ["time", "actor", "version", "stage", "reason"]
    rows = [[entry.get(column, "") for column in columns] for entry in entries]
    out.print(table("History", columns, rows, left=5))
