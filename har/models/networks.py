"""Which class is behind the name of a network."""

from pathlib import Path

from har.config import EncoderSettings, Settings
from har.models.catalogue import ENCODERS
from har.models.config import HarEncoderConfig
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.network import WindowClassifier, named_labels


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
    section = settings.models.of(name)
    if name not in ENCODERS:
        raise NotImplementedError(name)
    assert isinstance(section, EncoderSettings)
    if pretrained is None:
        config = HarEncoderConfig.of(section, settings.window, **named_labels(classes))
        return HarEncoderForActivityRecognition(config)
    network: WindowClassifier = HarEncoderForActivityRecognition.from_pretrained(
        pretrained, **named_labels(classes)
    )
    return network
