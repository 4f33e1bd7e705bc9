"""How unlike training a stretch may be: limits from people whom the mixture does not know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.config import WindowGrid
from har.models.causes import UNITS, Cause, opposite

# Stretches that are judged, and how many of the held-out ones, every person counted the same,
# are below a limit. A shorter one has fewer activities and needs higher limits, of which one odd
# person would make some unreachable.
STRETCHES_S = {60.0: 0.998, 30.0: 0.995, 10.0: 0.995}
# Fewer do not tell how much people differ.
MIN_PEOPLE = 5
# Of the way from the median to that quantile, which is known from few people.
MARGIN = 0.25
# Nats, between a limit for a cause and what held-out people reach, if it is above 0.
EVIDENCE_MARGIN = 4.0
# Of held-out stretches with the cause. One that is seldom found, as a turn about the vertical,
# would only add false alarms.
POWER = 0.8
# Nats. A wrong unit makes windows at least so much more surprising, whoever wears the device.
GROSS = 6.0


@dataclass(frozen=True)
class Limits:
    """What a stretch of so many windows must not exceed.

    Attributes
    ----------
    surprise : dict of int to float
        Mean surprise, nats. Absent where people differ too much for any to be too large.
    evidence : dict of int to (dict of str to float)
        How much less surprising the stretch would be without each cause, nats. Absent is a
        cause that would seldom be found.
    """

    surprise: Mapping[int, float]
    evidence: Mapping[int, Mapping[str, float]]


@dataclass(frozen=True)
class HeldOut:
    """Windows of people, judged by a mixture that was fitted without them.

    Attributes
    ----------
    surprise : ndarray of shape (1 + n_causes, n_windows)
        As they are, and without each cause.
    people : ndarray of shape (n_windows,)
        Whose they are.
    pieces : ndarray of shape (n_windows,)
        Windows of the same number follow one another.
    """

    surprise: Float64
    people: npt.NDArray[Any]
    pieces: npt.NDArray[Any]


def held_out_limits(
    held: HeldOut, causes: Sequence[Cause], grid: WindowGrid, *, most: float
) -> Limits:
    """Return the limits for every stretch of which there are people enough.

    Parameters
    ----------
    held : HeldOut
        Of all people.
    causes : sequence of Cause
        In the order of `held.surprise`; of each, the opposite is among them.
    grid : WindowGrid
        How windows are cut.
    most : float
        Surprise of a window, nats, beyond which none is told from another. A limit that a
        stretch can hardly reach is left out.
    """
    surprise: dict[int, float] = {}
    evidence: dict[int, dict[str, float]] = {}
    row = {cause.name: number for number, cause in enumerate(causes, start=1)}
    for seconds, share in STRETCHES_S.items():
        n = stretch(seconds, grid)
        means, people = _means_of_runs(held, n)
        if len(set(people)) < MIN_PEOPLE:
            continue
        own = means[0]
        highest = quantile(own, people, share)
        limit = highest + MARGIN * (highest - float(np.median(own)))
        if limit < 0.9 * most:
            surprise[n] = round(limit, 4)
        evidence[n] = {}
        for cause in causes:
            chance = quantile(own - means[row[cause.name]], people, share)
            limit = round(max(chance, 0.0) + EVIDENCE_MARGIN, 4)
            if np.mean(means[row[opposite(cause, causes).name]] - own > limit) >= POWER:
                evidence[n][cause.name] = limit
    return Limits(surprise, evidence)


def gross(causes: Sequence[Cause], grid: WindowGrid) -> Limits:
    """Return limits for what no person is needed to know: units that are wrong by far."""
    units = {cause.name: GROSS for cause in causes if cause in UNITS}
    return Limits({}, {stretch(seconds, grid): units for seconds in STRETCHES_S})


def stretch(seconds: float, grid: WindowGrid) -> int:
    """Return how many windows of the grid fill so long a stretch.

    >>> stretch(60.0, WindowGrid())
    45
    """
    return max(1, int((seconds - grid.length_s) / grid.hop_s) + 1)


def quantile(values: Float64, people: npt.NDArray[Any], share: float) -> float:
    """Return what a share of values is below, where each person's together count the same.

    >>> quantile(np.arange(3.0), np.array(["a", "b", "b"]), 0.6)
    1.0
    """
    _, person, counts = np.unique(people, return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    below = np.cumsum(1 / counts[person][order]) / len(counts)
    return float(values[order][min(int(np.searchsorted(below, share)), len(values) - 1)])


def _means_of_runs(held: HeldOut, n: int) -> tuple[Float64, npt.NDArray[Any]]:
    """Return the mean of each `n` windows that follow one another in a piece, and whose it is."""
    rows, n_windows = held.surprise.shape
    if n_windows < n:
        return np.empty((rows, 0)), held.people[:0]
    total = np.concatenate([np.zeros((rows, 1)), np.cumsum(held.surprise, axis=1)], axis=1)
    whole = held.pieces[n - 1 :] == held.pieces[: n_windows - n + 1]
    means = (total[:, n:] - total[:, :-n]) / n
    return means[:, whole], held.people[: n_windows - n + 1][whole]
