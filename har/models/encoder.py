# mypy: disable-error-code="no-untyped-call"
"""The Hugging Face encoder: raw windows in; hidden states, a contrastive loss or classes out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    PreTrainedModel,
)
from transformers.models.bert.modeling_bert import BertEncoder
from transformers.utils.generic import ModelOutput

from har.config import EncoderSettings, WindowGrid
from har.data.recording import CHANNELS
from har.models.config import HarEncoderConfig
from har.models.network import INIT_STD, HarNetwork, WindowClassifier
from har.models.preprocess import Tokens, WindowTokens

# Windows that are preprocessed at once, to bound memory.
CHUNK = 256
# Width of the projection head of contrastive learning; its last layer halves it.
PROJECTION = 128
# Names of what follows from the configuration: files from before have other ones.
_FIXED = (r"preprocess\.extractor\.", r"preprocess\.spectrum\.")


class HarPreTrainedModel(HarNetwork):
    """What the encoder's models share: configuration, prefix and initial weights."""

    config_class = HarEncoderConfig
    base_model_prefix = "encoder"
    _keys_to_ignore_on_load_missing = [*_FIXED]  # type: ignore[assignment] # noqa: RUF012
    _keys_to_ignore_on_load_unexpected = [*_FIXED]  # type: ignore[assignment] # noqa: RUF012

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, TokenEmbedding):
            for parameter in (module.hidden, module.position):
                parameter.data.normal_(0.0, INIT_STD)


class TokenEmbedding(nn.Module):
    """Tokens of three kinds as vectors of one width, each with its position.

    Parameters
    ----------
    config : HarEncoderConfig
        Sizes.
    sizes : sequence of int
        Numbers in one token, by kind.
    n_tokens : int
        Tokens of one window.
    """

    def __init__(self, config: HarEncoderConfig, sizes: Sequence[int], n_tokens: int) -> None:
        super().__init__()
        width = config.hidden_size
        self.stems = nn.ModuleList(_stem(size, width, config.dropout) for size in sizes)
        self.hidden = nn.Parameter(torch.empty(1, 1, width))
        self.position = nn.Parameter(torch.empty(1, n_tokens, width))
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, tokens: Tokens, mask: Tensor | None = None) -> Tensor:
        """Return vectors of shape (batch, n_tokens, hidden_size)."""
        parts = [stem(part) for stem, part in zip(self.stems, tokens, strict=True)]
        embedded = torch.cat(parts, dim=1)
        if mask is not None:
            embedded = torch.where(mask.unsqueeze(-1), self.hidden, embedded)
        vectors: Tensor = self.drop(self.norm(embedded + self.position))
        return vectors


class HarEncoder(HarPreTrainedModel):
    """A BERT encoder over patches, spectra and features of a raw window.

    Parameters
    ----------
    config : HarEncoderConfig
        Sizes.
    """

    def __init__(self, config: HarEncoderConfig) -> None:
        super().__init__(config)
        self.preprocess = WindowTokens(
            config.n_samples, config.rate_hz, config.patch, config.channels, config.statistics
        )
        self.n_tokens = self.preprocess.n_patches + self.preprocess.n_spectra + 1
        self.embedding = TokenEmbedding(config, self.preprocess.sizes, self.n_tokens)
        self.transformer = BertEncoder(config.bert())
        self.post_init()

    def forward(self, windows: Tensor) -> Tensor:
        """Return hidden states of shape (batch, n_tokens, hidden_size), the features' first.

        In training, patches and spectra are hidden at random as in pretraining, so
        that the model cannot know a training subject by the look of one of them.
        """
        with torch.autocast(windows.device.type, enabled=False):
            tokens = self.preprocess(windows)  # spectra in half precision would be noise
        if not self.training:
            return self.encode(tokens)
        mask = torch.rand(len(windows), self.n_tokens, device=windows.device)
        hidden = mask < self.config.token_dropout
        hidden[:, 0] = False
        return self.encode(tokens, hidden)

    def encode(self, tokens: Tokens, mask: Tensor | None = None) -> Tensor:
        """Return hidden states of tokens, those under a mask being hidden.

        Parameters
        ----------
        tokens : Tokens
            From `preprocess`.
        mask : Tensor of shape (batch, n_tokens), bool, optional
            True where a token is hidden.
        """
        encoded: Tensor = self.transformer(self.embedding(tokens, mask)).last_hidden_state
        return encoded

    def first(self, windows: Tensor) -> Tensor:
        """Return the hidden state of the features' token alone, shape (batch, hidden_size).

        Outside of training no more is computed than it needs: in the last layer no other
        token is a query.
        """
        if self.training:
            hidden: Tensor = self(windows)[:, 0]
            return hidden
        with torch.autocast(windows.device.type, enabled=False):
            tokens = self.preprocess(windows)
        vectors = self.embedding(tokens)
        *layers, last = self.transformer.layer
        for layer in layers:
            vectors = layer(vectors)[0]
        return self._first_of(last, vectors)

    def _first_of(self, layer: Any, vectors: Tensor) -> Tensor:
        """Return what a `BertLayer` makes of the first token, which alone is a query."""
        attention, first = layer.attention, vectors[:, 0]
        heads = attention.self.num_attention_heads
        size = self.config.hidden_size // heads
        query = (attention.self.query(first) / math.sqrt(size)).reshape(-1, 1, heads, size)
        key, value = (
            project(vectors).reshape(-1, self.n_tokens, heads, size)
            for project in (attention.self.key, attention.self.value)
        )
        weights = (query * key).sum(-1, keepdim=True).softmax(1)
        mixed = (weights * value).sum(1).flatten(1)
        attended = attention.output(mixed, first)
        hidden: Tensor = layer.feed_forward_chunk(attended)
        return hidden


@dataclass
class PretrainingOutput(ModelOutput):
    """Loss of a batch of pairs."""

    loss: Tensor | None = None


class HarEncoderForPretraining(HarPreTrainedModel):
    """Contrastive learning: windows that are neighbours in time are positive pairs.

    Windows a few seconds apart mostly show the same activity of the same person. Both
    are augmented, and each must pick the other out of the batch, whose other windows are
    the negatives. The loss is InfoNCE (van den Oord et al. 2018, Representation learning
    with contrastive predictive coding) as SimCLR normalises it (Chen et al. 2020, A simple
    framework for contrastive learning of visual representations, ICML): the cross-entropy
    of cosine similarities over a temperature, in both directions.
    """

    def __init__(self, config: HarEncoderConfig) -> None:
        super().__init__(config)
        self.encoder = HarEncoder(config)
        width = config.hidden_size
        self.project = nn.Sequential(
            nn.Linear(width, PROJECTION), nn.ReLU(), nn.Linear(PROJECTION, PROJECTION // 2)
        )
        self.post_init()

    def forward(
        self, windows: Tensor, neighbours: Tensor, temperature: float = 0.2
    ) -> PretrainingOutput:
        """Return the InfoNCE loss of pairs of raw windows.

        Parameters
        ----------
        windows, neighbours : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s
            Row by row the positive pairs.
        temperature : float
            Divides the cosines: the smaller, the more the hardest negatives count.
        """
        a, b = (
            nn.functional.normalize(self.project(self.encoder.first(part)).float(), dim=1)
            for part in (windows, neighbours)
        )
        similarity = a @ b.T / temperature
        positive = torch.arange(len(similarity), device=similarity.device)
        there, back = (
            nn.functional.cross_entropy(side, positive) for side in (similarity, similarity.T)
        )
        return PretrainingOutput(loss=(there + back) / 2)


class HarEncoderForActivityRecognition(HarPreTrainedModel, WindowClassifier):
    """Name the activity of a raw window."""

    # The head is new for each fine-tuning; the projection ends with pretraining.
    _keys_to_ignore_on_load_missing = [r"^head\.", *_FIXED]  # type: ignore[assignment] # noqa: RUF012
    _keys_to_ignore_on_load_unexpected = [r"^project\.", *_FIXED]  # type: ignore[assignment] # noqa: RUF012
    lora_targets = ("query", "value")

    def __init__(self, config: HarEncoderConfig) -> None:
        super().__init__(config)
        self.encoder = HarEncoder(config)
        self.head = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(config.hidden_size, config.num_labels)
        )
        self.post_init()

    def fit_preprocess(self, windows: Tensor) -> None:
        """Learn the scales of signals, spectra and features from raw windows."""
        self.encoder.preprocess.fit(windows.split(CHUNK))

    def stages(self) -> list[nn.Module]:
        """Return the token embedding and the layers of the transformer."""
        return [self.encoder.embedding, *self.encoder.transformer.layer]

    def as_graph(self) -> nn.Module:
        """Return what is written as ONNX: raw windows in, logits out."""
        # Here, because that module is about this class.
        from har.models.encoder_graph import EncoderGraph

        return EncoderGraph(self)

    def classify(self, windows: Tensor) -> Tensor:
        """Return logits of shape (batch, num_labels)."""
        logits: Tensor = self.head(self.encoder.first(windows))
        return logits


def make_encoder(
    settings: EncoderSettings,
    window: WindowGrid,
    classes: Sequence[str],
    channels: Sequence[str] = CHANNELS,
) -> HarEncoderForActivityRecognition:
    """Make an encoder with random weights for these windows and classes."""
    config = HarEncoderConfig.of(settings, window, classes, channels)
    return HarEncoderForActivityRecognition(config)


def _stem(size: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(size, width),
        nn.LayerNorm(width),
        nn.GELU(),
        nn.Linear(width, width),
    )


def _register() -> None:
    kinds: dict[Any, type[PreTrainedModel]] = {
        AutoModel: HarEncoder,
        AutoModelForPreTraining: HarEncoderForPretraining,
        AutoModelForSequenceClassification: HarEncoderForActivityRecognition,
    }
    AutoConfig.register(HarEncoderConfig.model_type, HarEncoderConfig, exist_ok=True)
    for auto, kind in kinds.items():
        auto.register(HarEncoderConfig, kind, exist_ok=True)


_register()  # Hugging Face's way to make from_pretrained find a model by its name
