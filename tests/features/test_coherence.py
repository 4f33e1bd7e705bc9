"""Coherence of pairs of axes, against values worked out by hand."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from har.features.coherence import Coherence
from har.features.spectra import PowerSpectrum
from har.features.transformer import FeatureTransformer

N, RATE_HZ = 128, 50.0
ACC = ("acc_x", "acc_y", "acc_z")
BODY = ("body_acc_x", "body_acc_y", "body_acc_z")
# Twice a window's fifth frequency is in the band from 3.2 to 4.5 Hz, the fifth from 1.6 to 2.2 Hz.
TIME = 2 * math.pi * 5 * torch.arange(N) / N


def coherence(*axes: Tensor) -> dict[str, float]:
    """Return the features of body acceleration by their names."""
    spectrum = PowerSpectrum(N, RATE_HZ)
    module = Coherence(spectrum.frequencies, RATE_HZ, ACC, BODY)
    (found,) = module(spectrum.dft(torch.stack(axes)[None])).tolist()
    return dict(zip(module.names, found, strict=True))


@pytest.mark.parametrize(
    ("lag", "in_phase", "lagging"),
    [(0, 1, 0), (math.pi, -1, 0), (math.pi / 2, 0, 1), (math.pi / 3, 0.5, math.sqrt(3) / 2)],
)
def test_it_is_the_cosine_and_the_sine_of_the_lag(
    lag: float, in_phase: float, lagging: float
) -> None:
    """Two equal waves of any size, one of which lags: size 1, and the lag as its angle."""
    found = coherence(TIME.cos(), 3 * (TIME - lag).cos(), torch.zeros(N))
    pair = "body_acc_x*body_acc_y"
    assert found[f"{pair}.in_phase_1.6-2.2Hz"] == pytest.approx(in_phase, abs=1e-3)
    assert found[f"{pair}.lagging_1.6-2.2Hz"] == pytest.approx(lagging, abs=1e-3)


def test_waves_of_other_frequencies_do_not_cohere() -> None:
    """An axis at twice the other's frequency has nothing in its band, nor has one at rest."""
    found = coherence(TIME.cos(), (2 * TIME).cos(), torch.zeros(N))
    assert max(map(abs, found.values())) < 1e-2


def test_noise_of_its_own_lowers_it() -> None:
    """Of two waves in phase one has another of its size, a quarter turn on: cos 45° is left."""
    found = coherence(TIME.cos(), TIME.cos() + TIME.sin(), torch.zeros(N))
    assert found["body_acc_x*body_acc_y.in_phase_1.6-2.2Hz"] == pytest.approx(
        math.sqrt(0.5), abs=1e-3
    )


def test_it_comes_after_the_named_features_and_before_convolutions() -> None:
    """With acceleration alone there are 3 pairs, with both sensors 15, each placement by itself."""
    windows = np.random.default_rng(0).normal(size=(3, N, 3)).astype(np.float32)
    plain = FeatureTransformer(channels=ACC).fit()
    fitted = FeatureTransformer(channels=ACC, coherence=True, convolutions=84).fit(windows)
    names = list(fitted.get_feature_names_out())
    assert names[:313] == list(plain.get_feature_names_out())
    assert len(names) == 313 + 3 * 9 * 2 + 84
    np.testing.assert_array_equal(fitted.transform(windows)[:, :313], plain.transform(windows))
    worn = tuple(f"{p}.{c}" for p in ("wrist", "chest") for c in ACC)
    both = FeatureTransformer(channels=worn, coherence=True).fit().get_feature_names_out()
    pairs = {name.partition(".in_phase")[0] for name in both if "in_phase" in name}
    assert len(pairs) == 6
    assert all(len({axis.split(".")[0] for axis in pair.split("*")}) == 1 for pair in pairs)
