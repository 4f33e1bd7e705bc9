# mypy: disable-error-code="no-untyped-call"
"""Every network by its name in the settings, and every trained one by its folder."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from transformers import PretrainedConfig

from har.config import NetworkSettings, WindowGrid
from har.data.channels import name_of
from har.data.recording import CHANNELS
from har.errors import UsageError
from har.models.backbones import KINDS
from har.models.catalogue import MODELS
from har.models.checkpoint_config import OURS, read_config
from har.models.checkpoint_files import CONFIG, WEIGHTS, needed_file
from har.models.config import (
    HarBackboneConfig,
    HarEncoderConfig,
    HarResnetConfig,
    WindowConfig,
    named_labels,
)
from har.models.encoder import HarEncoderForActivityRecognition
from har.models.network import WindowClassifier
from har.models.resnet import HarResnetForActivityRecognition
from har.models.weights import with_weights

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
    DataError
        If a file of the checkpoint is malformed.
    UsageError
        If the checkpoint of an encoder is made for other windows.
    """
    if checkpoint and not MODELS[name].encoder:
        settings = settings.model_copy(update={"checkpoint": str(checkpoint)})
    elif checkpoint:
        return _pretrained(checkpoint, window, classes, channels)
    return _maker(name)(settings, window, classes, channels)


def _pretrained(
    folder: Path, window: WindowGrid, classes: Sequence[str], channels: Sequence[str]
) -> WindowClassifier:
    """Return a pretrained encoder under a new head."""
    kinds = {HarEncoderConfig.model_type: OURS[HarEncoderConfig.model_type]}
    config = read_config(needed_file(folder, CONFIG, str(folder)), kinds)
    assert isinstance(config, WindowConfig)
    _require_windows(config, window, channels, folder)
    config.update(named_labels(classes))
    weights = needed_file(folder, WEIGHTS, str(folder))
    return with_weights(HarEncoderForActivityRecognition, config, weights)


def _require_windows(
    config: WindowConfig, window: WindowGrid, channels: Sequence[str], checkpoint: Path
) -> None:
    known, wanted = tuple(config.channels), tuple(channels)
    if known != wanted:
        raise _other_windows(checkpoint, name_of(known), name_of(wanted), "window.channels")
    made_for, length = (f"{c.n_samples} samples at {c.rate_hz:g} Hz" for c in (config, window))
    if made_for != length:
        raise _other_windows(checkpoint, made_for, length, "window.length_s and window.rate_hz")


def _other_windows(checkpoint: Path, expected: str, found: str, setting: str) -> UsageError:
    return UsageError(
        f"checkpoint {checkpoint} is made for other windows",
        expected=expected,
        found=found,
        hint=f"choose {setting} as it has them; or set pretrain.checkpoint to own or none",
    )


def load_network(folder: Path) -> WindowClassifier:
    """Load the network of a Hugging Face directory of this project, ready to predict.

    Raises
    ------
    MissingError
        If a file is not there.
    DataError
        If one is malformed, out of bounds or leads out of the folder.
    UsageError
        If it is another kind of network.
    """
    config = read_config(needed_file(folder, CONFIG, str(folder)), OURS)
    weights = needed_file(folder, WEIGHTS, str(folder))
    network = with_weights(_class_of(config), config, weights)
    network.eval()
    return network


def _class_of(config: PretrainedConfig) -> type[WindowClassifier]:
    if isinstance(config, HarBackboneConfig):
        return KINDS[config.backbone_config.model_type]
    if isinstance(config, HarResnetConfig):
        return HarResnetForActivityRecognition
    return HarEncoderForActivityRecognition


def _maker(name: str) -> Maker:
    module, _, function = str(MODELS[name].network).partition(":")
    maker: Maker = getattr(import_module(module), function)
    return maker
