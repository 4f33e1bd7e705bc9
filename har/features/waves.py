"""Cosines and sines as fixed matrices that cost a graph no bytes."""

import math

import torch
from torch import Tensor, nn


class Waves(nn.Module):
    """The cosine, and if asked for the sine, of every time at every frequency.

    A graph holds how they are computed and not the numbers: what loads it computes
    them once, as it does with every expression of constants.

    Parameters
    ----------
    times : Tensor of shape (n_times,)
        Whole numbers.
    cosines, sines : Tensor of shape (n_cosines,), (n_sines,)
        Frequencies, whole numbers; without any sines there are none.
    period : int
        A time times a frequency of this much is a full turn.
    scale : Tensor of shape (n_times,), optional
        What the waves of each time are multiplied by.
    """

    times: Tensor
    frequencies: Tensor
    phase: Tensor
    scale: Tensor
    matrix: Tensor

    def __init__(
        self,
        times: Tensor,
        cosines: Tensor,
        period: int,
        *,
        sines: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.period = period
        sines = cosines[:0] if sines is None else sines
        scale = torch.ones(len(times)) if scale is None else scale
        frequencies = torch.cat([cosines, sines])
        # A sine is the cosine a quarter of a turn earlier.
        phase = torch.cat([torch.zeros(len(cosines)), torch.full((len(sines),), -math.pi / 2)])
        turns = times.double()[:, None] * frequencies.double() % period
        matrix = (2 * math.pi / period * turns + phase.double()).cos() * scale.double()[:, None]
        # Persistent: an exporter takes what is not for numbers, and multiplies them.
        self.register_buffer("times", times.float()[:, None])
        self.register_buffer("frequencies", frequencies.float()[None])
        self.register_buffer("phase", phase)
        self.register_buffer("scale", scale.float()[:, None])
        self.register_buffer("matrix", matrix.float(), persistent=False)

    def forward(self) -> Tensor:
        """Return a matrix of shape (n_times, n_cosines + n_sines)."""
        if not torch.onnx.is_in_onnx_export():
            return self.matrix
        # Whole turns are taken off while the numbers are whole, so that float32 is exact.
        # An exporter keeps a product of matrices, where it would fold one of numbers.
        turns = torch.remainder(self.times @ self.frequencies, self.period)
        return (turns * (2 * math.pi / self.period) + self.phase).cos() * self.scale
