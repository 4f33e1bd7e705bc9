"""Intervals over subjects, and who is tested by models of whom."""

from pydantic import Field

from har.config.section import Section


class IntervalSettings(Section):
    """Bootstrap intervals over subjects."""

    bootstrap: int = Field(2000, description="resamples of the subjects")
    confidence: float = 0.95
    seed: int = 0


class ProtocolSettings(Section):
    """How protocols cut folds."""

    groups: int = Field(10, description="of subjects, in the protocol of that name")
    n_validation_subjects: int = Field(
        4, ge=1, description="validation subjects of a fold that leaves one subject out"
    )
