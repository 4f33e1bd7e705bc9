"""The signals inside a raw window: gravity, body motion, jerks and magnitudes."""

import numpy as np
import torch
from scipy.signal import butter, filtfilt
from torch import Tensor, nn

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
SIGNALS = (*GRAVITY, *BODY_ACC, *GYRO, *JERK, *SCALARS)
UNITS = {
    **dict.fromkeys((*GRAVITY, *BODY_ACC, "vertical_acc", "horizontal_acc"), "m/s²"),
    **dict.fromkeys((*GYRO, "yaw_rate", "gyro_mag"), "rad/s"),
    **dict.fromkeys((*JERK, "jerk_mag"), "m/s³"),
    "body_acc_mag": "m/s²",
    "gyro_jerk_mag": "rad/s²",
}


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

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    rate_hz : float
        Sampling rate, Hz.
    """

    analyse: Tensor
    synthesise: Tensor

    def __init__(self, n_samples: int, rate_hz: float) -> None:
        super().__init__()
        self.rate_hz = rate_hz
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

    def forward(self, windows: Tensor) -> Tensor:
        """Return the signals in the order of `SIGNALS`.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, 6), m/s² and rad/s

        Returns
        -------
        Tensor of shape (batch, n_signals, n_samples)
        """
        channels = windows.transpose(1, 2)
        acc, gyro = channels[:, :3], channels[:, 3:]
        gravity = acc @ self.analyse @ self.synthesise
        body = acc - gravity
        jerk, gyro_jerk = self._derivative(body), self._derivative(gyro)
        up = gravity / norm(gravity)
        vertical = (body * up).sum(1, keepdim=True)
        scalars = [
            vertical,
            norm(body - vertical * up),
            (gyro * up).sum(1, keepdim=True),
            norm(body),
            norm(jerk),
            norm(gyro),
            norm(gyro_jerk),
        ]
        return torch.cat([gravity, body, gyro, jerk, *scalars], dim=1)

    def _derivative(self, signals: Tensor) -> Tensor:
        """Return the derivative in time: central differences, one-sided at the ends."""
        first = signals[..., 1:2] - signals[..., :1]
        middle = (signals[..., 2:] - signals[..., :-2]) / 2
        last = signals[..., -1:] - signals[..., -2:-1]
        return torch.cat([first, middle, last], dim=-1) * self.rate_hz


def norm(vectors: Tensor) -> Tensor:
    """Return the Euclidean norm over axis 1, kept: (batch, 3, n) to (batch, 1, n)."""
    return ((vectors * vectors).sum(1, keepdim=True) + TINY).sqrt()
