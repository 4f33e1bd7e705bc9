"""The rules of promotion."""

from typing import Literal

from pydantic import Field

from har.config.section import Positive, Section, Share


class DeploymentSettings(Section):
    """Where a version is to work: a rule of robustness counts if that can happen there."""

    rates_hz: tuple[Positive, ...] | None = Field(
        None,
        min_length=1,
        description="sampling rates of the sensors that it will meet, Hz; by default those of "
        "the recordings that it was made of",
    )
    sensors_off: tuple[str, ...] | None = Field(
        None,
        description="what may be off or broken there, as gyroscope, acc_x or a placement; by "
        "default whatever `gate.robustness` names",
    )
    max_turn_deg: float = Field(
        180.0, ge=0, le=180, description="by how much a sensor may be turned there, degrees"
    )


class GateSettings(Section):
    """Rules of promotion."""

    min_macro_f1: Share = 0.90
    min_class_f1: Share = 0.80
    min_subject_f1: Share = Field(0.70, description="macro-F1 of the worst test subject")
    max_ece: Share = Field(0.05, description="expected calibration error")
    max_megabytes: Positive = Field(25.0, description="size of the serving build, MB")
    max_quarantined: Share = Field(0.05, description="share of the data's rows in quarantine")
    max_repaired: Share = Field(
        0.05, description="share of samples that cleaning removed or interpolated"
    )
    robustness: dict[str, Share] = Field(
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
    deployment: DeploymentSettings = DeploymentSettings()
    margin: Share = Field(
        0.0,
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
        "replace a champion, or none; changes of the registry's policy too, unless it is none",
    )
    shared_account: bool = Field(
        False,
        description="whether one may approve what was asked for from the same account under "
        "another name; the registry's policy decides (`har registry policy`)",
    )
