"""One section for each model that can be trained."""

from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from har.config.section import Count, Dropout, Positive, Section, Share
from har.config.training import AugmentSettings, FinetuneSettings
from har.errors import UsageError

Grid = tuple[Positive, ...]
Statistics = Literal["all", "plain"]


class ClassicalSettings(Section):
    """What every model on features has."""

    class_windows: Count = Field(1000, description="most training windows per class")
    copies: int = Field(2, ge=0, description="of each training window, changed at random")
    coherence: bool = Field(
        True, description="how pairs of axes move together, beside the named features"
    )
    convolutions: int = Field(
        0, ge=0, multiple_of=84, description="features of MiniRocket beside the named ones"
    )
    augment: AugmentSettings = AugmentSettings(rotation_deg=10.0)


class SvmSettings(ClassicalSettings):
    """The RBF-SVM on features."""

    c_grid: Grid = Field((1.0, 3.0), min_length=1)
    gamma_scale: Grid = Field((0.25,), min_length=1, description="gamma times n_features")


class LogisticSettings(ClassicalSettings):
    """Logistic regression on features."""

    c_grid: Grid = Field((0.003, 0.01, 0.03, 0.1), min_length=1)
    max_iterations: Count = 300


class ExtraTreesSettings(ClassicalSettings):
    """Extremely randomised trees on features."""

    n_estimators: Count = 200
    min_samples_leaf: tuple[Count, ...] = Field((1, 2, 4), min_length=1)
    max_features: float = Field(0.15, gt=0, le=1, description="share of features tried per split")


class NetworkSettings(Section):
    """What every network's section has."""

    finetune: dict[str, Any] = Field({}, description="its own values of [finetune]")

    @field_validator("finetune")
    @classmethod
    def _fits(cls, own: dict[str, Any]) -> dict[str, Any]:
        try:
            FinetuneSettings.model_validate(own)
        except ValidationError as error:
            problem = error.errors()[0]
            name = ".".join(map(str, problem["loc"]))
            raise ValueError(f"{name}: {problem['msg'].lower()}") from None
        return own


class AttentionSettings(NetworkSettings):
    """What every network has whose heads share its hidden size."""

    hidden_size: Count = 64
    heads: Count = Field(4, validate_default=True)

    @field_validator("heads")
    @classmethod
    def _share_the_size(cls, heads: int, others: ValidationInfo) -> int:
        if others.data.get("hidden_size", 0) % heads:
            raise ValueError(f"no divisor of hidden_size, {others.data['hidden_size']}")
        return heads


class EncoderSettings(AttentionSettings):
    """Size of a Hugging Face encoder."""

    layers: Count = 1
    patch: Count = Field(16, description="samples per patch")
    dropout: Dropout = 0.3
    token_dropout: Share = Field(0.8, description="share of patches and spectra hidden in training")
    statistics: Statistics = Field(
        "all", description="plain: without quartiles and shape, which take half of the time"
    )


_CHECKPOINT = Field(
    None, description="Hugging Face folder or hub id to start from; its sizes then hold"
)


class PatchTstSettings(AttentionSettings):
    """PatchTST: a transformer over the patches of each channel."""

    checkpoint: str | None = _CHECKPOINT
    layers: Count = 3
    patch: Count = Field(16, description="samples per patch")
    stride: Count = Field(16, description="samples from one patch's start to the next one's")
    dropout: Dropout = 0.2


class PatchTsMixerSettings(NetworkSettings):
    """PatchTSMixer: perceptrons over patches, channels and features."""

    checkpoint: str | None = _CHECKPOINT
    hidden_size: Count = 64
    layers: Count = 2
    patch: Count = Field(16, description="samples per patch")
    stride: Count = Field(16, description="samples from one patch's start to the next one's")
    dropout: Dropout = 0.4


class BertSettings(AttentionSettings):
    """BERT over patches of all channels."""

    checkpoint: str | None = _CHECKPOINT
    layers: Count = 2
    patch: Count = Field(16, description="samples per patch")
    dropout: Dropout = 0.4


class ResnetSettings(NetworkSettings):
    """A residual network of convolutions, the supervised control."""

    filters: tuple[Count, ...] = Field(
        (32, 64, 64), min_length=1, description="channels of each block"
    )
    kernels: tuple[Count, ...] = Field(
        (8, 5, 3), min_length=1, description="of the convolutions in a block"
    )
    dropout: Dropout = 0.5


class ModelSettings(Section):
    """One section for each model that can be trained; a model is named like its section."""

    svm: SvmSettings = SvmSettings()
    logistic: LogisticSettings = LogisticSettings()
    minirocket: LogisticSettings = LogisticSettings(convolutions=2520, c_grid=(0.003, 0.01))
    extra_trees: ExtraTreesSettings = ExtraTreesSettings()
    encoder_nano: EncoderSettings = EncoderSettings(
        hidden_size=12,
        heads=2,
        dropout=0.1,
        statistics="plain",
        finetune={"learning_rate": 3e-3},
    )
    encoder_small: EncoderSettings = EncoderSettings()
    encoder_base: EncoderSettings = EncoderSettings(hidden_size=128, layers=3)
    patchtst: PatchTstSettings = PatchTstSettings()
    patchtsmixer: PatchTsMixerSettings = PatchTsMixerSettings()
    bert: BertSettings = BertSettings()
    resnet: ResnetSettings = ResnetSettings(finetune={"learning_rate": 3e-4})

    def of(self, name: str) -> Section:
        """Return the section of a model, as ``encoder-small``.

        Raises
        ------
        UsageError
            If there is no such model.
        """
        if name not in model_names():
            raise UsageError(
                f"model {name}: no such model", expected=", ".join(model_names()), found=name
            )
        section: Section = getattr(self, name.replace("-", "_"))
        return section

    def network(self, name: str) -> NetworkSettings:
        """Return the section of a network."""
        section = self.of(name)
        assert isinstance(section, NetworkSettings), name
        return section

    def encoder(self, name: str) -> EncoderSettings:
        """Return the section of an encoder."""
        section = self.of(name)
        assert isinstance(section, EncoderSettings), name
        return section


def model_names() -> tuple[str, ...]:
    """Return the name of every model that can be trained."""
    return tuple(field.replace("_", "-") for field in ModelSettings.model_fields)
