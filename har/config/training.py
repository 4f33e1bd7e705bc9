"""How networks are pretrained and fine-tuned, and how training changes windows."""

from typing import Literal

from pydantic import Field

from har.config.section import LONGEST_S, Count, Positive, Section, Seed, Share


class AugmentSettings(Section):
    """How training changes windows; 0 switches a change off."""

    rotation_deg: float = Field(15.0, ge=0, description="spread of the sensors' turn, degrees")
    any_rotation: Share = Field(0.0, description="share of windows turned to anywhere")
    gain: float = Field(0.02, ge=0, description="spread of each sensor's gain")
    noise: float = Field(0.01, ge=0, description="white noise, m/s², and a tenth of it in rad/s")
    time_warp: float = Field(0.0, ge=0, lt=1, description="largest change of speed, as a share")
    shift: int = Field(8, ge=0, description="largest shift in time, samples")
    axis_dropout: Share = Field(0.0, description="share of windows without one axis")
    sensor_dropout: Share = Field(0.0, description="share without one sensor")
    mixup: float = Field(0.0, ge=0, description="alpha of mixup: 0.2 is usual")


class PretrainSettings(Section):
    """Self-supervised pretraining on the training subjects' windows."""

    checkpoint: str = Field(
        "auto",
        description="bundled, own, none, or the folder of an encoder pretrained before; "
        "auto: bundled if it fits and has seen nobody who is held out, else none",
    )
    epochs: Count = 100
    batch_size: Count = 256
    learning_rate: Positive = 1e-3
    weight_decay: float = Field(0.05, ge=0)
    neighbour_s: float = Field(
        5.0, gt=0, le=LONGEST_S, description="neighbours start at most so far apart, s"
    )
    temperature: Positive = Field(0.2, description="smaller: harder to tell pairs apart")
    augment: AugmentSettings = AugmentSettings()
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    seed: Seed = 0


class FinetuneSettings(Section):
    """Fine-tuning of a network with a new head."""

    epochs: Count = 12
    min_steps: int = Field(
        240, ge=0, description="batches at least: an epoch repeats windows if they are few"
    )
    batch_size: Count = 64
    learning_rate: Positive = 1e-3
    weight_decay: float = Field(0.05, ge=0)
    warmup_ratio: Share = 0.1
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    class_weight: Share = Field(0.5, description="power of inverse class frequency")
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
    patience: Count = 5
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    processes: Count = Field(1, description="that share every batch; on GPUs, one each")
