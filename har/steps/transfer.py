"""Trained candidates on a data set that they have never seen."""

from har.config import DataSettings
from har.data.sources import same_people
from har.errors import UsageError
from har.steps.pins import pin
from har.steps.plan import INGEST, chosen, module_of, recordings_of
from har.steps.run import Run
from har.steps.step import ENTRIES, Step
from har.store import Artifact


def transfer(
    run: Run, dataset: str, placements: tuple[str, ...] | None = None, *, jobs: int = 1
) -> Artifact:
    """Score candidates, as trained, on all of another data set, or on placements of it.

    Raises
    ------
    UsageError
        If the models were trained on it, or on the same people; or if they read several
        placements at once, and some are asked for.
    """
    recipe = run.recipe
    people = {dataset, *same_people(dataset)}
    if known := sorted(people & set(recipe.data.datasets)):
        raise UsageError(
            f"the models have seen people of {dataset}: they were trained on {', '.join(known)}",
            hint="`har evaluate --trained-on …` without --dataset scores them on test subjects",
        )
    if recipe.data.fuse and placements:
        raise UsageError(
            "the models read several placements at once",
            expected=f"all of {', '.join(recipe.data.fuse)}",
            found=f"--placement {', '.join(placements)}",
            hint="leave --placement out",
        )
    other = DataSettings(datasets=(dataset,), placements=placements, fuse=recipe.data.fuse)
    foreign = Run(recipe.model_copy(update={"data": other}), pin(other, run.store), run.store)
    run.remember("foreign", foreign[recordings_of(foreign.recipe)])
    run.remember("foreign-data", foreign[INGEST])
    run.plan.add(
        Step(
            "transfer",
            "transfer",
            f"{ENTRIES}.transfer:transfer",
            inputs={
                "windows": "windows",
                "cleaned": "foreign",
                "ingested": {"trained on": INGEST, "scored on": "foreign-data"},
                "models": {name: chosen(name) for name in recipe.candidates},
            },
            settings={"window": recipe.window, "intervals": recipe.intervals},
            also=tuple(sorted({module_of(name) for name in recipe.candidates})),
        )
    )
    return run.make(["transfer"], jobs=jobs)["transfer"]
