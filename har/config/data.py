"""Which data, and how they are cleaned, split and cut."""

from typing import Literal

from pydantic import Field

from har.config.section import Section


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


class WindowShape(Section):
    """What one window is, which is all that a model knows of the cutting."""

    rate_hz: float = Field(50.0, gt=0, description="sampling rate, Hz")
    length_s: float = Field(2.56, gt=0, description="window length, s")

    @property
    def n_samples(self) -> int:
        """Samples in one window."""
        return round(self.length_s * self.rate_hz)


class WindowGrid(WindowShape):
    """Where windows start."""

    hop_s: float = Field(1.28, gt=0, description="step from window to window, s")

    @property
    def n_hop(self) -> int:
        """Samples from one window's start to the next one's."""
        return round(self.hop_s * self.rate_hz)


class WindowSettings(WindowGrid):
    """How recordings are cut."""

    train_density: int = Field(
        4, ge=1, description="training subjects' windows start this many times as often"
    )
    train_class_windows: int = Field(
        1500, ge=1, description="most windows per class that a higher density may give"
    )
    purity: float = Field(1.0, gt=0.5, le=1, description="smallest share of one activity")
    classes: Literal[6, 12] | tuple[str, ...] | None = Field(
        None, description="6, 12 with the transitions, or names; default: the data's own"
    )

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
