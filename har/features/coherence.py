"""How two axes move together: the coherence of each pair of them, by frequency band."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from har.data.channels import by_placement, placed
from har.features.extractor import PlacedFeatures, WindowFeatures, window_features
from har.features.signals import BODY_ACC, GYRO, measurable
from har.features.spectra import bands

# Added to the power of a band, in (m/s²)² and (rad/s)²: no noise of a sensor is so small.
FLOOR = 1e-8


class Coherence(nn.Module):
    r"""The complex coherence of each pair of axes of one placement: no unit, at most 1 in size.

    Axes are those of body acceleration and, where it is measured, of angular velocity. Of
    the spectra A and B of two of them a band has, with sums over its frequencies,

    ===================  ==========================================
    feature              formula
    ===================  ==========================================
    <a>*<b>.in_phase_…   Re sum(A B*) / sqrt(sum\|A\|² sum\|B\|²)
    <a>*<b>.lagging_…    Im sum(A B*) / sqrt(sum\|A\|² sum\|B\|²)
    ===================  ==========================================

    It is Bendat and Piersol's coherence (2010, Random data, 4th edition, chapter 5), averaged
    over neighbouring frequencies in place of stretches of time, before its size is squared:
    its size tells how firmly two axes move together, and its angle how far one lags behind.

    Parameters
    ----------
    frequencies : Tensor of shape (n_frequencies,), Hz
        Of a `PowerSpectrum`.
    rate_hz : float
        Sampling rate, Hz.
    channels : sequence of str
        Of the windows.
    signals : sequence of str
        The names of those whose spectra `forward` is given.

    Attributes
    ----------
    names : tuple of str
        The name of each feature.
    """

    together: Tensor
    apart: Tensor

    def __init__(
        self, frequencies: Tensor, rate_hz: float, channels: Sequence[str], signals: Sequence[str]
    ) -> None:
        super().__init__()
        named, members = bands(frequencies, rate_hz)
        self.n_frequencies = len(frequencies)
        # Over all cosine parts, then all sine parts: their sum in a band, and their difference.
        self.register_buffer("together", torch.cat([members, members]), persistent=False)
        self.register_buffer("apart", torch.cat([members, -members]), persistent=False)
        pairs = _pairs(channels)
        axes = tuple(dict.fromkeys(axis for pair in pairs for axis in pair))
        self.axes = [signals.index(axis) for axis in axes]
        self.first, self.second = ([axes.index(pair[side]) for pair in pairs] for side in range(2))
        self.names = tuple(
            f"{a}*{b}.{part}_{band}"
            for part in ("in_phase", "lagging")
            for a, b in pairs
            for band in named
        )

    def forward(self, dft: Tensor) -> Tensor:
        """Return the features of shape (batch, n_features).

        Parameters
        ----------
        dft : Tensor of shape (batch, n_signals, 2 * n_frequencies)
            Of the signals (`PowerSpectrum.dft`).
        """
        axes = dft[:, self.axes]
        power = (axes * axes) @ self.together + FLOOR
        size = (power[:, self.first] * power[:, self.second]).sqrt()
        first, second = axes[:, self.first], axes[:, self.second]
        real, imaginary = torch.split(second, self.n_frequencies, dim=-1)
        turned = torch.cat([imaginary, real], dim=-1)
        parts = ((first * second) @ self.together / size, (first * turned) @ self.apart / size)
        return torch.cat([part.flatten(1) for part in parts], dim=1)


class WithCoherence(nn.Module):
    """The named features, and coherences after them.

    Parameters
    ----------
    named : WindowFeatures or PlacedFeatures
    coherence : Coherence
    """

    def __init__(self, named: WindowFeatures | PlacedFeatures, coherence: Coherence) -> None:
        super().__init__()
        self.named, self.coherence = named, coherence
        self.window_shape = named.window_shape
        self.names = (*named.names, *coherence.names)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features of shape (batch, n_features) of raw windows."""
        features, _, dft = self.named.describe(self.named.signals(windows))
        return torch.cat([features, self.coherence(dft)], dim=1)


def with_coherence(n_samples: int, rate_hz: float, channels: Sequence[str]) -> WithCoherence:
    """Return the extractor of named features and coherences."""
    named = window_features(n_samples, rate_hz, channels)
    coherence = Coherence(named.frequencies, rate_hz, channels, named.dynamic_names)
    return WithCoherence(named, coherence)


def _pairs(channels: Sequence[str]) -> list[tuple[str, str]]:
    """Return all pairs of axes of one placement, those of several one after the other."""
    return [
        pair
        for placement, own in by_placement(channels).items()
        for pair in combinations(placed(placement, measurable((*BODY_ACC, *GYRO), own)), 2)
    ]
