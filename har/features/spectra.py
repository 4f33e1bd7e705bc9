"""Spectra of signals: a DFT as one matrix product with fixed cosines and sines."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from har.features.waves import Waves

TINY = 1e-12
# Added to power before the log: below the noise of a phone's sensor.
FLOOR = 1e-6
# Second moments are taken about here, amid those of human motion: less is lost by rounding.
AROUND_HZ = 4.0
BAND_EDGES_HZ = (0.3, 1.0, 1.6, 2.2, 3.2, 4.5, 6.5, 10.0, 15.0)


class PowerSpectrum(nn.Module):
    """Power of each frequency of a centred, Hann-weighted signal.

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    rate_hz : float
        Sampling rate, Hz.

    Attributes
    ----------
    frequencies : Tensor of shape (n_frequencies,), Hz
        From one cycle a window up to half the rate.
    """

    frequencies: Tensor

    def __init__(self, n_samples: int, rate_hz: float) -> None:
        super().__init__()
        time = torch.arange(n_samples, dtype=torch.float64)
        hann = 0.5 - 0.5 * (2 * math.pi * time / n_samples).cos()
        bins = torch.arange(1, n_samples // 2 + 1, dtype=torch.float64)
        # Power sums to the variance of a stationary signal (Welch's scaling).
        weight = hann * math.sqrt(2 / (n_samples * float((hann**2).sum())))
        self.register_buffer("frequencies", (bins * rate_hz / n_samples).float(), persistent=False)
        self.n_frequencies = len(bins)
        self.waves = Waves(time, bins, n_samples, sines=bins, scale=weight)

    def forward(self, centred: Tensor) -> Tensor:
        """Return power of shape (..., n_frequencies), in the signal's unit squared.

        Parameters
        ----------
        centred : Tensor of shape (..., n_samples)
            Signals, each less its mean.
        """
        return self.power(self.dft(centred))

    def dft(self, centred: Tensor) -> Tensor:
        """Return all cosine parts, then all sine parts: (..., 2 * n_frequencies), in the unit."""
        waves: Tensor = centred @ self.waves()
        return waves

    def power(self, dft: Tensor) -> Tensor:
        """Return the power of what `dft` gave."""
        real, imaginary = torch.split(dft * dft, self.n_frequencies, dim=-1)
        power: Tensor = real + imaginary
        return power


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
    frequencies : Tensor of shape (n_frequencies,), Hz
        Of a `PowerSpectrum`.
    rate_hz : float
        Sampling rate, Hz.
    """

    first_moments: Tensor
    sums: Tensor

    def __init__(self, frequencies: Tensor, rate_hz: float) -> None:
        super().__init__()
        f = frequencies[:, None]
        self.entropy = Entropy(len(f))
        names, members = bands(frequencies, rate_hz)
        self.n_bands = len(names)
        first_moments = torch.cat([torch.ones_like(f), f], dim=1)
        about = (f - AROUND_HZ) ** 2
        for name, value in (
            ("first_moments", first_moments),
            ("sums", torch.cat([members, first_moments, about], dim=1)),
        ):
            self.register_buffer(name, value, persistent=False)
        self.names = (
            *(f"log_power_{band}" for band in names),
            *("centroid", "spread", "spectral_entropy", "peak"),
        )

    def forward(self, power: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names)) of power spectra."""
        in_bands, whole, moments = torch.split(power @ self.sums, [self.n_bands, 1, 2], dim=-1)
        whole = whole + TINY
        share = power / whole
        centroid, about = torch.split(moments / whole, 1, dim=-1)
        offset = centroid - AROUND_HZ
        variance = about - offset * offset
        square = share * share
        total, weighted = torch.split(square * square @ self.first_moments, 1, dim=-1)
        parts = [
            (in_bands + FLOOR).log(),
            centroid,
            variance.clamp(min=TINY).sqrt(),
            self.entropy(share),
            weighted / (total + TINY**2),
        ]
        return torch.cat(parts, dim=-1)


class Entropy(nn.Module):
    """The entropy of shares, from 0 for all in one place to 1 for equal ones.

    Parameters
    ----------
    n : int
        How many there are.
    """

    scale: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.full((n, 1), -1 / math.log(n)), persistent=False)

    def forward(self, share: Tensor) -> Tensor:
        """Return entropies of shape (..., 1) of shares of shape (..., n)."""
        entropies: Tensor = (share * (share + TINY).log()) @ self.scale
        return entropies
