# mypy: disable-error-code="no-untyped-call"
"""Every network by its name in the settings, and every trained one by its folder."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from transformers import AutoModelForSequenceClassification

from har.config import NetworkSettings, WindowGrid
from har.models.catalogue import MODELS, NETWORKS
from har.models.config import named_labels
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.network import WindowClassifier


def make_network(
    name: str,
    settings: NetworkSettings,
    window: WindowGrid,
    classes: tuple[str, ...],
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
    checkpoint : Path, optional
        Where its weights are from: of an encoder also its scales.
    """
    if checkpoint and not MODELS[name].encoder:
        settings = settings.model_copy(update={"checkpoint": str(checkpoint)})
    elif checkpoint:
        network: WindowClassifier = HarEncoderForActivityRecognition.from_pretrained(
            checkpoint, **named_labels(classes)
        )
        return network
    return _maker(name)(settings, window, classes)


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


def _maker(name: str) -> Callable[[NetworkSettings, WindowGrid, Sequence[str]], WindowClassifier]:
    module, _, function = str(MODELS[name].network).partition(":")
    maker: Callable[..., WindowClassifier] = getattr(import_module(module), function)
    return maker
