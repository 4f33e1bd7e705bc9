# mypy: disable-error-code="no-untyped-call"
"""What a checkpoint buys: a network from its weights, and the same network from random ones."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from har.benchmarks import page
from har.config import Recipe
from har.errors import UsageError
from har.evaluation.predictions import classes_of, read_predictions
from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.protocol import ProtocolResult, ProtocolScores
from har.evaluation.seeds import compare_seeds
from har.measured import read_measured
from har.models.record import NetworkRecord
from har.steps.plan import trained
from har.steps.protocol import evaluate_protocol
from har.steps.run import Run
from har.store import Artifact

# Learning rates as the field has them: what is new or small takes large steps, a pretrained
# layer small ones. The same from both starts, and chosen before anything was measured.
WAYS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "norms": {"freeze": "norms", "learning_rate": 1e-3},
        "last-two": {"freeze": "last", "freeze_layers": 2, "learning_rate": 3e-4},
        "lora": {"freeze": "none", "lora_rank": 8, "learning_rate": 1e-3},
        "all": {"freeze": "none", "learning_rate": 1e-4},
    }
)


@dataclass(frozen=True)
class Tuned:
    """A network that was fine-tuned in one way from both starts.

    Attributes
    ----------
    way : str
        Of `WAYS`.
    parameters, trainable : int
        Numbers of the network, and how many of them learned.
    seconds : float
        Mean of the trainings.
    random, pretrained : ProtocolScores
        From random weights, and from the checkpoint's.
    difference : PairedDifference
        Pretrained minus random.
    """

    way: str
    parameters: int
    trainable: int
    seconds: float
    random: ProtocolScores
    pretrained: ProtocolScores
    difference: PairedDifference


@dataclass(frozen=True)
class Benchmark:
    """What was measured: of the network by way, and of other models on the same labels."""

    tuned: tuple[Tuned, ...]
    others: Mapping[str, ProtocolScores]


def run(start: Run, model: str, ways: Sequence[str], *, jobs: int) -> Benchmark:
    """Score a network on the canonical split from its checkpoint and from random weights.

    Parameters
    ----------
    start : Run
        The data, and a recipe with the seeds, the checkpoint of the network
        (``models.<model>.checkpoint``) and the other models as its candidates.
    model : str
        The network.
    ways : sequence of str
        Of `WAYS`.
    jobs : int
        Processes.

    Raises
    ------
    UsageError
        If the recipe names no checkpoint.
    """
    checkpoint = start.recipe.checkpoint_of(model)
    if not checkpoint or not hasattr(start.recipe.models.of(model), "checkpoint"):
        raise UsageError(
            f"{model} starts from no checkpoint",
            expected=f"--set models.{model}.checkpoint=FOLDER",
        )
    others = _scored(start, start.recipe, jobs)
    with tempfile.TemporaryDirectory(prefix="har-") as folder:
        untrained = randomised(checkpoint, Path(folder), seed=start.recipe.seeds[0])
        tuned = tuple(
            _tuned(
                start,
                with_way(start.recipe, model, way, str(untrained)),
                with_way(start.recipe, model, way, checkpoint),
                way,
                jobs,
            )
            for way in ways
        )
    return Benchmark(tuned, ProtocolResult.read(others.path).models)


def randomised(checkpoint: str, folder: Path, *, seed: int) -> Path:
    """Write a checkpoint of the same architecture with weights as they are before training."""
    import torch

    from har.models.checkpoint import CLASSES
    from har.models.checkpoint_config import BACKBONES, read_config
    from har.models.checkpoint_files import CONFIG, locate, needed_file

    found, _ = locate(checkpoint)
    config = read_config(needed_file(found, CONFIG, checkpoint), BACKBONES)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        CLASSES[config.model_type](config).save_pretrained(folder)
    return folder


def with_way(recipe: Recipe, model: str, way: str, checkpoint: str) -> Recipe:
    """Return the recipe with the network alone, from a checkpoint and fine-tuned in a way."""
    section = recipe.models.network(model)
    own = {"checkpoint": checkpoint, "finetune": {**section.finetune, **WAYS[way]}}
    models = recipe.models.model_copy(
        update={model.replace("-", "_"): section.model_copy(update=own)}
    )
    return recipe.model_copy(update={"models": models, "candidates": (model,)})


def lines(
    found: Benchmark, model: str, checkpoint: str, share: float, seeds: Sequence[int]
) -> Iterator[str]:
    """Yield the page, line by line."""
    yield "# What a checkpoint buys"
    yield ""
    yield from page.made_by(seeds)
    first = found.tuned[0]
    yield (
        f"The network {model} of {first.parameters:,} numbers, fine-tuned on the canonical split "
        f"({first.random.n_subjects} people tested, {first.random.n_windows:,} windows) with "
        f"{share:.0%} of the labels, from the weights of `{checkpoint}` and from random weights of "
        "the same architecture. All else is the same: data, labels, batches, learning rates. "
        "What is new in both always learns: the head and, of BERT, the map from patches."
    )
    yield ""
    columns = [
        "what learns",
        "numbers",
        "training, s",
        "from random weights",
        "from the checkpoint",
    ]
    columns += ["difference over people", "verdict"]
    yield from page.table(columns, (_row(tuned) for tuned in found.tuned))
    yield "Other models, on the same labels and people:"
    yield ""
    rows = ([name, _cell(scores)] for name, scores in found.others.items())
    yield from page.table(["model", "macro-F1"], rows)
    yield "Macro-F1, mean over seeds, with its interval over people."
    yield ""
    if len(seeds) == 1:
        yield (
            "One seed: the intervals tell how people differ, and nothing of how another draw of "
            "labels, batches and new weights would."
        )
        yield ""
    ways = "; ".join(
        f"{tuned.way}: " + ", ".join(f"{key} {value}" for key, value in WAYS[tuned.way].items())
        for tuned in found.tuned
    )
    yield f"Settings of `finetune` by way, chosen before anything was measured: {ways}."


def _tuned(start: Run, random: Recipe, pretrained: Recipe, way: str, jobs: int) -> Tuned:
    (model,) = random.candidates
    made = [_scored(start, recipe, jobs) for recipe in (random, pretrained)]
    a, b = (ProtocolResult.read(artifact.path).models[model] for artifact in made)
    of_random, of_pretrained = (_by_seed(artifact, model) for artifact in made)
    classes = classes_of(next(iter(of_random.values())))
    trainings = [
        training.path
        for recipe in (random, pretrained)
        for training in start.with_recipe(recipe)
        .make([trained(model, seed) for seed in recipe.seeds])
        .values()
    ]
    record = NetworkRecord.read(trainings[0])
    return Tuned(
        way=way,
        parameters=record.parameters,
        trainable=record.trainable_parameters,
        seconds=float(np.mean([read_measured(path)["seconds"] for path in trainings])),
        random=a,
        pretrained=b,
        difference=compare_seeds(of_pretrained, of_random, classes, settings=random.intervals),
    )


def _scored(start: Run, recipe: Recipe, jobs: int) -> Artifact:
    return evaluate_protocol(start.with_recipe(recipe), "canonical", jobs=jobs)


def _by_seed(scored: Artifact, model: str) -> dict[int, pd.DataFrame]:
    table = read_predictions(scored.path / model)
    return {seed: table[table["seed"] == seed] for seed in table["seed"].unique().tolist()}


def _row(tuned: Tuned) -> list[str]:
    versus = tuned.difference
    low, high = versus.mean_difference_interval
    return [
        tuned.way,
        f"{tuned.trainable:,}",
        f"{tuned.seconds:.0f}",
        _cell(tuned.random),
        _cell(tuned.pretrained),
        f"{versus.mean_difference:+.4f} ({low:+.4f} to {high:+.4f})",
        versus.verdict,
    ]


def _cell(scores: ProtocolScores) -> str:
    low, high = scores.macro_f1_interval
    return f"{scores.macro_f1:.4f} ({low:.3f}–{high:.3f})"
