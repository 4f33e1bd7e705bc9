"""Every model, seed and fold of a protocol as one plan."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from har.config import Recipe
from har.data.assignment import Assignment
from har.data.recording import read_recordings
from har.steps import plan as plans
from har.steps.plan import Plan
from har.steps.run import Run
from har.steps.step import ENTRIES, Source, Step
from har.store import Artifact

if TYPE_CHECKING:
    from har.evaluation.protocols import Fold, Protocol

# The steps before subjects are split, which all folds have in common.
_SHARED = (plans.INGEST, "clean", plans.FUSE)


def folds(run: Run, protocol: "Protocol") -> list["Fold"]:
    """Return the folds of a protocol on a run's data."""
    from har.evaluation.protocols import Fold, make_folds

    assigned = Assignment.read(run["split"].path)
    folder = run[plans.recordings_of(run.recipe)].path
    metas = [recording.meta for recording in read_recordings(folder)]
    return make_folds(
        protocol,
        {meta.subject_id: meta.dataset for meta in metas},
        canonical=Fold("canonical", assigned.test, assigned.validation),
        n_groups=run.recipe.protocols.groups,
        n_validation=run.recipe.protocols.n_validation_subjects,
    )


def evaluate_protocol(run: Run, protocol: "Protocol", *, jobs: int = 1) -> Artifact:
    """Score every candidate with every seed in all folds of a protocol.

    What is in the store is found there, so a call that was stopped goes on.
    """
    made, name = protocol_plan(run.recipe, protocol, folds(run, protocol))
    whole = Run(run.recipe, run.pins, run.store, plan=made)
    return whole.make([name], jobs=jobs)[name]


def protocol_plan(recipe: Recipe, protocol: str, chosen: list["Fold"]) -> tuple[Plan, str]:
    """Return a plan with the steps of all folds, and the name of its last step."""
    made = Plan()
    runs: list[tuple[str, int, str]] = []
    for fold in chosen:
        _add_fold(made, recipe, fold)
        for name in recipe.candidates:
            runs += [(name, seed, fold.name) for seed in plans.seeds(recipe, name)]
    last = Step(
        f"protocol-{protocol}",
        f"protocol-{protocol}",
        f"{ENTRIES}.protocol:protocol",
        inputs={
            "trained": _by_number(runs, plans.trained),
            "predicted": _by_number(runs, plans.predicted),
        },
        settings={"runs": tuple(runs), "name": protocol, "intervals": recipe.intervals},
    )
    made.add(last)
    return made, last.name


def _by_number(runs: list[tuple[str, int, str]], step: Callable[[str, int], str]) -> dict[str, str]:
    """Return the names of a step of every run, by the run's number."""
    return {str(i): _in(fold, step(name, seed)) for i, (name, seed, fold) in enumerate(runs)}


def in_fold(recipe: Recipe, fold: "Fold") -> Recipe:
    """Return the recipe with a fold's split."""
    own = {"test_subjects": fold.test, "validation_subjects": fold.validation}
    return recipe.model_copy(update={"split": recipe.split.model_copy(update=own)})


def _add_fold(made: Plan, recipe: Recipe, fold: "Fold") -> None:
    """Add a fold's steps under names of its own; what all folds share is added once."""
    own = Plan()
    mine = in_fold(recipe, fold)
    own.add(*plans.data_steps(mine))
    for name in mine.candidates:
        own.add(*plans.model_steps(mine, name))
    wanted = [
        plans.predicted(name, seed) for name in mine.candidates for seed in plans.seeds(mine, name)
    ]
    for step in own.needed(wanted):
        made.add(step if step.name in _SHARED else _renamed(step, fold.name))


def _in(fold: str, step: str) -> str:
    return step if step in _SHARED or step.startswith("data-") else f"{step} in {fold}"


def _renamed(step: Step, fold: str) -> Step:
    inputs: dict[str, Source] = {
        argument: _in(fold, source)
        if isinstance(source, str)
        else {key: _in(fold, name) for key, name in source.items()}
        for argument, source in step.inputs.items()
    }
    return replace(step, name=_in(fold, step.name), inputs=inputs)
