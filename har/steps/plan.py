"""The steps of a run, declared from its recipe: what each is given, what it reads.

A plan makes and reads nothing. `har.steps.run` carries it out; its names are those that
people see: ``train-encoder-small-1``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from platform import python_version

import har
from har.config import ClassicalSettings, Recipe, flatten
from har.models import catalogue
from har.steps import starts
from har.steps.step import ENTRIES, Step

INGEST, FUSE = "ingest", "fuse"
# Whose versions the report prints.
LIBRARIES = ("numpy", "pandas", "scikit-learn", "torch", "transformers", "onnxruntime")


@dataclass
class Plan:
    """Steps by name, each after those that it needs.

    Attributes
    ----------
    steps : dict of str to Step
        All of them.
    """

    steps: dict[str, Step] = field(default_factory=dict)

    def add(self, *steps: Step) -> None:
        """Add the steps that are not there yet."""
        for step in steps:
            self.steps.setdefault(step.name, step)

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
    made.add(*data_steps(recipe))
    for name in recipe.candidates:
        made.add(*model_steps(recipe, name))
    made.add(*score_steps(recipe))
    for name in recipe.candidates:
        made.add(*build_steps(recipe, name))
    started = {name: start for name in recipe.candidates if (start := made.start_of(name))}
    made.add(_report(recipe, started))
    return made


def seeds(recipe: Recipe, name: str) -> tuple[int, ...]:
    """Return the seeds that a model is trained with: one where chance plays no part."""
    return catalogue.seeds_of(name, recipe.seeds)


def data_steps(recipe: Recipe) -> Iterator[Step]:
    """Yield the steps from ingested data sets to windows."""
    yield from _recording_steps(recipe)
    yield from _window_steps(recipe)


def _recording_steps(recipe: Recipe) -> Iterator[Step]:
    """Yield the steps from ingested data sets to clean recordings."""
    data = recipe.data
    if len(data.datasets) > 1:  # a run's only data set is what it calls ``ingest``
        yield Step(
            INGEST,
            "join",
            f"{ENTRIES}.join:join",
            inputs={"parts": {name: pinned(name) for name in data.datasets}},
        )
    yield Step(
        "data-report",
        "data-report",
        f"{ENTRIES}.data_report:data_report",
        inputs={"ingested": INGEST},
    )
    yield Step(
        "clean",
        "clean",
        f"{ENTRIES}.clean:clean",
        inputs={"ingested": INGEST},
        settings={
            "max_gap_s": recipe.clean.max_gap_s,
            "rate_hz": recipe.window.rate_hz,
            "subjects": data.subjects,
            "placements": data.wanted_placements,
        },
    )
    if data.fuse:
        yield Step(
            FUSE,
            "fuse",
            f"{ENTRIES}.fuse:fuse",
            inputs={"cleaned": "clean"},
            settings={"placements": data.fuse},
        )


def _window_steps(recipe: Recipe) -> Iterator[Step]:
    """Yield the steps from clean recordings to windows."""
    recordings = recordings_of(recipe)
    yield Step(
        "split",
        "split",
        f"{ENTRIES}.split:split",
        inputs={"ingested": INGEST, "cleaned": recordings},
        settings={"settings": recipe.split},
    )
    yield Step(
        "windows",
        "windows",
        f"{ENTRIES}.windows:windows",
        inputs={"ingested": INGEST, "cleaned": recordings, "split": "split"},
        settings={"settings": recipe.window},
    )


def recordings_of(recipe: Recipe) -> str:
    """Return the step whose recordings are cut into windows."""
    return FUSE if recipe.data.fuse else "clean"


def pinned(dataset: str) -> str:
    """Return the name under which a run holds an ingested data set."""
    return f"data-{dataset}"


def model_steps(recipe: Recipe, name: str) -> Iterator[Step]:
    """Yield the trainings of a model, one for each seed, and their choice and predictions."""
    start = starts.start_of(recipe, name)
    if start:
        yield start
    for seed in seeds(recipe, name):
        yield _training(recipe, name, seed, start)
        yield Step(
            predicted(name, seed),
            f"predict-{name}",
            f"{ENTRIES}.predict:predict",
            inputs={"windows": "windows", "model": trained(name, seed)},
            also=(module_of(name),),
            quiet=True,
        )
    yield Step(
        chosen(name),
        f"choose-{name}",
        f"{ENTRIES}.choose:choose",
        inputs={"trained": {str(seed): trained(name, seed) for seed in seeds(recipe, name)}},
        quiet=True,
    )
    yield Step(
        f"predict-{name}",
        f"predict-{name}",
        f"{ENTRIES}.predict:predict",
        inputs={"windows": "windows", "model": chosen(name)},
        also=(module_of(name),),
        quiet=True,
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


def _training(recipe: Recipe, name: str, seed: int, start: Step | None) -> Step:
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
        inputs={"windows": "windows", **({"checkpoint": start.name} if start else {})},
        settings={
            **shared,
            "settings": starts.sizes(recipe, name),
            "finetuning": recipe.finetune_of(name),
            "window": recipe.window.grid,
        },
        also=(module_of(name),),
    )


def score_steps(recipe: Recipe) -> Iterator[Step]:
    """Yield the scores of all candidates: test windows, continuous recordings, other sensors."""
    names, intervals = recipe.candidates, recipe.intervals
    each = {f"{name}/{seed}": (name, seed) for name in names for seed in seeds(recipe, name)}
    yield Step(
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
    yield Step(
        "continuous",
        "continuous",
        f"{ENTRIES}.continuous:continuous",
        inputs={
            "windows": "windows",
            "cleaned": recordings_of(recipe),
            "ingested": INGEST,
            "predicted": {name: f"predict-{name}" for name in names},
        },
        settings={"window": recipe.window.grid, "intervals": intervals},
    )
    for name in names:
        yield Step(
            f"robustness-{name}",
            f"robustness-{name}",
            f"{ENTRIES}.robustness:robustness",
            inputs={
                "windows": "windows",
                "cleaned": recordings_of(recipe),
                "model": chosen(name),
            },
            settings={"rate_hz": recipe.window.rate_hz, "intervals": intervals},
            also=(module_of(name),),
        )


def build_steps(recipe: Recipe, name: str) -> Iterator[Step]:
    """Yield the ONNX builds of a candidate, and what the gate asks of it."""
    yield Step(
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
    yield Step(
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


def _report(recipe: Recipe, started: Mapping[str, str]) -> Step:
    """Return the report; it prints every setting but those of the gate, which comes later."""
    names = recipe.candidates
    return Step(
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
            "checkpoints": started,
            "exports": {name: f"export-{name}" for name in names},
        },
        settings={
            "dataset": recipe.data.name,
            "settings": dict(flatten(recipe.model_dump(mode="json", exclude={"gate"}))),
            "versions": {
                "python": python_version(),
                "har": har.__version__,
                **{name: version(name) for name in LIBRARIES},
            },
        },
        compares_times=True,
    )
