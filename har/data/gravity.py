"""Whether acceleration holds gravity: the mean over a second, which movement hardly changes."""

import numpy as np
import numpy.typing as npt

from har.arrays import Float64

STRETCH_S = 1.0
# m/s². Over 2,260 recordings of phones and watches, the level was at most 3.6 without gravity
# and at least 4.75 with it, whatever the person did.
MOST_WITHOUT, LEAST_WITH = 3.6, 4.75


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
    time, values = np.asarray(time_s, np.float64), np.asarray(acc, np.float64)
    sound = np.isfinite(time) & np.isfinite(values).all(axis=1)
    time, values = time[sound], values[sound]
    if not len(time):
        return float("nan")
    means, sizes = _means(np.floor((time - time[0]) / STRETCH_S), values)
    # The last stretch, and those beside gaps, may be a few samples of one movement.
    whole = sizes >= np.median(sizes) / 2
    return float(np.median(np.linalg.norm(means[whole], axis=1)))


def _means(stretch: Float64, values: Float64) -> tuple[Float64, npt.NDArray[np.intp]]:
    """Return the mean vector of each run of rows in one stretch, and its number of rows."""
    starts = np.flatnonzero(np.diff(stretch, prepend=np.nan) != 0)
    sizes = np.diff(np.append(starts, len(stretch)))
    return np.add.reduceat(values, starts, axis=0) / sizes[:, None], sizes
