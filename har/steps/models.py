"""Windows to trained models."""

import json
import shutil
from pathlib import Path
from typing import Any

from har.config import Settings
from har.data import prepare
from har.errors import MissingError
from har.lineage import digest
from har.models import catalogue
from har.steps.data import split, windows
from har.store import Artifact, Store

TORCH = ("numpy", "torch", "transformers", "accelerate")


def pretrain(settings: Settings, name: str) -> Artifact | None:
    """Pretrain an encoder without labels, or take a checkpoint, as the settings say.

    None is returned for a model that starts from random weights.
    """
    if name not in catalogue.ENCODERS:
        return None
    match settings.pretrain.checkpoint:
        case "none":
            return None
        case "own":
            return _pretrain(settings, name)
        case "auto":
            folder = catalogue.BUNDLED / name
            return _checkpoint(settings, name, folder) if _fits(settings, name, folder) else None
        case "bundled":
            return _checkpoint(settings, name, catalogue.BUNDLED / name)
        case other:
            return _checkpoint(settings, name, Path(other))


def _pretrain(settings: Settings, name: str) -> Artifact:
    cut = windows(settings)
    sizes = settings.models.encoder(name)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.pretrain import pretrain as run

        run(
            Windows.load(cut.path),
            out,
            settings=settings.pretrain,
            encoder=sizes,
            window=settings.window,
        )

    return Store(settings.store).get_or_make(
        f"pretrain-{name}",
        build,
        inputs={"windows": cut},
        params={**settings.pretrain.model_dump(), "encoder": sizes.model_dump()},
        code=["har.features", "har.models", "har.training"],
        libraries=TORCH,
    )


def _checkpoint(settings: Settings, name: str, folder: Path) -> Artifact:
    """Bring the files of a pretrained encoder into the store, where lineage finds them."""
    files = [folder / file for file in ("config.json", "model.safetensors", "training.json")]
    if absent := [str(file) for file in files if not file.is_file()]:
        raise MissingError(
            f"pretrain.checkpoint: {', '.join(absent)} not there",
            hint="`har pretrain` makes such a folder; own and none need none",
        )

    def build(out: Path) -> None:
        for file in files:
            shutil.copy(file, out)

    return Store(settings.store).get_or_make(
        f"pretrain-{name}",
        build,
        inputs={file.name: digest.of_file(file) for file in files},
        params={},
        code=[],
    )


def _fits(settings: Settings, name: str, folder: Path) -> bool:
    """Tell whether a folder has an encoder of this size that has seen nobody held out."""
    if not folder.is_dir():
        return False
    from har.models.config import HarEncoderConfig

    config = json.loads((folder / "config.json").read_text())
    wanted = HarEncoderConfig.of(settings.models.encoder(name), settings.window).to_dict()
    seen = json.loads((folder / "training.json").read_text())
    same = {other for known in seen["datasets"] for other in prepare.same_people(known)}
    assigned = json.loads((split(settings).path / "split.json").read_text())
    held_out = {*assigned["test"], *assigned["validation"]}
    return (
        all(config[key] == wanted[key] for key in catalogue.SIZES)
        and not same & set(settings.data.datasets)
        and not held_out & set(seen["subjects"])
    )


def pretrained(settings: Settings) -> dict[str, Artifact]:
    """Return the pretrained encoders that candidates start from."""
    found = {name: pretrain(settings, name) for name in settings.candidates}
    return {name: artifact for name, artifact in found.items() if artifact}


def train(settings: Settings, name: str, seed: int) -> Artifact:
    """Train a model with one seed on the training subjects' labelled windows."""
    cut, pretrained = windows(settings), pretrain(settings, name)
    store = Store(settings.store)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.train import train as run

        run(
            name,
            Windows.load(cut.path).with_labels(settings.labels.share, seed),
            out,
            settings=settings,
            seed=seed,
            pretrained=pretrained.path if pretrained else None,
            checkpoints=store.checkpoints(out),
        )

    tuning = {} if name in catalogue.CLASSICAL else settings.finetune_of(name).model_dump()
    return store.get_or_make(
        f"train-{name}",
        build,
        inputs={"windows": cut, **({"pretrain": pretrained} if pretrained else {})},
        params={
            "model": settings.models.of(name).model_dump(),
            "finetune": tuning,
            "labels": settings.labels.model_dump(),
            "seed": seed,
        },
        code=["har.features", "har.models", "har.training"],
        libraries=[*TORCH, "peft", "scikit-learn"],
    )


def seeds(settings: Settings, name: str) -> tuple[int, ...]:
    """Return the seeds that a model is trained with: one where chance plays no part."""
    return catalogue.seeds_of(name, settings.seeds)


def trained(settings: Settings, name: str) -> dict[int, Artifact]:
    """Return a model trained with each of its seeds."""
    return {seed: train(settings, name, seed) for seed in seeds(settings, name)}


def chosen(settings: Settings, name: str) -> Artifact:
    """Return a model as trained with the seed that did best on the validation subjects."""
    return max(trained(settings, name).values(), key=_validation_macro_f1)


def training_record(trained: Artifact) -> dict[str, Any]:
    """Return what training recorded of itself."""
    record: dict[str, Any] = json.loads((trained.path / "training.json").read_text())
    return record


def _validation_macro_f1(trained: Artifact) -> float:
    return float(training_record(trained)["validation_macro_f1"])
