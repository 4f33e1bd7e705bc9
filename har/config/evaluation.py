"""Intervals over subjects, and who is tested by models of whom."""

from pydantic import Field

from har.config.section import Count, Section, Seed


class IntervalSettings(Section):
    """Bootstrap intervals over subjects."""

    bootstrap: int = Field(2000, ge=10, le=1_000_000, description="resamples of the subjects")
    confidence: float = Field(0.95, gt=0, lt=1, description="0.95: intervals of 95 %")
    seed: Seed = 0


class ProtocolSettings(Section):
    """How protocols cut folds."""

    groups: int = Field(10, ge=3, description="of subjects, in the protocol of that name")
    n_validation_subjects: Count = Field(
        4, description="validation subjects of a fold that leaves one subject out"
    )
