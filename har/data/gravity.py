"""Whether acceleration holds gravity: the mean over a second, which movement hardly changes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.data.recording import RecordingMeta
from har.errors import DataError

STANDARD_GRAVITY = 9.80665  # m/s²
STRETCH_S = 1.0
# m/s². Over 2,260 recordings of phones and watches, the level was at most 3.6 without gravity
# and at least 4.75 with it, whatever the person did.
MOST_WITHOUT, LEAST_WITH = 3.6, 4.75
# m/s². Nobody is pulled at twice gravity for most seconds of a recording; 1 g is 32 ft/s².
MOST_WITH = 2 * STANDARD_GRAVITY
NEAR_G = 0.15  # of 1, for stretches in g: a hand that turns takes some of gravity's mean
# Of stretches in g among others in m/s². Free fall lasts no second.
MIXED_SHARE = 0.05
# The two kinds of acceleration, as people read them; no model may mix them.
KINDS = {True: "with gravity", False: "without gravity"}


@dataclass(frozen=True)
class Stretches:
    """Acceleration second by second, in the unit of the samples.

    Attributes
    ----------
    levels : ndarray of shape (n_stretches,)
        Norm of the mean vector.
    norms : ndarray of shape (n_stretches,)
        Mean of the samples' norms.
    """

    levels: Float64
    norms: Float64

    @property
    def level(self) -> float:
        """The median level; NaN without any stretch."""
        return float(np.median(self.levels)) if len(self.levels) else float("nan")

    @property
    def in_g(self) -> float:
        """Share of the stretches that look like gravity in g, where others are in m/s²; else 0."""
        if not len(self.levels):
            return 0.0
        # A hand that turns may have a small mean, but not while its samples are small too.
        in_g = float(((np.abs(self.levels - 1) < 0.4) & (self.norms < LEAST_WITH)).mean())
        in_si = float((self.levels >= LEAST_WITH).mean())
        return in_g if min(in_g, in_si) > MIXED_SHARE and in_g + in_si > 0.8 else 0.0

    @property
    def is_in_g(self) -> bool:
        """Whether most stretches have the level of gravity in g."""
        near = np.abs(self.levels - 1) < NEAR_G
        return bool(near.mean() > 0.5) if len(near) else False


@np.errstate(over="ignore")
def stretches(time_s: npt.ArrayLike, acc: npt.ArrayLike) -> Stretches:
    """Cut samples into stretches of 1 s; see `level`."""
    time, values = np.asarray(time_s, np.float64), np.asarray(acc, np.float64)
    sound = np.isfinite(time) & np.isfinite(values).all(axis=1)
    time, values = time[sound], values[sound]
    if not len(time):
        return Stretches(np.empty(0), np.empty(0))
    second = np.floor((time - time[0]) / STRETCH_S)
    starts = np.flatnonzero(np.diff(second, prepend=np.nan) != 0)
    sizes = np.diff(np.append(starts, len(second)))
    # The last stretch, and those beside gaps, may be a few samples of one movement.
    whole = sizes >= np.median(sizes) / 2
    means = np.add.reduceat(values, starts, axis=0) / sizes[:, None]
    norms = np.add.reduceat(np.linalg.norm(values, axis=1), starts) / sizes
    return Stretches(np.linalg.norm(means[whole], axis=1), norms[whole])


def level(time_s: npt.ArrayLike, acc: npt.ArrayLike) -> float:
    """Return the median, over stretches of 1 s, of the norm of the mean vector.

    Unlike the norm of each sample, it is as good as unchanged by vigorous movement.

    Parameters
    ----------
    time_s : array-like of shape (n_samples,)
        In order, s.
    acc : array-like of shape (n_samples, 3)
        Acceleration, in any unit; rows with NaN are left out.

    Returns
    -------
    float
        In the unit of `acc`; NaN without any sample.
    """
    return stretches(time_s, acc).level


def check_level(found: Stretches, name: str, *, gravity: bool) -> None:
    """Raise `DataError` if acceleration is not in m/s², with gravity or without as stated.

    Between the two, nothing is guessed: with gravity, which is what is taken for granted
    where nobody says otherwise, it is refused; without, somebody has said so, and it stays.

    Parameters
    ----------
    found : Stretches
        Of a recording, m/s²; without any stretch, nothing is said.
    name : str
        Of the recording.
    gravity : bool
        Whether acceleration is said to hold gravity.
    """
    if not len(found.levels):
        return
    if not gravity:
        _check_without(found, name)
    elif found.in_g:
        raise DataError(
            f"{name}: acceleration changes its unit",
            expected=f"a level near {STANDARD_GRAVITY:g} m/s² throughout",
            found=f"{found.in_g:.0%} of {len(found.levels)} stretches of {STRETCH_S:g} s "
            "look like g",
            hint="split the file by unit and ingest each part with its own",
        )
    elif not LEAST_WITH <= found.level <= MOST_WITH:
        raise _refusal(found, name)


def _refusal(found: Stretches, name: str) -> DataError:
    """Say what acceleration with another level than gravity's seems to be."""
    level = found.level
    wrong = "is not in m/s² with gravity included"
    looks, hint = "", "check the unit"
    if found.is_in_g:
        looks = ", which looks like g"
        hint = f"multiply acceleration by {STANDARD_GRAVITY}, or state the unit: --map acc_unit=g"
    elif 1000 * LEAST_WITH < level * STANDARD_GRAVITY < 1000 * MOST_WITH:
        looks = ", which looks like thousandths of g"
    elif level < LEAST_WITH:
        wrong = "lacks gravity" if level <= MOST_WITHOUT else "may lack gravity"
        looks = f"; without gravity it is at most {MOST_WITHOUT:g}"
        hint = (
            "take the columns or the file that hold gravity; or state that it was taken out: "
            "--map gravity=none; or state the unit, if it is another: --map acc_unit=g"
        )
    return DataError(
        f"{name}: acceleration {wrong}",
        expected=f"a mean vector of {LEAST_WITH:g} to {MOST_WITH:.3g} m/s² (median over "
        f"stretches of {STRETCH_S:g} s)",
        found=f"{level:.3g}{looks}",
        hint=hint,
    )


def _check_without(found: Stretches, name: str) -> None:
    if found.level >= LEAST_WITH or found.is_in_g:
        raise DataError(
            f"{name}: acceleration holds gravity, and was said not to",
            expected=f"a mean vector below {LEAST_WITH:g} m/s² (median over stretches of "
            f"{STRETCH_S:g} s)",
            found=f"{found.level:.3g}" + (", which looks like g" if found.is_in_g else ""),
            hint="leave gravity=none out, or name the columns of linear acceleration",
        )


def common_kind(metas: Iterable[RecordingMeta]) -> bool:
    """Return whether the acceleration of recordings that are used together holds gravity.

    Raises
    ------
    DataError
        If it does in some and not in others.
    """
    first: dict[bool, str] = {}
    for meta in metas:
        first.setdefault(meta.gravity, meta.recording_id)
    if len(first) > 1:
        raise DataError(
            "some recordings hold gravity, and others do not",
            expected="one kind of acceleration in all data sets of a run",
            found="; ".join(f"{KINDS[kind]}: {first[kind]}" for kind in (True, False)),
            hint="choose data sets of one kind (data.datasets), or ingest the columns that "
            "hold gravity",
        )
    return next(iter(first), True)
