"""The page's modules under Node answer as the predictor does, on real recordings."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import write_rule

from har.config import ExportSettings, LogisticSettings, WindowGrid
from har.data.recording import CHANNELS, Recording
from har.data.windows import Windows
from har.errors import MissingError, UsageError
from har.export.builds import export
from har.models.interface import load_model
from har.models.smoothing import Name
from har.serving.edge.folder import runtime_folder, write
from har.serving.predictor import Predictor
from har.serving.served import Served
from har.training.classical import train_classical

PROGRAM = Path(__file__).with_name("stream.mjs")
NODE = pytest.mark.skipif(shutil.which("node") is None, reason="no Node")


@pytest.fixture(scope="module")
def predictor(small: Windows, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Train a small model on real people, and export it."""
    model, onnx = (tmp_path_factory.mktemp(name) for name in ("model", "onnx"))
    settings = LogisticSettings(c_grid=(0.01,), copies=0)
    grid = WindowGrid()
    train_classical("logistic", small, model, settings=settings, window=grid, seed=0)
    reference = load_model(model).predict_proba(np.array(small.select("test").X))
    bounds = ExportSettings(latency_repeats=10, max_latency_ms=1e6)
    export("logistic", onnx, model, reference, small, window=grid, settings=bounds)
    return Predictor(onnx / "model-fp32.onnx")


def stream(folder: Path, recording: Recording, tmp_path: Path) -> list[dict[str, Any]]:
    """Return what the page answers to the samples of a recording."""
    samples = tmp_path / "samples"
    rows = recording.table[["time_s", *CHANNELS]].to_numpy(np.float64)
    samples.write_bytes(rows.tobytes())
    command = ["node", str(PROGRAM), str(folder), str(samples)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


@NODE
@pytest.mark.parametrize("smoother", ["none", "average", "hmm"])
def test_answers_are_the_predictors(
    smoother: Name,
    predictor: Predictor,
    recordings: list[Recording],
    web_package: Path,
    tmp_path: Path,
) -> None:
    """All windows of a test person's recording: the same activity, unknown ones too."""
    write(tmp_path / "site", Served(predictor, "har", "1", "0" * 64), web_package)
    facts = tmp_path / "site" / "model.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "smoother": smoother}))
    recording = next(r for r in recordings if r.meta.subject_id == "hapt-02")
    found = stream(tmp_path / "site", recording, tmp_path)
    expected = predictor.predict(recording, predictor.smoother(smoother))
    assert [one["activity"] for one in found] == expected["activity"].tolist()
    probability = np.array([one["probability"] for one in found])
    np.testing.assert_allclose(probability, expected["probability"], atol=1e-4)
    times = np.array([[one["start_s"], one["end_s"]] for one in found])
    np.testing.assert_allclose(times, expected[["start_s", "end_s"]], atol=1e-6)


def test_a_missing_runtime_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NODE_PATH", raising=False)
    with pytest.raises(MissingError, match=r"npm install onnxruntime-web"):
        runtime_folder(None)
    with pytest.raises(MissingError, match=r"ort-wasm-simd-threaded\.wasm"):
        runtime_folder(tmp_path)


def test_the_runtime_is_found_where_node_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In node_modules above the current folder, or in a folder of NODE_PATH."""
    package = tmp_path / "node_modules" / "onnxruntime-web"
    (package / "dist").mkdir(parents=True)
    for name in ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"):
        (package / "dist" / name).touch()
    inside, outside = tmp_path / "project" / "notes", tmp_path.parent
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert runtime_folder(None) == package
    monkeypatch.chdir(outside)
    monkeypatch.setenv("NODE_PATH", str(tmp_path / "node_modules"))
    assert runtime_folder(None) == package


def test_a_model_of_other_sensors_is_refused(tmp_path: Path) -> None:
    """A browser has one device, without a magnetometer."""
    predictor = Predictor(write_rule(tmp_path / "rule.onnx"))
    predictor.channels = ("acc_x", "wrist_acc_x")
    with pytest.raises(UsageError, match="the channels wrist_acc_x"):
        write(tmp_path / "site", Served(predictor, "har", "1", "0" * 64), tmp_path)
    turned = Predictor(write_rule(tmp_path / "rule.onnx", upright='"x"'))
    with pytest.raises(UsageError, match=r"window\.upright is x"):
        write(tmp_path / "site", Served(turned, "har", "1", "0" * 64), tmp_path)
    assert not (tmp_path / "site").exists()
