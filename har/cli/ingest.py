"""``har data ingest``: raw files to validated recordings."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli import found
from har.cli.flags import is_typed, refuse_ignored
from har.cli.output import AsJson, Jobs, Overrides, err, out, print_json, show_progress, table
from har.cli.understood import settled
from har.errors import DataError, MissingError, UsageError

if TYPE_CHECKING:
    from har.data.ingest.dataset import Ingestion, Request

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
        Path | None, typer.Option(help="TOML file with entries, as --map has them.")
    ] = None,
    entries: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="ENTRY=VALUE", help="State an entry: --map acc=ax,ay,az."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take what was guessed; what is in doubt is asked.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 3 if any file is refused.")
    ] = False,
    jobs: Jobs = 0,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Read raw files into validated recordings; no row is lost silently.

    Without a name it shows what lies in data/ and is not ingested, and takes it on one
    answer; where nothing does, it reads the bundled data.

    Rows that cannot be trusted go to quarantine with the reason. Ingesting again reads
    only what is new. Files of recorders (apps and devices) are known by their content, other
    tables by the names of their columns: what was understood is shown first, what is in doubt
    is asked. --map or a TOML file state it.

    Sensors: acc=ax,ay,az; acc_unit=m/s2, g or mg; acc_scale=0.0156 and acc_offset=0 of counts;
    acc_sign=- as on iPhones; gravity=none; gyro=gx,gy,gz; gyro_unit=rad/s or deg/s; gyro_scale;
    mag=mx,my,mz; mag_unit=uT, mT, nT or gauss.

    Time: time=timestamp; time_unit=ms; date_order=dmy; rate_hz=50 without times.

    People and labels: subject=user; subject_pattern="s([0-9]+)"; recording=session;
    recording_pattern; activity=label; activity_pattern="^(.*?)/"; labels.Walk=walking;
    placement=wrist.

    Files: names=t,x,y,z; skip=10; comment=%; separator=tab; decimal=,; encoding=latin-1;
    sensors.acc=Accelerometer and sensors.gyro=Gyroscope, parts of files' names; sensor=type,
    of long tables, with sensors.acc=0; placement_column=id with placements.0=hip.

    Example: har data ingest lab my-csvs/ --map acc=ax,ay,az --map acc_unit=g
    """
    from har.config import load
    from har.data import sources
    from har.data.ingest.dataset import ingest as run
    from har.processes import count
    from har.store import Store

    refuse_ignored(context, exclusive=("--mapping", "--map"))
    store = Store(load(overrides).environment.store)
    unnamed = not paths and not is_typed(context, "name")
    if unnamed and (there := found.confirmed(store, yes=yes, one=as_json)):
        rest = (placement, mapping, entries, yes, strict, jobs, overrides, as_json)
        return found.take(there, lambda one: ingest(context, one.name, [*one.paths], *rest))
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
        request = _tables(name, place, mapping, entries, yes=yes, quiet=as_json)
    done = run(store, request, jobs=count(jobs), watch=_progress)
    if as_json:
        print_json(_facts(done, request))
    else:
        _print(done, name)
    if strict and (refused := done.totals["refusals"]):
        n = sum(group["times"] for group in refused)
        raise DataError(
            f"{n:,} of the files or recordings of {name} were refused (--strict)",
            found=refused[0]["why"],
            hint="the others are ingested; without --strict this is a warning",
        )


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
    real = [path.resolve() for path in paths]
    found = [file for path in real for file in _files_of(path)]
    folder = Path(os.path.commonpath(real))
    return folder, tuple(path.relative_to(folder).as_posix() for path in found)


def _files_of(path: Path) -> list[Path]:
    """Return the files of a folder, or the file."""
    from har.data.ingest.files import listed
    from har.foreign import require_regular

    if path.is_dir():
        return sorted(listed(path))
    require_regular(path)
    return [path]


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
    *,
    yes: bool,
    quiet: bool,
) -> "Request":
    from har.config.section import DATASET_NAME
    from har.data import sources
    from har.data.ingest.dataset import Request
    from har.data.ingest.files import open_files

    if place is None:
        raise UsageError(
            f"no data set {name!r}, and no path to tables of your own",
            expected=", ".join(sources.names()),
            hint="har data ingest NAME PATH",
        )
    if not DATASET_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a valid name", expected="1 to 40 lower-case letters, digits, - . _"
        )
    files = open_files(*place)
    plan = settled(files, str(place[0]), file, entries or [], yes=yes, quiet=quiet)
    return Request(name, *place, plan=plan)


def _progress(items: Iterator[Any], total: int) -> Iterable[Any]:
    from rich.progress import track

    return track(items, description="reading", total=total, console=err)


def _facts(done: "Ingestion", request: "Request") -> dict[str, Any]:
    totals = done.totals
    return {
        "path": done.artifact.path,
        "items_read": done.items_read,
        "items_found": done.items_found,
        **(request.plan.to_dict() if request.plan else {}),
        **totals,
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
    if refused := [
        (group["reason"], f"{group['times']:,}", f"{group['rows']:,}", group["example"])
        for group in totals["refusals"]
    ]:
        columns = ["reason", "refused", "rows", "for example"]
        err.print(table("Refused; the rest is ingested", columns, refused), "")
    how = f"{done.items_read} read now, {done.items_found} found"
    out.print(f"{how}; see `har data report {name}`.")


def _print_own(words: dict[str, list[str]]) -> None:
    """Say what words of the files were taken for, and which activities are the data set's own."""
    from har.data.activities import SHARED

    rows = {name: ", ".join(spellings) for name, spellings in words.items()}
    own = {name: spellings for name, spellings in rows.items() if name not in SHARED}
    taken = [(spellings, name) for name, spellings in rows.items() if name in SHARED]
    if taken:
        title = "Taken for activities of the taxonomy; --map labels.WORD=NAME says otherwise"
        out.print(table(title, ["in the files", "taken for"], taken), "")
    if own:
        columns = ["activity", "in the files"]
        out.print(table("Activities of its own", columns, list(own.items())), "")
    if own and all(re.fullmatch(r"(minus-)?[\d.]+", name) for name in own):
        err.print("the labels are numbers; the [labels] of a --mapping file give them names")
