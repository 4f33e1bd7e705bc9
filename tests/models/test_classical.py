"""Classical models: quality on held-out people, saving, ONNX, and what they refuse."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import skops.io
from content import content
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from har.config import (
    ClassicalSettings,
    ExtraTreesSettings,
    LogisticSettings,
    SvmSettings,
    WindowSettings,
)
from har.data.windows import Windows
from har.errors import DataError, MissingError, VerificationError
from har.features.scaler import ClippedScaler
from har.measured import read_measured
from har.models import skops_file
from har.models.catalogue import CLASSICAL
from har.models.classical import MODEL, TRUSTED, ClassicalModel
from har.models.svm import calibrate, couple, decide
from har.training.classical import train_classical

SETTINGS: dict[str, ClassicalSettings] = {
    "svm": SvmSettings(c_grid=(3.0,), gamma_scale=(0.25, 0.5)),
    "logistic": LogisticSettings(c_grid=(0.01, 0.1)),
    "minirocket": LogisticSettings(c_grid=(0.01, 0.1), convolutions=168),
    "extra-trees": ExtraTreesSettings(n_estimators=20, min_samples_leaf=(1, 2)),
}


def train(windows: Windows, folder: Path, name: str = "svm") -> Path:
    """Train a model with the tests' settings; return its folder."""
    train_classical(name, windows, folder, settings=SETTINGS[name], window=WindowSettings(), seed=0)
    return folder


@pytest.fixture(scope="module", params=CLASSICAL)
def trained(
    request: pytest.FixtureRequest, small: Windows, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Train each method on two subjects."""
    return train(small, tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def svm(small: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train an SVM on two subjects."""
    return train(small, tmp_path_factory.mktemp("svm"))


def test_every_classical_model_is_tested() -> None:
    """What the catalogue calls classical has settings here."""
    assert set(CLASSICAL) == set(SETTINGS)


def test_it_knows_the_activities_of_someone_new(trained: Path, small: Windows) -> None:
    """Two training subjects are enough to be far better than chance on a third."""
    model, validation = ClassicalModel.load(trained), small.select("validation")
    probabilities = model.predict_proba(validation.X)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert f1_score(validation.y, probabilities.argmax(1), average="macro") > 0.7
    assert model.classes == small.classes


def test_the_record_says_what_was_seen_and_chosen(trained: Path) -> None:
    """The record has the grid, its best entry and the subjects."""
    record = json.loads((trained / "training.json").read_text())
    best = max(entry["validation_macro_f1"] for entry in record["grid"])
    assert record["validation_macro_f1"] == best
    assert len(record["grid"]) == 2
    assert record["subjects"] == ["hapt-01", "hapt-03"]
    assert record["validation_subjects"] == ["hapt-07"]
    # 15 pairs of axes have two coherences in each of 9 bands.
    assert record["n_features"] == 494 + 15 * 9 * 2 + SETTINGS[record["model"]].convolutions


def test_a_model_from_before_coherence_is_read(small: Windows, tmp_path: Path) -> None:
    """A file that does not speak of it holds a model of the named features alone."""
    settings = SvmSettings(c_grid=(3.0,), copies=0, coherence=False)
    train_classical("svm", small, tmp_path, settings=settings, window=WindowSettings(), seed=0)
    X = small.select("validation").X
    expected = ClassicalModel.load(tmp_path).predict_proba(X)
    before = skops.io.load(tmp_path / MODEL, trusted=list(TRUSTED))
    del before["coherence"]
    skops_file.dump(before, tmp_path / MODEL)
    model = ClassicalModel.load(tmp_path)
    assert len(model.features.extractor_.names) == 494
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_a_repeat_gives_the_same_files(trained: Path, small: Windows, tmp_path: Path) -> None:
    """Training twice gives the same bytes, whatever is in memory, and a model that works."""
    model = ClassicalModel.load(trained)
    assert content(train(small, tmp_path, model.name)) == content(trained)
    assert set(content(trained)) == {"model.skops", "training.json"}
    assert read_measured(trained)["seconds"] > 0


def test_probabilities_keep_the_order_of_the_decisions(trained: Path, small: Windows) -> None:
    """The likeliest class is nearly always the one that the estimator predicts."""
    model, X = ClassicalModel.load(trained), small.select("validation").X
    predicted = model.pipeline.predict(model.features.transform(X))
    assert (model.predict_proba(X).argmax(1) == predicted).mean() > 0.98


def test_onnx_gives_the_same_probabilities(trained: Path, small: Windows, tmp_path: Path) -> None:
    """One graph from raw window to probabilities, equal within 1e-3 and in every label."""
    model, path = ClassicalModel.load(trained), tmp_path / "model.onnx"
    model.to_onnx(path)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    for X in (small.select("validation", labelled=False).X, small.X[:1]):
        (found,) = session.run(["probabilities"], {"windows": X})
        expected = model.predict_proba(X)
        assert np.abs(found - expected).max() < 1e-3
        assert (found.argmax(1) == expected.argmax(1)).all()


@pytest.mark.parametrize("name", CLASSICAL)
def test_two_classes_are_enough(small: Windows, tmp_path: Path, name: str) -> None:
    """scikit-learn decides between two classes by one number; the graph gives two."""
    two = replace(small, y=np.where(small.y < 2, small.y, -1), classes=small.classes[:2])
    model, path = ClassicalModel.load(train(two, tmp_path, name)), tmp_path / "model.onnx"
    X = two.select("validation").X
    model.to_onnx(path)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(["probabilities"], {"windows": X})
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-3)
    assert found.shape == (len(X), 2)


@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_an_svm_decides_as_scikit_learn_says(n_classes: int) -> None:
    """Its matrix products give libsvm's decisions, by blocks and for one window alike."""
    F = np.random.default_rng(0).normal(size=(300, 40)).astype(np.float32)
    y = np.arange(300) % n_classes
    pipeline = Pipeline(
        [("scale", ClippedScaler()), ("decide", SVC(decision_function_shape="ovo"))]
    )
    pipeline.fit(F + y[:, None] / 4, y)
    expected = pipeline.decision_function(F)
    expected = -expected[:, None] if n_classes == 2 else expected
    np.testing.assert_allclose(decide(pipeline, F), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(decide(pipeline, F[:1]), expected[:1], rtol=1e-9, atol=1e-9)


def test_an_svm_decides_to_the_same_bits_on_any_number_of_threads() -> None:
    """A run in one process and a run in several give the same files."""
    F = np.random.default_rng(0).normal(size=(1500, 400)).astype(np.float32)
    pipeline = Pipeline(
        [("scale", ClippedScaler()), ("decide", SVC(decision_function_shape="ovo"))]
    )
    pipeline.fit(F, np.arange(1500) % 3)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(decide(pipeline, F))
    np.testing.assert_array_equal(*found)


def test_one_wild_feature_does_not_decide(trained: Path, small: Windows) -> None:
    """Scaled features are clipped, so a knock leaves the probabilities finite."""
    X = small.select("validation").X[:8].copy()
    X[:, 60] *= 1000
    probabilities = ClassicalModel.load(trained).predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)


def test_no_decision_is_too_clear_for_float32(svm: Path, small: Windows, tmp_path: Path) -> None:
    """A steep coupling, as separable classes give, makes no NaN of a probability."""
    model = ClassicalModel.load(svm)
    steep = replace(model, calibration={**model.calibration, "scale": 500.0})
    steep.to_onnx(tmp_path / "steep.onnx")
    session = ort.InferenceSession(tmp_path / "steep.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"windows": small.select("validation").X})
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_a_subject_in_two_splits_is_refused(small: Windows, tmp_path: Path) -> None:
    """A training subject who is tested too stops the training."""
    index = small.index.copy()
    test_rows = np.flatnonzero(index["split"] == "test")
    index.loc[test_rows[:3], "split"] = "train"
    with pytest.raises(DataError, match="hapt-02"):
        train(replace(small, index=index), tmp_path)


def test_a_class_without_windows_is_refused(small: Windows, tmp_path: Path) -> None:
    """A class that nobody trained is named."""
    y = np.where(small.y == 3, -1, small.y)
    with pytest.raises(DataError, match="sitting"):
        train(replace(small, y=y), tmp_path)


def test_a_missing_model_is_an_error_of_ours(tmp_path: Path) -> None:
    """An empty folder holds no model."""
    with pytest.raises(MissingError, match=r"model\.skops"):
        ClassicalModel.load(tmp_path)


class Foreign:
    """A type that no model has."""


def test_foreign_types_are_not_loaded(tmp_path: Path) -> None:
    """A file with a type outside numpy, scikit-learn and ours is refused by name."""
    skops.io.dump({"pipeline": Foreign()}, tmp_path / "model.skops")
    with pytest.raises(VerificationError, match="Foreign"):
        ClassicalModel.load(tmp_path)


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
    sure = calibrate(wins.T + rng.normal(0, 0.1, (300, 3)), y)
    unsure = calibrate(wins.T + rng.normal(0, 2, (300, 3)), y)
    assert sure["scale"] * sure["power"] > unsure["scale"] * unsure["power"]
