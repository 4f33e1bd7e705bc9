"""Statistics of signals in time, each a smooth or piecewise linear function."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from har.features.spectra import Entropy
from har.features.waves import Waves

TINY = 1e-12


class Moments(NamedTuple):
    """What several statistics of signals begin with.

    Attributes
    ----------
    mean, variance, deviation : Tensor of shape (batch, n_signals, 1)
        Population variance and its root.
    centred : Tensor of shape (batch, n_signals, n_samples)
        The signals less their means.
    """

    mean: Tensor
    variance: Tensor
    deviation: Tensor
    centred: Tensor

    @classmethod
    def of(cls, signals: Tensor) -> "Moments":
        """Return the moments of signals of shape (batch, n_signals, n_samples)."""
        mean = signals.mean(-1, keepdim=True)
        centred = signals - mean
        variance = (centred * centred).mean(-1, keepdim=True)
        return cls(mean, variance, (variance + TINY).sqrt(), centred)


class LevelStatistics(nn.Module):
    """Where a signal lies and how far it spreads, in the signal's own unit.

    =========  ==============================================================
    statistic  formula
    =========  ==============================================================
    mean       mean
    std        population standard deviation
    mad        mean absolute deviation from the mean
    log_rms    ln(root mean square + 1e-3 of the unit), the log of the energy
    =========  ==============================================================
    """

    names = ("mean", "std", "mad", "log_rms")

    def forward(self, moments: Moments) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names))."""
        mean, variance, deviation, centred = moments
        parts = [
            mean,
            deviation,
            centred.abs().mean(-1, keepdim=True),
            ((variance + mean * mean).sqrt() + 1e-3).log(),
        ]
        return torch.cat(parts, dim=-1)


class OrderStatistics(nn.Module):
    """Quartiles of a signal, in its own unit.

    ==============  =========================================================
    statistic       formula
    ==============  =========================================================
    q25, q50, q75   quartiles, linear between the two nearest order statistics
    iqr             q75 - q25
    ==============  =========================================================

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    """

    names = ("q25", "q50", "q75", "iqr")
    weights: Tensor

    def __init__(self, n_samples: int) -> None:
        super().__init__()
        weights = torch.zeros(n_samples, 4)
        for column, quantile in enumerate((0.25, 0.5, 0.75)):
            place = quantile * (n_samples - 1)
            low = math.floor(place)
            weights[low, column] = 1 - (place - low)
            weights[low + 1, column] = place - low
        weights[:, 3] = weights[:, 2] - weights[:, 0]
        self.used = int(weights.any(1).nonzero().max()) + 1
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, signals: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names))."""
        if torch.onnx.is_in_onnx_export():
            # No more than the third quartile needs; `har.export.quartiles` looks for a TopK.
            smallest = signals.topk(self.used, dim=-1, largest=False).values
            return smallest @ self.weights[: self.used]
        return _sorted(signals) @ self.weights


def _sorted(signals: Tensor) -> Tensor:
    """Sort each signal; outside of gradients numpy does it many times faster."""
    if not signals.requires_grad and signals.device.type == "cpu":
        return torch.from_numpy(np.sort(signals.numpy(), axis=-1))
    return signals.sort(-1).values


class ShapeStatistics(nn.Module):
    """How a signal moves, whatever its size: no unit.

    ==============  ===============================================================
    statistic       formula
    ==============  ===============================================================
    skewness        third standardised moment, through arctan
    kurtosis        fourth standardised moment, through ln(1 + x)
    crossings       share of steps over which the centred signal changes sign, with
                    x / sqrt(x² + (std/10)²) in the place of the sign
    time_entropy    entropy of the share of energy of each sample, over ln(n_samples)
    acf_<lag>       autocorrelation at a lag in s
    acf_peak        largest autocorrelation between 0.3 s and 1.2 s: how periodic
    ==============  ===============================================================

    The smooth sign keeps sensor noise about zero, and float rounding, from
    counting as movement.

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    rate_hz : float
        Sampling rate, Hz.
    """

    LAGS_S = (0.1, 0.2, 0.4, 0.8)
    PERIODS_S = (0.3, 1.2)

    def __init__(self, n_samples: int, rate_hz: float) -> None:
        super().__init__()
        self.n_samples = n_samples
        self.names = (
            *("skewness", "kurtosis", "crossings", "time_entropy"),
            *(f"acf_{lag}s" for lag in self.LAGS_S),
            "acf_peak",
        )
        first, last = (min(round(s * rate_hz), n_samples - 1) for s in self.PERIODS_S)
        lags = [min(round(s * rate_hz), n_samples - 1) for s in self.LAGS_S]
        self.entropy = Entropy(n_samples)
        self.autocorrelation = Autocorrelation(n_samples, (*lags, *range(first, last + 1)))

    def forward(self, unit: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names)).

        Parameters
        ----------
        unit : Tensor of shape (batch, n_signals, n_samples)
            Signals, centred and scaled to norm 1.
        """
        n, n_lags = self.n_samples, len(self.LAGS_S)
        share = unit * unit
        cubes, fourths = (x.sum(-1, keepdim=True) for x in (share * unit, share * share))
        sign = unit / (share + 0.01 / n).sqrt()
        alike = (sign[..., 1:] * sign[..., :-1]).mean(-1, keepdim=True)
        acf = self.autocorrelation(unit)
        parts = [
            (cubes * math.sqrt(n)).atan(),
            (fourths * n + 1).log(),
            0.5 - 0.5 * alike,
            self.entropy(share),
            acf[..., :n_lags],
            acf[..., n_lags:].amax(-1, keepdim=True),
        ]
        return torch.cat(parts, dim=-1)


class Autocorrelation(nn.Module):
    """Autocorrelation of signals at some lags: the spectrum of their power (Wiener, Khinchin).

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    lags : sequence of int
        Samples, below `n_samples`.
    """

    def __init__(self, n_samples: int, lags: tuple[int, ...]) -> None:
        super().__init__()
        # So long, and even, that no lag wraps around the end.
        period = n_samples + max(lags) + (n_samples + max(lags)) % 2
        cosines = torch.arange(period // 2 + 1)
        sines = cosines[1:-1]
        self.there = Waves(torch.arange(n_samples), cosines, period, sines=sines)
        weight = torch.full((period // 2 + 1,), 2.0 / period)
        weight[[0, -1]] = 1.0 / period
        self.back = Waves(
            torch.cat([cosines, sines]),
            torch.tensor(lags),
            period,
            scale=torch.cat([weight, weight[1:-1]]),
        )

    def forward(self, unit: Tensor) -> Tensor:
        """Return autocorrelations of shape (..., n_lags) of signals of norm 1."""
        waves = unit @ self.there()
        found: Tensor = (waves * waves) @ self.back()
        return found
