"""Samples that share their time as one sample: the same means for files and for streams."""

import numpy as np

from har.arrays import Float64


def averaged(time_s: Float64, values: Float64) -> tuple[Float64, Float64]:
    """Average the samples that have the same time.

    Parameters
    ----------
    time_s : ndarray of shape (n_samples,)
        In order, s.
    values : ndarray of shape (n_samples, n_channels)
        At these times.

    Returns
    -------
    time_s : ndarray of shape (n_times,)
        Each time once.
    values : ndarray of shape (n_times, n_channels)
        Their means.

    Examples
    --------
    >>> time, values = averaged(np.array([0.0, 0.1, 0.1]), np.array([[1.0], [2.0], [4.0]]))
    >>> time.tolist(), values.tolist()
    ([0.0, 0.1], [[1.0], [3.0]])
    """
    starts = np.flatnonzero(np.diff(time_s, prepend=np.nan) != 0)
    if len(starts) == len(time_s):
        return time_s, values
    sizes = np.diff(np.append(starts, len(time_s)))
    return time_s[starts], np.add.reduceat(values, starts, axis=0) / sizes[:, None]
