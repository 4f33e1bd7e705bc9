# mypy: untyped_calls_exclude="torch,transformers"
"""Augmentation: what another wearer, sensor or moment would change."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """How much to change a window.

    Attributes
    ----------
    rotation_deg : float
        Standard deviation of the angle by which the sensor is turned, about a random axis.
    gain : float
        Standard deviation of each sensor's gain.
    noise : float
        Standard deviation of white noise, m/s² and a tenth of it in rad/s.
    shift : int
        Largest shift in time, samples; the end that runs out is mirrored.
    """

    rotation_deg: float = 4.0
    gain: float = 0.02
    noise: float = 0.01
    shift: int = 8

    def __call__(self, windows: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed windows of shape (batch, n_samples, 6), each by its own draw."""
        n, n_samples, _ = windows.shape
        turned = self._turn(windows, generator)
        gain = 1 + self.gain * torch.randn(n, 1, 2, generator=generator)
        noise = self.noise * torch.randn(windows.shape, generator=generator)
        noise[..., 3:] *= 0.1
        changed = turned * gain.repeat_interleave(3, dim=2) + noise
        start = torch.randint(-self.shift, self.shift + 1, (n, 1), generator=generator)
        place = (torch.arange(n_samples) + start).abs()
        place = torch.where(place < n_samples, place, 2 * (n_samples - 1) - place)
        shifted: Tensor = changed.gather(1, place.unsqueeze(2).expand(-1, -1, 6))
        return shifted

    def _turn(self, windows: Tensor, generator: torch.Generator) -> Tensor:
        """Rotate both sensors by one rotation a window."""
        n = len(windows)
        axis = torch.nn.functional.normalize(torch.randn(n, 3, generator=generator), dim=1)
        angle = torch.deg2rad(torch.randn(n, 1, generator=generator) * self.rotation_deg)
        rotation = torch.linalg.matrix_exp(_cross_matrix(axis * angle))
        turned: Tensor = windows.unflatten(2, (2, 3)) @ rotation.unsqueeze(1)
        return turned.flatten(2)


def _cross_matrix(vectors: Tensor) -> Tensor:
    """Return the matrices whose exponentials are rotations by the vectors."""
    x, y, z = vectors.unbind(1)
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.stack(rows, dim=1).view(-1, 3, 3)
