# mypy: disable-error-code="no-untyped-call"
"""Pretrained backbones from Hugging Face folders or the hub, checked before use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils import logging

from har.config import WindowGrid
from har.errors import MissingError, UsageError

# By model_type: what its class takes besides a configuration.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "patchtst": {},
    "patchtsmixer": {},
    "bert": {"add_pooling_layer": False},
}


def load_backbone(
    checkpoint: str, window: WindowGrid, patch: int, channels: Sequence[str]
) -> PreTrainedModel:
    """Load the backbone of a Hugging Face folder or hub id, fit for our windows.

    Parameters
    ----------
    checkpoint : str
        With safetensors; a pickle is never read.
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
    UsageError
        If it is none of the three, lacks weights, or is made for other windows.
    """
    try:
        stated, _ = PretrainedConfig.get_config_dict(checkpoint)
        if stated.get("model_type") not in ARGUMENTS:
            raise UsageError(
                f"checkpoint {checkpoint}: not a network that can be fine-tuned here",
                expected="model_type " + ", ".join(ARGUMENTS),
                found=str(stated.get("model_type")),
            )
        config = AutoConfig.from_pretrained(checkpoint)
        adapted = _adapt(config, checkpoint, window, patch, n_channels=len(channels))
        with _without_advice():
            pretrained, loading = AutoModel.from_pretrained(
                checkpoint,
                config=adapted,
                use_safetensors=True,
                output_loading_info=True,
                **ARGUMENTS[adapted.model_type],
            )
    except OSError as error:
        raise MissingError(
            f"checkpoint {checkpoint}: not available",
            expected="a Hugging Face folder or hub id with config.json and model.safetensors",
            found=str(error).splitlines()[0],
        ) from None
    if loading["missing_keys"]:
        raise UsageError(
            f"checkpoint {checkpoint} lacks weights", found=", ".join(loading["missing_keys"])
        )
    if adapted.model_type == "bert":
        pretrained.resize_token_embeddings(1)  # patches come in place of words
    model: PreTrainedModel = pretrained
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
    config.update({"num_input_channels": n_channels, "scaling": None, "do_mask_input": False})
    return config


def _refuse_unless(fits: bool, checkpoint: str, *, expected: str, found: str) -> None:
    if not fits:
        raise UsageError(
            f"checkpoint {checkpoint} is made for other windows", expected=expected, found=found
        )
