"""The steps of the main job, each found in the store or made from the steps before it.

Every step is a function of the settings alone: it asks the steps that it needs for
their outputs, so calling any one of them makes what is missing and nothing else.

>>> from har.config import Settings
>>> windows(Settings()).path  # doctest: +SKIP
PosixPath('data/store/windows/0f8a…')
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from har.config import Settings
from har.data import prepare, sources
from har.lineage import digest
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.registry.candidate import Candidate
    from har.registry.gate import Decision
    from har.registry.versions import Version

CANDIDATES = ("baseline", "encoder")
_TORCH = ("numpy", "torch", "transformers")


def ingest(settings: Settings) -> Artifact:
    """Recordings of the data set, validated, in SI units."""
    source = sources.get(settings.data.dataset)
    return Store(settings.store).get_or_make(
        "ingest",
        lambda out: prepare.ingest(out, source),
        inputs={"file": digest.of_file(source.file)},
        params={"dataset": source.name},
        code=["har.data"],
    )


def clean(settings: Settings) -> Artifact:
    """Recordings without duplicates and gaps."""
    ingested = ingest(settings)
    return Store(settings.store).get_or_make(
        "clean",
        lambda out: prepare.clean_recordings(out, ingested.path, settings.clean),
        inputs={"ingest": ingested},
        params=settings.clean.model_dump(),
        code=["har.data"],
    )


def split(settings: Settings) -> Artifact:
    """Subjects per split, and the proof that they are disjoint."""
    cleaned = clean(settings)
    source = sources.get(settings.data.dataset)
    return Store(settings.store).get_or_make(
        "split",
        lambda out: prepare.split(out, cleaned.path, source, settings.split),
        inputs={"clean": cleaned},
        params=settings.split.model_dump(),
        code=["har.data"],
    )


def windows(settings: Settings) -> Artifact:
    """Windows of all recordings, with labels and splits."""
    cleaned, assigned = clean(settings), split(settings)
    return Store(settings.store).get_or_make(
        "windows",
        lambda out: prepare.windows(out, cleaned.path, assigned.path, settings.window),
        inputs={"clean": cleaned, "split": assigned},
        params=settings.window.model_dump(),
        code=["har.data"],
    )


def baseline(settings: Settings) -> Artifact:
    """The classical model on features of the training subjects' windows."""
    cut = windows(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.models.baseline import train_baseline

        train_baseline(
            Windows.load(cut.path), out, settings=settings.baseline, window=settings.window
        )

    return Store(settings.store).get_or_make(
        "baseline",
        build,
        inputs={"windows": cut},
        params=settings.baseline.model_dump(),
        code=["har.features", "har.models.baseline"],
        libraries=["numpy", "torch", "scikit-learn"],
    )


def pretrain(settings: Settings) -> Artifact:
    """The encoder, pretrained on the training subjects' windows without labels."""
    cut = windows(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.pretrain import pretrain as run

        run(
            Windows.load(cut.path),
            out,
            settings=settings.pretrain,
            encoder=settings.encoder,
            window=settings.window,
        )

    return Store(settings.store).get_or_make(
        "pretrain",
        build,
        inputs={"windows": cut},
        params={**settings.pretrain.model_dump(), "encoder": settings.encoder.model_dump()},
        code=["har.features", "har.models", "har.training"],
        libraries=_TORCH,
    )


def finetune(settings: Settings, seed: int) -> Artifact:
    """The pretrained encoder with a new head, fine-tuned with one seed."""
    cut, pretrained = windows(settings), pretrain(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.finetune import finetune as run

        run(
            Windows.load(cut.path),
            pretrained.path,
            out,
            settings=settings.finetune,
            seed=seed,
        )

    return Store(settings.store).get_or_make(
        "finetune",
        build,
        inputs={"windows": cut, "pretrain": pretrained},
        params={**settings.finetune.model_dump(exclude={"seeds"}), "seed": seed},
        code=["har.features", "har.models", "har.training"],
        libraries=_TORCH,
    )


def training_record(model: Artifact) -> dict[str, object]:
    """Return what training recorded of itself."""
    record: dict[str, object] = json.loads((model.path / "training.json").read_text())
    return record
