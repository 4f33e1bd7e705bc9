"""An export is a function of model and windows, and its files answer as evaluation does."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from har.config import ExportSettings, ExtraTreesSettings, WindowGrid
from har.data.windows import Windows
from har.export.alike import answers_elsewhere
from har.export.artifact import FILE, Builds
from har.export.builds import export
from har.export.web import WebRuntime
from har.measured import MEASURED
from har.models.config import HarEncoderConfig, describe
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.interface import load_model
from har.models.out_of_distribution import MahalanobisDetector
from har.models.smoothing import fit_smoothing
from har.serving.predictor import Predictor
from har.training.classical import train_classical

INT8 = onnx.TensorProto.INT8
SETTINGS = ExportSettings(
    **{"latency_repeats": 10, "calibration_windows": 64, "unknown_share": 0.05},
    **{"max_slowdown": 1e6, "max_latency_ms": 1e6, "min_agreement": 0, "max_macro_f1_drop": 1},
    max_answer_gap=1,
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
        kinds = ("static", "dynamic", "weights")
        assert {f"model-int8-{kind}.onnx" for kind in kinds} < names
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
        np.testing.assert_allclose(answers.distance, detector.score(test), rtol=1e-5)
        np.testing.assert_array_equal(answers.unknown, detector.is_unknown(test))
        assert answers.unknown[::5].all()
        assert not answers.unknown.all()
        assert predictor.smoothing is not None
        assert predictor.smoothing.to_dict() == fit_smoothing(small).to_dict()
        assert build.max_probability_gap < 0.2


def test_no_product_of_integers_can_overflow(exported: tuple[Path, Path]) -> None:
    """Every pair of neighbouring weights of every output, with the largest activations."""
    builds = {build.name: build for build in Builds.read(exported[0]).builds}
    for name, build in builds.items():
        graph = onnx.load(exported[0] / build.file).graph
        weights = [numpy_helper.to_array(t) for t in graph.initializer if t.data_type == INT8]
        matrices = [w.astype(np.int32) for w in weights if w.ndim > 1]
        assert bool(matrices) == name.startswith("int8")
        if name in ("fp32", "int8-weights"):
            assert build.pair_sum == 0
            continue
        for matrix in matrices:
            first, second = matrix[0::2], matrix[1::2]
            for sign in (1, -1):
                pairs = 255 * ((sign * first[: len(second)]).clip(0) + (sign * second).clip(0))
                assert pairs.max() <= 2**15 - 1
        assert build.pair_sum == max(2 * 255 * np.abs(matrix).max() for matrix in matrices)
        assert build.pair_sum == 32_640


def test_answers_alone_and_among_others(exported: tuple[Path, Path]) -> None:
    """Scales that are taken from a batch part them; nothing else does."""
    for build in Builds.read(exported[0]).builds:
        assert build.batch_gap is not None
        if build.name == "int8-dynamic":
            assert build.batch_gap > 1e-4
        else:
            assert build.batch_gap < 1e-5


def test_webassembly_answers_alike(
    exported: tuple[Path, Path], small: Windows, web: WebRuntime
) -> None:
    """What computes in float32 to five digits; integers as far as rounding lets them."""
    builds = Builds.read(exported[0]).builds
    paths = [exported[0] / build.file for build in builds]
    found = answers_elsewhere(paths, np.array(small.select("test").X), 5)
    for build, (answers,) in zip(builds, found, strict=True):
        assert answers.runtime.startswith("onnxruntime-web ")
        assert answers.gap < (0.05 if build.pair_sum else 1e-4), build.name
        assert answers.agreement > 0.98


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
