"""``har benchmark`` of what serves: runtimes, ONNX builds, servers."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.output import (
    AsJson,
    Overrides,
    err,
    out,
    print_json,
    settings_of,
    show_progress,
    table,
)

if TYPE_CHECKING:
    from har.benchmarks.onnx import Entry


def runtimes(
    model: Annotated[list[str] | None, typer.Option(help="Models; default: all of them.")] = None,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path(
        "docs/benchmarks-runtimes.md"
    ),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Compare every ONNX build with itself in WebAssembly, and alone with in batches.

    It needs Node and `npm install onnxruntime-web`, here or in a folder that NODE_PATH names.

    Example: har benchmark runtimes --model encoder-small
    """
    from har.benchmarks.page import write
    from har.benchmarks.runtimes import find, lines, rows, run
    from har.config import model_names
    from har.steps.run import start

    web = find()
    show_progress()
    recipe, environment = settings_of(
        overrides, models=model or list(model_names()), owned={"candidates": "--model"}
    )
    entries = list(run(start(recipe, environment)))
    write(to, lines(entries, web.name, recipe.seeds))
    if as_json:
        return print_json([asdict(entry) for entry in entries])
    out.print(table("Runtimes", *rows(entries)))
    out.print(f"Written: {to}")


def onnx(
    model: Annotated[list[str] | None, typer.Option(help="Models; default: all of them.")] = None,
    rounds: Annotated[int, typer.Option(min=10, help="Timed calls of one window.")] = 600,
    day: Annotated[int, typer.Option(min=1, help="Windows of a day.")] = 67_500,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/benchmarks-onnx.md"),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Time every ONNX build against the model that it was made from, in the same run.

    Example: har benchmark onnx --model encoder-small --model encoder-nano
    """
    from har.benchmarks.onnx import day_rows, lines, rows, run
    from har.benchmarks.page import write
    from har.config import model_names
    from har.steps.run import start

    show_progress()
    recipe, environment = settings_of(
        overrides, models=model or list(model_names()), owned={"candidates": "--model"}
    )
    entries = list(run(start(recipe, environment), rounds=rounds, day=day))
    write(to, lines(entries, recipe.seeds, day))
    if as_json:
        return print_json([_plain(entry) for entry in entries])
    out.print(table("ONNX builds, ms", *rows(entries)))
    out.print(table("A day of one person", *day_rows(entries)))
    out.print(f"Written: {to}")


def serve(
    server: Annotated[
        list[str] | None,
        typer.Option(help="har, har-2 (two processes), mlflow, litserve, bentoml; default: all."),
    ] = None,
    version: Annotated[str, typer.Option(help="Alias or number.")] = "champion",
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each measurement.")] = 10.0,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path(
        "docs/benchmarks-serving.md"
    ),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Ask the same model behind several servers, one after the other: requests/s, time, memory.

    LitServe comes with the extra `benchmark`; BentoML is measured where it is installed.

    Example: har benchmark serve --server har --server mlflow
    """
    from har.benchmarks.page import write
    from har.benchmarks.serve import SERVERS, absent_of, lines, rows, run
    from har.config import load
    from har.registry.handle import Registry

    registry = Registry.open(load(overrides).environment)
    names = server or list(SERVERS)
    entries = []
    for entry in run(registry, version, names, seconds=seconds):
        err.print(f"{entry.server}, {entry.windows} windows: {entry.full.per_s:,.0f} requests/s")
        entries.append(entry)
    label = f"{registry.model} {version}"
    write(to, lines(entries, label, seconds=seconds, absent=absent_of(names)))
    if as_json:
        return print_json([asdict(entry) for entry in entries])
    out.print(table("Servers", *rows(entries)))
    out.print(f"Written: {to}")


def _plain(entry: "Entry") -> dict[str, Any]:
    """Return an entry with keys that JSON has: latencies by threads, then windows of a call."""
    latency: dict[int, dict[int, Any]] = {}
    for (threads, size), took in entry.latency.items():
        latency.setdefault(threads, {})[size] = asdict(took)
    return {**asdict(replace(entry, latency={})), "latency": latency}
