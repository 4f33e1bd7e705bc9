"""In which units acceleration and angular velocity are, and whether gravity is there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.gravity import MOST_WITHOUT, level
from har.data.ingest import judge
from har.data.ingest.columns import Triad
from har.data.ingest.guess.clock import seconds_of
from har.data.ingest.guess.made import Made, numbers
from har.data.ingest.mapping import GYRO_UNITS, ColumnMapping, Entries
from har.data.recorders.base import Doubt
from har.data.recording import ACC, GYRO
from har.errors import DataError


@dataclass(frozen=True)
class Motion:
    """The numbers of a sample: time, s; acceleration and angular velocity in the file's unit."""

    time_s: Float64
    acc: Float64
    gyro: Float64 | None

    @classmethod
    def of(cls, sample: pd.DataFrame, made: Made) -> "Motion":
        """Return the numbers of a sample."""
        stated, gravity, gyro = made.stated, made.get("gravity"), made.get("gyro")
        acc = _axes(sample, made.get("acc")) * stated.acc_scale + stated.acc_offset
        if isinstance(gravity, tuple):
            acc = acc + _axes(sample, gravity)
        time = seconds_of(sample, made)
        turning = _axes(sample, gyro) * stated.gyro_scale if gyro and not stated.sensors else None
        return cls(time, acc, turning)


def _axes(sample: pd.DataFrame, names: Sequence[str]) -> Float64:
    return np.column_stack([numbers(sample[name]) for name in names])


def add_units(made: Made, chosen: dict[Any, Triad], motions: Sequence[Motion], where: str) -> None:
    """Add units and gravity: as names say, or else as the values of all samples leave them."""
    acc = chosen.get(made.get("acc"))
    if acc and acc.unit in judge.FACTORS:
        made.add("acc_unit", acc.unit, said=True)
    made.votes = tuple(judge.of_acceleration(m.time_s, m.acc) for m in motions)
    made.rates_hz = tuple(rate for m in motions if (rate := _rate(m.time_s)))
    votes = Counter(filter(None, made.votes))
    levels = [norm for m in motions if np.isfinite(norm := level(m.time_s, m.acc))]
    if not made.get("acc_unit"):
        _add_acc_unit(made, votes, levels, where)
    if unit := made.get("acc_unit"):
        _add_gravity(made, votes, [norm * judge.FACTORS[unit] for norm in levels], where)
    if made.get("gyro") and not made.stated.sensors:
        _add_gyro_unit(made, chosen, motions, where)


def _add_acc_unit(made: Made, votes: Counter[str], levels: Sequence[float], where: str) -> None:
    if _is_clear(votes, len(levels)):
        made.add("acc_unit", votes.most_common(1)[0][0])
        return
    norm = float(np.median(levels)) if levels else float("nan")
    if not levels:
        made.add("acc_unit", "m/s2")
    elif norm <= MOST_WITHOUT:
        made.doubt(
            "acc_unit",
            f"{where}: is acceleration (about {norm:.2g} over a second) in g or, without "
            "gravity, in m/s²?",
            "g",
            "m/s2",
        )
    else:
        raise DataError(
            f"{where}: acceleration in an unknown unit",
            expected="about 9.8 over a second in m/s², 1 in g, 1,000 in mg",
            found=f"{norm:.4g}",
            hint="say what a count is, in g or m/s²: --map acc_scale=… --map acc_unit=g",
        )


def _is_clear(votes: Counter[str], n_files: int) -> bool:
    """Tell whether gravity says the unit of files.

    Without gravity, a part of them may look like g; none looks like m/s² with it.
    """
    return votes["m/s2"] > 0 or sum(votes.values()) > n_files / 2


def _add_gravity(made: Made, votes: Counter[str], levels: Sequence[float], where: str) -> None:
    if made.get("gravity") or not levels:
        return
    norm = float(np.median(levels))
    with_it = judge.has_gravity(max(levels))
    # Where the values are clearly of another unit than is stated, harmonising refuses it.
    if with_it or _is_clear(votes, len(levels)):
        return
    if with_it is None:
        question = f"{where}: does acceleration (about {norm:.2g} m/s² over a second) hold gravity?"
        made.doubt("gravity", question, "included", "none")
    else:
        made.add("gravity", "none")


def _add_gyro_unit(
    made: Made, chosen: dict[Any, Triad], motions: Sequence[Motion], where: str
) -> None:
    factor = judge.FACTORS[made.get("acc_unit") or "g"]
    pairs = [(m.gyro, m.acc * factor) for m in motions if m.gyro is not None]
    turning = chosen.get(made.get("gyro"))
    if turning and turning.unit in GYRO_UNITS:
        made.add("gyro_unit", turning.unit, said=True)
    elif unit := judge.of_rotation(pairs):
        made.add("gyro_unit", unit)
    elif made.get("gyro") == GYRO and made.get("acc") == ACC:
        made.add("gyro_unit", "rad/s", said=True)  # the names that `har data export` writes
    elif largest := _largest(pairs):
        made.doubt("gyro_unit", _question(where, largest), "rad/s", "deg/s")


def gyro_unit(
    turning: Triad,
    samples: Sequence[tuple[pd.DataFrame, pd.DataFrame]],
    mapping: ColumnMapping,
    stated: Entries,
) -> tuple[str, tuple[Doubt, ...]]:
    """Return the unit of angular velocity in files of its own, or a doubt.

    Parameters
    ----------
    turning : Triad
        Its columns.
    samples : sequence of (DataFrame, DataFrame)
        Of each recording, angular velocity and acceleration.
    mapping : ColumnMapping
        Of acceleration.
    stated : Entries
        What a person said.
    """
    if "gyro_unit" in stated.model_fields_set:
        return stated.gyro_unit, ()
    if turning.unit in GYRO_UNITS:
        return turning.unit, ()
    factor = judge.FACTORS[mapping.acc_unit] * mapping.acc_scale
    pairs = [
        (_axes(rotation, turning.axes), _axes(acc, mapping.acc) * factor)
        for rotation, acc in samples
    ]
    if unit := judge.of_rotation(pairs):
        return unit, ()
    question = _question("angular velocity", _largest(pairs))
    return "", (Doubt("gyro_unit", question, ("rad/s", "deg/s")),)


def _largest(pairs: Sequence[tuple[Float64, Float64]]) -> float:
    return max((float(np.nanmax(np.abs(rates), initial=0.0)) for rates, _ in pairs), default=0.0)


def _question(where: str, largest: float) -> str:
    return f"{where}: is angular velocity (at most {largest:.2g}, hardly moved) in rad/s or deg/s?"


def _rate(time_s: Float64) -> float:
    """Return how many rows there are in a second, Hz; 0 where time does not pass."""
    steps = np.diff(time_s)
    total = float(steps[steps > 0].sum())
    return len(steps) / total if total > 0 else 0.0
