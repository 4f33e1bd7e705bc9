"""From raw windows to tokens of plain numbers, inside the model and its ONNX graph."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from har.config import Statistics
from har.data.channels import by_placement, has_gyro, has_mag, placed
from har.data.recording import CHANNELS
from har.features.extractor import window_features
from har.features.signals import BODY_ACC, FIELD, GYRO, measurable
from har.models.network import Standardise

SIGNALS_PER_SPECTRUM = 3
# Little of human motion lies above.
SPECTRUM_HZ = 20.0
# Added to power before the log: below the noise of a phone's sensor.
FLOOR = 1e-6
# In standard deviations.
CLIP = 3.0


def patch_signals(channels: Sequence[str]) -> tuple[str, ...]:
    """Return the signals whose stretches are tokens.

    Without gravity: a patch of it tells how this person wears the sensor, and is learned
    by heart.
    """
    return tuple(
        signal
        for placement, own in by_placement(channels).items()
        for signal in placed(placement, measurable((*BODY_ACC, *GYRO, *FIELD), own))
    )


def spectral_signals(channels: Sequence[str]) -> tuple[str, ...]:
    """Return the signals whose spectra are tokens, three of one placement in each."""
    both = (*BODY_ACC, *GYRO, "vertical_acc", "body_acc_mag", "gyro_mag")
    alone = (*BODY_ACC, "vertical_acc", "horizontal_acc", "body_acc_mag")
    return tuple(
        signal
        for placement, own in by_placement(channels).items()
        for signal in placed(
            placement,
            (*(both if has_gyro(own) else alone), *(FIELD if has_mag(own) else ())),
        )
    )


class Tokens(NamedTuple):
    """What a window looks like from three sides.

    Attributes
    ----------
    features : Tensor of shape (batch, 1, n_features)
        The engineered features.
    patches : Tensor of shape (batch, n_patches, n_signals * patch)
        Stretches of `patch_signals`.
    spectra : Tensor of shape (batch, n_spectra, 3 * n_frequencies)
        Log power of `spectral_signals`.
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
    channels : sequence of str, optional
        Of the windows.
    statistics : {"all", "plain"}
        Which features there are.
    """

    def __init__(
        self,
        n_samples: int,
        rate_hz: float,
        patch: int,
        channels: Sequence[str] = CHANNELS,
        statistics: Statistics = "all",
    ) -> None:
        super().__init__()
        self.patch = patch
        self.extractor = window_features(n_samples, rate_hz, channels, statistics)
        in_patches, in_spectra = patch_signals(channels), spectral_signals(channels)
        self.patch_index = [self.extractor.signal_names.index(name) for name in in_patches]
        self.spectral_index = [self.extractor.dynamic_names.index(name) for name in in_spectra]
        self.n_frequencies = int((self.extractor.frequencies <= SPECTRUM_HZ).sum())
        self.n_patches = n_samples // patch
        self.n_spectra = len(in_spectra) // SIGNALS_PER_SPECTRUM
        n_features, n_frequencies = len(self.extractor.names), self.n_frequencies
        self.sizes = (n_features, len(in_patches) * patch, SIGNALS_PER_SPECTRUM * n_frequencies)
        self.signal_scale = Standardise(len(in_patches), 1, clip=CLIP)
        self.spectrum_scale = Standardise(len(in_spectra), n_frequencies, clip=CLIP)
        self.feature_scale = Standardise(n_features, clip=CLIP)

    def forward(self, windows: Tensor) -> Tokens:
        """Return the tokens of raw windows of shape (batch, n_samples, n_channels)."""
        features, patches, spectra = self.rows(windows)
        return Tokens(
            features=features.unsqueeze(1),
            patches=patches.reshape(-1, self.n_patches, self.sizes[1]),
            spectra=spectra.reshape(-1, self.n_spectra, self.sizes[2]),
        )

    def rows(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the tokens of each kind as rows of one matrix: a window's own, then the next's."""
        signals, power, features = self.measure(windows)
        # A reshape with -1: `unflatten` would fix the batch in the exported graph.
        patches = self.signal_scale(signals).reshape(
            -1, len(self.patch_index), self.n_patches, self.patch
        )
        return (
            self.feature_scale(features),
            patches.transpose(1, 2).reshape(-1, self.sizes[1]),
            self.spectrum_scale(power).reshape(-1, self.sizes[2]),
        )

    def measure(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return signals, log power and features, each in its own unit."""
        signals = self.extractor.signals(windows)
        features, power, _ = self.extractor.describe(signals)
        spectra = (power[..., : self.n_frequencies][:, self.spectral_index] + FLOOR).log()
        return signals[:, self.patch_index], spectra, features

    @torch.no_grad()
    def fit(self, batches: Iterable[Tensor]) -> None:
        """Learn the scales from raw windows of training subjects."""
        measured = [self.measure(batch) for batch in batches]
        signals, power, features = (torch.cat(part) for part in zip(*measured, strict=True))
        self.signal_scale.fit(signals, (0, 2))
        self.spectrum_scale.fit(power, (0,))
        self.feature_scale.fit(features, (0,))
