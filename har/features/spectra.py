"""Spectra of signals: a DFT as two matrix products with fixed cosines and sines."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from har.features.waves import Waves

TINY = 1e-12
# Added to power before the log: below the noise of a phone's sensor.
FLOOR = 1e-6
BAND_EDGES_HZ = (0.3, 1.0, 1.6, 2.2, 3.2, 4.5, 6.5, 10.0, 15.0)


class PowerSpectrum(nn.Module):
    """Power of each frequency of a centred, Hann-weighted signal.

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    rate_hz : float
        Sampling rate, Hz.
    max_hz : float, optional
        Highest frequency; default: half the rate.

    Attributes
    ----------
    frequencies : Tensor of shape (n_frequencies,), Hz
        From one cycle a window upward.
    """

    frequencies: Tensor
    weight: Tensor

    def __init__(self, n_samples: int, rate_hz: float, max_hz: float | None = None) -> None:
        super().__init__()
        time = torch.arange(n_samples, dtype=torch.float64)
        hann = 0.5 - 0.5 * (2 * math.pi * time / n_samples).cos()
        bins = torch.arange(1, n_samples // 2 + 1, dtype=torch.float64)
        bins = bins[bins * rate_hz / n_samples <= (max_hz or rate_hz)]
        # Power sums to the variance of a stationary signal (Welch's scaling).
        weight = hann * math.sqrt(2 / (n_samples * float((hann**2).sum())))
        self.register_buffer("frequencies", (bins * rate_hz / n_samples).float())
        self.register_buffer("weight", weight.float())
        self.waves = Waves(time, bins, n_samples)

    def forward(self, signals: Tensor) -> Tensor:
        """Return power of shape (..., n_frequencies), in the signal's unit squared."""
        real, imaginary = self.dft(signals)
        power: Tensor = real * real + imaginary * imaginary
        return power

    def dft(self, signals: Tensor) -> tuple[Tensor, Tensor]:
        """Return what power is the squared size of: cosine and sine parts, in the unit."""
        weighted = (signals - signals.mean(-1, keepdim=True)) * self.weight
        cosine, sine = self.waves()
        return weighted @ cosine, weighted @ sine


def bands(frequencies: Tensor, rate_hz: float) -> tuple[tuple[str, ...], Tensor]:
    """Return the bands below half the rate.

    Parameters
    ----------
    frequencies : Tensor of shape (n_frequencies,), Hz
    rate_hz : float
        Sampling rate, Hz.

    Returns
    -------
    names : tuple of str
        As ``0.3-1Hz``.
    members : Tensor of shape (n_frequencies, n_bands)
        1 where a frequency is in a band, else 0.
    """
    edges = [*(e for e in BAND_EDGES_HZ if e < rate_hz / 2), rate_hz / 2 * 1.001]
    pairs = list(pairwise(edges))
    low, high = (torch.tensor(side) for side in zip(*pairs, strict=True))
    f = frequencies[:, None]
    names = tuple(f"{low:g}-{high:.3g}Hz" for low, high in pairs)
    return names, ((f >= low) & (f < high)).float()


class SpectralStatistics(nn.Module):
    """Descriptions of a signal's power spectrum P over frequencies f.

    ==================  =================  ============================================
    statistic           unit               formula
    ==================  =================  ============================================
    log_power_<a>-<b>   ln(unit²)          ln(sum of P for a <= f < b Hz, plus 1e-6)
    centroid            Hz                 sum(f P) / sum(P)
    spread              Hz                 sqrt(sum((f - centroid)² P) / sum(P))
    spectral_entropy    -                  entropy of P / sum(P), over ln(n_frequencies)
    peak                Hz                 sum(f P⁴) / sum(P⁴), a peak that cannot jump
    ==================  =================  ============================================

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    rate_hz : float
        Sampling rate, Hz.
    """

    bands: Tensor

    def __init__(self, n_samples: int, rate_hz: float) -> None:
        super().__init__()
        self.spectrum = PowerSpectrum(n_samples, rate_hz)
        self.log_n = math.log(len(self.spectrum.frequencies))
        names, members = bands(self.spectrum.frequencies, rate_hz)
        self.register_buffer("bands", members)
        self.names = (
            *(f"log_power_{band}" for band in names),
            *("centroid", "spread", "spectral_entropy", "peak"),
        )

    def forward(self, signals: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names))."""
        power = self.spectrum(signals)
        share = power / (power.sum(-1, keepdim=True) + TINY)
        f = self.spectrum.frequencies
        centroid = (share * f).sum(-1, keepdim=True)
        variance = (share * (f - centroid) ** 2).sum(-1, keepdim=True)
        sharp = (share / (share.amax(-1, keepdim=True) + TINY)) ** 4
        parts = [
            (power @ self.bands + FLOOR).log(),
            centroid,
            (variance + TINY).sqrt(),
            -(share * (share + TINY).log()).sum(-1, keepdim=True) / self.log_n,
            (sharp * f).sum(-1, keepdim=True) / (sharp.sum(-1, keepdim=True) + TINY),
        ]
        return torch.cat(parts, dim=-1)
