"""``har data ingest``: raw files to validated recordings."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Jobs, Overrides, err, out, print_json, show_progress, table
from har.errors import MissingError, UsageError

if TYPE_CHECKING:
    from har.data.ingest.dataset import Ingestion, Request
    from har.data.ingest.plan import Plan

Place = tuple[Path, tuple[str, ...]]  # a folder, archive or file; and which of a folder's files


def ingest(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="A known data set; any other name is for tables of your own.")
    ] = "hapt",
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folder, archive, files or a glob; none: the bundled data."),
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
    jobs: Jobs = 0,
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
    from har.processes import count
    from har.store import Store

    refuse_ignored(context, exclusive=("--mapping", "--map"))
    known = name in sources.names()
    if placement and not known:
        raise UsageError(
            f"--placement with tables of your own: {name} is no known data set",
            hint="--map placement=… says where the sensor was worn",
        )
    show_progress()
    if known and (mapping or entries):
        raise UsageError(
            f"--map or --mapping with {name}, whose columns are known",
            hint="give tables of your own another name",
        )
    place = place_of(paths or [])
    if known:
        request = _known(name, place, placement)
    else:
        request = _tables(name, place, mapping, entries, yes)
    store = Store(load(overrides).environment.store)
    done = run(store, request, jobs=count(jobs), watch=_progress)
    if as_json:
        return print_json(_facts(done))
    _print(done, name)


def place_of(paths: list[Path]) -> Place | None:
    """Return the folder, archive or file, and which files of a folder are meant."""
    if len(paths) == 1 and re.search(r"[*?\[]", str(paths[0])) and not paths[0].exists():
        anchor = Path(paths[0].anchor)
        paths = sorted(anchor.glob(str(paths[0].relative_to(anchor)))) or paths
    if not paths:
        return None
    if len(paths) == 1:
        return paths[0], ()
    if missing := [str(path) for path in paths if not path.exists()]:
        raise MissingError(f"{', '.join(missing)}: no such file or folder")
    parts = [sorted(path.rglob("*")) if path.is_dir() else [path] for path in paths]
    found = [path.resolve() for part in parts for path in part if path.is_file()]
    folder = Path(os.path.commonpath([path.resolve() for path in paths]))
    return folder, tuple(path.relative_to(folder).as_posix() for path in found)


def _known(name: str, place: Place | None, placement: list[str] | None) -> "Request":
    from har.data import sources
    from har.data.ingest.dataset import Request

    bundled = sources.get(name).bundled
    if place is None and bundled:
        place = bundled, ()
    if place is None:
        raise UsageError(
            f"no path to the files of {name}",
            hint=f"`har data show {name}` tells where they are published; "
            f"`har data download {name}` fetches them",
        )
    return Request(name, *place, tuple(placement or ()))


def _tables(
    name: str,
    place: Place | None,
    file: Path | None,
    entries: list[str] | None,
    yes: bool,
) -> "Request":
    from har.data import sources
    from har.data.ingest.dataset import Request

    if place is None:
        raise UsageError(
            f"no data set {name!r}, and no path to tables of your own",
            expected=", ".join(sources.names()),
            hint="har data ingest NAME PATH",
        )
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", name):
        raise UsageError(
            f"{name!r} is not a valid name", expected="1 to 40 lower-case letters, digits, - . _"
        )
    return Request(name, *place, plan=_plan(*place, file, entries or [], yes=yes))


def _plan(
    path: Path, only: tuple[str, ...], file: Path | None, entries: list[str], *, yes: bool
) -> "Plan":
    """Return what is made of the files, once nothing is in doubt and guesses are confirmed."""
    from har.data.ingest import own
    from har.data.ingest.files import open_files
    from har.data.ingest.mapping import load_mapping

    stated = load_mapping(file) if file else stated_in(entries)
    made = own.plan(open_files(path, only), stated, str(path))
    made.refuse_doubts(str(path))
    confirm(made, str(path), yes=yes)
    return made


def confirm(made: "Plan", where: str, *, yes: bool) -> None:
    """Let a person confirm what was guessed, unless nothing was, or all is taken as guessed."""
    if not made.is_guess or yes:
        return
    for group in made.groups:
        if group.guesses:
            rows = group.guesses.items()
            err.print(table(f"Guessed from {where}", ["what", "column or unit"], rows))
    if not sys.stdin.isatty():
        raise UsageError(
            f"{where}: columns were guessed and nobody confirmed them",
            hint="--yes takes them as guessed; --map WHAT=COLUMN or --mapping FILE state them",
        )
    typer.confirm("Is this right?", abort=True, err=True)


def stated_in(entries: list[str]) -> dict[str, str]:
    """Return what flags say of columns and units, by entry of a mapping."""
    stated: dict[str, str] = {}
    for entry in entries:
        what, equals, column = entry.partition("=")
        if not equals:
            raise UsageError(f"--map {entry}", expected="WHAT=COLUMN", found="no '='")
        stated[what] = column
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
    _print_own(totals["own_words"])
    if totals["warnings"]:
        out.print(table("", ["warning", "recordings"], list(totals["warnings"].items())), "")
    for item, reason in {**done.rejected, **totals["rejected"]}.items():
        err.print(Text("rejected", style="red"), f"{item}: {reason}")
    how = f"{done.items_read} read now, {done.items_found} found"
    out.print(f"{how}; see `har data report {name}`.")


def _print_own(words: dict[str, list[str]]) -> None:
    """Say which activities the data set has of its own, in the words of its files."""
    if not words:
        return
    rows = [(name, ", ".join(spellings)) for name, spellings in words.items()]
    out.print(table("Activities of its own", ["activity", "in the files"], rows), "")
    if all(re.fullmatch(r"(minus-)?[\d.]+", name) for name in words):
        err.print("the labels are numbers; the [labels] of a --mapping file give them names")
