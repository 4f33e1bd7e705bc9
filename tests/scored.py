"""Windows of three test subjects and a finished evaluation of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from records import epochs, training

from har.config import IntervalSettings
from har.data.windows import Windows
from har.evaluation.evaluate import Scorable, evaluate

CLASSES = ("walking", "sitting", "lying")
SETTINGS = IntervalSettings(bootstrap=500)


def make_windows() -> Windows:
    """Return 3 test subjects with 30 labelled windows each, and one to train."""
    rng = np.random.default_rng(0)
    subjects = np.repeat(["s1", "s2", "s3", "s4"], 32)
    y = np.tile(np.r_[np.arange(30) % 3, -1, -1], 4)
    index = pd.DataFrame(
        {
            "window_id": [f"w{i}" for i in range(len(y))],
            **{"dataset": "tiny", "device": ""},
            "placement": np.where(subjects == "s1", "wrist", "waist"),
            "subject_id": subjects,
            "recording_id": subjects,
            "start_s": np.arange(len(y), dtype=float),
            "activity": pd.Categorical.from_codes(y, categories=pd.Index(CLASSES)),
            "purity": 1.0,
            "split": np.where(subjects == "s4", "train", "test"),
        }
    )
    return Windows(rng.normal(size=(len(y), 8, 6)).astype(np.float32), y, index, CLASSES)


def probabilities(y: np.ndarray, wrong: int) -> np.ndarray:
    """Return probabilities that miss the first `wrong` windows of each class set."""
    predicted = y.copy()
    predicted[:wrong] = (y[:wrong] + 1) % 3
    return 0.7 * np.eye(3)[predicted] + 0.1


@pytest.fixture(scope="session")
def windows() -> Windows:
    """Return the windows."""
    return make_windows()


@pytest.fixture(scope="session")
def evaluation(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate an SVM with 2 errors and an encoder with 4 (seed 1: 9)."""
    out = tmp_path_factory.mktemp("evaluation")
    y = windows.select("test").y
    records = {
        0: training(0, validation_macro_f1=0.95, history=epochs(6)),
        1: training(1, history=epochs(4)),
    }
    models = {
        "svm": Scorable({0: probabilities(y, 2)}, {0: training()}),
        "encoder-small": Scorable({0: probabilities(y, 4), 1: probabilities(y, 9)}, records),
    }
    evaluate(windows, out, models=models, settings=SETTINGS)
    return out
