"""What people and machines see: tables, JSON, progress, errors."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from traceback import format_exception
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from har.addresses import without_credentials
from har.cli.flags import refuse_twice
from har.errors import HarError
from har.terminal.console import Screen
from har.terminal.machine import to_json
from har.visible import visible

if TYPE_CHECKING:
    from har.config import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def _for_this_command(context: typer.Context, overrides: list[str] | None) -> list[str] | None:
    """Let `har.config.current` return what ``--set`` says until the command has ended."""
    if overrides:
        from har.config import load, using

        context.with_resource(using(load(overrides).environment))
    return overrides


Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.NAME=VALUE",
        help="Change a setting (`har config`).",
        callback=_for_this_command,
    ),
]
Classes = Annotated[
    int | None, typer.Option(help="6 activities, or 12 with the postural transitions.")
]
Jobs = Annotated[int, typer.Option(min=0, help="Processes; 0: one per processor that may be used.")]
DatasetOption = Annotated[
    list[str] | None,
    typer.Option("--dataset", help="Name of an ingested data set; may be given more than once."),
]

_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d*( s)?")
SHORT = 14  # characters that a narrow terminal must not break a word for
COLUMN_GAP = 2  # characters

out = Screen()
err = Screen(stderr=True)


def print_json(value: Any) -> None:
    """Print a value as JSON: types of ours by their fields, paths and dates as text.

    A number that is not there, or not finite, is null: JSON has no NaN.
    """
    plain = json.loads(json.dumps(value, default=_jsonable), parse_constant=lambda _: None)
    print_text(to_json(plain))


def print_text(text: str) -> None:
    """Print what another program reads: JSON, CSV, a version; never wrapped."""
    print(text)


def _jsonable(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Group:
    """Return a title over a table whose columns of numbers are aligned to the right.

    Nothing of it is cut off: where its columns do not fit, each row is a list of its cells. A
    cell is one line of text.
    """
    cells = [["" if cell is None else visible(cell) for cell in row] for row in rows]
    return Group(Text(visible(title), style="bold"), _Cells([*map(visible, columns)], cells))


class _Cells:
    """Cells in columns, or row by row where the terminal is too narrow for columns."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._columns, self._rows = columns, rows

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        widths = [self._least(i) for i in range(len(self._columns))]
        if sum(widths) + COLUMN_GAP * (len(widths) - 1) <= options.max_width:
            yield self._side_by_side()
        else:
            yield from self._row_by_row()

    def _least(self, i: int) -> int:
        """Return the width that a column needs: of one that is wrapped, its longest word's."""
        texts = [row[i] for row in [self._columns, *self._rows]]
        if not self._is_whole(i):
            texts = [word for text in texts for word in text.split()]
        return max(cell_len(text) for text in texts)

    def _is_whole(self, i: int) -> bool:
        return i == 0 or all(cell_len(row[i]) <= SHORT for row in self._rows)

    def _side_by_side(self) -> Table:
        result = Table(box=None, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0))
        for i, column in enumerate(self._columns):
            numbers = all(_NUMBER.fullmatch(row[i]) for row in self._rows)
            justify: Literal["left", "right"] = "right" if numbers else "left"
            result.add_column(
                Text(column), justify=justify, overflow="fold", no_wrap=self._is_whole(i)
            )
        for row in self._rows:
            result.add_row(*map(Text, row))
        return result

    def _row_by_row(self) -> Iterator[RenderableType]:
        for number, row in enumerate(self._rows):
            if number:
                yield ""
            for column, cell in zip(self._columns, row, strict=True):
                yield Text(f"{column}  {cell}" if column else cell, overflow="fold")


def print_traceback(error: Exception) -> None:
    """Print where an error came from."""
    lines = without_credentials("".join(format_exception(error)))
    err.print(Text(visible(lines, lines=True, longest=None)), end="", soft_wrap=True)


def print_error(error: Exception) -> None:
    """Print an error: what is wrong, expected, found, to do."""
    if isinstance(error, HarError):
        err.print(Text("error:", style="red"), Text(in_lines(error)), soft_wrap=True)
        return
    message = visible(without_credentials(str(error)), lines=True)
    err.print(Text("unexpected error:", style="red"), Text(f"{type(error).__name__}: {message}"))
    err.print("  to do: see docs/troubleshooting.md; `har --debug …` shows the traceback")


def in_lines(error: HarError) -> str:
    """Return an error in lines; what a file or a person wrote into it begins none of them."""
    sides = {"expected": error.expected, "found": error.found, "to do": error.hint}
    lines = [error.message, *(f"  {side}: {text}" for side, text in sides.items() if text)]
    return "\n".join(map(indented, lines))


def indented(text: str) -> str:
    """Return a text whose further lines stand back, so that none looks like a line of ours."""
    return visible(text, lines=True).replace("\n", "\n    ")


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
