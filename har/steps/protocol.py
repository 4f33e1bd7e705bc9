"""Every model, seed and fold of a protocol: run in parallel, found again, scored together."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from har.config import Settings
from har.measured import read_measured
from har.progress import track
from har.steps.assess import predict_test
from har.steps.data import clean, split
from har.steps.models import seeds, train
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.evaluation.protocols import Fold, Protocol
    from har.evaluation.runs import Run


def folds(settings: Settings, protocol: "Protocol") -> list["Fold"]:
    """Return the folds of a protocol on the settings' data."""
    from har.data.prepare import subjects
    from har.evaluation.protocols import Fold, make_folds

    canonical = json.loads((split(settings).path / "split.json").read_text())
    return make_folds(
        protocol,
        subjects(clean(settings).path),
        canonical=Fold("canonical", tuple(canonical["test"]), tuple(canonical["validation"])),
        n_groups=settings.evaluate.groups,
        n_validation=settings.evaluate.validation_subjects,
    )


def evaluate_protocol(settings: Settings, protocol: "Protocol", *, jobs: int = 1) -> Artifact:
    """Score every candidate with every seed in all folds of a protocol."""
    found = run_folds(settings, folds(settings, protocol), jobs=jobs)

    def build(out: Path) -> None:
        from har.evaluation.runs import write_scores

        write_scores(out, protocol, found, settings.evaluate)

    return Store(settings.store).get_or_make(
        f"protocol-{protocol}",
        build,
        inputs={f"{run.name}-{run.seed}-{run.fold}": run.predictions for run in found},
        params=settings.evaluate.model_dump(),
        code=["har.evaluation"],
        libraries=["numpy", "scikit-learn", "scipy", "matplotlib"],
    )


def run_folds(settings: Settings, chosen: Sequence["Fold"], *, jobs: int) -> list["Run"]:
    """Train and test every candidate with every seed in every fold.

    What is in the store is found there, so a call that was stopped goes on.

    Parameters
    ----------
    settings : Settings
        With the candidates and seeds.
    chosen : sequence of Fold
    jobs : int
        Processes, each on one thread.
    """
    tasks = [
        (settings, name, seed, fold)
        for fold in chosen
        for name in settings.candidates
        for seed in seeds(settings, name)
    ]
    runs = dict(track(_each(tasks, jobs), total=len(tasks), what="models, seeds and folds"))
    return [runs[i] for i in range(len(tasks))]


def in_fold(settings: Settings, fold: "Fold") -> Settings:
    """Return the settings with a fold's split."""
    own = {"test_subjects": fold.test, "validation_subjects": fold.validation}
    return settings.model_copy(update={"split": settings.split.model_copy(update=own)})


def _each(
    tasks: Sequence[tuple[Settings, str, int, "Fold"]], jobs: int
) -> Iterator[tuple[int, "Run"]]:
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


def _run(settings: Settings, name: str, seed: int, fold: "Fold") -> "Run":
    from har.evaluation.runs import Run

    own = in_fold(settings, fold)
    seconds = read_measured(train(own, name, seed).path)["seconds"]
    return Run(name, seed, fold.name, predict_test(own, name, seed), seconds)
