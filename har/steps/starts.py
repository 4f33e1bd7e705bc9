"""What a network starts from: a checkpoint taken in or bundled, pretraining, random weights."""

from pathlib import Path
from typing import Any

from har.config import NetworkSettings, Recipe
from har.data.channels import NAMES
from har.models import catalogue
from har.steps.checkpoints import resolve
from har.steps.step import ENTRIES, Step


def start_of(recipe: Recipe, name: str) -> Step | None:
    """Return the step that a network starts from; None for random weights."""
    section = recipe.models.of(name)
    if name not in catalogue.ENCODERS:
        named = getattr(section, "checkpoint", None)
        return _taken(f"checkpoint-{name}", named) if named else None
    step = f"pretrain-{name}"
    match recipe.pretrain.checkpoint:
        case "none":
            return None
        case "own":
            return _pretraining(recipe, name)
        case "auto":
            return _fitting(recipe, name) if _bundled_files(name) else None
        case "bundled":
            return _bundled(name)
        case folder:
            return _taken(step, folder, ours=True)


def _bundled_files(name: str) -> dict[str, Path]:
    """Return the files of a model's bundled encoders, by ``<sensors>/<role>``."""
    folders = {sensors: catalogue.bundled(name, sensors) for sensors in NAMES}
    return {
        f"{sensors}/{role}": path
        for sensors, folder in folders.items()
        if folder.is_dir()
        for role, path in resolve(str(folder), ours=True).files.items()
    }


def _bundled(name: str) -> Step:
    return Step(
        f"pretrain-{name}",
        f"pretrain-{name}",
        f"{ENTRIES}.checkpoint:bundled",
        inputs={"windows": "windows"},
        files=_bundled_files(name),
    )


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
        inputs={"windows": "windows", "split": "split"},
        settings={
            "encoder": sizes(recipe, name),
            "window": recipe.window.grid,
            "relatives": tuple(sorted(relatives)),
        },
        files=_bundled_files(name),
    )


def sizes(recipe: Recipe, name: str) -> NetworkSettings:
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
            "encoder": sizes(recipe, name),
            "window": recipe.window.grid,
        },
    )
