"""What ONNX graphs of models share: the opset, and scaled features of raw windows.

Every model writes one graph from raw ``windows`` to ``probabilities`` by its ``to_onnx``:
classical models with `write_graph`, networks with `har.models.network_graph`.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from har.features.convolutions import Extractor
from har.features.scaler import ClippedScaler

# Of ONNX's own operators, for every model.
OPSET = 18


class ScaledFeatures(nn.Module):
    """The extractor and a fitted scaler in float32.

    Parameters
    ----------
    features : Extractor
    scaler : ClippedScaler
        Fitted.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, features: Extractor, scaler: ClippedScaler) -> None:
        super().__init__()
        self.features, self.clip = features, scaler.clip
        self.register_buffer("mean", torch.tensor(scaler.mean_, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(scaler.scale_, dtype=torch.float32))

    def forward(self, windows: Tensor) -> Tensor:
        """Return scaled features of shape (batch, n_features) of raw windows."""
        scaled: Tensor = (self.features(windows) - self.mean) / self.spread
        return scaled.clamp(-self.clip, self.clip)


def write_graph(module: nn.Module, path: Path, output: str = "probabilities") -> None:
    """Write a module as ONNX: raw ``windows`` in, any number of them.

    Parameters
    ----------
    module : Module
        A `ScaledFeatures`, or one with it as its submodule ``features``.
    path : Path
        The file to write.
    output : str
        Name of what comes out.
    """
    scaled = module if isinstance(module, ScaledFeatures) else module.features
    assert isinstance(scaled, ScaledFeatures)
    torch.onnx.export(
        module.eval(),
        (torch.zeros(2, *scaled.features.window_shape),),
        str(path),
        input_names=["windows"],
        output_names=[output],
        dynamic_axes={"windows": {0: "batch"}, output: {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
