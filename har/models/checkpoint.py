# mypy: disable-error-code="no-untyped-call"
"""Pretrained backbones from Hugging Face folders or the hub, checked before use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from transformers import (
    BertModel,
    PatchTSMixerModel,
    PatchTSTModel,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging

from har.config import WindowGrid
from har.errors import UsageError
from har.models.checkpoint_config import BACKBONES, read_config
from har.models.checkpoint_files import CONFIG, WEIGHTS, locate, needed_file
from har.models.weights import with_weights

# By model_type: its class, and what that takes besides a configuration.
CLASSES: dict[str, type[PreTrainedModel]] = {
    "patchtst": PatchTSTModel,
    "patchtsmixer": PatchTSMixerModel,
    "bert": BertModel,
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "patchtst": {},
    "patchtsmixer": {},
    "bert": {"add_pooling_layer": False},
}


def load_backbone(
    checkpoint: str, window: WindowGrid, patch: int, channels: Sequence[str]
) -> PreTrainedModel:
    """Load the backbone of a Hugging Face folder or hub id, fit for our windows.

    Of the folder ``config.json`` and ``model.safetensors`` are read and nothing else: no pickle, no
    code, no file that another one names.

    Parameters
    ----------
    checkpoint : str
        The folder, or ``owner/name`` or ``owner/name@revision`` of the hub.
    window : WindowGrid
        How recordings are cut.
    patch : int
        Samples in one patch, for BERT; the others have patches of their own.
    channels : sequence of str
        Of the windows.

    Raises
    ------
    MissingError
        If there is no such folder or model, or it has no safetensors.
    DataError
        If a file is malformed, out of bounds or leads out of the folder, or lacks weights.
    UsageError
        If it is none of the three, or is made for other windows.
    """
    folder, _ = locate(checkpoint)
    config = read_config(needed_file(folder, CONFIG, checkpoint), BACKBONES)
    weights = needed_file(folder, WEIGHTS, checkpoint)
    adapted = _adapt(config, checkpoint, window, patch, n_channels=len(channels))
    kind = adapted.model_type
    with _without_advice():
        model = with_weights(CLASSES[kind], adapted, weights, **ARGUMENTS[kind])
    if kind == "bert":
        model.resize_token_embeddings(1)  # patches come in place of words
    return model


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep transformers from warning of heads that are not taken: none of them is wanted."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _adapt(
    config: PretrainedConfig, checkpoint: str, window: WindowGrid, patch: int, *, n_channels: int
) -> PretrainedConfig:
    """Return a checkpoint's configuration for our windows, or refuse."""
    if config.model_type == "bert":
        _refuse_unless(
            1 + window.n_samples // patch <= config.max_position_embeddings,
            checkpoint,
            expected=f"at most {config.max_position_embeddings} tokens",
            found=f"windows of {window.n_samples} samples in patches of {patch}",
        )
        return config
    _refuse_unless(
        config.context_length == window.n_samples,
        checkpoint,
        expected=f"windows of {config.context_length} samples",
        found=f"{window.n_samples}, as window.length_s and window.rate_hz say",
    )
    shared = {"share_embedding": True, "mode": "common_channel"}  # one, whichever network it is
    _refuse_unless(
        any(getattr(config, key, None) == value for key, value in shared.items())
        or config.num_input_channels == n_channels,
        checkpoint,
        expected=f"{config.num_input_channels} channels, each with weights of its own",
        found=str(n_channels),
    )
    config.num_input_channels = n_channels
    return config


def _refuse_unless(fits: bool, checkpoint: str, *, expected: str, found: str) -> None:
    if not fits:
        raise UsageError(
            f"checkpoint {checkpoint} is made for other windows", expected=expected, found=found
        )
