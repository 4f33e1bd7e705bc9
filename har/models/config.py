# mypy: untyped_calls_exclude="torch,transformers"
"""The configuration of the encoder: what is in its ``config.json``."""

from typing import Any

from transformers import BertConfig, PretrainedConfig

from har.config import EncoderSettings, WindowSettings
from har.data.recording import CHANNELS, UNITS


class HarEncoderConfig(PretrainedConfig):
    """Size of the encoder and meaning of its input.

    Parameters
    ----------
    n_samples, n_hop : int
        Samples in one window, and from one window's start to the next one's.
    rate_hz : float
        Sampling rate, Hz.
    patch : int
        Samples in one patch; must divide `n_samples`.
    hidden_size, num_hidden_layers, num_attention_heads, intermediate_size : int
        As in BERT.
    dropout : float
        Of hidden states and attention.
    token_dropout : float
        Share of patches and spectra hidden in fine-tuning.
    **kwargs : Any
        As in `transformers.PretrainedConfig`: ``id2label``, ``label2id``, …
    """

    model_type = "har-encoder"

    def __init__(
        self,
        *,
        n_samples: int = 128,
        n_hop: int = 64,
        rate_hz: float = 50.0,
        patch: int = 16,
        hidden_size: int = 64,
        num_hidden_layers: int = 1,
        num_attention_heads: int = 4,
        intermediate_size: int = 128,
        dropout: float = 0.3,
        token_dropout: float = 0.8,
        **kwargs: Any,
    ) -> None:
        self.n_samples, self.n_hop, self.rate_hz, self.patch = n_samples, n_hop, rate_hz, patch
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.dropout, self.token_dropout = dropout, token_dropout
        self.channels = list(CHANNELS)
        self.units = dict(UNITS)
        kwargs.pop("channels", None)
        kwargs.pop("units", None)
        super().__init__(**kwargs)

    @classmethod
    def of(
        cls, encoder: EncoderSettings, window: WindowSettings, **labels: Any
    ) -> "HarEncoderConfig":
        """Return the configuration that settings describe."""
        return cls(
            n_samples=window.n_samples,
            n_hop=window.n_hop,
            rate_hz=window.rate_hz,
            patch=encoder.patch,
            hidden_size=encoder.hidden_size,
            num_hidden_layers=encoder.layers,
            num_attention_heads=encoder.heads,
            intermediate_size=2 * encoder.hidden_size,
            dropout=encoder.dropout,
            token_dropout=encoder.token_dropout,
            **labels,
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
