"""Augmentation: small, repeatable, and the same for both sensors."""

import pytest
import torch

from har.training.augment import Augmentation


def generator() -> torch.Generator:
    """Return a new generator with a fixed seed."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def windows() -> torch.Tensor:
    """Make eight random windows around gravity."""
    windows = torch.randn(8, 128, 6, generator=torch.Generator().manual_seed(1))
    windows[..., 2] += 9.81
    return windows


def test_nothing_changes_when_all_strengths_are_zero(windows: torch.Tensor) -> None:
    """The identity, up to rounding of the rotation."""
    same = Augmentation(rotation_deg=0, gain=0, noise=0, shift=0)(windows, generator())
    torch.testing.assert_close(same, windows)


def test_a_rotation_keeps_norms_and_the_angle_between_sensors(windows: torch.Tensor) -> None:
    """Both sensors turn together, as they sit in one case."""
    turned = Augmentation(rotation_deg=30, gain=0, noise=0, shift=0)(windows, generator())
    assert not torch.allclose(turned, windows, atol=0.1)
    for part in (slice(0, 3), slice(3, 6)):
        torch.testing.assert_close(turned[..., part].norm(dim=2), windows[..., part].norm(dim=2))
    dot = (windows[..., :3] * windows[..., 3:]).sum(2)
    torch.testing.assert_close((turned[..., :3] * turned[..., 3:]).sum(2), dot, atol=1e-3, rtol=0)


def test_a_shift_moves_samples_and_mirrors_the_end(windows: torch.Tensor) -> None:
    """Every sample of the result is one of the window's own."""
    shifted = Augmentation(rotation_deg=0, gain=0, noise=0, shift=5)(windows, generator())
    assert not torch.equal(shifted, windows)
    for old, new in zip(windows, shifted, strict=True):
        distance = (new[:, None, :] - old[None, :, :]).abs().amax(2).amin(1)
        assert distance.max() < 1e-4


def test_the_same_generator_gives_the_same_windows(windows: torch.Tensor) -> None:
    """Augmentation draws from its generator alone."""
    first = Augmentation()(windows, generator())
    assert torch.equal(first, Augmentation()(windows, generator()))


def test_changes_are_small(windows: torch.Tensor) -> None:
    """The default keeps the windows recognisable."""
    change = Augmentation(shift=0)(windows, generator()) - windows
    assert 0 < change.abs().mean() < 0.5
