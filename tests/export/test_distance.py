"""The graph's distance is the detector's, for real windows and for foreign ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from har.data.windows import Windows
from har.errors import DataError
from har.evaluation.out_of_distribution import foreign_inputs
from har.export.compact import compact
from har.export.distance import MIN_OPSET, add_distance
from har.models.out_of_distribution import MahalanobisDetector
from har.models.runtime import OnnxModel

# Squares of differences are summed in float32; whitening enlarges what is lost.
RTOL = 1e-5


def graph(n_samples: int, opset: int = MIN_OPSET, *, n_channels: int = 6) -> onnx.ModelProto:
    """Return a graph that gives the first samples of windows as probabilities."""
    shape = ["batch", n_samples, n_channels]
    windows = helper.make_tensor_value_info("windows", TensorProto.FLOAT, shape)
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape)
    node = helper.make_node("Identity", ["windows"], ["probabilities"])
    made = helper.make_graph([node], "same", [windows], [output])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


@pytest.fixture(scope="module")
def detector(small: Windows) -> MahalanobisDetector:
    """Fit a detector on real windows."""
    train, validation = (small.select(s, labelled=False).X for s in ("train", "validation"))
    return MahalanobisDetector.fit(train, validation)


@pytest.fixture(scope="module")
def distance(
    detector: MahalanobisDetector, small: Windows, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the distance that a compacted file computes."""
    model, path = graph(small.X.shape[1]), tmp_path_factory.mktemp("distance") / "model.onnx"
    add_distance(model, detector)
    compact(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    loaded = OnnxModel(path)
    assert loaded.outputs == ("probabilities", "distance")
    return lambda windows: loaded.run(windows)["distance"]


def test_real_windows(
    distance: Callable[[np.ndarray], np.ndarray], detector: MahalanobisDetector, small: Windows
) -> None:
    """Those of every subject, and none."""
    np.testing.assert_allclose(distance(small.X), detector.score(small.X), rtol=RTOL)
    assert distance(small.X[:0]).shape == (0,)


def test_foreign_inputs(
    distance: Callable[[np.ndarray], np.ndarray], detector: MahalanobisDetector, small: Windows
) -> None:
    """Wrong units, dead axes, constants and noise among them."""
    for kind, windows in foreign_inputs(small.select("test").X[:100]).items():
        taken = windows.astype(np.float32)
        found, expected = distance(taken), detector.score(taken)
        np.testing.assert_allclose(found, expected, rtol=RTOL, err_msg=kind)
        unknown = ~(found.astype(float) <= detector.threshold)
        np.testing.assert_array_equal(unknown, detector.is_unknown(taken), err_msg=kind)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_have_no_distance(
    distance: Callable[[np.ndarray], np.ndarray], small: Windows, value: float
) -> None:
    """One sample of any channel is enough, and touches no other window."""
    windows = np.repeat(small.X[:1], 7, axis=0)
    for channel in range(6):
        windows[channel, 40, channel] = value
    assert np.isnan(distance(windows)).tolist() == [True] * 6 + [False]


def test_acceleration_alone(small: Windows, tmp_path: Path) -> None:
    """The graph computes the distance of one sensor, for foreign inputs too."""
    train, validation, test = (
        small.select(s, labelled=False).X[..., :3] for s in ("train", "validation", "test")
    )
    detector = MahalanobisDetector.fit(train, validation)
    model = graph(test.shape[1], n_channels=3)
    add_distance(model, detector)
    onnx.save(model, tmp_path / "alone.onnx")
    loaded, foreign = OnnxModel(tmp_path / "alone.onnx"), foreign_inputs(test[:100])
    assert not [kind for kind in foreign if "gyroscope" in kind]
    for kind, windows in {"real": test, **foreign}.items():
        taken = windows.astype(np.float32)
        found = loaded.run(taken)["distance"]
        np.testing.assert_allclose(found, detector.score(taken), rtol=RTOL, err_msg=kind)
    assert detector.is_unknown(foreign["acceleration in g"]).mean() > 0.95
    assert detector.is_unknown(test).mean() < 0.1


def test_windows_shorter_than_the_largest_lag(tmp_path: Path) -> None:
    """The quantities are as many as the detector was fitted on."""
    windows = np.random.default_rng(0).normal(1, 2, (300, 20, 6)).astype(np.float32)
    detector = MahalanobisDetector.fit(windows[:200], windows[200:])
    model = graph(20)
    add_distance(model, detector)
    onnx.save(model, tmp_path / "short.onnx")
    found = OnnxModel(tmp_path / "short.onnx").run(windows)["distance"]
    np.testing.assert_allclose(found, detector.score(windows), rtol=RTOL)


def test_a_graph_of_older_operators_is_refused(detector: MahalanobisDetector) -> None:
    """Before 18, reductions took their axes in another way."""
    with pytest.raises(DataError, match="operator set 18 or newer\n  found: operator set 17"):
        add_distance(graph(128, opset=17), detector)
