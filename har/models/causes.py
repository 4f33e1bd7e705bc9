"""Known reasons why a recording is unlike training, and what undoes each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from har.arrays import Float64, RawWindows
from har.data.channels import AXES
from har.data.gravity import STANDARD_GRAVITY


def moments(windows: RawWindows) -> Float64:
    """Return the mean and the covariance of the axes of every sensor.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        Of sensors with three axes each.

    Returns
    -------
    ndarray of shape (n_windows, n_sensors, 4, 3)
        The mean, and below it the rows of the covariance.
    """
    n, n_samples, _ = windows.shape
    sensors = np.asarray(windows, np.float64).reshape(n, n_samples, -1, AXES).swapaxes(1, 2)
    mean = sensors.mean(axis=2, keepdims=True)
    centred = sensors - mean
    return np.concatenate([mean, centred.swapaxes(2, 3) @ centred / n_samples], axis=2)


@dataclass(frozen=True, eq=False)
class Cause:
    """A known reason why a recording is unlike training, and what it does to sensors.

    Attributes
    ----------
    name : str
        By which the files of models know it.
    what, hint : str
        The reason, and what to do about it.
    acc, gyro : ndarray of shape (3, 3)
        What undoes it.
    is_turn : bool
        Whether the device is worn otherwise, rather than the recorder states it wrongly.
    """

    name: str
    what: str
    hint: str
    acc: Float64
    gyro: Float64
    is_turn: bool = False

    def undone(self, of: Float64, acceleration: Sequence[bool]) -> Float64:
        """Return the moments of windows as they would be without the cause.

        Parameters
        ----------
        of : ndarray of shape (n_windows, n_sensors, 4, 3)
            As `moments` returns them.
        acceleration : sequence of bool
            Of each sensor, whether it measures acceleration.
        """
        matrices = np.stack([self.acc if is_acc else self.gyro for is_acc in acceleration])
        turned = of @ matrices.swapaxes(1, 2)
        return np.concatenate([turned[:, :, :1], matrices @ turned[:, :, 1:]], axis=2)


def opposite(cause: Cause, causes: Sequence[Cause]) -> Cause:
    """Return the cause that is undone by what this one does."""
    return next(
        other
        for other in causes
        if np.allclose(other.acc @ cause.acc, np.eye(3))
        and np.allclose(other.gyro @ cause.gyro, np.eye(3))
    )


def _scaled(name: str, what: str, hint: str, *, acc: float = 1.0, gyro: float = 1.0) -> Cause:
    return Cause(name, what, hint, acc * np.eye(3), gyro * np.eye(3))


UNITS = (
    _scaled(
        "g",
        "acceleration looks like g in place of m/s²",
        "--map acc_unit=g states it",
        acc=STANDARD_GRAVITY,
    ),
    _scaled(
        "m/s2",
        "acceleration looks like m/s² taken for g",
        "--map acc_unit=m/s2 states it",
        acc=1 / STANDARD_GRAVITY,
    ),
    _scaled(
        "deg/s",
        "angular velocity looks like deg/s in place of rad/s",
        "--map gyro_unit=deg/s states it",
        gyro=np.pi / 180,
    ),
    _scaled(
        "rad/s",
        "angular velocity looks like rad/s taken for deg/s",
        "--map gyro_unit=rad/s states it",
        gyro=180 / np.pi,
    ),
)
SIGN = _scaled(
    "sign",
    "gravity points the other way: the sign of acceleration is opposite, as on iPhones, or "
    "the device was worn upside down",
    "--map acc_sign=- turns the sign",
    acc=-1,
)
# What a recorder states wrongly.
UNITS_AND_SIGNS = (SIGN, *UNITS)


def _turn(name: str, matrix: Float64) -> Cause:
    what, hint = "the device was worn elsewhere or turned", "wear it as in training"
    return Cause(f"turned {name}", what, hint, matrix, matrix, is_turn=True)


def _right_angles() -> list[Cause]:
    """Return the 23 turns that lay axes on axes, named by the axes that come to lie on x, y, z."""
    found = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(matrix) > 0 and not np.array_equal(matrix, np.eye(3)):
                named = zip(signs, order, strict=True)
                name = "".join(f"{'+' if s > 0 else '-'}{'xyz'[axis]}" for s, axis in named)
                found.append(_turn(name, matrix))
    return found


def about(axis: int, degrees: float) -> Float64:
    """Return the rotation about x (0), y (1) or z (2).

    >>> about(2, 90.0).round().astype(int).tolist()
    [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    """
    angle = np.deg2rad(degrees)
    first, second = (i for i in range(3) if i != axis)
    matrix = np.eye(3)
    matrix[[first, second], [first, second]] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix


# How a device is worn.
TURNED = (
    *_right_angles(),
    *(
        _turn(f"{-degrees:+d} about {name}", about(axis, degrees))
        for degrees in (45, -45)
        for axis, name in enumerate("xyz")
    ),
)
CAUSES = (*UNITS_AND_SIGNS, *TURNED)
