"""``har benchmark``: measurements against named baselines, in the same run."""

import os
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

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

if TYPE_CHECKING:
    from har.benchmarks.onnx import Entry

Name = TypeVar("Name", bound=str)

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Measure HAR against named baselines."""


@app.command()
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


@app.command()
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


@app.command()
def run(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Carry out the main job twice in an empty project, and say where the time went.

    Example: har benchmark run --set 'candidates=["svm"]'
    """
    from har.benchmarks.run import run as measure

    spent = list(measure(overrides or []))
    if as_json:
        return print_json([asdict(part) for part in spent])
    for name in ("first", "second"):
        cells = [
            (
                part.part,
                "" if part.seconds is None else f"{part.seconds:.1f}",
                f"{part.cpu_seconds:.1f}",
                f"{part.share:.0%}",
            )
            for part in spent
            if part.run == name
        ]
        columns = ["part", "s", "CPU s", "share of CPU"]
        out.print(table(f"The {name} run", columns, cells), "")


@app.command()
def models(
    model: Annotated[list[str] | None, typer.Option(help="Models; default: all of them.")] = None,
    protocol: Annotated[
        list[str] | None, typer.Option(help="canonical, groups, loso or cross-dataset.")
    ] = None,
    classes: Annotated[list[int] | None, typer.Option(help="6 or 12; may be given again.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds, from 0.")] = 5,
    jobs: Jobs = 0,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/benchmarks.md"),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Score all models under protocols and measure what they cost, into one page.

    The first run takes hours; one that was stopped goes on where it was.

    Example: har benchmark models --model svm --model encoder-nano --protocol canonical
    """
    from har.benchmarks.models import lines, run
    from har.benchmarks.page import write
    from har.config import model_names
    from har.evaluation.protocols import PROTOCOLS
    from har.processes import count
    from har.steps.run import start
    from har.steps.tables import protocol_tables

    show_progress()
    owned = {"candidates": "--model", "window.classes": "--classes", "seeds": "--seeds"}
    recipe, environment = settings_of(overrides, models=model or list(model_names()), owned=owned)
    base = start(recipe.model_copy(update={"seeds": tuple(range(seeds))}), environment)
    named = protocol or ("canonical", "groups")
    chosen = [_one_of(PROTOCOLS, name, what="protocol") for name in named]
    result = run(base, chosen, classes or (6, 12), jobs=count(jobs))
    write(to, lines(result))
    if as_json:
        scores = {f"{name}, {n} classes": found for (name, n), found in result.scores.items()}
        return print_json({"scores": scores, "costs": result.costs})
    for found in result.scores.values():
        for heading, (columns, rows) in protocol_tables(found):
            out.print(table(heading, columns, rows))
    out.print(f"Written: {to}")


@app.command()
def labels(
    encoder: Annotated[str, typer.Option(help="Which encoder.")] = "encoder-small",
    baseline: Annotated[list[str] | None, typer.Option(help="Other models.")] = None,
    share: Annotated[
        list[float] | None,
        typer.Option(min=0.0001, max=1, help="Share of the labels that is used."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds, from 0.")] = 5,
    jobs: Jobs = 0,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/few-labels.md"),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Score a pretrained encoder with few labels, against random weights and other models.

    Example: har benchmark labels --share 0.01 --share 0.1
    """
    from har.benchmarks.labels import lines, run
    from har.benchmarks.page import write
    from har.processes import count
    from har.steps.run import start

    show_progress()
    owned = {"candidates": "--encoder, --baseline", "labels.share": "--share", "seeds": "--seeds"}
    recipe, environment = settings_of(overrides, owned=owned)
    base = start(recipe.model_copy(update={"seeds": tuple(range(seeds))}), environment)
    found = run(
        base,
        encoder,
        baseline or ("svm", "logistic"),
        share or (1.0, 0.1, 0.01),
        jobs=count(jobs),
    )
    write(to, lines(found, base.recipe.seeds))
    if as_json:
        return print_json(found)
    columns = ["model", *(f"{float(part):.0%} of labels" for part in found)]
    rows = [
        [name, *(f"{by_name[name].macro_f1:.4f}" for by_name in found.values())]
        for name in next(iter(found.values()))
    ]
    out.print(table("Macro-F1, canonical split", columns, rows))
    out.print(f"Written: {to}")


@app.command()
def checkpoint(
    model: Annotated[str, typer.Option(help="Which network.")] = "bert",
    way: Annotated[
        list[str] | None, typer.Option(help="norms, last-two, lora or all; default: each.")
    ] = None,
    baseline: Annotated[list[str] | None, typer.Option(help="Other models.")] = None,
    share: Annotated[
        float, typer.Option(min=0.0001, max=1, help="Share of the labels that is used.")
    ] = 1.0,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds, from 0.")] = 5,
    jobs: Jobs = 0,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path(
        "docs/benchmarks-checkpoint.md"
    ),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a network from a checkpoint, against random weights and other models.

    Example: har benchmark checkpoint --set models.bert.checkpoint=FOLDER --share 0.1
    """
    from har.benchmarks.checkpoint import WAYS, lines, run
    from har.benchmarks.page import write
    from har.processes import count
    from har.steps.run import start

    show_progress()
    ways = [_one_of(WAYS, name, what="way") for name in way or WAYS]
    owned = {"candidates": "--baseline", "labels.share": "--share", "seeds": "--seeds"}
    others = baseline or ["svm", "encoder-small"]
    recipe, environment = settings_of(overrides, models=others, owned=owned)
    labels = recipe.labels.model_copy(update={"share": share})
    own = recipe.model_copy(update={"seeds": tuple(range(seeds)), "labels": labels})
    found = run(start(own, environment), model, ways, jobs=count(jobs))
    named = str(recipe.checkpoint_of(model))
    write(to, lines(found, model, named, share, own.seeds))
    if as_json:
        return print_json(found)
    columns = ["what learns", "random weights", "checkpoint", "verdict"]
    rows = [
        (t.way, f"{t.random.macro_f1:.4f}", f"{t.pretrained.macro_f1:.4f}", t.difference.verdict)
        for t in found.tuned
    ]
    out.print(table("Macro-F1, canonical split", columns, rows))
    out.print(f"Written: {to}")


@app.command()
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


@app.command()
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


@app.command()
def unlike(
    others: Annotated[
        list[str] | None,
        typer.Option("--other", help="Ingested data set of devices worn elsewhere."),
    ] = None,
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/unlike-training.md"),
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Judge minutes of wrong devices, units, rates and placements as `har predict` does.

    Example: har benchmark unlike --other sp-sw-har
    """
    from har.benchmarks.page import write
    from har.benchmarks.unlike import lines, run
    from har.steps.run import start

    show_progress()
    base = start(*settings_of(overrides))
    found = run(base, others or [])
    write(to, lines(found, base.recipe.data.datasets, others or []))
    if as_json:
        return print_json(found)
    for sensors, told in found.items():
        rows = [(t.fault, t.minutes, f"{t.told:.1%}", f"{t.withheld:.1%}") for t in told]
        out.print(table(sensors, ["what is wrong", "minutes", "told", "withheld"], rows))
    out.print(f"Written: {to}")


@app.command()
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


@app.command()
def sensors(
    to: Annotated[Path, typer.Option(help="The page to write.")] = Path(
        "docs/benchmarks-sensors.md"
    ),
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
    found = run(Windows.load(base["windows"].path), base.recipe.window)
    write(to, lines(found))
    if as_json:
        return print_json(asdict(found))
    columns = ["features of", "features", "macro-F1", "confused", "without"]
    out.print(table("Sensors", columns, [(s.what, *cells(s)) for s in found.sensors]))
    out.print(f"Written: {to}")


def _one_of(known: Iterable[Name], name: str, *, what: str) -> Name:
    from har.errors import UsageError

    for one in known:
        if one == name:
            return one
    raise UsageError(f"{what} {name}: no such {what}", expected=", ".join(known))


def _plain(entry: "Entry") -> dict[str, Any]:
    """Return an entry with keys that JSON has: latencies by threads, then windows of a call."""
    latency: dict[int, dict[int, Any]] = {}
    for (threads, size), took in entry.latency.items():
        latency.setdefault(threads, {})[size] = asdict(took)
    return {**asdict(replace(entry, latency={})), "latency": latency}
