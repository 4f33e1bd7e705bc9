"""Every candidate, scored on a data set that it was not trained on."""

from pathlib import Path

from har.config import IntervalSettings, WindowSettings
from har.data.ingested import Datasets
from har.data.recording import read_recordings
from har.data.windows import Windows
from har.evaluation.transfer import evaluate_transfer, foreign_windows
from har.models.interface import load_model


def transfer(
    out: Path,
    *,
    windows: Path,
    cleaned: Path,
    ingested: dict[str, Path],
    models: dict[str, Path],
    window: WindowSettings,
    intervals: IntervalSettings,
) -> None:
    """Score models on all of another data set's recordings."""
    trained = Windows.load(windows)
    classes = trained.classes
    facts = [entry for folder in ingested.values() for entry in Datasets.read(folder).datasets]
    taxonomy = Datasets(datasets=tuple(facts)).taxonomy
    recordings = list(read_recordings(cleaned))
    data = foreign_windows(recordings, window, classes, trained.channels, taxonomy)
    X = data.select("test").X
    evaluate_transfer(
        data,
        out,
        probabilities={
            name: load_model(folder).predict_proba(X) for name, folder in models.items()
        },
        model_classes=classes,
        settings=intervals,
        taxonomy=taxonomy,
    )
