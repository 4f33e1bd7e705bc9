"""A model's probabilities for all test windows, asked once."""

from pathlib import Path

from har.data.windows import Windows
from har.evaluation.predictions import predictions, write_predictions
from har.models.interface import load_model


def predict(out: Path, *, windows: Path, model: Path) -> None:
    """Write ``predictions.parquet``: one row per test window, labelled or not."""
    test = Windows.load(windows).select("test", labelled=False)
    write_predictions(out, predictions(test, load_model(model).predict_proba(test.X)))
