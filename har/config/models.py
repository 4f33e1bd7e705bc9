"""One section for each model that can be trained."""

from typing import Any

from pydantic import Field

from har.config.section import Section
from har.config.training import AugmentSettings
from har.errors import UsageError


class ClassicalSettings(Section):
    """What every model on features has."""

    class_windows: int = Field(1000, ge=1, description="most training windows per class")
    copies: int = Field(2, ge=0, description="of each training window, changed at random")
    convolutions: int = Field(
        0, ge=0, multiple_of=84, description="features of MiniRocket beside the named ones"
    )
    augment: AugmentSettings = AugmentSettings(rotation_deg=10.0)


class SvmSettings(ClassicalSettings):
    """The RBF-SVM on features."""

    c_grid: tuple[float, ...] = (1.0, 3.0)
    gamma_scale: tuple[float, ...] = Field((0.25,), description="gamma times n_features")


class LogisticSettings(ClassicalSettings):
    """Logistic regression on features."""

    c_grid: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    max_iterations: int = 300


class ExtraTreesSettings(ClassicalSettings):
    """Extremely randomised trees on features."""

    n_estimators: int = 200
    min_samples_leaf: tuple[int, ...] = (1, 2, 4)
    max_features: float = Field(0.15, gt=0, le=1, description="share of features tried per split")


class NetworkSettings(Section):
    """What every network's section has."""

    finetune: dict[str, Any] = Field({}, description="its own values of [finetune]")


class EncoderSettings(NetworkSettings):
    """Size of a Hugging Face encoder."""

    hidden_size: int = 64
    layers: int = 1
    heads: int = 4
    patch: int = Field(16, description="samples per patch")
    dropout: float = 0.3
    token_dropout: float = Field(0.8, description="share of patches and spectra hidden in training")


_CHECKPOINT = Field(
    None, description="Hugging Face folder or hub id to start from; its sizes then hold"
)


class PatchTstSettings(NetworkSettings):
    """PatchTST: a transformer over the patches of each channel."""

    checkpoint: str | None = _CHECKPOINT
    hidden_size: int = 64
    layers: int = 3
    heads: int = 4
    patch: int = Field(16, description="samples per patch")
    stride: int = Field(16, description="samples from one patch's start to the next one's")
    dropout: float = 0.2


class PatchTsMixerSettings(NetworkSettings):
    """PatchTSMixer: perceptrons over patches, channels and features."""

    checkpoint: str | None = _CHECKPOINT
    hidden_size: int = 64
    layers: int = 2
    patch: int = Field(16, description="samples per patch")
    stride: int = Field(16, description="samples from one patch's start to the next one's")
    dropout: float = 0.4


class BertSettings(NetworkSettings):
    """BERT over patches of all channels."""

    checkpoint: str | None = _CHECKPOINT
    hidden_size: int = 64
    layers: int = 2
    heads: int = 4
    patch: int = Field(16, description="samples per patch")
    dropout: float = 0.4


class ResnetSettings(NetworkSettings):
    """A residual network of convolutions, the supervised control."""

    filters: tuple[int, ...] = Field((32, 64, 64), description="channels of each block")
    kernels: tuple[int, ...] = Field((8, 5, 3), description="of the convolutions in a block")
    dropout: float = 0.5


class ModelSettings(Section):
    """One section for each model that can be trained; a model is named like its section."""

    svm: SvmSettings = SvmSettings()
    logistic: LogisticSettings = LogisticSettings()
    minirocket: LogisticSettings = LogisticSettings(convolutions=2520, c_grid=(0.003, 0.01))
    extra_trees: ExtraTreesSettings = ExtraTreesSettings()
    encoder_nano: EncoderSettings = EncoderSettings(
        hidden_size=12, heads=2, dropout=0.1, finetune={"learning_rate": 3e-3}
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
