"""``har benchmark``: measurements against named baselines, in the same run."""

import os
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from har.cli.output import AsJson, err, out, print_json, table

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
