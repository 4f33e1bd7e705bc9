"""What an evaluation leaves in its folder."""

from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from records import pretraining

from har.data.windows import Windows
from har.evaluation import plots
from har.evaluation.predictions import test_digest as digest_of_test
from har.evaluation.results.comparisons import Comparisons
from har.evaluation.results.scores import Metrics
from har.models.record import Epoch
from har.page.plots import png


@pytest.mark.parametrize("name", ["svm", "encoder-small"])
def test_predictions_are_one_row_a_labelled_test_window(
    name: str, evaluation: Path, windows: Windows
) -> None:
    """Ids in order, probabilities in the order of the classes, names that agree with them."""
    table = pd.read_parquet(evaluation / name / "predictions.parquet")
    test = windows.select("test")
    assert table["window_id"].tolist() == test.index["window_id"].tolist()
    assert list(table)[:9] == [
        *("window_id", "dataset", "placement", "device", "subject_id", "recording_id"),
        *("start_s", "label", "predicted"),
    ]
    assert list(table)[9:] == ["p_walking", "p_sitting", "p_lying"]
    best = table[list(table)[9:]].idxmax(axis=1).str.removeprefix("p_")
    assert (table["predicted"] == best).all()
    assert (table["label"] == np.array(windows.classes)[test.y]).all()


def test_metrics_are_those_of_the_chosen_seed(evaluation: Path) -> None:
    """4 errors in 90 windows; both seeds are listed."""
    metrics = Metrics.read(evaluation / "encoder-small")
    assert metrics.candidate == "encoder-small"
    assert metrics.accuracy == pytest.approx(86 / 90)
    assert metrics.chosen_seed == 0
    assert [s.seed for s in metrics.seeds] == [0, 1]
    assert metrics.seeds[0].test_macro_f1 == pytest.approx(metrics.macro_f1)
    assert metrics.seeds[1].test_macro_f1 < metrics.macro_f1
    assert metrics.seeds[1].validation_macro_f1 == 0.9


def test_comparison_is_with_the_first_model(evaluation: Path) -> None:
    """The SVM errs less here, so the encoder's difference is below zero."""
    comparisons = Comparisons.read(evaluation)
    assert comparisons.reference == "svm"
    found = comparisons.models["encoder-small"]
    assert found.macro_f1_difference < 0
    assert found.per_subject["s1"].difference < 0
    assert found.per_subject["s2"].difference == 0


def test_both_models_name_the_same_frozen_windows(evaluation: Path, windows: Windows) -> None:
    """The digest is that of the test windows, and moves with any label or sample."""
    test = windows.select("test")
    recorded = {
        Comparisons.read(evaluation).test_digest,
        *(Metrics.read(evaluation / name).test_digest for name in ("svm", "encoder-small")),
    }
    assert recorded == {digest_of_test(test)}
    assert digest_of_test(replace(test, y=test.y[::-1])) not in recorded
    assert digest_of_test(replace(test, X=test.X + 1)) not in recorded


@pytest.mark.parametrize(
    "path",
    [
        *("svm/confusion.png", "svm/per_subject.png"),
        *(
            "encoder-small/confusion.png",
            "encoder-small/per_subject.png",
            "encoder-small/learning_curves.png",
        ),
    ],
)
def test_plots_are_images_with_ink(path: str, evaluation: Path) -> None:
    """Large enough to read, and neither blank nor black."""
    image = matplotlib.image.imread(evaluation / path)
    height, width = image.shape[:2]
    assert 300 < height < 3000
    assert 400 < width < 3000
    assert 0.5 < image[..., :3].mean() < 0.995


def test_a_figure_gives_the_same_bytes_again() -> None:
    """Plots do not change the digest of an output that did not change."""
    history = pretraining().history
    assert png(plots.pretraining_curve(history)) == png(plots.pretraining_curve(history))


def test_no_figure_is_left_in_a_global_state(evaluation: Path) -> None:
    """The plots know nothing of pyplot."""
    import matplotlib.pyplot as plt

    assert (evaluation / "encoder-small" / "confusion.png").exists()
    assert plt.get_fignums() == []


def test_the_epoch_that_was_kept_is_marked() -> None:
    """Of equal macro-F1 to two decimals the one with the smaller loss, as training keeps it."""
    history = [
        Epoch(
            epoch=epoch,
            train_loss=1.0,
            validation_loss=loss,
            validation_macro_f1=macro_f1,
            learning_rate=0.001,
            trainable_parameters=6,
        )
        for epoch, macro_f1, loss in ((1, 0.958, 0.4), (2, 0.956, 0.2), (3, 0.9, 0.1))
    ]
    _, f1 = plots.learning_curves({0: history}, 0).axes
    assert f1.get_title(loc="left").endswith("(kept: epoch 2)")
