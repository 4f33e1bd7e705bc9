"""Windows as other sensors would have given them: without a gyroscope, or at two placements."""

from dataclasses import replace

import numpy as np

from har.data.channels import ACCELERATION, AXES, ChannelChoice, placed
from har.data.recording import ACC, CHANNELS
from har.data.windows import Windows


def acceleration_of(windows: Windows) -> Windows:
    """Return windows of both sensors without the angular velocity."""
    choice = ChannelChoice.of(ACCELERATION, [])
    return replace(windows, X=windows.X[..., :AXES].copy(), choice=choice)


def with_field(windows: Windows) -> Windows:
    """Return windows beside the Earth's field, µT: against gravity, and turning with the device."""
    acc = windows.X[..., :AXES]
    up = acc / np.linalg.norm(acc, axis=2, keepdims=True)
    # A phone's magnetometer has noise of about half a µT.
    noise = np.random.default_rng(0).normal(0, 0.5, up.shape)
    field = (-42 * up + 23 * np.cross(up, [0.0, 0.0, 1.0]) + noise).astype(np.float32)
    choice = ChannelChoice.of("acc+gyro+mag", [])
    return replace(windows, X=np.concatenate([windows.X, field], axis=2), choice=choice)


WORN = (*placed("wrist", CHANNELS), *placed("chest", ACC))
"""Channels of `worn_twice`."""


def worn_twice(windows: Windows) -> Windows:
    """Return windows of both sensors as at the wrist, beside acceleration turned as at a chest."""
    chest = windows.X[..., [2, 0, 1]]
    choice = ChannelChoice(channels=WORN, asked=False, recordings=4, with_gyro=0)
    return replace(windows, X=np.concatenate([windows.X, chest], axis=2), choice=choice)
