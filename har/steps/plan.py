"""The steps of a run, declared from its recipe: what each is given, what it reads.

A plan makes and reads nothing. `har.steps.run` carries it out; its names are those that
people see: ``train-encoder-small-1``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from har.config import ClassicalSettings, NetworkSettings, Recipe, flatten
from har.models import catalogue
from har.steps.checkpoints import resolve
from har.steps.step import Step

ENTRIES = "har.steps.entries"
INGEST = "ingest"
# Whose versions the report prints.
LIBRARIES = ("har", "numpy", "pandas", "scikit-learn", "torch", "transformers", "onnxruntime")


@dataclass
class Plan:
    """Steps by name, each after those that it needs.

    Attributes
    ----------
    steps : dict of str to Step
        All of them.
    """

    steps: dict[str, Step] = field(default_factory=dict)

    def add(self, step: Step) -> str:
        """Add a step, unless it is there; return its name."""
        self.steps.setdefault(step.name, step)
        return step.name

    def start_of(self, name: str) -> str | None:
        """Return the step that a network starts from; None for random weights."""
        for step in (f"pretrain-{name}", f"checkpoint-{name}"):
            if step in self.steps:
                return step
        return None

    def needed(self, names: Iterable[str]) -> list[Step]:
        """Return the steps that make some outputs, each after those that it needs."""
        wanted = set(names)
        for step in reversed(self.steps.values()):
            if step.name in wanted:
                wanted |= set(step.needs)
        return [step for step in self.steps.values() if step.name in wanted]


def plan(recipe: Recipe) -> Plan:
    """Return every step of a run: data, models, scores, builds, the report.

    Parameters
    ----------
    recipe : Recipe
        What is to be made; the data sets themselves are outputs of no step, named
        ``data-<name>`` (`har.steps.pins`).
    """
    made = Plan()
    add_data(made, recipe)
    for name in recipe.candidates:
        add_model(made, recipe, name)
    add_scores(made, recipe)
    for name in recipe.candidates:
        add_build(made, recipe, name)
    add_report(made, recipe)
    return made


def seeds(recipe: Recipe, name: str) -> tuple[int, ...]:
    """Return the seeds that a model is trained with: one where chance plays no part."""
    return catalogue.seeds_of(name, recipe.seeds)


def add_data(made: Plan, recipe: Recipe) -> None:
    """Add the steps from ingested data sets to windows."""
    data = recipe.data
    if len(data.datasets) > 1:  # a run's only data set is what it calls ``ingest``
        made.add(
            Step(
                INGEST,
                "join",
                f"{ENTRIES}.join:join",
                inputs={"parts": {name: pinned(name) for name in data.datasets}},
            )
        )
    made.add(
        Step(
            "data-report",
            "data-report",
            f"{ENTRIES}.data_report:data_report",
            inputs={"ingested": INGEST},
        )
    )
    made.add(
        Step(
            "clean",
            "clean",
            f"{ENTRIES}.clean:clean",
            inputs={"ingested": INGEST},
            settings={
                "max_gap_s": recipe.clean.max_gap_s,
                "rate_hz": recipe.window.rate_hz,
                "subjects": data.subjects,
                "placements": data.placements,
            },
        )
    )
    made.add(
        Step(
            "split",
            "split",
            f"{ENTRIES}.split:split",
            inputs={"ingested": INGEST, "cleaned": "clean"},
            settings={"settings": recipe.split},
        )
    )
    made.add(
        Step(
            "windows",
            "windows",
            f"{ENTRIES}.windows:windows",
            inputs={"ingested": INGEST, "cleaned": "clean", "split": "split"},
            settings={"settings": recipe.window},
        )
    )


def pinned(dataset: str) -> str:
    """Return the name under which a run holds an ingested data set."""
    return f"data-{dataset}"


def add_model(made: Plan, recipe: Recipe, name: str) -> None:
    """Add the trainings of a model, one for each seed, and their choice and predictions."""
    start = add_checkpoint(made, recipe, name)
    for seed in seeds(recipe, name):
        made.add(_training(recipe, name, seed, start))
        made.add(
            Step(
                predicted(name, seed),
                f"predict-{name}",
                f"{ENTRIES}.predict:predict",
                inputs={"windows": "windows", "model": trained(name, seed)},
                also=(module_of(name),),
                quiet=True,
            )
        )
    made.add(
        Step(
            chosen(name),
            f"choose-{name}",
            f"{ENTRIES}.choose:choose",
            inputs={"trained": {str(seed): trained(name, seed) for seed in seeds(recipe, name)}},
            quiet=True,
        )
    )
    made.add(
        Step(
            f"predict-{name}",
            f"predict-{name}",
            f"{ENTRIES}.predict:predict",
            inputs={"windows": "windows", "model": chosen(name)},
            also=(module_of(name),),
            quiet=True,
        )
    )


def trained(name: str, seed: int) -> str:
    """Return the name of a training."""
    return f"train-{name}-{seed}"


def predicted(name: str, seed: int) -> str:
    """Return the name of the predictions of a training."""
    return f"predict-{name}-{seed}"


def chosen(name: str) -> str:
    """Return the name of the training that stands for a model."""
    return f"choose-{name}"


def module_of(name: str) -> str:
    """Return the module of a model, which the entry functions find by its name."""
    return catalogue.MODELS[name].module


def add_checkpoint(made: Plan, recipe: Recipe, name: str) -> str | None:
    """Add what a network starts from; None where that is random weights."""
    section = recipe.models.of(name)
    if name not in catalogue.ENCODERS:
        named = getattr(section, "checkpoint", None)
        return made.add(_taken(f"checkpoint-{name}", named)) if named else None
    step = f"pretrain-{name}"
    match recipe.pretrain.checkpoint:
        case "none":
            return None
        case "own":
            return made.add(_pretraining(recipe, name))
        case "auto":
            return made.add(_fitting(recipe, name)) if _bundled(name).is_dir() else None
        case "bundled":
            return made.add(_taken(step, str(_bundled(name)), ours=True))
        case folder:
            return made.add(_taken(step, folder, ours=True))


def _bundled(name: str) -> Path:
    return catalogue.BUNDLED / name


def _taken(step: str, named: str, *, ours: bool = False) -> Step:
    source = resolve(named, ours=ours)
    return Step(
        step,
        step,
        "har.training.base:take",
        settings={"revision": source.revision},
        files=source.files,
    )


def _fitting(recipe: Recipe, name: str) -> Step:
    from har.data.sources import same_people

    relatives = {other for dataset in recipe.data.datasets for other in same_people(dataset)}
    return Step(
        f"pretrain-{name}",
        f"pretrain-{name}",
        f"{ENTRIES}.checkpoint:bundled_if_it_fits",
        inputs={"split": "split"},
        settings={
            "encoder": _sizes(recipe, name),
            "window": recipe.window.grid,
            "relatives": tuple(sorted(relatives)),
        },
        files=resolve(str(_bundled(name)), ours=True).files,
    )


def _sizes(recipe: Recipe, name: str) -> NetworkSettings:
    """Return a network's section without what fine-tuning or its checkpoint are given of it."""
    section = recipe.models.network(name)
    rest: dict[str, Any] = {"finetune": {}}
    if hasattr(section, "checkpoint"):
        rest["checkpoint"] = None
    return section.model_copy(update=rest)


def _pretraining(recipe: Recipe, name: str) -> Step:
    return Step(
        f"pretrain-{name}",
        f"pretrain-{name}",
        f"{ENTRIES}.pretrain:pretrain",
        inputs={"windows": "windows"},
        settings={
            "settings": recipe.pretrain.model_copy(update={"checkpoint": "own"}),
            "encoder": _sizes(recipe, name),
            "window": recipe.window.grid,
        },
    )


def _training(recipe: Recipe, name: str, seed: int, start: str | None) -> Step:
    shared = {"name": name, "label_share": recipe.labels.share, "seed": seed}
    section = recipe.models.of(name)
    if isinstance(section, ClassicalSettings):
        return Step(
            trained(name, seed),
            f"train-{name}",
            f"{ENTRIES}.train_classical:train_classical",
            inputs={"windows": "windows"},
            settings={**shared, "settings": section, "window": recipe.window.shape},
            also=(module_of(name),),
        )
    return Step(
        trained(name, seed),
        f"train-{name}",
        f"{ENTRIES}.train_network:train_network",
        inputs={"windows": "windows", **({"checkpoint": start} if start else {})},
        settings={
            **shared,
            "settings": _sizes(recipe, name),
            "finetuning": recipe.finetune_of(name),
            "window": recipe.window.grid,
        },
        also=(module_of(name),),
    )


def add_scores(made: Plan, recipe: Recipe) -> None:
    """Add the scores of all candidates: test windows, continuous recordings, other sensors."""
    names, intervals = recipe.candidates, recipe.intervals
    each = {f"{name}/{seed}": (name, seed) for name in names for seed in seeds(recipe, name)}
    made.add(
        Step(
            "evaluate",
            "evaluate",
            f"{ENTRIES}.evaluate:evaluate",
            inputs={
                "windows": "windows",
                "trained": {key: trained(*run) for key, run in each.items()},
                "predicted": {key: predicted(*run) for key, run in each.items()},
            },
            settings={"candidates": names, "intervals": intervals},
        )
    )
    made.add(
        Step(
            "continuous",
            "continuous",
            f"{ENTRIES}.continuous:continuous",
            inputs={
                "windows": "windows",
                "cleaned": "clean",
                "predicted": {name: f"predict-{name}" for name in names},
            },
            settings={"window": recipe.window.grid, "intervals": intervals},
        )
    )
    for name in names:
        made.add(
            Step(
                f"robustness-{name}",
                f"robustness-{name}",
                f"{ENTRIES}.robustness:robustness",
                inputs={"windows": "windows", "cleaned": "clean", "model": chosen(name)},
                settings={"rate_hz": recipe.window.rate_hz, "intervals": intervals},
                also=(module_of(name),),
            )
        )


def add_build(made: Plan, recipe: Recipe, name: str) -> None:
    """Add the ONNX builds of a candidate, and what the gate asks of it."""
    made.add(
        Step(
            f"export-{name}",
            f"export-{name}",
            f"{ENTRIES}.export:export",
            inputs={
                "windows": "windows",
                "model": chosen(name),
                "predicted": f"predict-{name}",
            },
            settings={"name": name, "window": recipe.window.grid, "settings": recipe.export},
            also=(module_of(name),),
        )
    )
    made.add(
        Step(
            f"checks-{name}",
            f"checks-{name}",
            f"{ENTRIES}.checks:checks",
            inputs={
                "ingested": INGEST,
                "cleaned": "clean",
                "split": "split",
                "robustness": f"robustness-{name}",
            },
            quiet=True,
        )
    )


def add_report(made: Plan, recipe: Recipe) -> None:
    """Add the report; it prints every setting but those of the gate, which comes later."""
    names = recipe.candidates
    starts = {name: start for name in names if (start := made.start_of(name))}
    made.add(
        Step(
            "report",
            "report",
            f"{ENTRIES}.report:report",
            inputs={
                "cleaned": "clean",
                "split": "split",
                "windows": "windows",
                "evaluation": "evaluate",
                "continuous": "continuous",
                "robustness": {name: f"robustness-{name}" for name in names},
                "checkpoints": starts,
                "exports": {name: f"export-{name}" for name in names},
            },
            settings={
                "dataset": recipe.data.name,
                "settings": dict(flatten(recipe.model_dump(mode="json", exclude={"gate"}))),
                "versions": {"python": python_version(), **{n: version(n) for n in LIBRARIES}},
            },
            compares_times=True,
        )
    )
