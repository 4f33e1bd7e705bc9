"""The signals inside a raw window: gravity, body motion, jerks and magnitudes."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.signal import butter, filtfilt
from torch import Tensor, nn

from har.data.channels import AXES, has_gyro
from har.data.recording import CHANNELS

# Gravity is what is below, as in Anguita et al. (2013), A public domain dataset for human
# activity recognition using smartphones, ESANN: a Butterworth filter of this order.
GRAVITY_CUTOFF_HZ = 0.3
GRAVITY_ORDER = 3
# Of the filter's matrix; what is left out is below the rounding of float32.
GRAVITY_RANK = 16
# Keeps square roots differentiable at 0.
TINY = 1e-12

_AXES = ("x", "y", "z")
GRAVITY = tuple(f"gravity_{a}" for a in _AXES)
BODY_ACC = tuple(f"body_acc_{a}" for a in _AXES)
GYRO = tuple(f"gyro_{a}" for a in _AXES)
JERK = tuple(f"jerk_{a}" for a in _AXES)
SCALARS = (
    "vertical_acc",
    "horizontal_acc",
    "yaw_rate",
    "body_acc_mag",
    "jerk_mag",
    "gyro_mag",
    "gyro_jerk_mag",
)
_OF_GYRO = (*GYRO, "yaw_rate", "gyro_mag", "gyro_jerk_mag")
SIGNALS = (*GRAVITY, *BODY_ACC, *GYRO, *JERK, *SCALARS)
UNITS = {
    **dict.fromkeys((*GRAVITY, *BODY_ACC, "vertical_acc", "horizontal_acc"), "m/s²"),
    **dict.fromkeys((*GYRO, "yaw_rate", "gyro_mag"), "rad/s"),
    **dict.fromkeys((*JERK, "jerk_mag"), "m/s³"),
    "body_acc_mag": "m/s²",
    "gyro_jerk_mag": "rad/s²",
}


def measurable(names: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
    """Return those of some signals that windows of these channels have, in their order.

    >>> measurable(SCALARS, ("acc_x", "acc_y", "acc_z"))
    ('vertical_acc', 'horizontal_acc', 'body_acc_mag', 'jerk_mag')
    """
    return tuple(name for name in names if has_gyro(channels) or name not in _OF_GYRO)


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
    ====================  =======  ====================================================

    Windows of acceleration alone have those that are made of it.

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
    per_step: Tensor

    def __init__(self, n_samples: int, rate_hz: float, channels: Sequence[str] = CHANNELS) -> None:
        super().__init__()
        self.names = measurable(SIGNALS, channels)
        self.n_samples, self.n_sensors = n_samples, len(channels) // AXES
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
        per_step = torch.full((n_samples,), rate_hz / 2)
        per_step[[0, -1]] = rate_hz
        self.register_buffer("per_step", per_step, persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """Return the signals in the order of `names`.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s

        Returns
        -------
        Tensor of shape (batch, n_signals, n_samples)
        """
        channels = windows.transpose(1, 2)
        acc, gyro = channels[:, :AXES], channels[:, AXES:]
        gravity = acc @ self.analyse @ self.synthesise
        body = acc - gravity
        up = gravity / norm(gravity)
        motion = torch.cat([body, gyro], dim=1)
        change = self._derivative(motion)
        moving = self._vectors(motion, self.n_sensors)
        vertical, *yaw = torch.split((moving * up.unsqueeze(1)).sum(2), 1, dim=1)
        across = body - vertical * up
        # Of body acceleration and of angular velocity: the vector, and its derivative.
        pairs = torch.cat([moving, self._vectors(change, self.n_sensors)], dim=2)
        vectors = [across.unsqueeze(1), self._vectors(pairs, 2 * self.n_sensors)]
        norms = norm(torch.cat(vectors, dim=1), axis=2).squeeze(2)
        horizontal, *sizes = torch.split(norms, 1, dim=1)
        jerk = change[:, :AXES]
        return torch.cat([gravity, motion, jerk, vertical, horizontal, *yaw, *sizes], dim=1)

    def _vectors(self, axes: Tensor, n: int) -> Tensor:
        """Return the axes of n vectors as (batch, n, 3, n_samples)."""
        # A reshape with -1: `unflatten` would fix the batch in the exported graph.
        return axes.reshape(-1, n, AXES, self.n_samples)

    def _derivative(self, signals: Tensor) -> Tensor:
        """Return the derivative in time: central differences, one-sided at the ends."""
        padded = torch.cat([signals[..., :1], signals, signals[..., -1:]], dim=-1)
        return (padded[..., 2:] - padded[..., :-2]) * self.per_step


def norm(vectors: Tensor, axis: int = 1) -> Tensor:
    """Return the Euclidean norm over an axis, which is kept: (batch, 3, n) to (batch, 1, n)."""
    return ((vectors * vectors).sum(axis, keepdim=True) + TINY).sqrt()
