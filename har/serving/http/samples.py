"""Bodies of sessions: how one begins, samples that are pushed, and what they bring."""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from har.models.smoothing import Name
from har.serving.http.sessions import ID
from har.serving.http.windows import Number, Sample, Window
from har.serving.session import Chunk, Sensor, SessionSettings, Update
from har.serving.session.settings import LONGEST_LATE_S


class SessionRequest(BaseModel):
    """How samples of a new session are taken."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | None = Field(
        None, pattern=f"^{ID}$", description="its name; one is made up where there is none"
    )
    late_s: Number = Field(
        SessionSettings().late_s,
        ge=0,
        le=LONGEST_LATE_S,
        description="how much older than the newest one a sample may be; answers wait for it",
    )
    rate_hz: Number | None = Field(
        None, ge=0.1, le=10_000, description="of the sensor; none: found from the first seconds"
    )
    placement: str = Field("", max_length=64, description="where on the body the sensor is")
    smoother: Name | None = Field(None, description="none: the model's own choice")
    anyway: bool = Field(False, description="answer what is unlike training, too")
    gravity: bool | None = Field(
        None, description="whether acceleration holds gravity; none: as the model takes it"
    )


class SensorSamples(BaseModel):
    """Samples of one sensor, in any order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    time_s: Sample = Field(description="on the clock of the device")
    values: Window = Field(description="three of each time")
    unit: Literal["", "m/s2", "g", "rad/s", "deg/s"] = Field(
        "", description="m/s2 or g; of gyro rad/s or deg/s; empty: the first of them"
    )


class SamplesRequest(BaseModel):
    """Samples of the sensors: ``acc``, or ``linear`` and ``gravity``; and ``gyro``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    acc: SensorSamples | None = Field(None, description="acceleration as the model takes it")
    linear: SensorSamples | None = Field(None, description="acceleration without gravity")
    gravity: SensorSamples | None = None
    gyro: SensorSamples | None = Field(None, description="angular velocity")

    def chunks(self) -> list[Chunk]:
        """Return checked samples.

        Raises
        ------
        SampleError
            Naming the field at fault.
        """
        sensors: dict[Sensor, SensorSamples | None] = {
            "acc": self.acc,
            "linear": self.linear,
            "gravity": self.gravity,
            "gyro": self.gyro,
        }
        return [
            Chunk.of(sensor, sent.time_s, sent.values, unit=sent.unit)
            for sensor, sent in sensors.items()
            if sent
        ]


def told(update: Update) -> dict[str, Any]:
    """Return what samples brought as a JSON-able dict."""
    return {
        "windows": [asdict(window) for window in update.windows],
        "segments": [segment.to_dict() for segment in update.segments],
        "events": [event.to_dict() for event in update.events],
    }
