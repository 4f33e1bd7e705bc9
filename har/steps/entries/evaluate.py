"""Every candidate, scored on the labelled test windows."""

from pathlib import Path

from har.config import IntervalSettings
from har.data.windows import Windows
from har.evaluation.evaluate import Scorable
from har.evaluation.evaluate import evaluate as run
from har.evaluation.predictions import labelled, probabilities_of, read_predictions
from har.models.record import TrainingRecord


def evaluate(
    out: Path,
    *,
    windows: Path,
    trained: dict[str, Path],
    predicted: dict[str, Path],
    candidates: tuple[str, ...],
    intervals: IntervalSettings,
) -> None:
    """Score all models; trainings and predictions are named ``<model>/<seed>``."""
    models = {
        name: Scorable(
            {
                int(seed): probabilities_of(labelled(read_predictions(folder)))
                for seed, folder in _of(name, predicted).items()
            },
            {int(seed): TrainingRecord.read(at) for seed, at in _of(name, trained).items()},
        )
        for name in candidates
    }
    run(Windows.load(windows), out, models=models, settings=intervals)


def _of(name: str, folders: dict[str, Path]) -> dict[str, Path]:
    """Return the folders of one model by seed."""
    split = {tuple(key.split("/")): folder for key, folder in folders.items()}
    return {seed: folder for (model, seed), folder in split.items() if model == name}
