# mypy: disable-error-code="no-untyped-call"
"""What every network shares: a Hugging Face model from raw windows to logits."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

INIT_STD = 0.02
# Windows that are predicted at once, to bound memory.
BATCH = 256
# In standard deviations of a channel: only a knock is beyond.
CLIP = 10.0


@dataclass
class ActivityOutput(ModelOutput):
    """Loss and logits of shape (batch, num_labels)."""

    loss: Tensor | None = None
    logits: Tensor | None = None


class HarNetwork(PreTrainedModel):
    """A Hugging Face model over raw windows."""

    main_input_name = "windows"

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(0.0, INIT_STD)
            if module.bias is not None:
                module.bias.data.zero_()
        elif isinstance(module, nn.LayerNorm):
            module.weight.data.fill_(1.0)
            module.bias.data.zero_()


class WindowClassifier(HarNetwork):
    """A network that names the activity of a raw window; its preprocessing is inside.

    A subclass sets ``head`` and defines `fit_preprocess`, `stages` and `classify`.

    Attributes
    ----------
    head : Module
        What is new for each fine-tuning, behind everything that may be pretrained.
    lora_targets : tuple of str
        How the names of the modules end that LoRA adapts.
    """

    head: nn.Module
    lora_targets: ClassVar[tuple[str, ...]] = ()

    def train(self, mode: bool = True) -> Self:
        """Start or end training; a batch norm that is frozen by then keeps its statistics."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.affine:
                module.training = mode and module.weight.requires_grad
        return self

    def fit_preprocess(self, windows: Tensor) -> None:
        """Learn the scales of the preprocessing from raw windows of training subjects."""
        raise NotImplementedError

    def stages(self) -> list[nn.Module]:
        """Return the parts that learn, from input to output and without the head.

        They are what freezing policies count by: each is one layer or block.
        """
        raise NotImplementedError

    def new_parts(self) -> list[nn.Module]:
        """Return what no pretraining has made, so that it learns whatever else is frozen."""
        return [self.head]

    def classify(self, windows: Tensor) -> Tensor:
        """Return logits of shape (batch, num_labels)."""
        raise NotImplementedError

    def as_graph(self) -> nn.Module:
        """Return what is written as ONNX: raw windows in, the logits of evaluation mode out."""
        return _Logits(self)

    def forward(self, windows: Tensor, labels: Tensor | None = None) -> ActivityOutput:
        """Return logits, calibrated outside of training, and their loss if labels are given.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s
        labels : Tensor of shape (batch,), int64, optional
        """
        logits = self.classify(windows)
        if not self.training:
            logits = logits / self.config.softmax_temperature
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return ActivityOutput(loss=loss, logits=logits)


class _Logits(nn.Module):
    """The logits of a classifier, and nothing else."""

    def __init__(self, network: WindowClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.network(windows).logits
        return logits


@torch.inference_mode()
def logits_of(network: WindowClassifier, X: Tensor) -> Tensor:
    """Return logits of shape (n_windows, num_labels), float32, on the CPU.

    Parameters
    ----------
    network : WindowClassifier
        Is in evaluation mode afterwards.
    X : Tensor of shape (n_windows, n_samples, n_channels), m/s² and rad/s
    """
    network.eval()
    chunks = [network(part.to(network.device)).logits.float().cpu() for part in X.split(BATCH)]
    return torch.cat(chunks)


class ChannelClassifier(WindowClassifier):
    """A classifier over the channels, each standardised by all training windows.

    Not by the window's own mean, which is gravity and tells how the body is held.
    A subclass sets ``head`` and defines `stages` and `features`.
    """

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config)
        self.scale = Standardise(1, len(config.channels), clip=CLIP)

    def fit_preprocess(self, windows: Tensor) -> None:
        """Learn mean and spread of each channel."""
        self.scale.fit(windows, (0, 1))

    def features(self, values: Tensor) -> Tensor:
        """Return what the head sees of standardised windows, shape (batch, n_features)."""
        raise NotImplementedError

    def classify(self, windows: Tensor) -> Tensor:
        """Return logits of shape (batch, num_labels)."""
        logits: Tensor = self.head(self.features(self.scale(windows)))
        return logits


class Standardise(nn.Module):
    """Subtract a mean and divide by a spread, both learned from training windows.

    Parameters
    ----------
    *shape : int
        Of the values without their batch; an axis of 1 shares one scale.
    clip : float
        Largest size of what comes out, in spreads: keeps one knock from drowning a window.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, *shape: int, clip: float) -> None:
        super().__init__()
        self.clip = clip
        # Values (batch, n) or (batch, n, …) with n scales are what a batch norm takes.
        self.by_row = 1 < shape[0] == math.prod(shape)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("spread", torch.ones(shape))

    def fit(self, values: Tensor, axes: tuple[int, ...]) -> None:
        """Learn mean and spread over `axes`; what does not vary is left unscaled."""
        exact = values.double()
        spread = exact.std(axes, correction=0)
        self.mean.copy_(exact.mean(axes).view_as(self.mean))
        self.spread.copy_(torch.where(spread > 1e-6, spread, 1.0).view_as(self.spread))

    def forward(self, values: Tensor) -> Tensor:
        """Return values with mean 0 and spread 1, clipped."""
        if torch.onnx.is_in_onnx_export() and self.by_row:
            scaled = _BatchNormalization.apply(values, self.mean.flatten(), self.spread.flatten())
        else:
            scaled = (values - self.mean) / self.spread
        clipped: Tensor = scaled.clamp(-self.clip, self.clip)
        return clipped


class _BatchNormalization(torch.autograd.Function):
    """Scaling by what a runtime has for batch norms: one node in place of two."""

    @staticmethod
    def forward(_context: Any, values: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
        """Return values of shape (batch, n, …) with n means subtracted, divided by n spreads."""
        shape = (-1, *[1] * (values.ndim - 2))
        return (values - mean.reshape(shape)) / spread.reshape(shape)

    @staticmethod
    def symbolic(graph: Any, values: Any, mean: Any, spread: Any) -> Any:
        """Return the node."""
        one, zero = torch.ones(1), torch.zeros(1)
        constants = (graph.op("Constant", value_t=value) for value in (one, zero))
        ones, zeros = (graph.op("Expand", c, graph.op("Shape", mean)) for c in constants)
        variance = graph.op("Mul", spread, spread)
        return graph.op("BatchNormalization", values, ones, zeros, mean, variance, epsilon_f=0.0)
