"""The extractor: names, hand-computed values, invariances, and the same numbers in ONNX."""

import math
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from scipy.signal import butter, filtfilt

from har.data.channels import placed
from har.data.recording import ACC, CHANNELS, Recording
from har.errors import DataError
from har.features.extractor import WindowFeatures, window_features
from har.features.signals import WindowSignals
from har.features.spectra import PowerSpectrum
from har.features.transformer import FeatureTransformer

RATE_HZ, N = 50.0, 128
G = 9.81


@pytest.fixture(scope="module")
def features() -> WindowFeatures:
    """Make the extractor of 2.56 s at 50 Hz."""
    return WindowFeatures(N, RATE_HZ).eval()


@pytest.fixture(scope="module")
def real(recordings: list[Recording]) -> torch.Tensor:
    """Sixty windows of three real recordings."""
    from har.data.recording import CHANNELS

    cuts = [r.table[list(CHANNELS)].to_numpy()[500 : 500 + 20 * N] for r in recordings[:3]]
    return torch.tensor(np.concatenate(cuts).reshape(-1, N, 6))


def named(features: WindowFeatures, windows: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the value of each feature for each window, by name."""
    return dict(zip(features.names, features(windows).T, strict=True))


def still(n: int = 1) -> torch.Tensor:
    """Windows of a phone at rest, z up."""
    windows = torch.zeros(n, N, 6)
    windows[..., 2] = G
    return windows


def test_names_are_unique_and_one_for_each_number(features: WindowFeatures) -> None:
    """Every feature has a name of its own."""
    assert len(set(features.names)) == len(features.names) == 494
    assert features(still(3)).shape == (3, 494)


def test_gravity_alone_is_posture_and_nothing_else(features: WindowFeatures) -> None:
    """At rest there is gravity along z, no motion and no turn."""
    value = named(features, still())
    assert value["gravity_z.mean"].item() == pytest.approx(G, abs=1e-3)
    assert value["gravity_z.cosine"].item() == pytest.approx(1, abs=1e-5)
    assert value["gravity.norm"].item() == pytest.approx(G, abs=1e-3)
    for name in ("gravity_x.mean", "gravity.tilt", "body_acc_mag.std", "gyro_x.std", "jerk.sma"):
        assert value[name].item() == pytest.approx(0, abs=2e-3), name


@pytest.mark.parametrize("turn", [0.1, 0.5, 1.0])
def test_tilt_grows_with_the_angle_that_gravity_turns(
    features: WindowFeatures, turn: float
) -> None:
    """A slow turn shows as a tilt below its angle from second to second: the filter smooths."""
    angle = torch.linspace(0, turn, N)
    window = torch.zeros(1, N, 6)
    window[0, :, 0], window[0, :, 2] = G * angle.sin(), G * angle.cos()
    between_seconds = turn * (N - RATE_HZ) / (N - 1)
    tilt = named(features, window)["gravity.tilt"].item()
    assert 0.6 * between_seconds < tilt < between_seconds


def test_statistics_of_a_sine(features: WindowFeatures) -> None:
    """A turn rate of 2 sin(2 pi f t), whole periods: all statistics by hand."""
    f = 4 * RATE_HZ / N
    window = still()
    window[0, :, 3] = 2 * torch.sin(2 * math.pi * f * torch.arange(N) / RATE_HZ)
    value = named(features, window)
    assert value["gyro_x.mean"].item() == pytest.approx(0, abs=1e-5)
    assert value["gyro_x.std"].item() == pytest.approx(math.sqrt(2), rel=1e-4)
    assert value["gyro_x.mad"].item() == pytest.approx(4 / math.pi, rel=1e-2)
    assert value["gyro_x.log_rms"].item() == pytest.approx(math.log(math.sqrt(2) + 1e-3), abs=1e-4)
    assert value["gyro_x.skewness"].item() == pytest.approx(0, abs=1e-3)
    assert value["gyro_x.kurtosis"].item() == pytest.approx(math.log1p(1.5), abs=1e-3)
    assert value["gyro_x.crossings"].item() == pytest.approx(8 / N, abs=0.02)
    assert value["gyro_x.centroid"].item() == pytest.approx(f, rel=1e-3)
    assert value["gyro_x.peak"].item() == pytest.approx(f, rel=1e-3)
    assert value["gyro_x.log_power_1-1.6Hz"].item() > value["gyro_x.log_power_4.5-6.5Hz"].item()
    # One period of 32 samples is 0.64 s; the doubled length costs a quarter of the overlap.
    assert value["gyro_x.acf_peak"].item() == pytest.approx(0.75, abs=0.02)
    assert value["gyro.sma"].item() == pytest.approx(4 / math.pi, rel=1e-2)


def test_band_powers_add_up_to_the_variance(features: WindowFeatures) -> None:
    """Welch's scaling: the power of white noise over all bands is about its variance."""
    generator = torch.Generator().manual_seed(0)
    windows = still(64)
    windows[..., 4] = 0.5 * torch.randn(64, N, generator=generator)
    value = named(features, windows)
    power = sum(v.exp() for k, v in value.items() if k.startswith("gyro_y.log_power"))
    assert torch.as_tensor(power).mean().item() == pytest.approx(0.25, rel=0.05)


def test_quartiles_are_those_of_numpy(features: WindowFeatures, real: torch.Tensor) -> None:
    """Quartiles by sort and matrix product equal numpy's linear quantiles."""
    magnitude = features.signals(real)[:, -2].numpy()  # gyro_mag
    value = named(features, real)
    for quantile in (0.25, 0.5, 0.75):
        expected = np.quantile(magnitude, quantile, axis=1)
        found = value[f"gyro_mag.q{round(100 * quantile)}"].numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_plain_features_are_those_that_are_quick(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """The same numbers without quartiles and shapes, in the same order."""
    plain = WindowFeatures(N, RATE_HZ, statistics="plain").eval()
    slow = {*features.order.names, *features.shape.names}
    kept = [i for i, name in enumerate(features.names) if name.partition(".")[2] not in slow]
    assert plain.names == tuple(features.names[i] for i in kept)
    assert len(plain.names) == 494 - 10 * 4 - 16 * 9
    torch.testing.assert_close(plain(real), features(real)[:, kept])


def test_correlations_are_those_of_numpy(features: WindowFeatures, real: torch.Tensor) -> None:
    """Correlations within a sensor and across sensors are Pearson's."""
    signals, value = features.signals(real).numpy(), named(features, real)
    for name, i, j in (
        ("gyro_x*gyro_z.correlation", 6, 8),
        ("body_acc_y*gyro_x.correlation", 4, 6),
    ):
        expected = [np.corrcoef(window[i], window[j])[0, 1] for window in signals]
        np.testing.assert_allclose(value[name].numpy(), expected, atol=1e-3)


def test_magnitudes_do_not_depend_on_how_the_phone_lies(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """Features of magnitudes and of the vertical are the same after any rotation."""
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))
    rotation = rotation * torch.linalg.det(rotation)
    turned = torch.cat([real[..., :3] @ rotation, real[..., 3:] @ rotation], dim=-1)
    before, after = named(features, real), named(features, turned)
    invariant = ("vertical_acc.", "horizontal_acc.", "yaw_rate.", "body_acc_mag.", "gyro_mag.")
    for name in (n for n in features.names if n.startswith(invariant)):
        np.testing.assert_allclose(after[name], before[name], rtol=2e-2, atol=2e-2, err_msg=name)


def test_a_batch_equals_its_windows_one_by_one(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """No window's features depend on its neighbours in the batch."""
    one_by_one = torch.cat([features(window[None]) for window in real])
    np.testing.assert_allclose(features(real), one_by_one, rtol=1e-3, atol=1e-3)


def test_inference_and_training_give_the_same_numbers(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """The faster sort of inference changes no bit."""
    expected = features(real)
    with torch.inference_mode():
        assert torch.equal(features(real), expected)


def test_onnx_runtime_gives_the_same_numbers(
    features: WindowFeatures, real: torch.Tensor, tmp_path: Path
) -> None:
    """The exported graph agrees on real windows, at batch sizes it was not traced with."""
    path = tmp_path / "features.onnx"
    torch.onnx.export(
        features,
        (still(2),),
        str(path),
        input_names=["windows"],
        output_names=["features"],
        dynamic_axes={"windows": {0: "batch"}, "features": {0: "batch"}},
        opset_version=18,
        dynamo=False,
    )
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    for windows in (real, real[:1]):
        (found,) = session.run(None, {"windows": windows.numpy()})
        expected = features(windows).numpy()
        scale = np.abs(expected).mean(0) + 1
        assert np.abs((found - expected) / scale).max() < 1e-3


def test_features_of_acceleration_alone_are_those_made_of_it(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """The same numbers under the same names; none of them speaks of a gyroscope."""
    alone = WindowFeatures(N, RATE_HZ, ACC).eval()
    assert alone.window_shape == (N, 3)
    expected = [name for name in features.names if "gyro" not in name and "yaw" not in name]
    assert list(alone.names) == expected
    found, of_both = named(alone, real[..., :3]), named(features, real)
    for name in alone.names:
        torch.testing.assert_close(found[name], of_both[name], rtol=1e-4, atol=1e-4)


def test_features_of_two_placements_are_those_of_each(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """The chest's and then the wrist's, under its name; nothing crosses from one to the other."""
    channels = (*placed("chest", ACC), *placed("wrist", CHANNELS))
    both = window_features(N, RATE_HZ, channels).eval()
    chest = WindowFeatures(N, RATE_HZ, ACC).eval()
    turned = real[..., [1, 2, 0]]
    found = both(torch.cat([turned, real], dim=2))
    assert torch.equal(found, torch.cat([chest(turned), features(real)], dim=1))
    assert both.names == (*placed("chest", chest.names), *placed("wrist", features.names))
    assert both.names[0].startswith("chest.gravity_x.")
    assert both.window_shape == (N, 9)
    assert isinstance(window_features(N, RATE_HZ, ACC), WindowFeatures)


def test_the_transformer_is_the_extractor_in_batches(
    features: WindowFeatures, real: torch.Tensor
) -> None:
    """scikit-learn's face gives the extractor's numbers and names."""
    transformer = FeatureTransformer(N, RATE_HZ, batch_size=7)
    found = transformer.fit_transform(real.numpy())
    np.testing.assert_allclose(found, features(real), rtol=1e-3, atol=1e-3)
    assert tuple(transformer.get_feature_names_out()) == features.names


def test_the_transformer_refuses_windows_of_another_shape() -> None:
    """A window of the wrong length is an error that says which length is right."""
    with pytest.raises(DataError, match=r"\(n_windows, 128, 6\)"):
        FeatureTransformer().fit().transform(np.zeros((2, 64, 6), np.float32))


@pytest.mark.parametrize(("n_samples", "rate_hz"), [(64, 25.0), (200, 100.0)])
def test_other_lengths_and_rates(n_samples: int, rate_hz: float) -> None:
    """The extractor is not tied to 2.56 s at 50 Hz."""
    features = WindowFeatures(n_samples, rate_hz)
    generator = torch.Generator().manual_seed(0)
    found = features(torch.randn(3, n_samples, 6, generator=generator))
    assert found.shape == (3, len(features.names))
    assert found.isfinite().all()


def test_signals_are_those_of_the_plain_filters() -> None:
    """Gravity is a filtfilt and jerk a numpy gradient, to the precision of float32."""
    rng = np.random.default_rng(0)
    acc = (rng.normal(0, 2, (5, 128, 3)).cumsum(1) / 10 + 9.81).astype(np.float32)
    windows = torch.tensor(np.concatenate([acc, acc], axis=2))
    found = WindowSignals(128, 50.0)(windows).numpy()
    b, a = butter(3, 0.3, fs=50.0)
    gravity = filtfilt(b, a, acc.astype(np.float64), axis=1)
    np.testing.assert_allclose(found[:, :3], gravity.swapaxes(1, 2), atol=2e-5)
    jerk = np.gradient(acc - gravity, 1 / 50, axis=1)
    np.testing.assert_allclose(found[:, 9:12], jerk.swapaxes(1, 2), atol=2e-3)


def test_waves_are_the_same_in_a_graph(tmp_path: Path) -> None:
    """The graph computes what the module has as numbers, and holds none of them."""
    spectrum = PowerSpectrum(128, 50.0)
    signals = torch.randn(2, 3, 128, generator=torch.Generator().manual_seed(0))
    path = tmp_path / "spectrum.onnx"
    torch.onnx.export(spectrum, (signals,), str(path), input_names=["signals"], dynamo=False)
    assert path.stat().st_size < 5_000
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"signals": signals.numpy()})
    np.testing.assert_allclose(found, spectrum(signals), rtol=1e-4, atol=1e-6)
