"""What a session is told of the samples that it gets."""

from dataclasses import dataclass
from math import isfinite

from har.config import CleanSettings
from har.errors import UsageError
from har.models.smoothing import Name

LONGEST_LATE_S = 60.0


@dataclass(frozen=True)
class SessionSettings:
    """How samples are taken.

    Attributes
    ----------
    late_s : float
        How much older than the newest one a sample may be, s; answers wait for so long.
    rate_hz : float or None
        Of the sensor, Hz; None: found from its first seconds.
    calibrate_s : float
        How much of the beginning is looked at for rate and unit, s.
    max_gap_s : float
        Longest step in time that is filled, s.
    gravity : bool
        Whether the acceleration that is sent holds gravity, or gravity is sent beside it.
    placement : str
        Where on the body the sensor is; empty: not known.
    smoother : {"none", "average", "hmm"} or None
        None: the model's own choice.
    anyway : bool
        Whether a stream that is unlike training is answered nevertheless.

    Raises
    ------
    UsageError
        If one of them cannot be.
    """

    late_s: float = 2.0
    rate_hz: float | None = None
    calibrate_s: float = 3.0
    max_gap_s: float = CleanSettings().max_gap_s
    gravity: bool = True
    placement: str = ""
    smoother: Name | None = None
    anyway: bool = False

    def __post_init__(self) -> None:
        bounds = {
            "late_s": (0.0, LONGEST_LATE_S),
            "rate_hz": (0.1, 10_000.0),
            "calibrate_s": (1.0, 60.0),
            "max_gap_s": (0.0, 10.0),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and low <= value <= high):
                raise UsageError(
                    f"{name} of a session", expected=f"{low:g} to {high:g}", found=str(value)
                )
