"""Sums and choices of sensor values."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float64
from har.data.ingest.ledger import Ledger
from har.data.recording import ACC, exceeds

NEAR_S = 0.1  # gravity turns slowly; further apart it is another posture
_UNITS = (
    (r"m/s\^?2|m/s²|m/\(s\^?2\)|m/sec\^?2|m s-2|ms-2|m/s/s", "m/s2"),
    (r"g|g'?s|g-?force", "g"),
    (r"mg|milli-?g", "mg"),
    (r"rad/s|rad/sec|radians?/s", "rad/s"),
    (r"deg/s|deg/sec|dps|°/s|degrees?/s|deg s-1", "deg/s"),
)
_FIELD = {"µT": 1.0, "μT": 1.0, "uT": 1.0, "T": 1e6, "mT": 1e3, "nT": 1e-3}  # µT in each


def unit(text: str) -> str:
    """Return a unit as it is written here, or nothing for one that is unknown.

    >>> unit("m/(s^2)"), unit("G"), unit("dps"), unit("lux")
    ('m/s2', 'g', 'deg/s', '')
    """
    word = text.strip().lower()
    return next((name for pattern, name in _UNITS if re.fullmatch(pattern, word)), "")


def field_factor(text: str) -> float | None:
    """Return the µT in a unit of the magnetic field, or none for one that is unknown.

    >>> field_factor("T"), field_factor("local_flux")
    (1000000.0, None)
    """
    return _FIELD.get(text.strip())


def with_gravity(linear: pd.DataFrame, gravity: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Add gravity to linear acceleration, at the times of the latter.

    Parameters
    ----------
    linear, gravity : DataFrame
        Of ``time_s``, ``acc_x, acc_y, acc_z`` and the ledger's columns, in one unit.
    ledger : Ledger
        Counts the rows of gravity that were used as kept, and is given those of linear
        acceleration that have no gravity near.

    Returns
    -------
    DataFrame
        The rows of `linear`, with gravity.
    """
    missing = gravity[["time_s", *ACC]].isna().any(axis=1).to_numpy()
    sound = ledger.filter(gravity, missing, "gravity is missing").sort_values(by="time_s")
    ledger.keep(sound)
    times, own = sound["time_s"].to_numpy(), linear["time_s"].to_numpy()
    far = ~np.isfinite(own) | ~near(own, times)
    linear = ledger.filter(linear, far, f"no gravity within {NEAR_S:g} s")
    own = linear["time_s"].to_numpy()
    if len(linear):
        for axis in ACC:
            linear[axis] = linear[axis] + np.interp(own, times, sound[axis].to_numpy())
    return linear


def near(times: Float64, others: Float64) -> npt.NDArray[np.bool_]:
    """Tell which times have one of the others near, which are in order, s."""
    return ~exceeds(_distance(times, others), NEAR_S)


def _distance(times: Float64, others: Float64) -> Float64:
    """Return the time from each to the nearest of the others, s."""
    if not len(others):
        return np.full(len(times), np.inf)
    after = np.clip(np.searchsorted(others, times), 0, len(others) - 1)
    before = np.maximum(after - 1, 0)
    return np.asarray(np.minimum(np.abs(times - others[before]), np.abs(others[after] - times)))
