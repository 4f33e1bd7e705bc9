"""Typed settings: defaults < ``har.toml`` < environment (``HAR_*``) < flags.

>>> Settings(window={"hop_s": 0.64}).window.hop_s
0.64

An environment variable names a setting by its path: ``HAR_WINDOW__HOP_S=0.64``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from har.errors import UsageError


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(Section):
    """Which data sets, and whose data of them."""

    datasets: tuple[str, ...] = Field(("hapt",), min_length=1)
    subjects: tuple[str, ...] | None = Field(None, description="default: all of them")
    placements: tuple[str, ...] | None = Field(None, description="default: all of them")

    @property
    def name(self) -> str:
        """The data sets as one name."""
        return "+".join(self.datasets)


class CleanSettings(Section):
    """What cleaning may repair."""

    max_gap_s: float = Field(0.1, ge=0, description="longest gap filled by interpolation, s")


class SplitSettings(Section):
    """Subjects per split; what is not named is for training."""

    test_subjects: tuple[str, ...] | None = Field(None, description="default: the canonical ones")
    validation_subjects: tuple[str, ...] | None = Field(None, description="default: the source's")


class WindowSettings(Section):
    """How recordings are cut."""

    rate_hz: float = Field(50.0, gt=0, description="sampling rate, Hz")
    length_s: float = Field(2.56, gt=0, description="window length, s")
    hop_s: float = Field(1.28, gt=0, description="step from window to window, s")
    train_density: int = Field(
        4, ge=1, description="training subjects' windows start this many times as often"
    )
    train_class_windows: int = Field(
        1500, ge=1, description="most windows of a class that a higher density may give"
    )
    purity: float = Field(1.0, gt=0.5, le=1, description="smallest share of one activity")
    classes: Literal[6, 12] | tuple[str, ...] | None = Field(
        None, description="6, 12 with the transitions, or names; default: the data's own"
    )

    @property
    def n_samples(self) -> int:
        """Samples in one window."""
        return round(self.length_s * self.rate_hz)

    @property
    def n_hop(self) -> int:
        """Samples from one window's start to the next one's."""
        return round(self.hop_s * self.rate_hz)


class LabelSettings(Section):
    """How many of the labels are used; the others are as if they had never been given."""

    share: float = Field(1.0, gt=0, le=1, description="of training and validation windows' labels")


class AugmentSettings(Section):
    """How training changes windows; 0 switches a change off."""

    rotation_deg: float = Field(15.0, ge=0, description="spread of the sensors' turn, degrees")
    any_rotation: float = Field(0.0, ge=0, le=1, description="share of windows turned to anywhere")
    gain: float = Field(0.02, ge=0, description="spread of each sensor's gain")
    noise: float = Field(0.01, ge=0, description="white noise, m/s², and a tenth of it in rad/s")
    time_warp: float = Field(0.0, ge=0, lt=1, description="largest change of speed, as a share")
    shift: int = Field(8, ge=0, description="largest shift in time, samples")
    axis_dropout: float = Field(0.0, ge=0, le=1, description="share of windows without one axis")
    sensor_dropout: float = Field(0.0, ge=0, le=1, description="share without one sensor")
    mixup: float = Field(0.0, ge=0, description="alpha of mixup: 0.2 is usual")


class ClassicalSettings(Section):
    """What every model on features has."""

    class_windows: int = Field(1000, ge=1, description="most training windows of a class")
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
    max_features: float = Field(0.15, gt=0, le=1, description="share of features tried a split")


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

    def encoder(self, name: str) -> EncoderSettings:
        """Return the section of an encoder."""
        section = self.of(name)
        assert isinstance(section, EncoderSettings), name
        return section


def model_names() -> tuple[str, ...]:
    """Return the name of every model that can be trained."""
    return tuple(field.replace("_", "-") for field in ModelSettings.model_fields)


class PretrainSettings(Section):
    """Self-supervised pretraining on the training subjects' windows."""

    checkpoint: str = Field(
        "auto",
        description="bundled, own, none, or the folder of an encoder pretrained before; "
        "auto: bundled if it fits and has seen nobody who is held out, else none",
    )
    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    neighbour_s: float = Field(5.0, gt=0, description="neighbours start at most so far apart, s")
    temperature: float = Field(0.2, gt=0, description="smaller: harder to tell pairs apart")
    augment: AugmentSettings = AugmentSettings()
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    seed: int = 0


class FinetuneSettings(Section):
    """Fine-tuning of a network with a new head."""

    epochs: int = 12
    min_steps: int = Field(
        240, ge=0, description="batches at least: an epoch repeats windows if they are few"
    )
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_ratio: float = 0.1
    label_smoothing: float = 0.1
    class_weight: float = Field(0.5, ge=0, le=1, description="power of inverse class frequency")
    freeze: Literal["none", "head", "norms", "last", "warmup", "gradual"] = Field(
        "warmup",
        description="what learns: all, the head, norms too, the last freeze_layers too; "
        "all after freeze_steps; one layer more every freeze_steps",
    )
    freeze_steps: int = Field(
        120, ge=0, description="with warmup: batches of the head alone, in whole epochs"
    )
    freeze_layers: int = Field(1, ge=0, description="with last: layers that learn")
    lora_rank: int = Field(0, ge=0, description="LoRA instead of the layers' own weights; 0: off")
    lora_alpha: int = Field(16, gt=0, description="LoRA's change is scaled by alpha / rank")
    ema: float = Field(0.0, ge=0, lt=1, description="decay of the weights' average; 0: off")
    augment: AugmentSettings = AugmentSettings()
    patience: int = 5
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    processes: int = Field(1, ge=1, description="that share every batch; on GPUs, one each")


class EvaluateSettings(Section):
    """Protocols, and intervals over subjects."""

    groups: int = Field(10, description="of subjects, in the protocol of that name")
    validation_subjects: int = Field(4, ge=1, description="of a fold that leaves one subject out")
    bootstrap: int = 2000
    confidence: float = 0.95
    seed: int = 0


class ExportSettings(Section):
    """Bounds that an ONNX build must meet to serve."""

    max_probability_gap: float = 0.15
    min_agreement: float = 0.995
    max_macro_f1_drop: float = 0.005
    max_latency_ms: float = 10.0
    max_slowdown: float = Field(1.2, description="largest latency relative to the fp32 build")
    calibration_windows: int = 512
    unknown_share: float = Field(
        0.005, ge=0, lt=1, description="share of genuine windows that may be called unknown"
    )
    latency_repeats: int = 300


class GateSettings(Section):
    """Rules of promotion."""

    min_macro_f1: float = 0.90
    min_class_f1: float = 0.80
    min_subject_f1: float = Field(0.70, description="macro-F1 of the worst test subject")
    max_ece: float = Field(0.05, description="expected calibration error")
    max_megabytes: float = Field(25.0, description="size of the serving build, MB")
    max_quarantined: float = Field(0.05, description="share of the data's rows in quarantine")
    max_mended: float = Field(
        0.05, description="share of samples that cleaning removed or interpolated"
    )
    robustness: dict[str, float] = Field(
        {
            "turned 15°, each subject": 0.10,
            "gain +5 %": 0.05,
            "gain -5 %": 0.05,
            "noise 0.1 m/s²": 0.05,
            "sampled at 25 Hz": 0.05,
            "0.1 s later": 0.05,
        },
        description="macro-F1 that a change of the sensors may cost, by name of the change "
        "(`har evaluate --robustness` names them)",
    )
    margin: float = Field(
        0.0,
        ge=0,
        description="macro-F1 that a version may lose, beyond noise, to the champion; "
        "0: it must be better",
    )
    min_shadow_windows: int = Field(
        0,
        ge=0,
        description="windows that a version was scored on beside the champion that it would "
        "replace (`har registry shadow`)",
    )
    approval: Literal["always", "replacing", "never"] = Field(
        "replacing",
        description="which promotions to Production a second person approves: all, those that "
        "replace a champion, or none",
    )


class RegistrySettings(Section):
    """Where versions live."""

    model: str = "har"
    identity: str | None = Field(
        None, description="who acts; default: the server's user, else the operating system's"
    )
    tracking_uri: str | None = Field(None, description="default: MLFLOW_TRACKING_URI, else mlruns/")
    webhooks: tuple[SecretStr, ...] = Field(
        (), description="URLs that hear of every move and request; JSON, signed"
    )
    webhook_secret: SecretStr | None = Field(
        None, description="base64, known to the receivers: signs what they are sent"
    )
    audit: Path | None = Field(
        None,
        description="copy of the model's history; default: history/<model>/audit.jsonl beside "
        "the local database, mlruns/<server>/<model>/audit.jsonl of a server",
    )


class Environment(Section):
    """Where things are, and who acts: nothing that shapes a result."""

    store: Path = Path("data/store")
    registry: RegistrySettings = RegistrySettings()


class Settings(BaseSettings):
    """All settings of a run; every section is frozen and JSON-able."""

    model_config = SettingsConfigDict(
        env_prefix="HAR_",
        env_nested_delimiter="__",
        toml_file="har.toml",
        extra="forbid",
        frozen=True,
    )

    store: Path = Path("data/store")
    data: DataSettings = DataSettings()
    clean: CleanSettings = CleanSettings()
    split: SplitSettings = SplitSettings()
    window: WindowSettings = WindowSettings()
    labels: LabelSettings = LabelSettings()
    candidates: tuple[str, ...] = Field(
        ("svm", "encoder-small"),
        min_length=1,
        description="models of a run; the others are compared with the first",
    )
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1, description="one training for each")
    models: ModelSettings = ModelSettings()
    pretrain: PretrainSettings = PretrainSettings()
    finetune: FinetuneSettings = FinetuneSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    export: ExportSettings = ExportSettings()
    gate: GateSettings = GateSettings()
    registry: RegistrySettings = RegistrySettings()

    @property
    def environment(self) -> Environment:
        """Where things are, and who acts."""
        return Environment(store=self.store, registry=self.registry)

    def flat(self) -> dict[str, Any]:
        """Return every setting but the store's place by its dotted name, JSON-able."""
        return dict(flatten(self.model_dump(mode="json", exclude={"store"})))

    def finetune_of(self, name: str) -> FinetuneSettings:
        """Return how a network is fine-tuned: ``finetune``, changed by its own section."""
        own = self.models.of(name).finetune  # type: ignore[attr-defined]
        shared = self.finetune.model_dump()
        augment = {**shared["augment"], **own.get("augment", {})}
        return FinetuneSettings.model_validate({**shared, **own, "augment": augment})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank the sources: flags first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(overrides: list[str] | None = None, **flags: Any) -> Settings:
    """Return the settings with flags applied last.

    Parameters
    ----------
    overrides : list of str
        ``section.name=value`` pairs, as given with ``--set``.
    **flags : Any
        Whole sections or scalars.

    Raises
    ------
    UsageError
        If a name is unknown or a value does not fit.

    Examples
    --------
    >>> load(["finetune.epochs=5"]).finetune.epochs
    5
    """
    tree: dict[str, Any] = dict(flags)
    for pair in overrides or []:
        path, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair}", expected="section.name=value", found="no '='")
        *sections, name = path.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
        node[name] = _parsed(value)
    try:
        return Settings(**tree)
    except ValidationError as error:
        problem = error.errors()[0]
        # Of a union, pydantic names the member that came closest.
        where = ".".join(str(part) for part in problem["loc"] if "[" not in str(part))
        raise UsageError(
            f"setting {where}: {problem['msg'].lower()}",
            found=repr(problem["input"]),
            hint="`har config` prints every setting with its value",
        ) from None


def flatten(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of nested settings by its dotted name; an empty section is a leaf.

    >>> dict(flatten({"window": {"hop_s": 1.28}, "seeds": [0]}))
    {'window.hop_s': 1.28, 'seeds': [0]}
    """
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _parsed(text: str) -> Any:
    """Read a flag's value as TOML, and what is not TOML as a plain string."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
