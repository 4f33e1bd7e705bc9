"""The runs of a protocol scored together, also where folds know different classes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from har.config import IntervalSettings
from har.evaluation.predictions import read_predictions, write_predictions
from har.evaluation.results.protocol import ProtocolResult
from har.evaluation.runs import Run, write_scores
from har.measured import write_measured

CLASSES = ("walking", "sitting", "lying")


def fold(folder: Path, who: str, classes: tuple[str, ...], n: int = 12) -> Run:
    """Write one person's predictions by a model that knows some classes; it errs once."""
    y = np.arange(n) % len(classes)
    predicted = np.where(np.arange(n) == 0, 1, y)
    table = pd.DataFrame(
        {
            "window_id": [f"{who}@{k}" for k in range(n)],
            **{"dataset": "lab", "placement": "waist", "device": ""},
            **{"subject_id": who, "recording_id": who, "start_s": 0.0},
            "label": np.array(classes)[y],
            "predicted": np.array(classes)[predicted],
        }
    )
    table[[f"p_{name}" for name in classes]] = np.eye(len(classes))[predicted]
    folder.mkdir()
    write_predictions(folder, table)
    write_measured(folder, {"seconds": 1.0})
    return Run("svm", 0, who, folder, folder)


def test_a_class_that_a_fold_lacks(tmp_path: Path) -> None:
    """The first fold never saw lying: its windows count, and the page says what it lacks."""
    runs = [fold(tmp_path / "a", "a", CLASSES[:2]), fold(tmp_path / "b", "b", CLASSES)]
    out = tmp_path / "out"
    out.mkdir()
    write_scores(out, "loso", runs, IntervalSettings(bootstrap=20))
    found = ProtocolResult.read(out)
    scores = found.models["svm"]
    assert scores.classes == CLASSES
    assert scores.n_windows == 24
    assert scores.ece == pytest.approx(2 / 24)  # sure each time, and wrong twice
    assert found.lacking == {"a": ("lying",)}
    assert "a without lying" in (out / "protocol.html").read_text()
    assert not read_predictions(out / "svm").filter(like="p_").isna().any(axis=None)
