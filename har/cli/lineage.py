"""``har lineage``: what a version was made of."""

import typer

from har.cli.output import AsJson, Overrides, out, print_json
from har.cli.registry.common import Selector

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Show what a version was made of."""


@app.command()
def show(selector: Selector, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show the lineage record of a version: files, data, people, code, steps.

    The record's bytes are checked against the digest that the registry holds.

    Example: har lineage show champion
    """
    from rich.text import Text
    from rich.tree import Tree

    from har.config import load
    from har.lineage.record import outline
    from har.registry.handle import Registry
    from har.registry.versions.files import read_lineage
    from har.registry.versions.lookup import find

    registry = Registry.open(load(overrides).environment)
    version = find(registry, selector)
    record = read_lineage(registry, version)
    if as_json:
        return print_json(record.to_dict())
    title = Text(f"{version.model} {version.number}", style="bold")
    tree = Tree(title.append(f" ({version.stage})", style="not bold"))
    for heading, entries in outline(record).items():
        branch = tree.add(Text(heading, style="bold"))
        for name, text in entries.items():
            branch.add(Text(f"{name}  {text}"))
    out.print(tree)
