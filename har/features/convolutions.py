"""Features of convolutions: MiniRocket as a torch module, the same in training and in ONNX."""

from collections.abc import Sequence
from itertools import combinations
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from har.arrays import Float32, Float64
from har.data.channels import bare
from har.data.gravity import STANDARD_GRAVITY
from har.data.recording import ACC, CHANNELS, MAG
from har.features.coherence import WithCoherence
from har.features.extractor import PlacedFeatures, WindowFeatures
from har.features.signals import FIELD_UT

TAPS = 9
Patterns = tuple[tuple[int, ...], ...]
PATTERNS: Patterns = tuple(combinations(range(TAPS), 3))  # taps of weight 2, the others have -1
MOST_DILATIONS = 32
# Of one g or one rad/s. On this grid float32 adds up every convolution of up to 56 g without
# rounding, in any order: so no machine and no runtime sees another sample above a bias.
STEP = 1 / 4096


class MiniRocket(nn.Module):
    """Shares of a window in which fixed convolutions of it exceed a bias.

    The transform of Dempster, Schmidt and Webb (2021, doi:10.1145/3447548.3467231)
    with its extension to several channels: all 84 kernels of nine taps of which three
    weigh 2 and six -1, at dilations up to the window's length, each over a few
    channels. A feature is a share of samples, without unit, named
    ``minirocket.<dilation>.<taps>.<number>``.

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    channels : ndarray of shape (n_dilations, 84, n_channels), bool
        Which channels each convolution adds up.
    biases : ndarray of shape (n_features,)
        By dilation, then kernel in the order of `names`, then number.
    of : sequence of str, optional
        The names of the channels.

    Attributes
    ----------
    names : tuple of str
        The name of each feature.
    """

    scale: Tensor
    lengths: Tensor

    def __init__(
        self,
        n_samples: int,
        channels: npt.NDArray[np.bool_],
        biases: Float32,
        of: Sequence[str] = CHANNELS,
    ) -> None:
        super().__init__()
        self.n_samples, self.channels, self.biases = n_samples, channels, biases
        self.dilations, counts = _dilations(n_samples, len(biases) // len(PATTERNS))
        self.register_buffer("scale", scale_of(of))
        self.register_buffer("lengths", _lengths(n_samples, self.dilations, counts))
        sizes = [len(PATTERNS) * count for count in counts]
        own = torch.split(torch.tensor(biases, dtype=torch.float32), sizes)
        parts = zip(self.dilations, _patterns(len(sizes)), channels, own, strict=True)
        self.convolutions = nn.ModuleList(_Dilation(*part) for part in parts)
        self.names = tuple(
            f"minirocket.{dilation}.{a}{b}{c}.{number}"
            for dilation, count, order in zip(
                self.dilations, counts, _patterns(len(sizes)), strict=True
            )
            for a, b, c in order
            for number in range(count)
        )

    @classmethod
    def fit(cls, X: Float32, n_features: int, seed: int, of: Sequence[str] = CHANNELS) -> Self:
        """Draw channels, and biases from what the convolutions of some windows give.

        Parameters
        ----------
        X : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        n_features : int
            84 or more; rounded down to a multiple of 84.
        seed : int
            Of the draws.
        of : sequence of str, optional
            The names of the channels.
        """
        _, n_samples, n_channels = X.shape
        generator = np.random.default_rng(seed)
        dilations, counts = _dilations(n_samples, n_features // len(PATTERNS))
        channels = _draw_channels(generator, len(dilations), n_channels)
        golden = (np.sqrt(5) + 1) / 2
        quantiles = (np.arange(1, len(PATTERNS) * sum(counts) + 1) * golden) % 1
        of_kernel = iter(np.split(quantiles, np.cumsum(np.repeat(counts, len(PATTERNS)))[:-1]))
        biases: list[Float64] = []
        for dilation, order, mask in zip(
            dilations, _patterns(len(dilations)), channels, strict=True
        ):
            # One window for each kernel: of all of them with all kernels, the diagonal.
            drawn = torch.tensor(X[generator.integers(len(X), size=len(PATTERNS))])
            x = _on_grid(drawn, scale_of(of))
            found = _convolve(x, _weights(order, mask), dilation).diagonal().T.numpy()
            biases += [np.quantile(row, next(of_kernel)) for row in found]
        return cls(n_samples, channels, np.concatenate(biases).astype(np.float32), of)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s

        Returns
        -------
        Tensor of shape (batch, n_features), from 0 to 1
        """
        x = _on_grid(windows, self.scale)
        return torch.cat([convolve(x) for convolve in self.convolutions], dim=1) / self.lengths


class _Dilation(nn.Module):
    """All kernels at one dilation, half of them only where they need no padding."""

    weights: Tensor
    everywhere: Tensor
    inside: Tensor

    def __init__(
        self, dilation: int, patterns: Patterns, channels: npt.NDArray[np.bool_], biases: Tensor
    ) -> None:
        super().__init__()
        self.dilation, self.n_padded = dilation, len(patterns) // 2
        self.register_buffer("weights", _weights(patterns, channels))
        everywhere, inside = biases.reshape(len(patterns), -1, 1).chunk(2)
        self.register_buffer("everywhere", everywhere)
        self.register_buffer("inside", inside)

    def forward(self, x: Tensor) -> Tensor:
        """Return how many samples are above each bias, shape (batch, 84 * n_biases)."""
        padded = _convolve(x, self.weights[: self.n_padded], self.dilation)
        plain = nn.functional.conv1d(x, self.weights[self.n_padded :], dilation=self.dilation)
        return torch.cat([_above(padded, self.everywhere), _above(plain, self.inside)], dim=1)


def scale_of(channels: Sequence[str]) -> Tensor:
    """Return what channels are divided by, so that one g, one rad/s and 64 µT count as much."""
    own = dict.fromkeys(ACC, STANDARD_GRAVITY) | dict.fromkeys(MAG, FIELD_UT)
    return torch.tensor([own.get(bare(name), 1.0) for name in channels])


def _on_grid(windows: Tensor, scale: Tensor) -> Tensor:
    """Return windows in g and rad/s as (batch, n_channels, n_samples), in whole steps."""
    return (torch.round(windows / scale / STEP) * STEP).transpose(1, 2)


def _above(x: Tensor, biases: Tensor) -> Tensor:
    """Return how often (batch, kernels, time) is above each kernel's biases."""
    # As float32, which is exact: ONNX Runtime adds up whole numbers many times slower.
    return (x.unsqueeze(2) > biases).float().sum(-1).flatten(1)


def _dilations(n_samples: int, each: int) -> tuple[list[int], list[int]]:
    """Return dilations, and of each how many of the `each` features a kernel has."""
    n = min(each, MOST_DILATIONS)
    largest = np.log2((n_samples - 1) / (TAPS - 1))
    dilations, counts = np.unique(
        np.logspace(0, largest, n, base=2).astype(int), return_counts=True
    )
    counts = (counts * (each / n)).astype(int)
    counts[: each - counts.sum()] += 1
    return dilations.tolist(), counts.tolist()


def _lengths(n_samples: int, dilations: Sequence[int], counts: Sequence[int]) -> Tensor:
    """Return of how many samples each feature is the share."""
    half = len(PATTERNS) // 2
    return torch.cat(
        [
            torch.full((half * count,), float(length))
            for dilation, count in zip(dilations, counts, strict=True)
            for length in (n_samples, n_samples - (TAPS - 1) * dilation)
        ]
    )


def _draw_channels(
    generator: np.random.Generator, n_dilations: int, n_channels: int
) -> npt.NDArray[np.bool_]:
    """Return a few channels for each convolution, fewer more often."""
    most = np.log2(n_channels + 1)
    n = (2 ** generator.uniform(0, most, (n_dilations, len(PATTERNS), 1))).astype(int)
    ranks = generator.random((n_dilations, len(PATTERNS), n_channels)).argsort(-1).argsort(-1)
    chosen: npt.NDArray[np.bool_] = ranks < n
    return chosen


def _patterns(n_dilations: int) -> list[Patterns]:
    """Return the kernels of each dilation: first those that count where they are padded, too."""
    return [
        PATTERNS[i % 2 :: 2] + PATTERNS[1 - i % 2 :: 2]  # by turns, as the paper has it
        for i in range(n_dilations)
    ]


def _weights(patterns: Patterns, channels: npt.NDArray[np.bool_]) -> Tensor:
    """Return the kernels of shape (84, n_channels, 9), zero for channels that are not theirs."""
    kernels = np.full((len(patterns), 1, TAPS), -1, np.float32)
    for kernel, taps in zip(kernels[:, 0], patterns, strict=True):
        kernel[list(taps)] = 2
    return torch.tensor(kernels * channels[..., None])


def _convolve(x: Tensor, weights: Tensor, dilation: int) -> Tensor:
    """Return convolutions of shape (batch, 84, n_samples), padded with zeros."""
    return nn.functional.conv1d(x, weights, padding=TAPS // 2 * dilation, dilation=dilation)


Described = WindowFeatures | PlacedFeatures | WithCoherence


class WithConvolutions(nn.Module):
    """The named features, with or without coherences, and MiniRocket's after them.

    Parameters
    ----------
    named : WindowFeatures, PlacedFeatures or WithCoherence
    convolutions : MiniRocket
    """

    def __init__(self, named: Described, convolutions: MiniRocket) -> None:
        super().__init__()
        self.named, self.convolutions = named, convolutions
        self.window_shape = named.window_shape
        self.names = (*named.names, *convolutions.names)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features of shape (batch, n_features) of raw windows."""
        return torch.cat([self.named(windows), self.convolutions(windows)], dim=1)


Extractor = Described | WithConvolutions
