"""An export is a function of model and windows, and its files answer as evaluation does."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from har.config import ExportSettings, ExtraTreesSettings, WindowGrid
from har.data.windows import Windows
from har.export.artifact import FILE, Builds
from har.export.builds import export
from har.measured import MEASURED
from har.models.config import HarEncoderConfig, describe
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.interface import load_model
from har.models.out_of_distribution import MahalanobisDetector
from har.models.smoothing import fit_smoothing
from har.serving.predictor import Predictor
from har.training.classical import train_classical

SETTINGS = ExportSettings(
    **{"latency_repeats": 10, "calibration_windows": 64, "unknown_share": 0.05},
    **{"max_slowdown": 1e6, "max_latency_ms": 1e6, "min_agreement": 0, "max_macro_f1_drop": 1},
)


def save_encoder(folder: Path, windows: Windows) -> None:
    """Save an untrained encoder with a transformer's matrices and convolutions."""
    torch.manual_seed(0)
    config = HarEncoderConfig(**describe(WindowGrid(), windows.classes))
    network = HarEncoderForActivityRecognition(config)
    network.fit_preprocess(torch.tensor(windows.select("train").X))
    network.eval().save_pretrained(folder)


def save_trees(folder: Path, windows: Windows) -> None:
    """Train a few trees, whose graph is made of three."""
    settings = ExtraTreesSettings(n_estimators=5, min_samples_leaf=(2,))
    train_classical("extra-trees", windows, folder, settings=settings, window=WindowGrid(), seed=0)


MODELS: dict[str, Callable[[Path, Windows], None]] = {
    "encoder-small": save_encoder,
    "extra-trees": save_trees,
}


@pytest.fixture(scope="module", params=MODELS)
def exported(
    request: pytest.FixtureRequest, small: Windows, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Export a model twice."""
    model = tmp_path_factory.mktemp("model")
    MODELS[request.param](model, small)
    reference = load_model(model).predict_proba(np.array(small.select("test").X))
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for out in folders:
        export(
            *(request.param, out, model, reference, small),
            window=WindowGrid(),
            settings=SETTINGS,
        )
    return folders


def test_the_same_model_gives_the_same_bytes(exported: tuple[Path, Path]) -> None:
    """Every file but that of the latencies, int8 builds with fixed scales among them."""
    first, second = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in exported)
    names = {b.file for b in Builds.read(exported[0]).builds}
    assert set(first) == set(second) == names | {FILE, MEASURED}
    if Builds.read(exported[0]).candidate == "encoder-small":
        assert "model-int8-static.onnx" in names
    for name in set(first) - {MEASURED}:
        assert first[name] == second[name], name


def test_every_build_answers_as_evaluation_does(
    exported: tuple[Path, Path], small: Windows
) -> None:
    """Distance, threshold and smoothers are those fitted on the same people."""
    train, validation = (small.select(s, labelled=False).X for s in ("train", "validation"))
    detector = MahalanobisDetector.fit(train, validation, refused=SETTINGS.unknown_share)
    test = np.array(small.select("test").X)
    test[::5, :, :3] /= 9.80665
    for build in Builds.read(exported[0]).builds:
        predictor = Predictor(exported[0] / build.file)
        answers = predictor.answer(test)
        np.testing.assert_allclose(answers.distance, detector.score(test), rtol=1e-7)
        np.testing.assert_array_equal(answers.unknown, detector.is_unknown(test))
        assert answers.unknown[::5].all()
        assert not answers.unknown.all()
        assert predictor.smoothing is not None
        assert predictor.smoothing.to_dict() == fit_smoothing(small).to_dict()
        assert build.max_probability_gap < 0.2


def test_a_file_says_what_it_is(exported: tuple[Path, Path], small: Windows) -> None:
    """The graph is valid, and its metadata names what goes in and comes out."""
    builds = Builds.read(exported[0])
    for build in builds.builds:
        model = onnx.load(exported[0] / build.file)
        onnx.checker.check_model(model, full_check=True)
        facts = {entry.key: entry.value for entry in model.metadata_props}
        assert facts["candidate"] == builds.candidate
        assert tuple(json.loads(facts["classes"])) == small.classes
        assert (facts["rate_hz"], facts["n_samples"], facts["n_hop"]) == ("50.0", "128", "64")
        assert [output.name for output in model.graph.output] == ["probabilities", "distance"]
