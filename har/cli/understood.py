"""What was understood of a path's files, before anything is stored; what is open is asked."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from har.cli.output import err, table
from har.errors import UsageError
from har.visible import visible

if TYPE_CHECKING:
    from har.data.ingest.files import RawFiles
    from har.data.ingest.mapping import ColumnMapping
    from har.data.ingest.plan import Group, Plan

MOST_GROUPS = 12  # shown; --json has all
_INNER = ("subject_pattern", "activity_pattern")  # shown as what they find


def settled(
    files: "RawFiles",
    where: str,
    mapping: Path | None,
    entries: list[str],
    *,
    yes: bool,
    quiet: bool,
    refine: "Callable[[Plan], Plan]" = lambda plan: plan,
) -> "Plan":
    """Return what is made of files, once nothing is in doubt and guesses are confirmed.

    Parameters
    ----------
    files : RawFiles
        At the path.
    where : str
        The path.
    mapping : Path, optional
        A TOML file that states columns and units.
    entries : list of str
        The same as flags: ``acc_unit=g``.
    yes, quiet
        As `settle` has them.
    refine : callable, optional
        What is changed in a plan before anything is asked.
    """
    from har.data.ingest import own
    from har.data.ingest.mapping import ColumnMapping

    known = stated_by(mapping, entries)

    def make(answers: Mapping[str, str]) -> "Plan":
        said = known if isinstance(known, ColumnMapping) else {**known, **answers}
        return refine(own.plan(files, said, where))

    return settle(make, where, yes=yes, quiet=quiet)


def stated_by(mapping: Path | None, entries: list[str]) -> "ColumnMapping | dict[str, Any]":
    """Return what a TOML file, or flags, say of columns and units."""
    from har.data.ingest.mapping import ColumnMapping, load_mapping

    if mapping:
        loaded = load_mapping(mapping)
        return loaded if isinstance(loaded, ColumnMapping) else loaded.stated
    stated: dict[str, Any] = {}
    for entry in entries:
        what, equals, value = entry.partition("=")
        if not equals:
            raise UsageError(f"--map {entry}", expected="ENTRY=VALUE", found="no '='")
        stated[what] = value
    return stated


def settle(
    make: "Callable[[Mapping[str, str]], Plan]", where: str, *, yes: bool, quiet: bool
) -> "Plan":
    """Return a plan in which nothing is open: doubts are answered, guesses confirmed.

    Parameters
    ----------
    make : callable
        Returns the plan, given the answers so far by entry.
    where : str
        The path.
    yes : bool
        Whether guesses are confirmed already; a doubt is no guess.
    quiet : bool
        Whether to show nothing where nothing is open.

    Raises
    ------
    UsageError
        If something is open and there is no terminal to ask at.
    """
    answers: dict[str, str] = {}
    plan = make(answers)
    while plan.doubts and is_terminal():
        for doubt in plan.doubts:
            answers[doubt.entry] = _answer(doubt.question, doubt.choices)
        plan = make(answers)
    if not quiet or plan.doubts or (plan.is_guess and not yes):
        show(plan, where)
    plan.refuse_doubts(where)
    if plan.is_guess and not yes:
        _confirm(where)
    return plan


def is_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty()


def show(plan: "Plan", where: str) -> None:
    """Print what was understood, by layout."""
    for group in plan.groups[:MOST_GROUPS]:
        n = len(group.items)
        title = f"{group.title}: {n:,} recording{'s' if n > 1 else ''}"
        rows = [*group.facts.items(), ("files", _files(group))]
        err.print(table(title, ["what", "as understood"], rows))
        guessed = {k: v for k, v in group.guesses.items() if k not in _INNER}
        if guessed:
            title = "Guessed; --map ENTRY=VALUE states it otherwise"
            err.print(table(title, ["entry", "value"], guessed.items()))
        err.print()
    if len(plan.groups) > MOST_GROUPS:
        err.print(f"and {len(plan.groups) - MOST_GROUPS:,} more layouts (--json shows all)")
    if plan.refused:
        err.print(_refusals(plan))
    if plan.left:
        first = next(iter(plan.left))
        err.print(f"{len(plan.left):,} files of {where} are no recordings, such as {first}")


def _refusals(plan: "Plan") -> Any:
    """Return a table of refused files by reason, with one example each."""
    from har.data.ingest.refusal import reason_of

    found: dict[str, list[str]] = {}
    for item, error in plan.refused.items():
        found.setdefault(reason_of(error, *item.files, item.name), []).append(item.name)
    rows = [
        (reason, f"{len(names):,}", names[0])
        for reason, names in sorted(found.items(), key=lambda pair: -len(pair[1]))
    ]
    return table("files that cannot be read", ["reason", "files", "for example"], rows)


def _files(group: "Group") -> str:
    names = [name for item in group.items for name in item.files]
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    joined = any(len(item.files) > 1 for item in group.items)
    return f"{names[0]}{more}{', joined by sensor' if joined else ''}"


def _answer(question: str, choices: Iterable[str]) -> str:
    question, options = visible(question), list(choices)
    if not options:
        return str(typer.prompt(question, err=True))

    def chosen(answer: str) -> str:
        if answer not in options:
            raise typer.BadParameter(visible(f"{answer!r} is none of {', '.join(options)}"))
        return answer

    return str(
        typer.prompt(f"{question} ({visible(', '.join(options))})", value_proc=chosen, err=True)
    )


def _confirm(where: str) -> None:
    if not is_terminal():
        raise UsageError(
            f"{where}: columns were guessed and nobody confirmed them",
            hint="--yes takes them as guessed; --map ENTRY=VALUE or --mapping FILE state them",
        )
    typer.confirm("Is this right?", abort=True, err=True)
