"""Statistics of signals in time, each a smooth or piecewise linear function."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from har.features.waves import Waves

TINY = 1e-12


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

    def forward(self, signals: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names))."""
        mean = signals.mean(-1, keepdim=True)
        centred = signals - mean
        variance = (centred * centred).mean(-1, keepdim=True)
        rms = (signals * signals).mean(-1, keepdim=True).sqrt()
        parts = [
            mean,
            (variance + TINY).sqrt(),
            centred.abs().mean(-1, keepdim=True),
            (rms + 1e-3).log(),
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

    One sort, then a matrix product with fixed weights: `torch.quantile` does not
    export to ONNX.

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
        self.register_buffer("weights", weights)

    def forward(self, signals: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names))."""
        return _sorted(signals) @ self.weights


def _sorted(signals: Tensor) -> Tensor:
    """Sort each signal; outside of gradients and graphs numpy does it many times faster."""
    plain = not (signals.requires_grad or torch.onnx.is_in_onnx_export())
    if plain and signals.device.type == "cpu":
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
        # Wiener-Khinchin on a doubled length, so that the ends do not wrap around.
        time, frequency = torch.arange(n_samples), torch.arange(n_samples + 1)
        weight = torch.full((n_samples + 1,), 2.0)
        weight[[0, -1]] = 1.0
        wanted = torch.tensor([*lags, *range(first, last + 1)])
        self.there = Waves(time, frequency, 2 * n_samples)
        self.back = Waves(frequency, wanted, 2 * n_samples)
        self.register_buffer("weight", weight / (2 * n_samples))

    weight: Tensor

    def forward(self, signals: Tensor) -> Tensor:
        """Return statistics of shape (batch, n_signals, len(names))."""
        centred = signals - signals.mean(-1, keepdim=True)
        squares = centred * centred
        energy = squares.sum(-1, keepdim=True) + TINY
        variance = energy / self.n_samples
        scaled = centred / variance.sqrt()
        cubes = scaled * scaled * scaled
        sign = scaled / (scaled * scaled + 0.01).sqrt()
        share = squares / energy
        acf = self._autocorrelation(centred) / energy
        n_lags = len(self.LAGS_S)
        parts = [
            cubes.mean(-1, keepdim=True).atan(),
            (cubes * scaled).mean(-1, keepdim=True).log1p(),
            (1 - sign[..., 1:] * sign[..., :-1]).mean(-1, keepdim=True) / 2,
            -(share * (share + TINY).log()).sum(-1, keepdim=True) / math.log(self.n_samples),
            acf[..., :n_lags],
            acf[..., n_lags:].amax(-1, keepdim=True),
        ]
        return torch.cat(parts, dim=-1)

    def _autocorrelation(self, centred: Tensor) -> Tensor:
        cosine, sine = self.there()
        real, imaginary = centred @ cosine, centred @ sine
        inverse, _ = self.back()
        power: Tensor = (real * real + imaginary * imaginary) * self.weight
        found: Tensor = power @ inverse
        return found
