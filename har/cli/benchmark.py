"""``har benchmark``: measurements against named baselines, in the same run."""

import os
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from har.cli.output import AsJson, Overrides, err, out, print_json, table

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Measure HAR against named baselines."""


@app.command()
def ingest(
    rows: Annotated[int, typer.Option(help="Rows of synthetic tables, a million a file.")] = (
        4_000_000
    ),
    kind: Annotated[Literal["csv", "parquet"], typer.Option(help="Their format.")] = "csv",
    jobs: Annotated[int, typer.Option(help="Largest number of processes; 0: one a core.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Ingest the bundled data and synthetic tables, against a plain read of the same bytes.

    Example: har benchmark ingest --rows 50000000 --kind parquet
    """
    from har.benchmarks.ingest import run

    entries = []
    for entry in run(rows, kind, jobs or os.cpu_count() or 1):
        err.print(f"{entry.what}: {entry.seconds:.1f} s")
        entries.append(entry)
    if as_json:
        return print_json([asdict(entry) for entry in entries])
    columns = ["what", "s", "rows/s", "peak MB", "times", "baseline"]
    cells = [
        (e.what, e.seconds, f"{e.rows_per_s:,}", f"{e.peak_mb:,.0f}", f"{e.ratio:.2f}", e.baseline)
        for e in entries
    ]
    out.print(table("Ingestion", columns, cells))


@app.command()
def features(
    windows: Annotated[int, typer.Option(help="Windows of the bundled data.")] = 2048,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Extract features, against TSFEL and catch22 on the same windows and one thread.

    The other libraries come with `pip install har[benchmark]`.

    Example: har benchmark features --windows 4096
    """
    from har import steps
    from har.benchmarks.features import LIBRARIES, run
    from har.config import load

    # Read by the processes that are measured, before they load their libraries.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    settings = load(overrides)
    entries = list(run(steps.windows(settings).path, windows, settings.window.rate_hz))
    if as_json:
        return print_json([asdict(entry) for entry in entries])
    columns = ["library", "version", "features", "windows/s", "features/s", "HAR is faster by"]
    cells = [
        (
            e.library,
            e.version,
            e.features,
            f"{e.windows_per_s:,.0f}",
            f"{e.features_per_s:,}",
            f"{e.ratio:,.2f}",
        )
        for e in entries
    ]
    out.print(table("Features, one thread", columns, cells))
    if absent := sorted(LIBRARIES.keys() - {entry.library for entry in entries}):
        err.print(f"not installed: {', '.join(absent)}")
