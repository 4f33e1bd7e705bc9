# mypy: untyped_calls_exclude="transformers"
"""What is taken of a ``config.json``: the sizes of a network of a kind that is known, in bounds.

A configuration may come from anyone, and Hugging Face's own classes take whatever it says: code
to run (``auto_map``, ``_attn_implementation``), names of other repositories, layers without end.
So each kind of network has a type here that lists what is read. All else is left; what says that
the network is not what its kind says (`FOREIGN`) is refused.
"""

import reprlib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from transformers import BertConfig, PatchTSMixerConfig, PatchTSTConfig, PretrainedConfig

from har.config import Statistics
from har.config.section import MAX_SAMPLES
from har.data.channels import require_channels
from har.data.recording import CHANNELS
from har.errors import DataError, UsageError
from har.foreign import json_of, text_of
from har.models.config import (
    HarBackboneConfig,
    HarEncoderConfig,
    HarResnetConfig,
    WindowConfig,
    named_labels,
)

MAX_PARAMETERS = 150_000_000
"""Numbers of a network: BERT-base has 110 million."""
FOREIGN = {
    "auto_map": "code of its own",
    "quantization_config": "weights that are stored in another way",
}
"""What a configuration must not state, and what it means."""

_LONGEST = 65_536

Layers = Annotated[int, Field(ge=1, le=64)]
Heads = Annotated[int, Field(ge=1, le=64)]
Width = Annotated[int, Field(ge=1, le=4_096)]
WideWidth = Annotated[int, Field(ge=1, le=16_384)]
Samples = Annotated[int, Field(ge=1, le=_LONGEST)]
Share = Annotated[float, Field(ge=0, lt=1)]
Scale = Annotated[float, Field(gt=0, le=1)]
Activation = Literal[
    "gelu",
    "gelu_new",
    "gelu_fast",
    "gelu_python",
    "gelu_pytorch_tanh",
    "quick_gelu",
    "relu",
    "silu",
    "swish",
    "mish",
    "tanh",
]
Positions = Literal["random", "sincos"]


class Kind(BaseModel):
    """What is read of a configuration of one ``model_type``; other fields are left."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    @property
    def parameters(self) -> int:
        """How many numbers the network has, about: its matrices."""
        raise NotImplementedError

    def to_config(self) -> PretrainedConfig:
        """Return the configuration that the network is made from."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _is_no_larger(self) -> Self:
        if self.parameters > MAX_PARAMETERS:
            raise ValueError(
                f"about {self.parameters:,} numbers, and at most {MAX_PARAMETERS:,} are loaded"
            )
        return self


def _divides(width: int, heads: int) -> None:
    if width % heads:
        raise ValueError(f"{width} cannot be shared by {heads} attention heads")


class Bert(Kind):
    """BERT; always an encoder, whose vocabulary patches take the place of."""

    model_type: Literal["bert"]
    vocab_size: int = Field(30_522, ge=1, le=1_000_000)
    hidden_size: Width = 768
    num_hidden_layers: Layers = 12
    num_attention_heads: Heads = 12
    intermediate_size: WideWidth = 3_072
    hidden_act: Activation = "gelu"
    hidden_dropout_prob: Share = 0.1
    attention_probs_dropout_prob: Share = 0.1
    max_position_embeddings: Samples = 512
    type_vocab_size: int = Field(2, ge=1, le=1_024)
    initializer_range: Scale = 0.02
    layer_norm_eps: Scale = 1e-12
    position_embedding_type: Literal["absolute", "relative_key", "relative_key_query"] = "absolute"
    is_decoder: Literal[False] = False
    add_cross_attention: Literal[False] = False

    @property
    def parameters(self) -> int:
        """As in `Kind`."""
        words = self.vocab_size + self.max_position_embeddings
        layer = 4 * self.hidden_size + 2 * self.intermediate_size
        return self.hidden_size * (words + self.num_hidden_layers * layer)

    @model_validator(mode="after")
    def _has_whole_heads(self) -> Self:
        _divides(self.hidden_size, self.num_attention_heads)
        return self

    def to_config(self) -> PretrainedConfig:
        """As in `Kind`."""
        return BertConfig(**self.model_dump(exclude={"model_type"}))


class _Series(Kind):
    """What PatchTST and PatchTSMixer share: patches of windows, channel by channel."""

    num_input_channels: int = Field(1, ge=1, le=256)
    context_length: Samples = 32
    patch_length: Samples
    patch_stride: Samples
    positional_encoding_type: Positions = "sincos"
    init_std: Scale = 0.02
    norm_eps: Scale = 1e-5

    @property
    def n_patches(self) -> int:
        """Patches in a window."""
        return max(0, self.context_length - self.patch_length) // self.patch_stride + 1

    @model_validator(mode="after")
    def _has_patches(self) -> Self:
        if self.context_length <= self.patch_length:
            raise ValueError(
                f"windows of {self.context_length} samples are no longer than a patch of "
                f"{self.patch_length}"
            )
        return self


class PatchTst(_Series):
    """PatchTST."""

    model_type: Literal["patchtst"]
    patch_length: Samples = 1
    patch_stride: Samples = 1
    num_hidden_layers: Layers = 3
    d_model: Width = 128
    num_attention_heads: Heads = 4
    share_embedding: bool = True
    channel_attention: bool = False
    ffn_dim: WideWidth = 512
    norm_type: Literal["batchnorm", "layernorm"] = "batchnorm"
    attention_dropout: Share = 0.0
    positional_dropout: Share = 0.0
    path_dropout: Share = 0.0
    ff_dropout: Share = 0.0
    bias: bool = True
    activation_function: Activation = "gelu"
    pre_norm: bool = True
    use_cls_token: bool = False

    @property
    def parameters(self) -> int:
        """As in `Kind`."""
        attention = 4 * (2 if self.channel_attention else 1) * self.d_model
        own = 1 if self.share_embedding else self.num_input_channels
        embedding = own * self.patch_length + self.n_patches
        return self.d_model * (embedding + self.num_hidden_layers * (attention + 2 * self.ffn_dim))

    @model_validator(mode="after")
    def _has_whole_heads(self) -> Self:
        _divides(self.d_model, self.num_attention_heads)
        return self

    def to_config(self) -> PretrainedConfig:
        """As in `Kind`."""
        return PatchTSTConfig(
            **self.model_dump(exclude={"model_type"}), scaling=None, do_mask_input=False
        )


class PatchTsMixer(_Series):
    """PatchTSMixer."""

    model_type: Literal["patchtsmixer"]
    patch_length: Samples = 8
    patch_stride: Samples = 8
    d_model: Width = 8
    expansion_factor: int = Field(2, ge=1, le=16)
    num_layers: Layers = 3
    dropout: Share = 0.2
    mode: Literal["common_channel", "mix_channel"] = "common_channel"
    gated_attn: bool = True
    norm_mlp: Literal["LayerNorm", "BatchNorm"] = "LayerNorm"
    self_attn: bool = False
    self_attn_heads: Heads = 1
    use_positional_encoding: bool = False

    @property
    def parameters(self) -> int:
        """As in `Kind`."""
        sizes = [self.n_patches, self.d_model]
        if self.mode == "mix_channel":
            sizes.append(self.num_input_channels)
        mixers = sum((2 * self.expansion_factor + self.gated_attn) * size**2 for size in sizes)
        attention = 4 * self.d_model**2 if self.self_attn else 0
        embedding = self.d_model * (self.patch_length + self.n_patches)
        return embedding + self.num_layers * (mixers + attention)

    @model_validator(mode="after")
    def _has_whole_heads(self) -> Self:
        if self.self_attn:
            _divides(self.d_model, self.self_attn_heads)
        return self

    def to_config(self) -> PretrainedConfig:
        """As in `Kind`."""
        return PatchTSMixerConfig(
            **self.model_dump(exclude={"model_type"}), scaling=None, do_mask_input=False
        )


def _known(channels: list[str]) -> list[str]:
    try:
        require_channels(channels, "channels")
    except DataError as error:
        raise ValueError(f"{error.message}: {error.found}") from None
    return channels


class _Window(Kind):
    """What our own networks say of their windows and classes."""

    CONFIG: ClassVar[type[WindowConfig]]

    n_samples: int = Field(128, ge=2, le=_LONGEST)
    n_hop: int = Field(64, ge=1, le=_LONGEST)
    rate_hz: float = Field(50.0, gt=0, le=10_000)
    channels: Annotated[list[str], AfterValidator(_known)] = list(CHANNELS)
    softmax_temperature: float = Field(1.0, gt=0, le=1e6)
    id2label: dict[str, str] = Field({}, max_length=1_000)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of their numbers."""
        return tuple(self.id2label[str(i)] for i in range(len(self.id2label)))

    @field_validator("id2label")
    @classmethod
    def _is_numbered(cls, names: dict[str, str]) -> dict[str, str]:
        if set(names) != {str(i) for i in range(len(names))}:
            raise ValueError("classes are not numbered from 0")
        if len(set(names.values())) < len(names):
            raise ValueError("two classes have one name")
        return names

    def to_config(self) -> PretrainedConfig:
        """As in `Kind`."""
        own = self.model_dump(exclude={"model_type", "id2label", "backbone_config"})
        return self.CONFIG(**own, **self._inner(), **named_labels(self.classes))

    def _inner(self) -> dict[str, Any]:
        return {}


class Encoder(_Window):
    """Our encoder, pretrained or fine-tuned."""

    CONFIG = HarEncoderConfig

    model_type: Literal["har-encoder"]
    n_samples: int = Field(128, ge=2, le=MAX_SAMPLES)
    patch: Samples = 16
    hidden_size: Width = 64
    num_hidden_layers: Layers = 1
    num_attention_heads: Heads = 4
    intermediate_size: WideWidth = 128
    dropout: Share = 0.3
    token_dropout: Share = 0.8
    statistics: Statistics = "all"

    @property
    def parameters(self) -> int:
        """As in `Kind`."""
        layer = 4 * self.hidden_size + 2 * self.intermediate_size
        return self.hidden_size * (self.num_hidden_layers * layer + 3 * self.hidden_size)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _divides(self.hidden_size, self.num_attention_heads)
        if self.n_samples % self.patch:
            raise ValueError(f"{self.n_samples} samples are no whole patches of {self.patch}")
        return self


class Backbone(_Window):
    """A network of transformers between our scales and our head."""

    CONFIG = HarBackboneConfig

    model_type: Literal["har-backbone"]
    backbone_config: Annotated[Bert | PatchTst | PatchTsMixer, Field(discriminator="model_type")]
    patch: Samples = 16
    dropout: Share = 0.1

    @property
    def parameters(self) -> int:
        """As in `Kind`."""
        return self.backbone_config.parameters

    def _inner(self) -> dict[str, Any]:
        return {"backbone_config": self.backbone_config.to_config()}


class Resnet(_Window):
    """Our residual network."""

    CONFIG = HarResnetConfig

    model_type: Literal["har-resnet"]
    filters: list[Width] = Field([32, 64, 64], min_length=1, max_length=32)
    kernels: list[Annotated[int, Field(ge=1, le=1_024)]] = Field(
        [8, 5, 3], min_length=1, max_length=16
    )
    dropout: Share = 0.0

    @property
    def parameters(self) -> int:
        """As in `Kind`."""
        sizes = [len(self.channels), *self.filters]
        first, *others = self.kernels
        return sum(
            before * size * first + size**2 * sum(others)
            for before, size in zip(sizes, self.filters, strict=False)
        )


BACKBONES: dict[str, type[Kind]] = {
    "patchtst": PatchTst,
    "patchtsmixer": PatchTsMixer,
    "bert": Bert,
}
"""Networks of transformers that can be fine-tuned here, by ``model_type``."""
OURS: dict[str, type[Kind]] = {
    "har-encoder": Encoder,
    "har-backbone": Backbone,
    "har-resnet": Resnet,
}
"""Networks of this project, by ``model_type``."""


def read_config(path: Path, kinds: dict[str, type[Kind]]) -> PretrainedConfig:
    """Read a ``config.json``.

    Parameters
    ----------
    path : Path
        The file.
    kinds : dict of str to type
        What it may be: `BACKBONES` or `OURS`, or some of them.

    Raises
    ------
    DataError
        If it is no configuration, or a field is of a wrong type or out of bounds: it is named.
    UsageError
        If it is of another kind of network.
    """
    stated = json_of(text_of(path, "JSON"), str(path))
    if not isinstance(stated, dict):
        raise DataError(
            f"{path}: not a configuration", expected="a JSON object", found=type(stated).__name__
        )
    model_type = stated.get("model_type")
    kind = kinds.get(model_type) if isinstance(model_type, str) else None
    if kind is None:
        raise UsageError(
            f"{path}: not a network that can be loaded here",
            expected="model_type " + ", ".join(kinds),
            found=model_type if isinstance(model_type, str) else reprlib.repr(model_type),
        )
    _refuse_foreign(stated, path)
    try:
        return kind.model_validate(stated).to_config()
    except ValidationError as error:
        raise _out_of_bounds(error, path) from None


def _refuse_foreign(stated: dict[str, Any], path: Path) -> None:
    inner = stated.get("backbone_config")
    parts = [stated, *([inner] if isinstance(inner, dict) else [])]
    for field, what in FOREIGN.items():
        if any(part.get(field) for part in parts):
            raise DataError(
                f"{path}: {field}: the network has {what}",
                expected="a network as transformers has it, in float32, bfloat16 or float16",
                hint=f"if it is one, remove {field}",
            )


def _out_of_bounds(error: ValidationError, path: Path) -> DataError:
    problem = error.errors(include_url=False)[0]
    field = ".".join(map(str, problem["loc"])) or "the sizes"
    message = problem["msg"].removeprefix("Value error, ")
    return DataError(
        f"{path}: {field}: {message[:1].lower()}{message[1:]}",
        expected="the configuration of a network that can be loaded here",
        found=reprlib.repr(problem["input"]) if problem["loc"] else None,
    )
