"""MiniRocket: its shares are those of the formula, and the same in ONNX."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest
import torch

from har.data.channels import placed
from har.data.recording import CHANNELS
from har.errors import DataError
from har.features.convolutions import STEP, MiniRocket, scale_of
from har.features.transformer import FeatureTransformer

N = 128
N_FEATURES = 84 * 30


@pytest.fixture(scope="module")
def windows() -> npt.NDArray[np.float32]:
    """Forty windows of noise with a drift, in all channels."""
    walk = np.random.default_rng(0).normal(size=(40, N, 6)).cumsum(1)
    return walk.astype(np.float32)


@pytest.fixture(scope="module")
def rocket(windows: npt.NDArray[np.float32]) -> MiniRocket:
    """Fit as many features as the model has."""
    return MiniRocket.fit(windows, N_FEATURES, seed=0).eval()


def test_shares_are_those_of_the_formula(
    rocket: MiniRocket, windows: npt.NDArray[np.float32]
) -> None:
    """Each feature, tap by tap: the share of samples where the weighted sum exceeds the bias."""
    found = rocket(torch.tensor(windows[:2])).numpy()
    scaled = np.round(windows[:2] / scale_of(CHANNELS).numpy() / STEP).astype(np.float64) * STEP
    kernels: dict[tuple[int, str], int] = {}
    for column, name in enumerate(rocket.names):
        _, dilation, taps, _ = name.split(".")
        d = int(dilation)
        row = kernels.setdefault((d, taps), len(kernels))
        order = rocket.dilations.index(d)
        x = scaled @ rocket.channels[order, row % 84]
        padded = np.pad(x, ((0, 0), (4 * d, 4 * d)))
        weights = np.where(np.isin(np.arange(9), [int(tap) for tap in taps]), 2, -1)
        total = sum(w * padded[:, i * d : i * d + N] for i, w in enumerate(weights))
        if row % 84 >= 42:
            total = total[:, 4 * d : N - 4 * d]
        share = (total > rocket.biases[column]).mean(1)
        np.testing.assert_allclose(found[:, column], share, atol=1e-6)
    assert len(kernels) == 84 * len(rocket.dilations)


def test_names_are_unique_and_one_for_each_number(
    rocket: MiniRocket, windows: npt.NDArray[np.float32]
) -> None:
    """Every feature has a name; dilations reach as far as the window."""
    assert len(set(rocket.names)) == N_FEATURES == rocket(torch.tensor(windows)).shape[1]
    assert max(rocket.dilations) * 8 < N


def test_biases_are_levels_that_windows_reach(
    rocket: MiniRocket, windows: npt.NDArray[np.float32]
) -> None:
    """Nearly every feature tells some windows from others."""
    assert (rocket(torch.tensor(windows)).std(0) > 0).float().mean() > 0.95


def test_the_seed_draws(windows: npt.NDArray[np.float32]) -> None:
    """The same seed gives the same features, another one others."""
    first, again, other = (MiniRocket.fit(windows, 84, seed=seed).biases for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_it_is_the_same_after_it_was_saved_and_in_onnx(
    windows: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    """Biases and channels are all there is to keep; ONNX Runtime gives the same shares."""
    fitted = FeatureTransformer(N, convolutions=168, seed=3).fit(windows)
    rocket = fitted.extractor_.convolutions
    assert isinstance(rocket, MiniRocket)
    restored = FeatureTransformer(N).restore(rocket.biases, rocket.channels)
    expected = restored.transform(windows)
    np.testing.assert_array_equal(fitted.transform(windows), expected)
    assert fitted.get_feature_names_out()[-1] == rocket.names[-1]
    axes = {"windows": {0: "batch"}}
    names = {"input_names": ["windows"], "dynamic_axes": axes, "dynamo": False}
    torch.onnx.export(rocket, (torch.zeros(2, N, 6),), str(tmp_path / "rocket.onnx"), **names)
    session = ort.InferenceSession(tmp_path / "rocket.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"windows": windows})
    np.testing.assert_array_equal(found, expected[:, -168:])


def test_windows_of_another_shape_are_refused() -> None:
    """The transformer is fitted to windows of its own length."""
    with pytest.raises(DataError, match="windows do not fit"):
        FeatureTransformer(N, convolutions=84).fit(np.zeros((2, 64, 6), np.float32))


def test_each_placement_has_the_scale_of_its_sensors() -> None:
    """One g counts as much as one rad/s wherever it is worn."""
    g, unit = [np.float32(9.80665)] * 3, [1.0] * 3
    assert scale_of(CHANNELS).tolist() == [*g, *unit]
    assert scale_of((*placed("a", CHANNELS), *placed("b", CHANNELS[:3]))).tolist() == [
        *g,
        *unit,
        *g,
    ]
