# mypy: disable-error-code="no-untyped-call"
"""Every network by its name in the settings, and every trained one by its folder."""

from pathlib import Path

from transformers import AutoModelForSequenceClassification

from har.config import (
    BertSettings,
    EncoderSettings,
    NetworkSettings,
    PatchTsMixerSettings,
    PatchTstSettings,
    ResnetSettings,
    WindowGrid,
)
from har.models.backbones import make_bert, make_patchtsmixer, make_patchtst
from har.models.config import HarEncoderConfig, named_labels
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.network import WindowClassifier
from har.models.resnet import make_resnet


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
    if checkpoint and not isinstance(settings, EncoderSettings):
        settings = settings.model_copy(update={"checkpoint": str(checkpoint)})
    match settings:
        case PatchTstSettings():
            return make_patchtst(settings, window, classes)
        case PatchTsMixerSettings():
            return make_patchtsmixer(settings, window, classes)
        case BertSettings():
            return make_bert(settings, window, classes)
        case ResnetSettings():
            return make_resnet(settings, window, classes)
    assert isinstance(settings, EncoderSettings), name
    if checkpoint:
        network: WindowClassifier = HarEncoderForActivityRecognition.from_pretrained(
            checkpoint, **named_labels(classes)
        )
        return network
    return HarEncoderForActivityRecognition(HarEncoderConfig.of(settings, window, classes))


def load_network(folder: Path) -> WindowClassifier:
    """Load the network of a Hugging Face directory, ready to predict."""
    network: WindowClassifier = AutoModelForSequenceClassification.from_pretrained(
        folder, use_safetensors=True
    )
    network.eval()
    return network
