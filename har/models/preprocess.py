"""From raw windows to tokens of plain numbers, inside the model and its ONNX graph."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from har.features.extractor import WindowFeatures
from har.features.signals import BODY_ACC, GYRO, SIGNALS
from har.features.spectra import PowerSpectrum
from har.models.network import Standardise

# Without gravity: a patch of it tells how this person wears the sensor, and is learned by heart.
PATCH_SIGNALS = (*BODY_ACC, *GYRO)
SPECTRAL_SIGNALS = (*BODY_ACC, *GYRO, "vertical_acc", "body_acc_mag", "gyro_mag")
_PATCH_INDEX = [SIGNALS.index(name) for name in PATCH_SIGNALS]
_SPECTRAL_INDEX = [SIGNALS.index(name) for name in SPECTRAL_SIGNALS]
SIGNALS_PER_SPECTRUM = 3
# Little of human motion lies above.
SPECTRUM_HZ = 20.0
# Added to power before the log: below the noise of a phone's sensor.
FLOOR = 1e-6
# In standard deviations.
CLIP = 3.0


class Tokens(NamedTuple):
    """What a window looks like from three sides.

    Attributes
    ----------
    features : Tensor of shape (batch, 1, n_features)
        The engineered features.
    patches : Tensor of shape (batch, n_patches, 6 * patch)
        Stretches of body acceleration and angular velocity.
    spectra : Tensor of shape (batch, 3, 3 * n_frequencies)
        Log power of body acceleration, of angular velocity, and of their magnitudes.
    """

    features: Tensor
    patches: Tensor
    spectra: Tensor


class WindowTokens(nn.Module):
    """Compute tokens from raw windows.

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    rate_hz : float
        Sampling rate, Hz.
    patch : int
        Samples in one patch.
    """

    def __init__(self, n_samples: int, rate_hz: float, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.extractor = WindowFeatures(n_samples, rate_hz)
        self.spectrum = PowerSpectrum(n_samples, rate_hz, SPECTRUM_HZ)
        self.n_patches = n_samples // patch
        self.n_spectra = len(SPECTRAL_SIGNALS) // SIGNALS_PER_SPECTRUM
        n_features, n_frequencies = len(self.extractor.names), len(self.spectrum.frequencies)
        self.sizes = (n_features, len(PATCH_SIGNALS) * patch, SIGNALS_PER_SPECTRUM * n_frequencies)
        self.signal_scale = Standardise(len(PATCH_SIGNALS), 1, clip=CLIP)
        self.spectrum_scale = Standardise(len(SPECTRAL_SIGNALS), n_frequencies, clip=CLIP)
        self.feature_scale = Standardise(n_features, clip=CLIP)

    def forward(self, windows: Tensor) -> Tokens:
        """Return the tokens of raw windows of shape (batch, n_samples, 6)."""
        signals, power, features = self.measure(windows)
        # A reshape with -1: `unflatten` would fix the batch in the exported graph.
        patches = self.signal_scale(signals).reshape(
            -1, len(PATCH_SIGNALS), self.n_patches, self.patch
        )
        spectra = self.spectrum_scale(power).reshape(-1, self.n_spectra, self.sizes[-1])
        return Tokens(
            features=self.feature_scale(features).unsqueeze(1),
            patches=patches.transpose(1, 2).flatten(2),
            spectra=spectra,
        )

    def measure(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return signals, log power and features, each in its own unit."""
        signals = self.extractor.signals(windows)
        power = (self.spectrum(signals[:, _SPECTRAL_INDEX]) + FLOOR).log()
        return signals[:, _PATCH_INDEX], power, self.extractor.describe(signals)

    @torch.no_grad()
    def fit(self, batches: Iterable[Tensor]) -> None:
        """Learn the scales from raw windows of training subjects."""
        measured = [self.measure(batch) for batch in batches]
        signals, power, features = (torch.cat(part) for part in zip(*measured, strict=True))
        self.signal_scale.fit(signals, (0, 2))
        self.spectrum_scale.fit(power, (0,))
        self.feature_scale.fit(features, (0,))
