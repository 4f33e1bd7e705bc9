# mypy: untyped_calls_exclude="torch,transformers"
"""Augmentation: what another wearer, sensor or moment would change.

Every change is one function of windows of shape (batch, n_samples, n_channels) in m/s² and
rad/s, and how strong it is; each window has its own draw. A sensor has three channels. What is
worn at one placement is one device, which turns as a whole; devices turn by themselves.
"""

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from har.config import AugmentSettings
from har.data.channels import AXES, SensorLayout
from har.data.recording import CHANNELS

# Random speeds along a window that is warped in time.
KNOTS = 4
BOTH = SensorLayout.of(CHANNELS)
Change = Callable[[Tensor, float, torch.Generator], Tensor]


def augment(
    windows: Tensor,
    settings: AugmentSettings,
    generator: torch.Generator,
    channels: Sequence[str] = CHANNELS,
) -> Tensor:
    """Return changed windows, all but `mix` of what the settings ask for.

    Parameters
    ----------
    windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s
    settings : AugmentSettings
        How strong each change is; one of strength 0 draws nothing.
    generator : Generator
        On the CPU; the same state gives the same windows.
    channels : sequence of str, optional
        Of the windows.
    """
    layout = SensorLayout.of(channels)
    n_channels, n_sensors = len(channels), len(layout.places)
    changes: list[tuple[Change, float]] = [
        (functools.partial(turn, layout=layout), settings.rotation_deg),
        (functools.partial(turn_anywhere, layout=layout), settings.any_rotation),
        (amplify, settings.gain),
        (functools.partial(add_noise, layout=layout), settings.noise),
        (warp_time, settings.time_warp),
        (shift_time, settings.shift),
        (functools.partial(drop, n_parts=n_channels), settings.axis_dropout),
        # Without its only sensor a window is nothing.
        (functools.partial(drop, n_parts=n_sensors), settings.sensor_dropout * (n_sensors > 1)),
    ]
    for change, strength in changes:
        if strength:
            windows = change(windows, strength, generator)
    return windows


def turn(
    windows: Tensor, degrees: float, generator: torch.Generator, *, layout: SensorLayout = BOTH
) -> Tensor:
    """Turn the sensors of each placement about a random axis, by a normal angle of this spread."""
    n = len(windows) * layout.n_places
    axis = nn.functional.normalize(torch.randn(n, 3, generator=generator), dim=1)
    angle = torch.deg2rad(torch.randn(n, 1, generator=generator) * degrees)
    return _rotate(windows, torch.linalg.matrix_exp(_cross_matrix(axis * angle)), layout)


def turn_anywhere(
    windows: Tensor, share: float, generator: torch.Generator, *, layout: SensorLayout = BOTH
) -> Tensor:
    """Turn each placement in a share of windows, every orientation being as likely as another.

    Four normal numbers, scaled to length 1, are a uniform unit quaternion, thus a
    rotation from the Haar measure (Shoemake 1992, Uniform random rotations, Graphics
    Gems III).
    """
    n = len(windows) * layout.n_places
    quaternion = nn.functional.normalize(torch.randn(n, 4, generator=generator), dim=1)
    chosen = torch.rand(n, 1, generator=generator) < share
    none = torch.tensor([1.0, 0.0, 0.0, 0.0])
    return _rotate(windows, _matrix(torch.where(chosen, quaternion, none)), layout)


def amplify(windows: Tensor, spread: float, generator: torch.Generator) -> Tensor:
    """Multiply each sensor by a normal gain around 1."""
    gain = 1 + spread * torch.randn(len(windows), 1, windows.shape[2] // AXES, generator=generator)
    return windows * gain.repeat_interleave(AXES, dim=2)


def add_noise(
    windows: Tensor, spread: float, generator: torch.Generator, *, layout: SensorLayout = BOTH
) -> Tensor:
    """Add white noise: `spread` in m/s², a tenth of it in rad/s, as much in µT."""
    noise = spread * torch.randn(windows.shape, generator=generator)
    each = torch.tensor([0.1 if sensor == "gyro" else 1.0 for sensor in layout.sensors])
    return windows + noise * each.repeat_interleave(AXES)


def warp_time(windows: Tensor, change: float, generator: torch.Generator) -> Tensor:
    """Play windows at a speed that varies smoothly between 1 - change and 1 + change.

    As in Um et al. (2017), Data augmentation of wearable sensor data for Parkinson's
    disease monitoring using convolutional neural networks, ICMI. Their curve is scaled
    to end with the window, which takes a change of cadence away again; here the middle
    keeps its place, and an end that runs out is mirrored.
    """
    n, n_samples, _ = windows.shape
    knots = 1 + change * (2 * torch.rand(n, KNOTS, generator=generator) - 1)
    place = (knots @ _bumps(n_samples)).cumsum(1)
    middle = n_samples // 2
    place = _mirrored(place - place[:, middle : middle + 1] + middle, n_samples)
    before = place.floor().clamp(max=n_samples - 2)
    part = (place - before).unsqueeze(2)
    return (1 - part) * _at(windows, before.long()) + part * _at(windows, before.long() + 1)


def shift_time(windows: Tensor, largest: float, generator: torch.Generator) -> Tensor:
    """Shift by at most `largest` samples; the end that runs out is mirrored."""
    n, n_samples, _ = windows.shape
    bound = min(int(largest), n_samples - 1)
    start = torch.randint(-bound, bound + 1, (n, 1), generator=generator)
    return _at(windows, _mirrored(torch.arange(n_samples) + start, n_samples))


def drop(windows: Tensor, share: float, generator: torch.Generator, *, n_parts: int) -> Tensor:
    """Zero one of all axes, or of all sensors, in a share of windows.

    As modalities are dropped in Neverova et al. (2016), ModDrop: adaptive multi-modal
    gesture recognition, TPAMI.
    """
    n = len(windows)
    part = torch.randint(n_parts, (n, 1), generator=generator)
    lost = (torch.arange(n_parts) == part) & (torch.rand(n, 1, generator=generator) < share)
    return windows.masked_fill(
        lost.repeat_interleave(windows.shape[2] // n_parts, 1).unsqueeze(1), 0.0
    )


def mix(
    windows: Tensor, targets: Tensor, alpha: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Blend each window and its target with another's by a share from Beta(alpha, alpha).

    Zhang et al. (2018), mixup: beyond empirical risk minimization, ICLR.

    Parameters
    ----------
    windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s
    targets : Tensor of shape (batch, n_classes)
        Probabilities.
    alpha : float
        Above 0; the smaller, the less is blended.
    generator : Generator
        On the CPU.
    """
    n = len(windows)
    partner = torch.randperm(n, generator=generator)
    seed = int(torch.randint(2**62, (1,), generator=generator))  # torch's Beta takes no generator
    share = torch.tensor(np.random.default_rng(seed).beta(alpha, alpha, n), dtype=windows.dtype)
    share = share.unsqueeze(1)
    mixed = torch.lerp(windows[partner], windows, share.unsqueeze(2))
    return mixed, torch.lerp(targets[partner], targets, share)


def _rotate(windows: Tensor, rotations: Tensor, layout: SensorLayout) -> Tensor:
    """Apply the rotations of each window, shape (batch * n_places, 3, 3), to its sensors."""
    own = rotations.unflatten(0, (-1, layout.n_places))[:, list(layout.places)]
    turned: Tensor = windows.unflatten(2, (-1, AXES)).transpose(1, 2) @ own
    return turned.transpose(1, 2).flatten(2)


def _cross_matrix(vectors: Tensor) -> Tensor:
    """Return the matrices whose exponentials are rotations by the vectors."""
    x, y, z = vectors.unbind(1)
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.stack(rows, dim=1).view(-1, 3, 3)


def _matrix(quaternions: Tensor) -> Tensor:
    """Return the rotations of unit quaternions: 1 + 2w[v] + 2[v]², [v] the cross product by v."""
    w, cross = quaternions[:, 0, None, None], _cross_matrix(quaternions[:, 1:])
    return torch.eye(3) + 2 * w * cross + 2 * cross @ cross


def _bumps(n_samples: int) -> Tensor:
    """Return raised cosines around the knots, shape (KNOTS, n_samples), that sum to 1."""
    time = torch.linspace(0, KNOTS - 1, n_samples)
    distance = (time - torch.arange(KNOTS).unsqueeze(1)).abs().clamp(max=1)
    return (1 + torch.cos(math.pi * distance)) / 2


def _mirrored(place: Tensor, n_samples: int) -> Tensor:
    """Return places in time with what is before the start or after the end reflected."""
    end = n_samples - 1
    return end - (end - place.abs()).abs()


def _at(windows: Tensor, place: Tensor) -> Tensor:
    """Return the samples at places of shape (batch, n_samples)."""
    return windows.gather(1, place.unsqueeze(2).expand(-1, -1, windows.shape[2]))
