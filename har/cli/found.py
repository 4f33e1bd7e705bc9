"""What lies in ``data/`` and is not ingested: shown, and taken on one answer."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from har.cli.output import err, in_lines, table
from har.errors import DataError, UsageError

if TYPE_CHECKING:
    from har.data.ingest.found import Found
    from har.store import Store


def confirmed(store: "Store", *, yes: bool, one: bool = False) -> list["Found"]:
    """Return what was found beside a store, once a person has agreed; none: nothing is there.

    Parameters
    ----------
    store : Store
        Of the ingested data sets.
    yes : bool
        Whether the answer was given on the command line.
    one : bool, default=False
        Whether the caller can take but one.

    Raises
    ------
    UsageError
        If nobody can be asked, or there are several; it says how each is ingested.
    """
    from har.data.ingest.found import find

    found = find(store)
    if not found:
        return []
    err.print(table(f"Found in {store.root.parent}", ["name", "path", "seems to be"], _rows(found)))
    many = one and len(found) > 1
    if yes and not many:
        return found
    if many or not sys.stdin.isatty():
        commands = "; ".join(part.command for part in found)
        raise UsageError(
            f"{store.root.parent}: files were found, and nobody said that they are to be ingested",
            hint=f"{commands}; --yes takes them, `har data ingest hapt` the bundled data",
        )
    typer.confirm("Ingest all of it?", abort=True, err=True)
    return found


def take(found: Iterable["Found"], ingest: Callable[["Found"], None]) -> None:
    """Ingest all that was found; what cannot be read is told, and stops no other.

    Raises
    ------
    DataError, UsageError
        At the end, why the first of those could not be read.
    """
    refused: list[DataError | UsageError] = []
    for one in found:
        try:
            ingest(one)
        except (DataError, UsageError) as error:
            err.print(f"{one.name} is not ingested")
            refused.append(error)
    for other in refused[1:]:
        err.print(Text(in_lines(other)))
    if refused:
        raise refused[0]


def _rows(found: Iterable["Found"]) -> list[tuple[str, str, str]]:
    rows = []
    for one in found:
        first, more = one.paths[0], len(one.paths) - 1
        rows.append((one.name, f"{first}{f' and {more} more' if more else ''}", one.seems))
    return rows
