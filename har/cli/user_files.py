"""What `har predict`, `har data validate` and `har registry shadow` read, and the flags for it."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from har.cli.ingest import place_of
from har.cli.output import err, in_lines
from har.cli.understood import settled
from har.errors import UsageError
from har.visible import visible

if TYPE_CHECKING:
    from har.data.ingest.plan import Plan
    from har.serving.account import Account
    from har.serving.recordings import UserFiles

Paths = Annotated[
    list[Path],
    typer.Argument(help="Files, folders, archives or a glob, as for `har data ingest`; -: a CSV."),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="TOML file that says which column of a table is what."),
]
Entries = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="WHAT=COLUMN", help="The same as a flag: --map acc=ax,ay,az."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Take the columns as guessed.")]


@contextmanager
def user_files(
    paths: list[Path],
    mapping: Path | None,
    entries: list[str] | None,
    *,
    yes: bool,
    placements: tuple[str, ...] = (),
    labelled: bool = False,
) -> Iterator["UserFiles"]:
    """Open a user's files, once nothing of them is in doubt and guesses are confirmed.

    `placements` are those that a model reads together, if it does. Where labels count, a
    guess of which column has them is confirmed too.

    Raises
    ------
    UsageError
        If nobody confirms, or standard input is not the only path.
    """
    from har.data.ingest import published
    from har.data.ingest.files import open_files
    from har.serving.canonical import units_by_name, with_canonical
    from har.serving.recordings import UserFiles, require_placements

    with _standard_input(paths) as named:
        place = place_of(named)
        assert place is not None
        files, where = open_files(*place), str(place[0])
        stated = bool(mapping or entries)
        if not stated and (known := published.recognise(files, insist=bool(placements))):
            yield UserFiles(*known, where)
            return
        said = entries or []
        if not mapping:
            said = [*(f"{k}={v}" for k, v in units_by_name(files).items()), *said]

        def refine(plan: "Plan") -> "Plan":
            return with_canonical(require_placements(plan, placements, where), labelled=labelled)

        plan = settled(files, where, mapping, said, yes=yes, quiet=True, refine=refine)
        yield UserFiles(files, plan, where)


@contextmanager
def _standard_input(paths: list[Path]) -> Iterator[list[Path]]:
    """Keep standard input in a file while it is read, for it is longer than memory."""
    if Path("-") not in paths:
        yield paths
        return
    if len(paths) > 1:
        raise UsageError("- with other paths", expected="standard input alone, or paths")
    with tempfile.TemporaryDirectory(prefix="har-") as folder:
        path = Path(folder) / "stdin.csv"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [path]


def tell_account(account: "Account") -> None:
    """Say which rows were set aside and why, and what could not be read."""
    if account.rows_set_aside:
        reasons = "; ".join(f"{why}: {n:,}" for why, n in account.reasons.most_common(5))
        told = f"{account.rows_set_aside:,} of {account.rows_in:,} rows set aside"
        err.print(f"{told}: {reasons}", soft_wrap=True)
    for name, error in account.refused.items():
        err.print(
            Text("refused", style="red"),
            Text(f"{visible(name)}: {in_lines(error)}"),
            soft_wrap=True,
        )
    if account.left:
        names = ", ".join(list(account.left)[:3])
        more = f" and {len(account.left) - 3} more" if len(account.left) > 3 else ""
        err.print(f"no recordings: {names}{more}", soft_wrap=True)
