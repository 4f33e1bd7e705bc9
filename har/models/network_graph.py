"""A network as ONNX, written by optimum: raw windows in, probabilities out."""

import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar

import torch
from optimum.exporters.onnx import export
from optimum.exporters.onnx.base import OnnxConfig
from optimum.utils import DummyInputGenerator, NormalizedConfig

from har.models.graph import OPSET
from har.models.network import WindowClassifier


class _WindowGenerator(DummyInputGenerator):  # type: ignore[misc]
    """Makes the windows that the graph is traced with."""

    SUPPORTED_INPUT_NAMES = ("windows",)

    def __init__(self, _task: str, config: NormalizedConfig, batch_size: int = 2, **_: Any) -> None:
        self.shape = [batch_size, config.n_samples, len(config.channels)]

    def generate(self, _name: str, float_dtype: str = "fp32", **_: Any) -> torch.Tensor:
        tensor: torch.Tensor = self.random_float_tensor(self.shape, dtype=float_dtype)
        return tensor


class WindowOnnxConfig(OnnxConfig):  # type: ignore[misc]
    """Tells optimum the names and dynamic axes of a network's input and output."""

    DEFAULT_ONNX_OPSET = OPSET
    ATOL_FOR_VALIDATION = 1e-4
    NORMALIZED_CONFIG_CLASS = NormalizedConfig.with_args(
        n_samples="n_samples", channels="channels", allow_new=True
    )
    DUMMY_INPUT_GENERATOR_CLASSES: ClassVar[tuple[type, ...]] = (_WindowGenerator,)

    @property
    def inputs(self) -> dict[str, dict[int, str]]:
        """The raw windows; only the batch size varies."""
        return OrderedDict(windows={0: "batch_size"})

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        """The probabilities of the classes."""
        return OrderedDict(probabilities={0: "batch_size"})


class _Probabilities(torch.nn.Module):
    """A network with its softmax, as it is shipped."""

    def __init__(self, network: WindowClassifier) -> None:
        super().__init__()
        self.network = network.as_graph()
        self.config = network.config

    def forward(self, windows: torch.Tensor) -> dict[str, torch.Tensor]:
        logits: torch.Tensor = self.network(windows)
        return {"probabilities": logits.softmax(-1)}


def write_network(network: WindowClassifier, path: Path) -> None:
    """Write a fine-tuned network as one graph.

    Parameters
    ----------
    network : WindowClassifier
        In evaluation mode.
    path : Path
        The ONNX file to write; input ``windows`` (batch, n_samples, n_channels),
        output ``probabilities`` (batch, n_classes), float32.
    """
    model = _Probabilities(network)
    with warnings.catch_warnings():
        # Sizes that Python checks are fixed, all but the batch's; padding is folded later.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", "Constant folding")
        export(model, WindowOnnxConfig(model.config), path, opset=OPSET)
