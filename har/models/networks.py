# mypy: disable-error-code="no-untyped-call"
"""Every network by its name in the settings, and every trained one by its folder."""

from pathlib import Path

from transformers import AutoModelForSequenceClassification

from har.config import Settings
from har.models.backbones import make_bert, make_patchtsmixer, make_patchtst
from har.models.config import HarEncoderConfig, named_labels
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.network import WindowClassifier
from har.models.resnet import make_resnet


def make_network(
    name: str, settings: Settings, classes: tuple[str, ...], *, pretrained: Path | None = None
) -> WindowClassifier:
    """Return a network with a new head.

    Parameters
    ----------
    name : str
        Of `har.models.catalogue`.
    settings : Settings
        Its section has the sizes.
    classes : tuple of str
        What the head tells apart.
    pretrained : Path, optional
        A pretrained encoder of ours, whose weights and scales are taken over.
    """
    if pretrained:
        network: WindowClassifier = HarEncoderForActivityRecognition.from_pretrained(
            pretrained, **named_labels(classes)
        )
        return network
    models, window = settings.models, settings.window
    match name:
        case "patchtst":
            return make_patchtst(models.patchtst, window, classes)
        case "patchtsmixer":
            return make_patchtsmixer(models.patchtsmixer, window, classes)
        case "bert":
            return make_bert(models.bert, window, classes)
        case "resnet":
            return make_resnet(models.resnet, window, classes)
    sizes = models.encoder(name)
    return HarEncoderForActivityRecognition(HarEncoderConfig.of(sizes, window, classes))


def load_network(folder: Path) -> WindowClassifier:
    """Load the network of a Hugging Face directory, ready to predict."""
    network: WindowClassifier = AutoModelForSequenceClassification.from_pretrained(
        folder, use_safetensors=True
    )
    network.eval()
    return network
