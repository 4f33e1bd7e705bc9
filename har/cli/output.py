"""What people and machines see: tables, JSON, progress, errors."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from har.addresses import without_credentials
from har.cli.flags import refuse_twice
from har.errors import HarError

if TYPE_CHECKING:
    from har.config import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.NAME=VALUE", help="Change a setting (`har config`)."),
]
Classes = Annotated[
    int | None, typer.Option(help="6 activities, or 12 with the postural transitions.")
]
DatasetOption = Annotated[
    list[str] | None,
    typer.Option("--dataset", help="Name of an ingested data set; may be given more than once."),
]

_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d*( s)?")
SHORT = 14  # characters that a narrow terminal must not break a word for

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print a value as JSON: types of ours by their fields, paths and dates as text."""
    print(json.dumps(value, indent=2, default=_jsonable, ensure_ascii=False))


def _jsonable(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Group:
    """Return a title over a table whose columns of numbers are aligned to the right."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    result = Table(box=None, pad_edge=False)
    for i, column in enumerate(columns):
        numbers = all(_NUMBER.fullmatch(row[i]) for row in cells)
        justify: Literal["left", "right"] = "right" if numbers else "left"
        short = all(len(row[i]) <= SHORT for row in cells)
        result.add_column(column, justify=justify, overflow="fold", no_wrap=i == 0 or short)
    for row in cells:
        result.add_row(*map(escape, row))
    return Group(Text(title, style="bold"), result)


def print_error(error: Exception) -> None:
    """Print an error: what is wrong, expected, found, to do."""
    if isinstance(error, HarError):
        err.print(f"[red]error:[/] {escape(str(error))}")
        return
    message = without_credentials(str(error))
    err.print(f"[red]unexpected error:[/] {type(error).__name__}: {escape(message)}")
    err.print("  to do: `har --debug …` shows the traceback")


def settings_of(
    overrides: list[str] | None,
    classes: int | None = None,
    datasets: list[str] | None = None,
    models: list[str] | None = None,
    *,
    owned: Mapping[str, str] | None = None,
) -> "Settings":
    """Return the settings with the flags that many commands share.

    Parameters
    ----------
    overrides : list of str, optional
        What was given with ``--set``.
    classes, datasets, models : optional
        What was given with ``--classes``, ``--dataset`` and ``--model``.
    owned : mapping of str to str, optional
        Other settings that the command takes from a flag or argument of its own, by name:
        ``{"seeds": "--seeds"}``.

    Raises
    ------
    UsageError
        If ``--set`` changes what a flag says, so that one of the two would be ignored.
    """
    from har.config import load

    flags: dict[str, Any] = {}
    owners: dict[str, str] = {}
    if classes is not None:
        flags["window"], owners["window.classes"] = {"classes": classes}, "--classes"
    if datasets:
        flags["data"], owners["data.datasets"] = {"datasets": datasets}, "--dataset"
    if models:
        flags["candidates"], owners["candidates"] = models, "--model"
    refuse_twice(overrides or [], owners | dict(owned or {}))
    return load(overrides, **flags)


def debugging() -> bool:
    """Tell whether tracebacks were asked for."""
    return "HAR_DEBUG" in os.environ


def show_progress() -> None:
    """Send what the steps say of themselves to standard error."""
    from har.processes import tell_progress

    tell_progress()
