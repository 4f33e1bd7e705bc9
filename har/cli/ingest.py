"""``har data ingest``: raw files to validated recordings."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.output import AsJson, Overrides, err, out, print_json, show_progress, table

if TYPE_CHECKING:
    from har.data.ingest.dataset import Ingestion, Request
    from har.data.ingest.mapping import ColumnMapping

_AXES = ("acc", "gyro")


def ingest(
    name: Annotated[
        str, typer.Argument(help="A known data set; any other name is for tables of your own.")
    ] = "hapt",
    path: Annotated[
        Path | None, typer.Argument(help="Folder, archive or file; none: the bundled one.")
    ] = None,
    placement: Annotated[
        list[str] | None, typer.Option(help="Take only these placements of a known data set.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="TOML file that says which column of a table is what.")
    ] = None,
    entries: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="WHAT=COLUMN", help="The same as a flag: --map acc=ax,ay,az."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take the columns as guessed.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes that read; 0: one a core.")] = 0,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Read raw files into validated recordings; no row is lost silently.

    Rows that cannot be trusted go to quarantine with the reason. Ingesting again reads
    only what is new. Columns of tables are guessed and shown; --map or a TOML file state
    them: time, time_unit, rate_hz, acc, acc_unit, gyro, gyro_unit, subject,
    subject_pattern, recording, activity, placement, separator, decimal.

    Example: har data ingest lab my-csvs/ --map acc=ax,ay,az --map acc_unit=g
    """
    from har.config import load
    from har.data import sources
    from har.data.ingest.dataset import ingest as run
    from har.errors import UsageError
    from har.store import Store

    show_progress()
    known = name in sources.names()
    if known and (mapping or entries):
        raise UsageError(f"the columns of {name} are known", hint="choose another name for tables")
    request = _known(name, path, placement) if known else _tables(name, path, mapping, entries, yes)
    store = Store(load(overrides).store)
    done = run(store, request, jobs=jobs or os.cpu_count() or 1, watch=_progress)
    if as_json:
        return print_json(_facts(done))
    _print(done, name)


def _known(name: str, path: Path | None, placement: list[str] | None) -> "Request":
    from har.data import sources
    from har.data.ingest.dataset import Request
    from har.errors import UsageError

    place = path or sources.get(name).bundled
    if place is None:
        raise UsageError(
            f"no path to the files of {name}",
            hint=f"`har data show {name}` tells where they are published; "
            f"`har data download {name}` fetches them",
        )
    return Request(name, place, tuple(placement or ()))


def _tables(
    name: str, path: Path | None, file: Path | None, entries: list[str] | None, yes: bool
) -> "Request":
    from har.data import sources
    from har.data.ingest.dataset import Request
    from har.errors import UsageError

    if path is None:
        raise UsageError(
            f"no data set {name!r}, and no path to tables of your own",
            expected=", ".join(sources.names()),
        )
    return Request(name, path, mapping=_mapping(path, file, entries or [], yes=yes))


def _mapping(path: Path, file: Path | None, entries: list[str], *, yes: bool) -> "ColumnMapping":
    """Return the mapping that was stated, completed by a guess that a person confirms."""
    from har.data.ingest import tables
    from har.data.ingest.files import open_files
    from har.data.ingest.mapping import guess, load_mapping, make_mapping
    from har.errors import UsageError

    if file:
        return load_mapping(file)
    stated = _stated(entries)
    files = open_files(path)
    sample, written = tables.look(files, stated.get("separator"))
    guessed = {**written, **guess(list(sample.columns), sample, str(path), stated)}
    mapping = make_mapping({**guessed, **stated}, str(path))
    unsure = {k: v for k, v in mapping.model_dump(exclude_defaults=True).items() if k not in stated}
    if not unsure or yes:
        return mapping
    rows = [(k, v if isinstance(v, str) else ", ".join(map(str, v))) for k, v in unsure.items()]
    if mapping.subject is None:
        first = tables.items(files)[0].files[0]
        rows.append(("subject", f"{tables.subject_of(first, mapping)}, by the path {first}"))
    err.print(table(f"Guessed from {path}", ["what", "column or unit"], rows))
    if not sys.stdin.isatty():
        raise UsageError(
            f"{path}: columns were guessed and nobody confirmed them",
            hint="--yes takes them as guessed; --map WHAT=COLUMN or --mapping FILE state them",
        )
    typer.confirm("Is this right?", abort=True, err=True)
    return mapping


def _stated(entries: list[str]) -> dict[str, Any]:
    from har.errors import UsageError

    stated: dict[str, Any] = {}
    for entry in entries:
        what, equals, column = entry.partition("=")
        if not equals:
            raise UsageError(f"--map {entry}", expected="WHAT=COLUMN", found="no '='")
        stated[what] = column.split(",") if what in _AXES else column
    return stated


def _progress(items: Iterator[Any], total: int) -> Iterable[Any]:
    from rich.progress import track

    return track(items, description="reading", total=total, console=err)


def _facts(done: "Ingestion") -> dict[str, Any]:
    return {
        "path": done.artifact.path,
        "items_read": done.items_read,
        "items_found": done.items_found,
        "rejected": done.rejected,
        **done.totals,
    }


def _print(done: "Ingestion", name: str) -> None:
    totals = done.totals
    rows = [(key.replace("_", " "), f"{value:,}") for key, value in totals["counts"].items()]
    out.print(table(f"Data set {name}", ["", ""], rows), "")
    for title, column in (("repairs", "repair"), ("reasons", "quarantined because")):
        if totals[title]:
            counted = [(reason, f"{n:,}") for reason, n in totals[title].items()]
            out.print(table("", [column, "rows"], counted), "")
    if totals["warnings"]:
        out.print(table("", ["warning", "recordings"], list(totals["warnings"].items())), "")
    for item, reason in {**done.rejected, **totals["rejected"]}.items():
        err.print(f"[red]rejected[/] {item}: {reason}", markup=True)
    how = f"{done.items_read} read now, {done.items_found} found"
    out.print(f"{how}; see `har data report {name}`.")
