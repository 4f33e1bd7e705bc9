"""``har registry prune``: versions that nobody needs."""

from typing import Annotated

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import Reason


def prune(
    reason: Reason,
    older_than: Annotated[
        int, typer.Option(metavar="DAYS", min=1, help="Younger versions stay.")
    ] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, but remove nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Remove versions that nobody judged or moved, and runs that a kill left, with files.

    Never what is staged, has an alias, is named in the history, or came without `har`.

    Example: har registry prune --older-than 90 --reason "quarterly" --dry-run
    """
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.moves.retention import prune as run

    found = run(
        Registry.open(load(overrides).environment),
        reason=reason,
        older_than_days=older_than,
        dry_run=dry_run,
    )
    if as_json:
        kept = {version.number: why for version, why in found.kept}
        removed = {"versions": [v.number for v in found.versions], "runs": found.runs}
        return print_json({**removed, "kept": kept, "removed": not dry_run})
    verb = "would be removed" if dry_run else "removed"
    rows = [
        *((v.number, v.candidate, v.created, verb) for v in found.versions),
        *((v.number, v.candidate, v.created, f"stays: {why}") for v, why in found.kept),
        *(("", f"run {run_id}", "", verb) for run_id in found.runs),
    ]
    out.print(table("Versions", ["version", "what", "created", ""], rows))
    return None
