"""``har data``: data sets, ingestion, reports, recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.ingest import ingest
from har.cli.output import (
    AsJson,
    DatasetOption,
    Overrides,
    err,
    out,
    print_json,
    settings_of,
    show_progress,
    table,
)
from har.cli.validate import validate

if TYPE_CHECKING:
    from har.data.sources.base import Source
    from har.steps.run import Run
    from har.store import Store

app = typer.Typer(no_args_is_help=True, help="Data sets: list, show, download, ingest, report.")

Dataset = Annotated[str, typer.Argument(help="Name of a data set, as in `har data list`.")]


@app.command(name="list")
def list_(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the data sets that HAR knows, those that were ingested, and what lies in data/.

    Example: har data list
    """
    from har.config import load
    from har.data import sources
    from har.data.ingest import catalogue, found
    from har.store import Store

    store = Store(load(overrides).environment.store)
    ingested = catalogue.entries(store)
    rows = []
    for name in sorted({*sources.names(), *ingested}):
        source = sources.get(name) if name in sources.names() else None
        state = "ingested" if name in ingested else "bundled" if source and source.bundled else ""
        rows.append(
            {
                "name": name,
                "state": state,
                "placements": ", ".join(source.placements) if source else "",
                "Hz": f"{source.rate_hz:g}" if source and source.rate_hz else "",
                "licence": source.licence if source else "",
                "title": source.title if source else "tables of your own",
            }
        )
    lying = {one.name: one for one in found.find(store)}
    rows = [row for row in rows if row["name"] not in lying] + [
        {
            "name": name,
            "state": "found in data/, not ingested",
            "placements": "",
            "Hz": "",
            "licence": "",
            "title": f"{one.seems}; {one.command}",
        }
        for name, one in lying.items()
    ]
    if as_json:
        return print_json(rows)
    columns = ["name", "state", "placements", "Hz", "title"]
    out.print(table("Data sets", columns, [[row[c] for c in columns] for row in rows]))


@app.command()
def show(name: Dataset, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show what a data set is, and what is in it once it is ingested.

    Licence, citation, units, labels and known faults of those that HAR knows; recordings,
    subjects, time by activity, recorders and devices of those in the store.

    Example: har data show pamap2
    """
    from har.config import load
    from har.data import sources
    from har.data.ingest import catalogue
    from har.errors import MissingError
    from har.store import Store

    store = Store(load(overrides).environment.store)
    source = sources.get(name) if name in sources.names() else None
    held = catalogue.entry(store, name) is not None
    if not (source or held):
        raise MissingError(f"no data set {name!r}", hint="`har data list` shows what there is")
    found = _found(store, name) if held else None
    stated = _stated(source) if source else {key: (found or {})[key] for key in ("title", "units")}
    if as_json:
        return print_json({**stated, "ingested": found})
    faults = stated.pop("faults", ())
    out.print(table(name, ["", ""], [(k, v) for k, v in stated.items() if v]), "")
    if found:
        _print_contents(found)
    if faults:
        out.print(table("Known faults", ["fault", "what is done"], faults))


def _print_contents(found: dict[str, Any]) -> None:
    """Print what an ingestion holds: counts, what differs between recordings, activities."""
    lines = []
    for what, value in found.items():
        if what.endswith("_s"):
            lines.append((what.removesuffix("_s"), _duration(value)))
        elif isinstance(value, list) and value:
            lines.append((what.replace("rates_hz", "rates, Hz"), ", ".join(map(str, value))))
        elif isinstance(value, int):
            lines.append((what.replace("_", " "), f"{value:,}"))
    out.print(table("Ingested", ["", ""], lines), "")
    rows = [
        (name, _duration(a["seconds"]), a["subjects"], a["parent"], ", ".join(a["words"]))
        for name, a in found["activities"].items()
    ]
    if rows:
        columns = ["activity", "time", "subjects", "below", "in the files"]
        out.print(table("Activities", columns, rows), "")


def _stated(source: "Source") -> dict[str, Any]:
    """Return what is known of a data set before it is ingested."""
    from har.data.activities import labels

    words = labels(source.name)
    return {
        "title": source.title,
        "licence": source.licence,
        "citation": source.citation,
        "homepage": source.homepage,
        "archive": source.archive.url if source.archive else None,
        "placements": ", ".join(source.placements),
        "rate": f"{source.rate_hz:g} Hz" if source.rate_hz else "differs between devices",
        "units": source.units,
        "labels": ", ".join(f"{word} = {activity}" for word, activity in words.items() if activity),
        "labels left out": ", ".join(word for word, activity in words.items() if not activity),
        "faults": source.faults,
    }


def _found(store: "Store", name: str) -> dict[str, Any]:
    """Return what an ingestion holds."""
    from har.data.contents import contents
    from har.data.ingest import dataset

    return contents(dataset.find(store, name).path)


def _duration(seconds: float) -> str:
    """Return a time in the unit in which it is easy to read.

    >>> _duration(42), _duration(1234), _duration(40_000)
    ('42 s', '20.6 min', '11.1 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3 * 3600 else f"{seconds / 3600:.1f} h"


@app.command()
def download(
    name: Dataset,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the licence and accept it.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the archive goes.")] = Path("data/raw"),
    url: Annotated[str | None, typer.Option(help="Another address, such as a mirror.")] = None,
) -> None:
    """Download a data set's archive from its official address.

    The archive's SHA-256 is compared with the published one where there is one, and
    with that of the first download ever after.

    Example: har data download mhealth --accept-licence
    """
    from har.data import sources
    from har.data.ingest.download import download as run
    from har.lineage import digest

    path = run(sources.get(name), folder, accept_licence=accept_licence, url=url)
    stated = sources.get(name).archive
    if stated and stated.sha256 and stated.sha256 != digest.of_file(path):
        err.print(f"another archive than one third party recorded (sha256 {stated.sha256})")
    out.print(path, f"next: har data ingest {name} {path}", sep="\n")


app.command()(ingest)


@app.command()
def report(
    name: Dataset,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder that gets a copy.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Write the report of an ingested data set: HTML, JSON and a Croissant card.

    Example: har data report hapt
    """
    import json

    from har import disk
    from har.lineage.manifest import Manifest
    from har.steps.run import start

    show_progress()
    owned = {"data.datasets": f"the name {name}"}
    run = start(*settings_of(overrides, datasets=[name], owned=owned))
    folder = run["data-report"].path
    if output:
        folder = disk.copy_folder(folder, output)
    if as_json:
        return print_json(json.loads((folder / "report.json").read_text(encoding="utf-8")))
    rows = [(path.name, path) for path in sorted(folder.iterdir()) if path.name != Manifest.FILE]
    out.print(table(f"Report of {name}", ["file", "path"], rows))


@app.command()
def quarantine(name: Dataset, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List why rows of a data set were set aside, with the first row of each reason.

    Example: har data quarantine sp-sw-har
    """
    from har.config import load
    from har.data.ingest.dataset import find
    from har.data.ingest.quarantine import quarantine_reasons
    from har.data.ingested import QUARANTINED
    from har.store import Store

    folder = find(Store(load(overrides).environment.store), name).path / QUARANTINED
    reasons = quarantine_reasons(folder)
    if as_json:
        return print_json({"folder": folder, "reasons": reasons})
    cells = [[r["reason"], r["rows"], f"{r['file']}:{r['line']}", r["content"]] for r in reasons]
    out.print(table(f"Quarantine of {name}", ["reason", "rows", "first", "row"], cells))
    out.print(f"All rows: {folder}")


@app.command()
def recordings(
    datasets: DatasetOption = None, overrides: Overrides = None, as_json: AsJson = False
) -> None:
    """List the cleaned recordings with their subject, split and length.

    Example: har data recordings --dataset hapt
    """
    from har.data.recording import read_meta
    from har.steps.plan import recordings_of
    from har.steps.run import start

    run = start(*settings_of(overrides, datasets=datasets))
    split_of = _splits(run)
    rows = []
    for path in sorted(run[recordings_of(run.recipe)].path.glob("*.parquet")):
        meta, n = read_meta(path)
        rows.append(
            {
                "recording": meta.recording_id,
                "subject": meta.subject_id,
                "split": split_of.get(meta.subject_id),
                "samples": n,
                "seconds": n / meta.rate_hz,
            }
        )
    if as_json:
        return print_json(rows)
    cells = [
        [
            row["recording"],
            row["subject"],
            row["split"] or "-",
            row["samples"],
            f"{row['seconds']:.1f}",
        ]
        for row in rows
    ]
    out.print(table("Recordings", list(rows[0]), cells))


def _splits(run: "Run") -> dict[str, str]:
    """Return the split of each subject; of none where the data are too few to be split."""
    from har.data.assignment import Assignment
    from har.errors import DataError

    try:
        splits = Assignment.read(run["split"].path).by_split
    except DataError as error:
        err.print(f"without a split: {error.message}")
        return {}
    return {who: name for name, subjects in splits.items() for who in subjects}


@app.command()
def export(
    recording: Annotated[
        str, typer.Argument(help="Id of a recording, as in `har data recordings`.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; .csv or .parquet.")
    ] = None,
    datasets: DatasetOption = None,
    overrides: Overrides = None,
) -> None:
    """Write one cleaned recording as CSV or Parquet, in SI units.

    Example: har data export hapt-02-exp03 -o walk.csv
    """
    from har import disk, parquet
    from har.data.recording import read_recording
    from har.errors import MissingError, UsageError
    from har.page.sheet import write_csv
    from har.steps.plan import recordings_of
    from har.steps.run import start

    run = start(*settings_of(overrides, datasets=datasets))
    folder = run[recordings_of(run.recipe)].path
    source = folder / f"{recording}.parquet"
    if source not in folder.iterdir():
        raise MissingError(f"no recording {recording!r}", hint="`har data recordings` lists them")
    target = output or Path(f"{recording}.csv")
    frame = read_recording(source).table
    if target.suffix not in (".csv", ".parquet"):
        raise UsageError(f"{target}: unknown format", expected=".csv or .parquet")
    with disk.whole(target) as new:
        if target.suffix == ".csv":
            write_csv(frame, new)
        else:
            parquet.write(frame, new)
    err.print(f"wrote {target}: {len(frame)} samples")


app.command()(validate)
