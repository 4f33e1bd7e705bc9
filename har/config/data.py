"""Which data, and how they are cleaned, split and cut."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from har.config.section import LONGEST_S, MAX_SAMPLES, Count, DatasetName, EachOnce, Section


class DataSettings(Section):
    """Which data sets, and whose data of them."""

    datasets: Annotated[tuple[DatasetName, ...], EachOnce] = Field(("hapt",), min_length=1)
    subjects: tuple[str, ...] | None = Field(None, description="default: all of them")
    placements: tuple[str, ...] | None = Field(None, description="default: all of them")
    fuse: Annotated[tuple[str, ...], EachOnce] | None = Field(
        None,
        min_length=2,
        description="placements that are worn at once and make one window, in the order of its "
        "channels; default: a window is of one placement",
    )

    @model_validator(mode="after")
    def _one_choice_of_placements(self) -> Self:
        if self.fuse and self.placements:
            raise ValueError("data.fuse names the placements: leave data.placements out")
        return self

    @property
    def wanted_placements(self) -> tuple[str, ...] | None:
        """The placements whose recordings are used; None: all."""
        return self.fuse or self.placements

    @property
    def name(self) -> str:
        """The data sets as one name."""
        return "+".join(self.datasets)


class CleanSettings(Section):
    """What cleaning may repair."""

    max_gap_s: float = Field(
        0.1, ge=0, le=LONGEST_S, description="longest gap filled by interpolation, s"
    )


class SplitSettings(Section):
    """Subjects per split; what is not named is for training."""

    test_subjects: tuple[str, ...] | None = Field(None, description="default: the canonical ones")
    validation_subjects: tuple[str, ...] | None = Field(None, description="default: the source's")


def _at_least(n: int, what: str, span_s: float, others: ValidationInfo) -> float:
    rate_hz = others.data.get("rate_hz")
    if rate_hz and round(span_s * rate_hz) < n:
        raise ValueError(f"shorter than {n} {what} at {rate_hz:g} Hz")
    return span_s


class WindowShape(Section):
    """What one window is, which is all that a model knows of the cutting."""

    rate_hz: float = Field(50.0, gt=0, le=10_000, description="sampling rate, Hz")
    length_s: float = Field(
        2.56, gt=0, le=LONGEST_S, validate_default=True, description="window length, s"
    )

    @field_validator("length_s")
    @classmethod
    def _has_samples(cls, length_s: float, others: ValidationInfo) -> float:
        return _at_least(2, "samples", length_s, others)

    @property
    def n_samples(self) -> int:
        """Samples in one window."""
        return round(self.length_s * self.rate_hz)


class WindowGrid(WindowShape):
    """Where windows start."""

    hop_s: float = Field(
        1.28,
        gt=0,
        le=LONGEST_S,
        validate_default=True,
        description="step from window to window, s",
    )

    @field_validator("hop_s")
    @classmethod
    def _moves_on(cls, hop_s: float, others: ValidationInfo) -> float:
        return _at_least(1, "sample", hop_s, others)

    @property
    def n_hop(self) -> int:
        """Samples from one window's start to the next one's."""
        return round(self.hop_s * self.rate_hz)


Axis = Literal["x", "y", "z", "-x", "-y", "-z"]


class WindowSettings(WindowGrid):
    """How recordings are cut."""

    channels: Literal["acc", "acc+gyro", "acc+mag", "acc+gyro+mag"] | None = Field(
        None,
        description="acc: acceleration alone, acc+gyro, acc+mag or acc+gyro+mag (mag: magnetic "
        "field); default: acceleration, and angular velocity where all recordings have it",
    )
    upright: Axis | None = Field(
        None,
        description="the axis along which gravity is measured while the person walks: each "
        "recording is turned so that it is; for sensors worn firmly",
    )
    train_density: Count = Field(
        4, description="training subjects' windows start this many times as often"
    )
    train_class_windows: Count = Field(
        1500, description="most windows per class that a higher density may give"
    )
    purity: float = Field(1.0, gt=0.5, le=1, description="smallest share of one activity")
    classes: Literal[6, 12] | tuple[str, ...] | None = Field(
        None, description="6, 12 with the transitions, or names; default: the data's own"
    )

    @field_validator("length_s")
    @classmethod
    def _is_taken(cls, length_s: float, others: ValidationInfo) -> float:
        rate_hz = others.data.get("rate_hz")
        if rate_hz and round(length_s * rate_hz) > MAX_SAMPLES:
            raise ValueError(f"longer than {MAX_SAMPLES:,} samples at {rate_hz:g} Hz")
        return length_s

    @property
    def shape(self) -> WindowShape:
        """What one window is."""
        return WindowShape(rate_hz=self.rate_hz, length_s=self.length_s)

    @property
    def grid(self) -> WindowGrid:
        """Where windows start, and what each is."""
        return WindowGrid(rate_hz=self.rate_hz, length_s=self.length_s, hop_s=self.hop_s)


class LabelSettings(Section):
    """How many of the labels are used; the others are as if they had never been given."""

    share: float = Field(1.0, gt=0, le=1, description="of training and validation windows' labels")
