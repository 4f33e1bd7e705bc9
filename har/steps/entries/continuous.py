"""Every candidate, scored on the continuous recordings of the test subjects."""

from pathlib import Path

from har.config import IntervalSettings, WindowGrid
from har.data.ingested import Datasets
from har.data.recording import read_recordings
from har.data.windows import Windows
from har.evaluation.continuous import evaluate_continuous
from har.evaluation.predictions import probabilities_of, read_predictions


def continuous(
    out: Path,
    *,
    windows: Path,
    cleaned: Path,
    ingested: Path,
    predicted: dict[str, Path],
    window: WindowGrid,
    intervals: IntervalSettings,
) -> None:
    """Score every model's answers on the test subjects' recordings, a folder each."""
    evaluate_continuous(
        Windows.load(windows),
        out,
        probabilities={
            name: probabilities_of(read_predictions(folder)) for name, folder in predicted.items()
        },
        recordings=lambda: read_recordings(cleaned),
        window=window,
        settings=intervals,
        taxonomy=Datasets.read(ingested).taxonomy,
    )
