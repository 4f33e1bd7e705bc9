"""``har benchmark`` of data: ingestion, features, and what sensors tell."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from har.cli.extras import how_to_install
from har.cli.output import (
    AsJson,
    Jobs,
    Overrides,
    err,
    out,
    print_json,
    settings_of,
    show_progress,
    table,
)


def ingest(
    rows: Annotated[int, typer.Option(min=1, help="Rows of synthetic tables.")] = 4_000_000,
    rows_per_file: Annotated[
        int, typer.Option(min=2, help="All of them: one long recording; few: many small files.")
    ] = 1_000_000,
    kind: Annotated[Literal["csv", "parquet"], typer.Option(help="Their format.")] = "csv",
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Ingest the bundled data and synthetic tables, against a plain read of the same bytes.

    Example: har benchmark ingest --rows 60000000 --rows-per-file 60000000
    """
    from har.benchmarks.ingest import run
    from har.processes import count

    entries = []
    for entry in run(rows, kind, count(jobs), rows_per_file):
        err.print(f"{entry.what}: {entry.seconds:.1f} s")
        entries.append(entry)
    if as_json:
        return print_json([asdict(entry) for entry in entries])
    columns = ["what", "s", "CPU s", "rows/s", "peak MB", "times", "baseline"]
    cells = [
        (
            e.what,
            e.seconds,
            e.cpu_s,
            f"{e.rows_per_s:,}",
            f"{e.peak_mb:,.0f}",
            f"{e.ratio:.2f}",
            e.baseline,
        )
        for e in entries
    ]
    out.print(table("Ingestion", columns, cells))


def features(
    windows: Annotated[int, typer.Option(min=1, help="Windows of the bundled data.")] = 2048,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Extract features, against TSFEL and catch22 on the same windows and one thread.

    The other libraries come with the extra `benchmark`.

    Example: har benchmark features --windows 4096
    """
    from har.benchmarks.features import LIBRARIES, run
    from har.config import load
    from har.processes import THREADS
    from har.steps.run import start

    # Read by the processes that are measured, before they load their libraries.
    os.environ |= dict.fromkeys(THREADS, "1")
    recipe, environment = load(overrides)
    cut = start(recipe, environment)["windows"].path
    entries = list(run(cut, windows, recipe.window.rate_hz))
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
        err.print(f"not installed: {', '.join(absent)}; {how_to_install('benchmark')}")


def sensors(
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path(
        "docs/benchmarks-sensors.md"
    ),
    upright: Annotated[str, typer.Option(help="The axis that is upright, where it is.")] = "x",
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Measure what acceleration tells, and what angular velocity adds, without test subjects.

    Example: har benchmark sensors --set window.classes=6
    """
    from har.benchmarks.page import write
    from har.benchmarks.sensors import cells, lines, run
    from har.data.windows import Windows
    from har.steps.run import start

    show_progress()
    base = start(*settings_of(overrides))
    turned = start(*settings_of([*(overrides or []), f"window.upright={upright}"]))
    worn, right = (Windows.load(each["windows"].path) for each in (base, turned))
    found = run(worn, right, base.recipe.window)
    write(to, lines(found))
    if as_json:
        return print_json(asdict(found))
    columns = ["features of", "features", "macro-F1", "confused", "without"]
    out.print(table("Sensors", columns, [(s.what, *cells(s)) for s in found.sensors]))
    out.print(f"Written: {to}")
