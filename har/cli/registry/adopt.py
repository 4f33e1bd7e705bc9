"""``har registry adopt``: a registry that was made by hand."""

from typing import Annotated

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import Reason


def adopt(
    reason: Reason,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, but change nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Take in versions that were registered without `har`, and where they stand.

    Example: har registry adopt --reason "models of 2025" --dry-run
    """
    from dataclasses import asdict

    from har.config import load
    from har.registry.handle import Registry
    from har.registry.history.stages import Placement
    from har.registry.moves.adoption import adopt as run

    found = run(Registry.open(load(overrides).environment), reason=reason, dry_run=dry_run)
    if as_json:
        return print_json({**asdict(found), "adopted": not dry_run})
    now = found.placement or Placement()
    names = {version: alias for alias, version in now.aliases.items()}
    rows = [(v, model, now.stage(v), names.get(v)) for v, model in found.versions.items()]
    title = "Would be adopted" if dry_run else "Adopted"
    out.print(table(title, ["version", "model", "stage", "alias"], rows))
    return None
