"""Cosines and sines as fixed matrices that cost a graph no bytes."""

import math

import torch
from torch import Tensor, nn


class Waves(nn.Module):
    """The cosine and the sine of every time at every frequency.

    A graph holds how they are computed and not the numbers: what loads it computes
    them once, as it does with every expression of constants.

    Parameters
    ----------
    times, frequencies : Tensor of shape (n_times,), (n_frequencies,)
        Whole numbers.
    period : int
        A time times a frequency of this much is a full turn.
    """

    times: Tensor
    frequencies: Tensor
    cosine: Tensor
    sine: Tensor

    def __init__(self, times: Tensor, frequencies: Tensor, period: int) -> None:
        super().__init__()
        self.period = period
        angle = 2 * math.pi / period * (times.double()[:, None] * frequencies.double() % period)
        self.register_buffer("times", times.float()[:, None])
        self.register_buffer("frequencies", frequencies.float()[None])
        self.register_buffer("cosine", angle.cos().float(), persistent=False)
        self.register_buffer("sine", angle.sin().float(), persistent=False)

    def forward(self) -> tuple[Tensor, Tensor]:
        """Return cosines and sines of shape (n_times, n_frequencies)."""
        if not torch.onnx.is_in_onnx_export():
            return self.cosine, self.sine
        # Whole turns are taken off while the numbers are whole, so that float32 is exact.
        # An exporter keeps a product of matrices, where it would fold one of numbers.
        turns = torch.remainder(self.times @ self.frequencies, self.period)
        angle = turns * (2 * math.pi / self.period)
        return angle.cos(), angle.sin()
