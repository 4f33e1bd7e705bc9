"""``har lineage``: what a version was made of."""

import typer

from har.cli.output import AsJson, Overrides, out, print_json
from har.cli.registry import Selector

app = typer.Typer(no_args_is_help=True, help="What a version was made of.")


@app.command()
def show(selector: Selector, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show the lineage record of a version: files, data, code, parameters, steps.

    Example: har lineage show champion
    """
    from rich.tree import Tree

    from har.config import load
    from har.registry.versions import fetch_lineage, find

    settings = load(overrides)
    version = find(selector, settings)
    record = fetch_lineage(version, settings)
    if as_json:
        return print_json(record)
    tree = Tree(f"{version.model} {version.number} ({version.candidate}, {version.stage})")
    del tree, out
