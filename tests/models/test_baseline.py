"""The baseline: quality on held-out people, saving, ONNX, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import skops.io
from sklearn.metrics import f1_score

from har.config import BaselineSettings, WindowSettings
from har.data.windows import Windows
from har.errors import DataError, MissingError, VerificationError
from har.models.baseline import baseline_to_onnx, load_baseline, predict_proba, train_baseline
from har.models.svm import couple, fit_coupling

SETTINGS = BaselineSettings(c_grid=(3.0,), gamma_scale=(0.25, 0.5))


@pytest.fixture(scope="module")
def trained(small: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a baseline on two subjects."""
    folder = tmp_path_factory.mktemp("baseline")
    train_baseline(small, folder, settings=SETTINGS, window=WindowSettings())
    return folder


def test_it_knows_the_activities_of_someone_new(trained: Path, small: Windows) -> None:
    """Two training subjects are enough to be far better than chance on a third."""
    validation = small.select("validation")
    probabilities = predict_proba(trained, validation.X)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-9)
    assert f1_score(validation.y, probabilities.argmax(1), average="macro") > 0.7


def test_the_record_says_what_was_seen_and_chosen(trained: Path, small: Windows) -> None:
    """The record has the grid, its best entry and the subjects."""
    record = json.loads((trained / "training.json").read_text())
    best = max(entry["validation_macro_f1"] for entry in record["grid"])
    assert record["validation_macro_f1"] == best
    assert record["c"] == 3.0
    assert len(record["grid"]) == 2
    assert record["subjects"] == ["hapt-01", "hapt-03"]
    assert record["n_features"] == 494


def test_a_repeat_gives_the_same_file_content(
    trained: Path, small: Windows, tmp_path: Path
) -> None:
    """Training twice gives bit-equal probabilities."""
    train_baseline(small, tmp_path, settings=SETTINGS, window=WindowSettings())
    X = small.select("validation").X
    np.testing.assert_array_equal(predict_proba(trained, X), predict_proba(tmp_path, X))


def test_probabilities_keep_the_order_of_the_votes(trained: Path, small: Windows) -> None:
    """The likeliest class is nearly always the one that the SVM predicts."""
    baseline, X = load_baseline(trained), small.select("validation").X
    predicted = baseline.svm.predict(baseline.features.transform(X))
    assert (baseline.predict_proba(X).argmax(1) == predicted).mean() > 0.98


def test_onnx_gives_the_same_probabilities(trained: Path, small: Windows, tmp_path: Path) -> None:
    """One graph from raw window to probabilities, equal within 1e-3 and in every label."""
    path = tmp_path / "baseline.onnx"
    baseline_to_onnx(trained, path)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    X = small.select("validation", labelled=False).X
    (found,) = session.run(["probabilities"], {"windows": X})
    expected = predict_proba(trained, X)
    assert np.abs(found - expected).max() < 1e-3
    assert (found.argmax(1) == expected.argmax(1)).all()


def test_no_decision_is_too_clear_for_float32(
    trained: Path, small: Windows, tmp_path: Path
) -> None:
    """A steep coupling, as separable classes give, makes no NaN of a probability."""
    content = skops.io.load(trained / "model.skops")
    skops.io.dump({**content, "scale": 500.0}, tmp_path / "model.skops")
    baseline_to_onnx(tmp_path, tmp_path / "steep.onnx")
    session = ort.InferenceSession(tmp_path / "steep.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"windows": small.select("validation").X})
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_a_subject_in_two_splits_is_refused(small: Windows, tmp_path: Path) -> None:
    """A training subject who is tested too stops the training."""
    index = small.index.copy()
    test_rows = np.flatnonzero(index["split"] == "test")
    index.loc[test_rows[:3], "split"] = "train"
    with pytest.raises(DataError, match="hapt-02"):
        train_baseline(
            replace(small, index=index), tmp_path, settings=SETTINGS, window=WindowSettings()
        )


def test_a_class_without_windows_is_refused(small: Windows, tmp_path: Path) -> None:
    """A class that nobody trained is named."""
    y = np.where(small.y == 3, -1, small.y)
    with pytest.raises(DataError, match="sitting"):
        train_baseline(replace(small, y=y), tmp_path, settings=SETTINGS, window=WindowSettings())


def test_a_missing_model_is_an_error_of_ours(tmp_path: Path) -> None:
    """An empty folder holds no baseline."""
    with pytest.raises(MissingError, match=r"model\.skops"):
        load_baseline(tmp_path)


class Foreign:
    """A type that no baseline has."""


def test_foreign_types_are_not_loaded(tmp_path: Path) -> None:
    """A file with a type outside numpy and scikit-learn is refused by name."""
    skops.io.dump({"svm": Foreign()}, tmp_path / "model.skops")
    with pytest.raises(VerificationError, match="Foreign"):
        load_baseline(tmp_path)


def test_coupling_prefers_the_class_that_wins_its_pairs() -> None:
    """Decisions for pairs (0,1), (0,2), (1,2): class 1 wins both of its pairs."""
    logp = couple(np.array([[-2.0, 0.5, 3.0]]), 1.0, 1.0)
    assert np.exp(logp).sum() == pytest.approx(1)
    assert logp.argmax() == 1


def test_coupling_is_fitted_to_how_sure_the_decisions_are() -> None:
    """Decisions that are right get a steeper curve than decisions that are often wrong."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    wins = np.stack(
        [(y == 0) * 1.0 - (y == 1), (y == 0) * 1.0 - (y == 2), (y == 1) - 1.0 * (y == 2)]
    )
    sure = fit_coupling(wins.T + rng.normal(0, 0.1, (300, 3)), y)
    unsure = fit_coupling(wins.T + rng.normal(0, 2, (300, 3)), y)
    assert sure["scale"] * sure["power"] > unsure["scale"] * unsure["power"]
