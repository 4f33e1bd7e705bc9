"""``har benchmark`` of models: whole runs, protocols, labels, checkpoints, wrong devices."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from har.cli.output import (
    AsJson,
    Jobs,
    Overrides,
    out,
    print_json,
    settings_of,
    show_progress,
    table,
)

Name = TypeVar("Name", bound=str)


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


def _one_of(known: Iterable[Name], name: str, *, what: str) -> Name:
    from har.errors import UsageError

    for one in known:
        if one == name:
            return one
    raise UsageError(f"{what} {name}: no such {what}", expected=", ".join(known))
