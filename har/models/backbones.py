# mypy: disable-error-code="no-untyped-call"
"""PatchTST, PatchTSMixer and BERT of transformers as networks over raw windows.

Each is made from sizes, or from a checkpoint: any Hugging Face folder or hub id whose
``model_type`` is one of the three (`har.models.checkpoint`). Of a checkpoint the backbone
is kept; the head is new, and so is the map from patches into BERT.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    BertConfig,
    PatchTSMixerConfig,
    PatchTSTConfig,
    PretrainedConfig,
)

from har.config import BertSettings, PatchTsMixerSettings, PatchTstSettings, WindowGrid
from har.data.recording import CHANNELS
from har.models.checkpoint import ARGUMENTS, load_backbone
from har.models.config import HarBackboneConfig, describe
from har.models.network import ChannelClassifier


class BackboneClassifier(ChannelClassifier):
    """A network of transformers between standardised channels and a linear head.

    Parameters
    ----------
    config : HarBackboneConfig
        With the backbone's own configuration.

    Attributes
    ----------
    each_channel : bool
        Whether the head sees a hidden state of each channel, side by side, or one of all.
    """

    config_class = HarBackboneConfig
    base_model_prefix = "backbone"
    each_channel: ClassVar[bool] = True

    def __init__(self, config: HarBackboneConfig) -> None:
        super().__init__(config)
        arguments = ARGUMENTS[config.backbone_config.model_type]
        self.backbone = AutoModel.from_config(
            config.backbone_config, attn_implementation="eager", **arguments
        )
        n_states = len(config.channels) if self.each_channel else 1
        width = n_states * config.backbone_config.hidden_size
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(width, config.num_labels))
        self.post_init()
        # Sinusoids are where positions start from: a stage learns or not as a whole.
        self.backbone.requires_grad_(True)


class PatchTstForActivityRecognition(BackboneClassifier):
    """PatchTST (Nie et al. 2023): each channel's patches attend to one another."""

    lora_targets = ("q_proj", "v_proj")

    def stages(self) -> list[nn.Module]:
        """Return the embedding of patches and the layers."""
        encoder = self.backbone.encoder
        return [nn.ModuleList([encoder.embedder, encoder.positional_encoder]), *encoder.layers]

    def features(self, values: Tensor) -> Tensor:
        """Return the means over patches, channel by channel."""
        states: Tensor = self.backbone(past_values=values).last_hidden_state
        return states.mean(2).flatten(1)


class PatchTsMixerForActivityRecognition(BackboneClassifier):
    """PatchTSMixer (Ekambaram et al. 2023): perceptrons mix patches, channels and features."""

    lora_targets = ("fc1", "fc2")

    def stages(self) -> list[nn.Module]:
        """Return the embedding of patches and the layers."""
        encoder = self.backbone.encoder
        embedding = [encoder.patcher]
        if encoder.positional_encoder is not None:
            embedding.append(encoder.positional_encoder)
        return [nn.ModuleList(embedding), *encoder.mlp_mixer_encoder.mixers]

    def features(self, values: Tensor) -> Tensor:
        """Return the maxima over patches, channel by channel."""
        states: Tensor = self.backbone(past_values=values).last_hidden_state
        return states.amax(2).flatten(1)


class BertForActivityRecognition(BackboneClassifier):
    """BERT (Devlin et al. 2019) with patches of all channels in place of words.

    Its vocabulary is one word, which stands first as [CLS] does and is what the head sees.
    """

    lora_targets = ("query", "value")
    each_channel: ClassVar[bool] = False

    def __init__(self, config: HarBackboneConfig) -> None:
        super().__init__(config)
        self.n_patches = config.n_samples // config.patch
        # With torch's own, wider weights: at 0.02 it learns less.
        self.stem = nn.Linear(
            config.patch * len(config.channels), config.backbone_config.hidden_size
        )

    def stages(self) -> list[nn.Module]:
        """Return the embedding of patches and the layers."""
        embedding = nn.ModuleList([self.stem, self.backbone.embeddings])
        return [embedding, *self.backbone.encoder.layer]

    def new_parts(self) -> list[nn.Module]:
        """Return the head, and the map from patches: no checkpoint brings one."""
        return [self.head, self.stem]

    def features(self, values: Tensor) -> Tensor:
        """Return the last state of the word that stands first."""
        patch = self.config.patch
        patches = values[:, -self.n_patches * patch :].reshape(
            -1, self.n_patches, patch * values.shape[2]
        )
        word = self.backbone.get_input_embeddings().weight.expand(values.shape[0], 1, -1)
        tokens = torch.cat([word, self.stem(patches)], dim=1)
        states: Tensor = self.backbone(inputs_embeds=tokens).last_hidden_state
        return states[:, 0]


KINDS: dict[str, type[BackboneClassifier]] = {
    "patchtst": PatchTstForActivityRecognition,
    "patchtsmixer": PatchTsMixerForActivityRecognition,
    "bert": BertForActivityRecognition,
}


def make_patchtst(
    settings: PatchTstSettings,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str] = CHANNELS,
) -> BackboneClassifier:
    """Make a PatchTST for these windows and classes, untrained but for a checkpoint."""
    backbone = PatchTSTConfig(
        context_length=window.n_samples,
        num_input_channels=len(channels),
        patch_length=settings.patch,
        patch_stride=settings.stride,
        d_model=settings.hidden_size,
        ffn_dim=2 * settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        norm_type="layernorm",
        attention_dropout=settings.dropout,
        ff_dropout=settings.dropout,
        init_std=0.1,  # about 1 / sqrt(inputs): learns more than the usual 0.02
        scaling=None,  # a window's own scale would take gravity away
    )
    return _make(settings, backbone, window, classes, channels)


def make_patchtsmixer(
    settings: PatchTsMixerSettings,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str] = CHANNELS,
) -> BackboneClassifier:
    """Make a PatchTSMixer for these windows and classes, untrained but for a checkpoint."""
    backbone = PatchTSMixerConfig(
        context_length=window.n_samples,
        num_input_channels=len(channels),
        patch_length=settings.patch,
        patch_stride=settings.stride,
        d_model=settings.hidden_size,
        num_layers=settings.layers,
        dropout=settings.dropout,
        mode="mix_channel",
        scaling=None,  # a window's own scale would take gravity away
    )
    return _make(settings, backbone, window, classes, channels)


def make_bert(
    settings: BertSettings,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str] = CHANNELS,
) -> BackboneClassifier:
    """Make a BERT for these windows and classes, untrained but for a checkpoint."""
    backbone = BertConfig(
        vocab_size=1,
        pad_token_id=None,  # its one word is learned
        max_position_embeddings=1 + window.n_samples // settings.patch,
        hidden_size=settings.hidden_size,
        intermediate_size=2 * settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        hidden_dropout_prob=settings.dropout,
        attention_probs_dropout_prob=settings.dropout,
    )
    return _make(settings, backbone, window, classes, channels)


def from_checkpoint(
    checkpoint: str,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str] = CHANNELS,
    *,
    patch: int,
    dropout: float,
) -> BackboneClassifier:
    """Make a classifier around a pretrained network; the head is new.

    Parameters
    ----------
    checkpoint : str
        Hugging Face folder or hub id with safetensors; its ``model_type`` decides
        which of the three networks this is.
    window : WindowGrid
        How recordings are cut.
    classes : sequence of str
        Class names.
    channels : sequence of str, optional
        Of the windows.
    patch : int
        Samples in one patch, for BERT; the others have patches of their own.
    dropout : float
        Before the head; inside, the checkpoint's own holds.

    Raises
    ------
    MissingError
        If there is no such folder or model, or it has no safetensors.
    UsageError
        If it is none of the three, lacks weights, or is made for other windows.
    """
    pretrained = load_backbone(checkpoint, window, patch, channels)
    config = HarBackboneConfig(
        backbone_config=pretrained.config,
        patch=patch,
        dropout=dropout,
        **describe(window, classes, channels),
    )
    model = KINDS[pretrained.config.model_type](config)
    model.backbone.load_state_dict(pretrained.state_dict())
    return model


def _make(
    settings: PatchTstSettings | PatchTsMixerSettings | BertSettings,
    backbone: PretrainedConfig,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str],
) -> BackboneClassifier:
    sizes: dict[str, Any] = {"patch": settings.patch, "dropout": settings.dropout}
    if settings.checkpoint:
        return from_checkpoint(settings.checkpoint, window, classes, channels, **sizes)
    described = describe(window, classes, channels)
    config = HarBackboneConfig(backbone_config=backbone, **sizes, **described)
    return KINDS[backbone.model_type](config)


def _register() -> None:
    AutoConfig.register(HarBackboneConfig.model_type, HarBackboneConfig, exist_ok=True)
    # Of several classes, Hugging Face takes the one that ``architectures`` names.
    AutoModelForSequenceClassification.register(
        HarBackboneConfig, cast(Any, tuple(KINDS.values())), exist_ok=True
    )


_register()
