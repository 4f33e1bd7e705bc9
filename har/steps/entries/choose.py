"""Of one model, trained with several seeds, the one that stands for it."""

import shutil
from pathlib import Path

from har.lineage.manifest import Manifest
from har.models.record import TrainingRecord, best_seed


def choose(out: Path, *, trained: dict[str, Path]) -> None:
    """Copy the training that did best on the validation subjects."""
    records = {seed: TrainingRecord.read(folder) for seed, folder in trained.items()}
    chosen = trained[best_seed(records)]
    shutil.copytree(chosen, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(Manifest.FILE))
