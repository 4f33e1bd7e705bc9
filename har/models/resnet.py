# mypy: disable-error-code="no-untyped-call"
"""A residual network of convolutions: the supervised control for everything pretrained."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification

from har.config import ResnetSettings, WindowGrid
from har.data.recording import CHANNELS
from har.models.config import HarResnetConfig, describe
from har.models.network import ChannelClassifier


class ResidualBlock(nn.Module):
    """Convolutions with batch norm, around which the input goes as well.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    kernels : sequence of int
        Samples that the convolutions span, one after the other.
    """

    def __init__(self, n_in: int, n_out: int, kernels: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for size_in, kernel in zip([n_in] + [n_out] * (len(kernels) - 1), kernels, strict=True):
            layers += [_convolution(size_in, n_out, kernel), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers[:-1])
        self.shortcut = _convolution(n_in, n_out, 1) if n_in != n_out else nn.BatchNorm1d(n_out)

    def forward(self, values: Tensor) -> Tensor:
        """Return values of shape (batch, n_out, n_samples)."""
        return torch.relu(self.convolutions(values) + self.shortcut(values))


class HarResnetForActivityRecognition(ChannelClassifier):
    """The ResNet of Wang, Yan & Oates (2017), over standardised channels.

    Parameters
    ----------
    config : HarResnetConfig
        Sizes.

    References
    ----------
    Wang, Yan & Oates (2017), Time series classification from scratch with deep
    neural networks: a strong baseline, IJCNN.
    """

    config_class = HarResnetConfig
    lora_targets = ("conv",)

    def __init__(self, config: HarResnetConfig) -> None:
        super().__init__(config)
        sizes = [len(config.channels), *config.filters]
        self.blocks = nn.ModuleList(
            ResidualBlock(n_in, n_out, config.kernels) for n_in, n_out in pairwise(sizes)
        )
        self.head = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(sizes[-1], config.num_labels)
        )
        self.post_init()

    def stages(self) -> list[nn.Module]:
        """Return the blocks."""
        return list(self.blocks)

    def features(self, values: Tensor) -> Tensor:
        """Return the means over time of the last block's channels."""
        values = values.transpose(1, 2)
        for block in self.blocks:
            values = block(values)
        return values.mean(2)


def make_resnet(
    settings: ResnetSettings,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str] = CHANNELS,
) -> HarResnetForActivityRecognition:
    """Make an untrained network for these windows and classes."""
    config = HarResnetConfig(
        filters=settings.filters,
        kernels=settings.kernels,
        dropout=settings.dropout,
        **describe(window, classes, channels),
    )
    return HarResnetForActivityRecognition(config)


def _convolution(n_in: int, n_out: int, kernel: int) -> nn.Sequential:
    layers = nn.Sequential()
    layers.add_module("pad", nn.ConstantPad1d(((kernel - 1) // 2, kernel // 2), 0.0))
    layers.add_module("conv", nn.Conv1d(n_in, n_out, kernel, bias=False))
    layers.add_module("norm", nn.BatchNorm1d(n_out))
    return layers


AutoConfig.register(HarResnetConfig.model_type, HarResnetConfig, exist_ok=True)
AutoModelForSequenceClassification.register(
    HarResnetConfig, HarResnetForActivityRecognition, exist_ok=True
)
