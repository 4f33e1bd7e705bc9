"""``har pretrain | train | evaluate | export``: the steps of a model, without Prefect."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import (
    AsJson,
    Classes,
    DatasetOption,
    Jobs,
    Overrides,
    out,
    print_json,
    settings_of,
    show_progress,
    table,
)
from har.errors import UsageError

if TYPE_CHECKING:
    from har.lineage.typed import TypedFile
    from har.steps.run import Run
    from har.steps.tables import Rows
    from har.store import Artifact

Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="Which model; may be given again (`har config`: candidates)."),
]


def pretrain(
    model: Annotated[str, typer.Option(help="Which encoder.")] = "encoder-small",
    datasets: DatasetOption = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Pretrain an encoder on the training subjects' windows, without labels.

    Example: har pretrain --model encoder-nano --set pretrain.epochs=5
    """
    from har.models.catalogue import ENCODERS
    from har.models.record import PretrainingRecord
    from har.steps.run import start

    show_progress()
    if model not in ENCODERS:
        raise UsageError(f"{model} is not pretrained", expected=f"one of {', '.join(ENCODERS)}")
    own = ["pretrain.checkpoint=own", *(overrides or [])]
    run = start(*settings_of(own, None, datasets, [model]))
    _print_made([run[f"pretrain-{model}"]], PretrainingRecord, as_json)


def train(
    models: Models = None,
    datasets: DatasetOption = None,
    overrides: Overrides = None,
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """Train models, each with every seed.

    Example: har train --model svm --model encoder-small --set 'seeds=[0]'
    """
    from har.models.record import TrainingRecord
    from har.processes import count
    from har.steps.plan import seeds, trained
    from har.steps.run import start

    show_progress()
    recipe, environment = settings_of(overrides, classes, datasets, models)
    trainings = [trained(name, seed) for name in recipe.candidates for seed in seeds(recipe, name)]
    made = start(recipe, environment).make(trainings, jobs=count(environment.run.workers))
    _print_made(list(made.values()), TrainingRecord, as_json)


def evaluate(
    context: typer.Context,
    dataset: Annotated[
        str | None,
        typer.Option(help="Another data set, to score the trained models on all of it."),
    ] = None,
    placement: Annotated[
        list[str] | None, typer.Option(help="Only this placement of it; may be given again.")
    ] = None,
    models: Models = None,
    protocol: Annotated[
        Literal["canonical", "groups", "loso", "cross-dataset"] | None,
        typer.Option(help="How subjects are cut into folds; all seeds, folds in parallel."),
    ] = None,
    jobs: Jobs = 0,
    continuous: Annotated[
        bool,
        typer.Option(
            "--continuous", "--streaming", help="On continuous recordings, answer by answer."
        ),
    ] = False,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="As other sensors would have read the test.")
    ] = False,
    trained_on: Annotated[
        list[str] | None, typer.Option(help="Data set of the models; may be given again.")
    ] = None,
    overrides: Overrides = None,
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """Score models on the test subjects, or on another data set.

    On another data set they are scored on the activities that it shares with the models;
    any other answer of theirs is wrong. A protocol trains anew in each of its folds: one
    for each group of subjects, each subject, or each data set of --trained-on. One that
    was stopped goes on where it was.

    Example: har evaluate --protocol groups --model svm --set protocols.groups=5

    Example: har evaluate --trained-on hapt --dataset sp-sw-har --placement pocket

    Example: har evaluate --continuous; har evaluate --robustness
    """
    from har.evaluation.results.continuous import ContinuousScores
    from har.evaluation.results.protocol import ProtocolResult
    from har.evaluation.results.robustness import Robustness
    from har.evaluation.results.scores import Metrics
    from har.processes import count
    from har.steps import tables as shown
    from har.steps.protocol import evaluate_protocol
    from har.steps.run import start

    refuse_ignored(
        context,
        exclusive=("--dataset", "--protocol", "--continuous", "--robustness"),
        needs={"--placement": ("--dataset",), "--jobs": ("--protocol",)},
    )
    show_progress()
    owned = {"data.datasets": "--trained-on"} if trained_on else {}
    recipe, environment = settings_of(overrides, classes, trained_on, models, owned=owned)
    run, workers = start(recipe, environment), count(environment.run.workers)
    if protocol:
        made = evaluate_protocol(run, protocol, jobs=count(jobs))
        result = ProtocolResult.read(made.path)
        _print_found(result, shown.protocol_tables(result), as_json)
        if not as_json:
            out.print(f"Page: {made.path / 'protocol.html'}", soft_wrap=True)
    elif continuous:
        folder = run.make(["continuous"], jobs=workers)["continuous"].path
        answers = {name: ContinuousScores.read(folder / name) for name in recipe.candidates}
        _print_found(answers, shown.continuous_tables(answers), as_json)
    elif robustness:
        measured = run.make([f"robustness-{name}" for name in recipe.candidates], jobs=workers)
        changed = {
            name: Robustness.read(artifact.path)
            for name, artifact in zip(recipe.candidates, measured.values(), strict=True)
        }
        _print_found(changed, shown.robustness_tables(changed), as_json)
    else:
        folder, title = _scored(run, dataset, placement, workers)
        scores = {name: Metrics.read(folder / name) for name in recipe.candidates}
        _print_found(scores, shown.score_tables(title, scores), as_json)


def _print_found(found: Any, tables: "list[tuple[str, Rows]]", as_json: bool) -> None:
    if as_json:
        return print_json(found)
    for heading, (columns, rows) in tables:
        out.print(table(heading, columns, rows))


def _scored(
    run: "Run", dataset: str | None, placement: list[str] | None, workers: int
) -> tuple[Path, str]:
    """Return the folder with the scores of the candidates, and what they are of."""
    from har.steps.transfer import transfer

    if dataset is None or (dataset,) == run.recipe.data.datasets:
        if placement:
            raise UsageError(
                f"--placement with --dataset {dataset}, which the models are trained on",
                hint="--set data.placements=… trains and tests on a placement alone; "
                "--trained-on another data set scores its models on placements of this one",
            )
        return run.make(["evaluate"], jobs=workers)["evaluate"].path, "Test subjects"
    if placement:
        _require_placements(run, dataset, placement)
    chosen = tuple(placement) if placement else None
    scored = transfer(run, dataset, chosen, jobs=workers)
    return scored.path, f"Trained on {run.recipe.data.name}, scored on {dataset}"


def _require_placements(run: "Run", dataset: str, wanted: list[str]) -> None:
    """Refuse placements that no recording of an ingested data set has."""
    from har.data.ingest.dataset import find
    from har.data.recording import read_meta

    folder = find(run.store, dataset).path
    there = {read_meta(path)[0].placement for path in folder.glob("*.parquet")}
    if unknown := sorted(set(wanted) - there):
        raise UsageError(
            f"--placement {', '.join(unknown)}: not in {dataset}",
            expected=", ".join(sorted(there)),
            hint="choose among these, or leave out --placement for all of them",
        )


def export(
    models: Models = None,
    datasets: DatasetOption = None,
    overrides: Overrides = None,
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """Make, measure and judge the ONNX builds of models.

    Example: har export --set export.max_latency_ms=2
    """
    from har.export.artifact import Builds
    from har.processes import count
    from har.steps.run import start
    from har.steps.tables import build_rows

    show_progress()
    recipe, environment = settings_of(overrides, classes, datasets, models)
    exports = [f"export-{name}" for name in recipe.candidates]
    made = start(recipe, environment).make(exports, jobs=count(environment.run.workers))
    found = [Builds.read(artifact.path) for artifact in made.values()]
    if as_json:
        return print_json(found)
    out.print(table("ONNX builds", *build_rows(found)))


def _print_made(made: Sequence["Artifact"], kind: type["TypedFile"], as_json: bool) -> None:
    """Print trainings, whose records are of one kind."""
    from har.measured import read_measured

    records = [
        {"step": a.step, "path": a.path, **kind.read(a.path).to_dict(), **read_measured(a.path)}
        for a in made
    ]
    if as_json:
        return print_json(records)
    rows = [
        (a.step, a.path, "reused" if a.reused else f"{a.seconds:.1f} s", _validation(record))
        for a, record in zip(made, records, strict=True)
    ]
    out.print(table("Models", ["step", "output", "", "validation macro-F1"], rows))


def _validation(record: Mapping[str, Any]) -> str:
    """Return the score of a training; a pretraining has none."""
    value = record.get("validation_macro_f1")
    return "" if value is None else f"{value:.4f}"
