"""Every model, seed and fold of a protocol: run in parallel, found again, scored together."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from har.config import EvaluateSettings, Settings
from har.evaluation import plots
from har.evaluation.protocols import Fold
from har.evaluation.seeds import compare_seeds, seed_scores
from har.progress import track
from har.store import Artifact


@dataclass(frozen=True)
class Run:
    """One model trained with one seed, and its predictions for one fold's test subjects."""

    name: str
    seed: int
    fold: str
    predictions: Artifact
    training: dict[str, float]


def run_folds(settings: Settings, folds: Sequence[Fold], *, jobs: int) -> list[Run]:
    """Train and test every candidate with every seed in every fold.

    What is in the store is found there, so a call that was stopped goes on.

    Parameters
    ----------
    settings : Settings
        With the candidates and seeds.
    folds : sequence of Fold
    jobs : int
        Processes, each on one thread.
    """
    from har import steps

    tasks = [
        (settings, name, seed, fold)
        for fold in folds
        for name in settings.candidates
        for seed in steps.seeds(settings, name)
    ]
    runs = dict(track(_each(tasks, jobs), total=len(tasks), what="models, seeds and folds"))
    return [runs[i] for i in range(len(tasks))]


def in_fold(settings: Settings, fold: Fold) -> Settings:
    """Return the settings with a fold's split."""
    own = {"test_subjects": fold.test, "validation_subjects": fold.validation}
    return settings.model_copy(update={"split": settings.split.model_copy(update=own)})


def write_scores(out: Path, protocol: str, runs: Sequence[Run], settings: EvaluateSettings) -> None:
    """Score all runs and write ``protocol.json`` and plots.

    Parameters
    ----------
    out : Path
        Gets the files, and a folder a model.
    protocol : str
        Its name.
    runs : sequence of Run
        Of all models, seeds and folds.
    settings : EvaluateSettings
        Of the intervals.
    """
    names = list(dict.fromkeys(run.name for run in runs))
    tables = {name: _tables(runs, name) for name in names}
    first = next(iter(tables[names[0]].values()))
    classes = tuple(first.columns[first.columns.str.startswith("p_")].str.removeprefix("p_"))
    scores = {
        name: {"candidate": name, **seed_scores(tables[name], classes, settings=settings)}
        for name in names
    }
    for name in names:
        scores[name]["seconds"] = sum(run.training["seconds"] for run in runs if run.name == name)
        (out / name).mkdir()
        (out / name / "confusion.png").write_bytes(plots.png(plots.confusion(scores[name])))
        _joined(tables[name]).to_parquet(out / name / "predictions.parquet", index=False)
    reference, *others = names
    found = {
        "protocol": protocol,
        "folds": list(dict.fromkeys(run.fold for run in runs)),
        "reference": reference,
        "models": scores,
        "comparisons": {
            name: compare_seeds(tables[name], tables[reference], classes, settings=settings)
            for name in others
        },
    }
    (out / "protocol.json").write_text(json.dumps(found, indent=1) + "\n")


def _each(tasks: Sequence[tuple[Settings, str, int, Fold]], jobs: int) -> Iterator[tuple[int, Run]]:
    """Yield the place and the outcome of every task as it ends."""
    if jobs == 1:
        yield from ((i, _run(*task)) for i, task in enumerate(tasks))
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        places = {pool.submit(_run, *task): i for i, task in enumerate(tasks)}
        try:
            for done in as_completed(places):
                yield places[done], done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _quiet() -> None:
    """Give a process one thread: the other cores have processes of their own."""
    os.environ["OMP_NUM_THREADS"] = "1"


def _run(settings: Settings, name: str, seed: int, fold: Fold) -> Run:
    from har import steps

    own = in_fold(settings, fold)
    record = steps.training_record(steps.train(own, name, seed))
    kept = {key: record[key] for key in ("seconds", "validation_macro_f1")}
    return Run(name, seed, fold.name, steps.predict_test(own, name, seed), kept)


def _tables(runs: Sequence[Run], name: str) -> dict[int, pd.DataFrame]:
    """Return a model's predictions in all folds, by seed."""
    found: dict[int, list[pd.DataFrame]] = {}
    for run in runs:
        if run.name == name:
            table = pd.read_parquet(run.predictions.path / "predictions.parquet")
            found.setdefault(run.seed, []).append(table.assign(fold=run.fold))
    return {seed: pd.concat(parts, ignore_index=True) for seed, parts in found.items()}


def _joined(tables: dict[int, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table.assign(seed=seed) for seed, table in tables.items()], ignore_index=True)
