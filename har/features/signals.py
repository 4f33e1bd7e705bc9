"""The signals inside a raw window: gravity, body motion, jerks and magnitudes."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.signal import butter, filtfilt
from torch import Tensor, nn

from har.data.channels import AXES, has_gyro, has_mag
from har.data.recording import CHANNELS

# Gravity is what is below, as in Anguita et al. (2013), A public domain dataset for human
# activity recognition using smartphones, ESANN: a Butterworth filter of this order.
GRAVITY_CUTOFF_HZ = 0.3
GRAVITY_ORDER = 3
# Of the filter's matrix; what is left out is below the rounding of float32.
GRAVITY_RANK = 16
# The Earth's field is at most so large, and dividing by a power of two is exact. In µT, the
# rounding of a field that hardly changes would be above the floors of the statistics.
FIELD_UT = 64.0
# Keeps square roots differentiable at 0.
TINY = 1e-12

_AXES = ("x", "y", "z")
GRAVITY = tuple(f"gravity_{a}" for a in _AXES)
BODY_ACC = tuple(f"body_acc_{a}" for a in _AXES)
GYRO = tuple(f"gyro_{a}" for a in _AXES)
JERK = tuple(f"jerk_{a}" for a in _AXES)
FIELD = tuple(f"field_{a}" for a in _AXES)
SCALARS = (
    "vertical_acc",
    "horizontal_acc",
    "yaw_rate",
    "body_acc_mag",
    "jerk_mag",
    "gyro_mag",
    "gyro_jerk_mag",
    "field_vertical",
    "field_mag",
    "field_turn",
)
_OF_GYRO = (*GYRO, "yaw_rate", "gyro_mag", "gyro_jerk_mag")
_OF_FIELD = (*FIELD, "field_vertical", "field_mag", "field_turn")
SIGNALS = (*GRAVITY, *BODY_ACC, *GYRO, *JERK, *FIELD, *SCALARS)
UNITS = {
    **dict.fromkeys((*GRAVITY, *BODY_ACC, "vertical_acc", "horizontal_acc"), "m/s²"),
    **dict.fromkeys((*GYRO, "yaw_rate", "gyro_mag"), "rad/s"),
    **dict.fromkeys((*JERK, "jerk_mag"), "m/s³"),
    "body_acc_mag": "m/s²",
    "gyro_jerk_mag": "rad/s²",
    **dict.fromkeys((*FIELD, "field_vertical", "field_mag"), "64 µT"),
    "field_turn": "rad/s",
}


def measurable(names: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
    """Return those of some signals that windows of these channels have, in their order.

    >>> measurable(SCALARS, ("acc_x", "acc_y", "acc_z"))
    ('vertical_acc', 'horizontal_acc', 'body_acc_mag', 'jerk_mag')
    """
    lacking = (() if has_gyro(channels) else _OF_GYRO) + (() if has_mag(channels) else _OF_FIELD)
    return tuple(name for name in names if name not in lacking)


class WindowSignals(nn.Module):
    """Split a raw window into named signals of the same length.

    ====================  =======  ====================================================
    signal                unit     formula
    ====================  =======  ====================================================
    gravity_x/y/z         m/s²     zero-phase Butterworth low-pass of acceleration
    body_acc_x/y/z        m/s²     acceleration minus gravity
    gyro_x/y/z            rad/s    angular velocity as measured
    jerk_x/y/z            m/s³     central difference of body acceleration in time
    vertical_acc          m/s²     body acceleration along the direction of gravity
    horizontal_acc        m/s²     size of what is left of it
    yaw_rate              rad/s    angular velocity about the direction of gravity
    body_acc_mag          m/s²     Euclidean norm of body acceleration
    jerk_mag              m/s³     Euclidean norm of jerk
    gyro_mag              rad/s    Euclidean norm of angular velocity
    gyro_jerk_mag         rad/s²   Euclidean norm of the derivative of angular velocity
    field_x/y/z           64 µT    magnetic field minus its low-pass, as of gravity
    field_vertical        64 µT    magnetic field along the direction of gravity
    field_mag             64 µT    Euclidean norm of the magnetic field
    field_turn            rad/s    Euclidean norm of the derivative of the field's direction
    ====================  =======  ====================================================

    Windows of acceleration alone have those that are made of it. Of the magnetic field, no signal
    tells which way a person faced.

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    rate_hz : float
        Sampling rate, Hz.
    channels : sequence of str, optional
        Of the windows.

    Attributes
    ----------
    names : tuple of str
        The signals, in their order.
    """

    analyse: Tensor
    synthesise: Tensor
    by_sensor: Tensor
    by_vector: Tensor

    def __init__(self, n_samples: int, rate_hz: float, channels: Sequence[str] = CHANNELS) -> None:
        super().__init__()
        self.has_mag = has_mag(channels)
        self.names = measurable(SIGNALS, channels)
        # Of motion: the accelerometer and, where there is one, the gyroscope.
        self.n_samples, self.n_sensors = n_samples, 1 + has_gyro(channels)
        b, a = butter(GRAVITY_ORDER, GRAVITY_CUTOFF_HZ, fs=rate_hz)
        # A filter with fixed ends is linear, so it is a matrix: row i is its answer to impulse i.
        # What it lets through is smooth, so a thin matrix times a flat one is the same.
        left, sizes, right = np.linalg.svd(filtfilt(b, a, np.eye(n_samples), axis=1))
        rank = min(GRAVITY_RANK, n_samples)
        for name, matrix in (
            ("analyse", left[:, :rank] * sizes[:rank]),
            ("synthesise", right[:rank]),
        ):
            self.register_buffer(name, torch.tensor(matrix, dtype=torch.float32))
        self.differences = Differences(n_samples, rate_hz)
        # Of what is across gravity, the sensors, and their derivatives: each beside its own.
        vectors = (0, 1, 3, 2, 4) if self.n_sensors > 1 else (0, 1, 2)
        self.register_buffer("by_sensor", _sums(range(self.n_sensors)), persistent=False)
        self.register_buffer("by_vector", _sums(vectors), persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the signals in the order of `names`.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, n_channels), m/s², rad/s and µT

        Returns
        -------
        Tensor of shape (batch, n_signals, n_samples)
        """
        channels = windows.transpose(1, 2)
        acc, *others = torch.split(channels, AXES, dim=1)
        gravity = acc @ self.analyse @ self.synthesise
        body = acc - gravity
        up = gravity / norm(gravity)
        motion = torch.cat([body, *others[: self.n_sensors - 1]], dim=1)
        change = motion @ self.differences()
        # Sums over the axes of one sensor are products with a matrix of ones and zeros.
        along = self.by_sensor @ (motion * torch.cat([up] * self.n_sensors, dim=1))
        vertical, *yaw = torch.split(along, 1, dim=1)
        vectors = torch.cat([body - vertical * up, motion, change], dim=1)
        sizes = (self.by_vector @ (vectors * vectors) + TINY).sqrt()
        horizontal, norms = torch.split(sizes, [1, 2 * self.n_sensors], dim=1)
        axes, scalars = [motion, change[:, :AXES]], [vertical, horizontal, *yaw, norms]
        if self.has_mag:
            own, *more = self._of_field(others[-1] / FIELD_UT, up)
            axes, scalars = [*axes, own], [*scalars, *more]
        return torch.cat([gravity, *axes, *scalars], dim=1)

    def _of_field(self, field: Tensor, up: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the field's own axes, its part along gravity, its norm and how it turns."""
        size = norm(field)
        own = field - field @ self.analyse @ self.synthesise
        turn = norm(field / size @ self.differences())
        return own, (field * up).sum(1, keepdim=True), size, turn


class Differences(nn.Module):
    """The derivative in time as a matrix: central differences, one-sided at the ends.

    A graph holds how it is computed, as with `har.features.waves`.

    Parameters
    ----------
    n_samples : int
        Samples in one signal.
    rate_hz : float
        Sampling rate, Hz.
    """

    time: Tensor
    after: Tensor
    before: Tensor
    per_step: Tensor
    matrix: Tensor

    def __init__(self, n_samples: int, rate_hz: float) -> None:
        super().__init__()
        time, last = torch.arange(n_samples).float(), n_samples - 1
        ones = torch.ones(n_samples)
        per_step = torch.full((n_samples,), rate_hz / 2)
        per_step[[0, -1]] = rate_hz
        self.register_buffer("time", torch.stack([time, ones], dim=1))
        self.register_buffer("after", torch.stack([ones, -(time + 1).clamp(max=last)]))
        self.register_buffer("before", torch.stack([ones, -(time - 1).clamp(min=0)]))
        self.register_buffer("per_step", per_step)
        self.register_buffer("matrix", self._computed(), persistent=False)

    def forward(self) -> Tensor:
        """Return a matrix of shape (n_samples, n_samples), 1/s."""
        return self._computed() if torch.onnx.is_in_onnx_export() else self.matrix

    def _computed(self) -> Tensor:
        # 1 at the sample after, and at the one before; 0 elsewhere.
        after, before = (
            (1 - (self.time @ other).abs()).relu() for other in (self.after, self.before)
        )
        return (after - before) * self.per_step


def _sums(rows: Sequence[int]) -> Tensor:
    """Return a matrix of shape (n, 3 n) that adds the axes of n vectors, in the order of `rows`."""
    return torch.eye(len(rows))[list(rows)].repeat_interleave(AXES, dim=1)


def norm(vectors: Tensor, axis: int = 1) -> Tensor:
    """Return the Euclidean norm over an axis, which is kept: (batch, 3, n) to (batch, 1, n)."""
    return ((vectors * vectors).sum(axis, keepdim=True) + TINY).sqrt()
