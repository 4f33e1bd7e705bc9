# mypy: untyped_calls_exclude="torch,transformers"
"""The configurations of the networks: what is in their ``config.json``."""

from collections.abc import Sequence
from typing import Any

from transformers import AutoConfig, BertConfig, PatchTSTConfig, PretrainedConfig

from har.config import EncoderSettings, Statistics, WindowGrid
from har.data.channels import units_of
from har.data.recording import CHANNELS


class WindowConfig(PretrainedConfig):
    """Meaning of a network's input and output.

    Parameters
    ----------
    n_samples, n_hop : int
        Samples in one window, and from one window's start to the next one's.
    rate_hz : float
        Sampling rate, Hz.
    channels : sequence of str, optional
        What the last axis of a window is; configurations from before it was a choice have all.
    softmax_temperature : float
        What logits are divided by outside of training, so that confidence can be believed.
    **kwargs : Any
        As in `transformers.PretrainedConfig`: ``id2label``, ``label2id``, …
    """

    def __init__(
        self,
        *,
        n_samples: int = 128,
        n_hop: int = 64,
        rate_hz: float = 50.0,
        channels: Sequence[str] = CHANNELS,
        softmax_temperature: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self.softmax_temperature = softmax_temperature
        self.n_samples, self.n_hop, self.rate_hz = n_samples, n_hop, rate_hz
        self.channels = list(channels)
        self.units = units_of(channels)
        kwargs.pop("units", None)
        super().__init__(**kwargs)


def describe(
    window: WindowGrid, classes: Sequence[str], channels: Sequence[str] = CHANNELS
) -> dict[str, Any]:
    """Return the arguments of a `WindowConfig` for these windows and classes."""
    return {
        "n_samples": window.n_samples,
        "n_hop": window.n_hop,
        "rate_hz": window.rate_hz,
        "channels": tuple(channels),
        **named_labels(classes),
    }


def named_labels(classes: Sequence[str]) -> dict[str, Any]:
    """Return class names as a Hugging Face configuration takes them.

    >>> named_labels(("walking", "lying"))["id2label"]
    {0: 'walking', 1: 'lying'}
    """
    return {
        "id2label": dict(enumerate(classes)),
        "label2id": {name: i for i, name in enumerate(classes)},
    }


class HarEncoderConfig(WindowConfig):
    """Size of the encoder and meaning of its input.

    Parameters
    ----------
    patch : int
        Samples in one patch; must divide `n_samples`.
    hidden_size, num_hidden_layers, num_attention_heads, intermediate_size : int
        As in BERT.
    dropout : float
        Of hidden states and attention.
    token_dropout : float
        Share of patches and spectra hidden in fine-tuning.
    statistics : {"all", "plain"}
        Which features are computed (`har.features.extractor.WindowFeatures`).
    **kwargs : Any
        As in `WindowConfig`.
    """

    model_type = "har-encoder"

    def __init__(
        self,
        *,
        patch: int = 16,
        hidden_size: int = 64,
        num_hidden_layers: int = 1,
        num_attention_heads: int = 4,
        intermediate_size: int = 128,
        dropout: float = 0.3,
        token_dropout: float = 0.8,
        statistics: Statistics = "all",
        **kwargs: Any,
    ) -> None:
        self.patch = patch
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.dropout, self.token_dropout = dropout, token_dropout
        self.statistics = statistics
        super().__init__(**kwargs)

    @classmethod
    def of(
        cls,
        encoder: EncoderSettings,
        window: WindowGrid,
        classes: Sequence[str] = (),
        channels: Sequence[str] = CHANNELS,
    ) -> "HarEncoderConfig":
        """Return the configuration that settings describe."""
        return cls(
            patch=encoder.patch,
            hidden_size=encoder.hidden_size,
            num_hidden_layers=encoder.layers,
            num_attention_heads=encoder.heads,
            intermediate_size=2 * encoder.hidden_size,
            dropout=encoder.dropout,
            token_dropout=encoder.token_dropout,
            statistics=encoder.statistics,
            **describe(window, classes, channels),
        )

    def bert(self) -> BertConfig:
        """Return the configuration of the transformer inside."""
        return BertConfig(
            hidden_size=self.hidden_size,
            num_hidden_layers=self.num_hidden_layers,
            num_attention_heads=self.num_attention_heads,
            intermediate_size=self.intermediate_size,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            attn_implementation="eager",  # a plain softmax exports and quantizes best
        )


class HarBackboneConfig(WindowConfig):
    """A network of transformers behind a window, and what is around it.

    Parameters
    ----------
    backbone_config : PretrainedConfig or dict, optional
        The network's own; its ``model_type`` is patchtst, patchtsmixer or bert.
    patch : int
        Samples in one patch, where the network itself has no patches (BERT).
    dropout : float
        Before the head.
    **kwargs : Any
        As in `WindowConfig`.
    """

    model_type = "har-backbone"
    sub_configs = {"backbone_config": AutoConfig}  # type: ignore[dict-item] # noqa: RUF012

    def __init__(
        self,
        *,
        backbone_config: PretrainedConfig | dict[str, Any] | None = None,
        patch: int = 16,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        if backbone_config is None:
            backbone_config = PatchTSTConfig()
        elif isinstance(backbone_config, dict):
            backbone_config = AutoConfig.for_model(**backbone_config)
        self.backbone_config = backbone_config
        self.patch, self.dropout = patch, dropout
        super().__init__(**kwargs)


class HarResnetConfig(WindowConfig):
    """Size of the residual network and meaning of its input.

    Parameters
    ----------
    filters : sequence of int
        Channels of each block.
    kernels : sequence of int
        Samples that the convolutions of every block span, one after the other.
    dropout : float
        Before the head.
    **kwargs : Any
        As in `WindowConfig`.
    """

    model_type = "har-resnet"

    def __init__(
        self,
        *,
        filters: Sequence[int] = (32, 64, 64),
        kernels: Sequence[int] = (8, 5, 3),
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self.filters, self.kernels, self.dropout = list(filters), list(kernels), dropout
        super().__init__(**kwargs)
