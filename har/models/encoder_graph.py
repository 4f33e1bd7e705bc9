"""The encoder as its ONNX graph computes it: the same answers by fewer and larger products."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from har.models.encoder import HarEncoderForActivityRecognition
from har.models.preprocess import WindowTokens


class EncoderGraph(nn.Module):
    """A trained encoder and its head, from raw windows to logits.

    Tokens of one kind are rows of one matrix, so that a layer's bias is part of its product,
    and the last layer's attention is a `FirstTokenAttention`.

    Parameters
    ----------
    model : HarEncoderForActivityRecognition
        In evaluation mode; it is left as it is.
    """

    def __init__(self, model: HarEncoderForActivityRecognition) -> None:
        super().__init__()
        encoder = model.encoder
        self.preprocess, self.embedding = _TokenRows(encoder.preprocess), encoder.embedding
        *layers, last = encoder.transformer.layer.children()
        self.layers = nn.ModuleList(layers)
        self.attention = FirstTokenAttention(last.attention)
        self.last: Any = last
        *_, head = model.head.children()
        self.head = _divided(head, model.config.softmax_temperature)

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits of shape (batch, num_labels), divided by the temperature."""
        vectors = self._embedded(windows)
        for layer in self.layers:
            vectors = layer(vectors)[0]
        first = vectors[:, 0]
        attended = self.attention(first, vectors) + first
        hidden = self.last.feed_forward_chunk(self.last.attention.output.LayerNorm(attended))
        logits: Tensor = self.head(hidden)
        return logits

    def _embedded(self, windows: Tensor) -> Tensor:
        embedding, width = self.embedding, self.embedding.position.shape[-1]
        kinds = zip(embedding.stems, self.preprocess(windows), self.preprocess.counts, strict=True)
        parts = [stem(rows).reshape(-1, n, width) for stem, rows, n in kinds]
        embedded: Tensor = embedding.norm(torch.cat(parts, dim=1) + embedding.position)
        return embedded


class _TokenRows(nn.Module):
    """The rows of `WindowTokens`, and how many of each kind a window has.

    A module, so that the names of its nodes tell that they are no layer (`har.export.quantize`).
    """

    def __init__(self, tokens: WindowTokens) -> None:
        super().__init__()
        self.tokens = tokens
        self.counts = (1, tokens.n_patches, tokens.n_spectra)

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.tokens.rows(windows)


class FirstTokenAttention(nn.Module):
    """What a layer's attention tells its first token, without keys and values of the others.

    With hidden states x of which the first is a, head h has the scores

        (Q a + q) · (K x + k) / √size = (Kᵀ (Q a + q) / √size) · x + what is the same for all x

    where the softmax does not see the latter; and the mean of values V x + v, over weights that
    sum to 1, is V times the mean of x, plus v. So one matrix makes of the first token what each
    head compares hidden states with, and one makes the output of their means.

    Parameters
    ----------
    attention : BertAttention
        The layer's.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        own, dense = attention.self, attention.output.dense
        self.heads, self.width = own.num_attention_heads, dense.out_features
        width = self.width
        shape = (self.heads, width // self.heads, width)
        query, key, value, out = (
            module.weight.detach().double() for module in (own.query, own.key, own.value, dense)
        )
        bias = own.query.bias.detach().double().reshape(shape[:2])
        scaled = key.reshape(shape) / math.sqrt(shape[1])
        asked = torch.einsum("hsx,hsa->hxa", scaled, query.reshape(shape))
        self.ask = _linear(asked.flatten(0, 1), torch.einsum("hsx,hs->hx", scaled, bias).flatten())
        by_head = out.reshape(width, self.heads, shape[1])
        told = torch.einsum("ohs,hsx->ohx", by_head, value.reshape(shape))
        self.tell = _linear(told.flatten(1), out @ own.value.bias.double() + dense.bias.double())

    def forward(self, first: Tensor, vectors: Tensor) -> Tensor:
        """Return what is added to the first token, shape (batch, width).

        Parameters
        ----------
        first : Tensor of shape (batch, width)
        vectors : Tensor of shape (batch, n_tokens, width)
            Of all tokens, the first one's too.
        """
        asked = self.ask(first).reshape(-1, self.heads, self.width)
        weights = (asked @ vectors.transpose(1, 2)).softmax(-1)
        told: Tensor = self.tell((weights @ vectors).flatten(1))
        return told


def _divided(head: Any, temperature: float) -> nn.Linear:
    """Return a layer whose outputs are those of another one divided by the temperature."""
    return _linear(head.weight.double() / temperature, head.bias.double() / temperature)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer
