"""Recordings turned upright: gravity, while the person moves, along one axis.

A waist sensor sits on every person at another tilt, and then standing looks like another's
sitting. While people walk they are upright, so that the direction of gravity in their moving
seconds tells how the sensor is worn: a calibration that asks nothing of anyone (Kunze et al.,
2009, "Which way am I facing"; Palermo et al., 2014, on calibration by gait). It is of a whole
stretch of a recording, and therefore not of a stream or of one window.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from har.arrays import Float32, Float64
from har.data.channels import AXES, by_placement, columns_of, placed
from har.data.recording import ACC, Recording

# m/s². Root mean square, over a second, of acceleration about its mean: at rest below .5, at
# a slow walk above 1.
MOVING = 1.0
LEAST_S = 10  # moving, for a direction to be known


def upright(recording: Recording, axis: str | None) -> Recording:
    """Return a recording whose sensors are turned so that gravity is upright while it moves.

    The turn is the smallest one, and the same for all sensors of a placement. A placement that
    moves too little for its direction to be known stays as it was worn.

    Parameters
    ----------
    recording : Recording
        Clean, at one rate; its acceleration holds gravity.
    axis : str or None
        Along which gravity is measured while the person is upright; None: nothing is turned.
    """
    if axis is None:
        return recording
    table = recording.table
    turned: dict[str, Float32] = {}
    for placement, channels in by_placement(columns_of(table)).items():
        acc = table[list(placed(placement, ACC))].to_numpy(np.float64)
        down = direction(acc, recording.meta.rate_hz)
        if down is None:
            continue
        matrix = turn(down, axis)
        for sensor in range(0, len(channels), AXES):
            names = list(placed(placement, channels[sensor : sensor + AXES]))
            values = table[names].to_numpy(np.float64) @ matrix.T
            turned |= dict(zip(names, values.astype(np.float32).T, strict=True))
    return replace(recording, table=table.assign(**turned))


def direction(acc: npt.ArrayLike, rate_hz: float) -> Float64 | None:
    """Return the median direction of gravity in the seconds of movement.

    Parameters
    ----------
    acc : array-like of shape (n_samples, 3)
        Acceleration with gravity, m/s².
    rate_hz : float
        Samples per second.

    Returns
    -------
    ndarray of shape (3,) or None
        Of length 1; None with fewer than `LEAST_S` seconds of movement.
    """
    values, size = np.asarray(acc, np.float64), round(rate_hz)
    seconds = values[: len(values) // size * size].reshape(-1, size, AXES)
    means = seconds.mean(axis=1)
    moved = np.sqrt(((seconds - means[:, None]) ** 2).sum(axis=2).mean(axis=1))
    moving = means[moved >= MOVING]
    if len(moving) < LEAST_S:
        return None
    median = np.median(moving / np.linalg.norm(moving, axis=1, keepdims=True), axis=0)
    length = np.linalg.norm(median)
    return median / length if length > 0.5 else None


def unit(axis: str) -> Float64:
    """Return the direction of an axis.

    >>> unit("-y").tolist()
    [-0.0, -1.0, -0.0]
    """
    direction: Float64 = np.eye(AXES)["xyz".index(axis[-1])]
    return -direction if axis.startswith("-") else direction


def turn(down: npt.ArrayLike, axis: str) -> Float64:
    """Return the matrix of the smallest turn of a direction onto an axis (Rodrigues' formula).

    >>> turn((0.0, 0.0, 1.0), "z").round(3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    start, end = np.asarray(down, np.float64), unit(axis)
    cosine = float(start @ end)
    if cosine < -1 + 1e-9:  # upside down: half a turn about another axis
        about = np.eye(AXES)[np.argmin(np.abs(end))]
        return 2 * np.outer(about, about) - np.eye(AXES)
    v = np.cross(start, end)
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    matrix: Float64 = np.eye(AXES) + cross + cross @ cross / (1 + cosine)
    return matrix
