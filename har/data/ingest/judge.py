"""Units by values: what gravity and the body's movement leave possible.

Over 7,849 stretches of 4 s of HAPT and SP-SW-HAR (phones at the waist, watches), in which
acceleration varied by 0.05 m/s² or more, angular velocity varied by 0.03 to 1.9 rad/s for each
m/s², and by 0.2 to 0.7 rad/s in their middle. In deg/s that is 57 times as much.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.data.gravity import LEAST_WITH, MOST_WITHOUT, STANDARD_GRAVITY, level
from har.data.ingest.checks import BEYOND_SHARE
from har.data.schema import MAX_GYRO

# m/s². More than gravity and any movement over a second.
MOST_WITH = 25.0
# Of the largest stretch to the smallest: gravity is the same throughout, movement is not.
EVEN = 1.6
PARTS = 8
STILL = 0.05  # m/s²; less may be the noise of the sensor
# (rad/s)/(m/s²); between the two, the unit of angular velocity is in doubt.
MOST_IN_RAD, LEAST_IN_DEG = 1.5, 4.0
FACTORS = {"m/s2": 1.0, "g": STANDARD_GRAVITY, "mg": STANDARD_GRAVITY / 1000}


def of_acceleration(time_s: npt.ArrayLike, acc: npt.ArrayLike) -> str:
    """Return the unit in which acceleration holds gravity, or an empty text.

    Parameters
    ----------
    time_s : array-like of shape (n_samples,)
        In order, s.
    acc : array-like of shape (n_samples, 3)
        In the unit of the file.

    Returns
    -------
    {"m/s2", "g", "mg", ""}
        Empty where gravity is not there, or another unit as possible.
    """
    values = np.asarray(acc, np.float64)
    norm = level(time_s, values)
    if LEAST_WITH <= norm <= MOST_WITH:
        return "m/s2"
    for unit in ("g", "mg"):
        if LEAST_WITH <= norm * FACTORS[unit] <= STANDARD_GRAVITY * 1.7 and _is_even(values):
            return unit
    return ""


def has_gravity(level_si: float) -> bool | None:
    """Tell whether acceleration of a level in m/s² holds gravity; None where it is open."""
    if level_si >= LEAST_WITH:
        return True
    return False if level_si <= MOST_WITHOUT else None


def of_rotation(pairs: Sequence[tuple[Float64, Float64]]) -> str:
    """Return the unit of angular velocity, or an empty text where the sensors were too still.

    Parameters
    ----------
    pairs : sequence of (ndarray of shape (n_samples, 3), ndarray of shape (n_samples, 3))
        Of each recording, angular velocity in the unit of the files, and acceleration at the
        same times, m/s².
    """
    largest = max((_largest(gyro) for gyro, _ in pairs), default=0.0)
    if largest > np.rad2deg(MAX_GYRO):
        return "mdeg/s"
    if largest > MAX_GYRO:
        return "deg/s"
    found = [ratio for gyro, acc in pairs for ratio in ratios(gyro, acc)]
    ratio = float(np.median(found)) if found else float("nan")
    if ratio <= MOST_IN_RAD:
        return "rad/s"
    return "deg/s" if ratio >= LEAST_IN_DEG else ""


def _largest(values: Float64) -> float:
    """Return the largest size that is no glitch of a few rows, which says nothing of a unit."""
    sizes = np.sort(np.nan_to_num(np.abs(values)).max(axis=1, initial=0.0))
    glitches = max(1, int(BEYOND_SHARE * len(sizes)))
    return float(sizes[-1 - glitches]) if len(sizes) > glitches else 0.0


def ratios(gyro: Float64, acc_si: Float64) -> list[float]:
    """Return how much a sensor turns for each m/s² that it is moved, in parts of a recording."""
    found = []
    # The sensors may have different numbers of rows: parts of the same time are compared.
    for turning, moving in zip(_parts(gyro), _parts(acc_si), strict=False):
        moved = _spread(moving)
        if moved >= STILL:
            found.append(_spread(turning) / moved)
    return found


def _is_even(values: Float64) -> bool:
    norms = [float(np.linalg.norm(part.mean(axis=0))) for part in _parts(values)]
    return len(norms) > 1 and max(norms) <= EVEN * min(norms)


def _parts(values: Float64) -> list[Float64]:
    sound = values[np.isfinite(values).all(axis=1)]
    return [part for part in np.array_split(sound, PARTS) if len(part) > 1]


@np.errstate(over="ignore")
def _spread(values: Float64) -> float:
    return float(np.sqrt(values.var(axis=0).sum()))
