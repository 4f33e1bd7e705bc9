# mypy: disable-error-code="no-untyped-call"
"""Every network by its name in the settings, and every trained one by its folder."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from transformers import AutoModelForSequenceClassification

from har.config import NetworkSettings, WindowGrid
from har.data.channels import name_of
from har.data.recording import CHANNELS
from har.errors import UsageError
from har.models.catalogue import MODELS, NETWORKS
from har.models.config import named_labels
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.network import WindowClassifier

Maker = Callable[[NetworkSettings, WindowGrid, Sequence[str], Sequence[str]], WindowClassifier]


def make_network(
    name: str,
    settings: NetworkSettings,
    window: WindowGrid,
    classes: tuple[str, ...],
    channels: Sequence[str] = CHANNELS,
    *,
    checkpoint: Path | None = None,
) -> WindowClassifier:
    """Return a network with a new head.

    Parameters
    ----------
    name : str
        Of `har.models.catalogue`.
    settings : NetworkSettings
        Its section, which has the sizes.
    window : WindowGrid
        How recordings are cut.
    classes : tuple of str
        What the head tells apart.
    channels : sequence of str, optional
        Of the windows.
    checkpoint : Path, optional
        Where its weights are from: of an encoder also its scales.

    Raises
    ------
    UsageError
        If the checkpoint of an encoder is made for other channels.
    """
    if checkpoint and not MODELS[name].encoder:
        settings = settings.model_copy(update={"checkpoint": str(checkpoint)})
    elif checkpoint:
        network: WindowClassifier = HarEncoderForActivityRecognition.from_pretrained(
            checkpoint, **named_labels(classes)
        )
        _require_channels(network, channels, checkpoint)
        return network
    return _maker(name)(settings, window, classes, channels)


def _require_channels(network: WindowClassifier, channels: Sequence[str], checkpoint: Path) -> None:
    known = tuple(network.config.channels)
    if known != tuple(channels):
        raise UsageError(
            f"checkpoint {checkpoint} is made for other windows",
            expected=name_of(known),
            found=name_of(channels),
            hint="choose window.channels as it has them; or set pretrain.checkpoint to own or none",
        )


def load_network(folder: Path) -> WindowClassifier:
    """Load the network of a Hugging Face directory, ready to predict."""
    _register_all()
    network: WindowClassifier = AutoModelForSequenceClassification.from_pretrained(
        folder, use_safetensors=True
    )
    network.eval()
    return network


def _register_all() -> None:
    """Import every network, by which Hugging Face learns the names of their kinds."""
    for name in NETWORKS:
        import_module(MODELS[name].module)


def _maker(name: str) -> Maker:
    module, _, function = str(MODELS[name].network).partition(":")
    maker: Maker = getattr(import_module(module), function)
    return maker
