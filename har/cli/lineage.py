"""``har lineage``: what a version was made of, and which runs made it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.registry.common import Selector

if TYPE_CHECKING:
    from har.lineage.journal import Journal
    from har.registry.impact import Touched

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Show what a version was made of, and which runs there were."""


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


@app.command()
def verify(
    selector: Selector,
    overrides: Overrides = None,
    whole: Annotated[bool, typer.Option("--all", help="List what is whole too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute anew, from bytes, whether a version is what was judged and made.

    Looks at the history, the record, every file, what MLflow shows, the split, and, as far as
    they are on this machine, at the outputs of all steps and the raw files. Exit code 5 if
    anything is not as it was.

    Example: har lineage verify champion
    """
    from har.config import load
    from har.errors import VerificationError
    from har.registry.handle import Registry
    from har.registry.verify import verify
    from har.registry.versions.lookup import find
    from har.registry.versions.version import require_measured

    registry = Registry.open(load(overrides).environment)
    version = find(registry, selector)
    require_measured(version)
    findings = verify(registry, version)
    wrong = [one for one in findings if not one.good]
    if as_json:
        print_json([{**vars(one), "good": one.good} for one in findings])
    else:
        shown = findings if whole else [one for one in findings if one.standing != "whole"]
        if shown:
            rows = [(one.what, one.standing, one.detail) for one in shown]
            out.print(table(f"Version {version.number}", ["", "found", "detail"], rows), "")
        n_whole = sum(one.standing == "whole" for one in findings)
        out.print(f"{n_whole} of {len(findings)} things that were looked for are whole.")
    if wrong:
        raise VerificationError(
            f"version {version.number} is not what it was",
            found=", ".join(f"{one.what} ({one.standing})" for one in wrong[:5])
            + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""),
            hint="do not use it; restore what changed, or register the model again",
        )


@app.command()
def bundle(
    selector: Selector,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip file to write.")],
    overrides: Overrides = None,
) -> None:
    """Write a version as one zip file that anybody can check, without har and a network.

    Its check.py needs Python 3.9 or newer alone, and names what is wrong as `verify` does.

    Example: har lineage bundle champion -o har-3.zip; then, anywhere: python check.py
    """
    from har.config import load
    from har.registry.bundle import write
    from har.registry.handle import Registry
    from har.registry.versions.lookup import find
    from har.registry.versions.version import require_measured

    registry = Registry.open(load(overrides).environment)
    version = find(registry, selector)
    require_measured(version)
    head = write(registry, version, output)
    out.print(f"Written: {output}")
    out.print(f"Head of the history: {head} (tell it to who checks, by another way)")


@app.command()
def impact(
    subject: Annotated[str | None, typer.Option(help="A person.")] = None,
    file: Annotated[
        str | None, typer.Option(help="A file's name, or digits of its SHA-256.")
    ] = None,
    package: Annotated[str | None, typer.Option(help="As numpy, or 'numpy 2.4.6'.")] = None,
    commit: Annotated[str | None, typer.Option(help="The first digits of one.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="Source or digest of weights.")] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Show which versions something touches, where they stand, and when they served.

    Example: har lineage impact --subject hapt-01
    """
    from har.config import load
    from har.errors import UsageError
    from har.registry.handle import Registry
    from har.registry.impact import KINDS
    from har.registry.impact import impact as find_impact

    asked = dict(zip(KINDS, (subject, file, package, commit, checkpoint), strict=True))
    given = [(kind, what) for kind, what in asked.items() if what]
    if len(given) != 1:
        raise UsageError(
            "which one?", expected=f"one of {', '.join(f'--{kind}' for kind in KINDS)}"
        )
    found = find_impact(Registry.open(load(overrides).environment), *given[0])
    if as_json:
        return print_json(found)
    if found.touched:
        rows = [_touched_row(one) for one in found.touched]
        columns = ["version", "model", "stage", "what it has to do with it", "served"]
        out.print(table(f"Touched by {found.kind} {found.what}", columns, rows))
    else:
        out.print(f"No version is touched by {found.kind} {found.what}.")
    if found.unknown:
        numbers = ", ".join(map(str, found.unknown))
        out.print(f"Nobody can tell of {numbers}: adopted, without a lineage record.")


def _touched_row(one: "Touched") -> list[str]:
    spans = [f"{since} to {until or 'now'}" for since, until in one.served]
    stage = ", ".join([one.stage, *one.aliases])
    return [str(one.version), one.candidate, stage, "; ".join(one.how), "; ".join(spans)]


@app.command()
def keygen(
    private: Annotated[Path, typer.Argument(help="File to write the private key to.")],
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password that locks the key.")
    ] = False,
) -> None:
    """Make a key that signs versions and claims: a private file, and FILE.pub for the others.

    Name it in registry.signing_key; those who verify have FILE.pub in the file that
    registry.trusted_keys names, after a line with your name.

    Example: har lineage keygen ~/.config/har/ana.pem
    """
    from har.lineage.signing.keys import generate

    word = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    public = private.with_name(f"{private.name}.pub")
    made = generate(private, public, password=word)
    out.print(f"Private key: {private} (keep it, and show it to nobody)")
    out.print(f"Public key: {public}, SHA-256 {made.id}")


@app.command()
def runs(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the runs of this store, failed and killed ones too, the newest first.

    Each is the journal that the run kept (`runs/` in the store); `--json` has all of it.

    Example: har lineage runs
    """
    from har.config import load
    from har.lineage.journal import journals

    known = journals(load(overrides).environment.store)
    if as_json:
        return print_json([{"state": one.state, **vars(one)} for one in known])
    columns = ["run", "began", "state", "steps", "started by", "reason"]
    out.print(table("Runs", columns, map(_run_row, known)))


def _run_row(journal: "Journal") -> list[str]:
    begun, made = journal.begun, len(journal.made)
    error = journal.ended.error.splitlines()[:1] if journal.ended else []
    return [
        begun.run[:8],
        begun.time,
        ": ".join([journal.state, *error]),
        f"{made} made, {len(journal.steps) - made} found",
        f"{begun.who}, {begun.cause.trigger}: {begun.cause.name}",
        begun.cause.reason,
    ]
