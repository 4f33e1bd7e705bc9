"""Augmentation: repeatable, off at strength 0, and each change as its formula says."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from scipy.stats import kstest
from torch import Tensor

from har.config import AugmentSettings
from har.data.channels import placed
from har.data.recording import ACC, CHANNELS
from har.training import augment
from har.training.augment import Change

OFF = AugmentSettings(rotation_deg=0, gain=0, noise=0, shift=0)
CHANGES: dict[str, tuple[Change, float]] = {
    "rotation_deg": (augment.turn, 30.0),
    "any_rotation": (augment.turn_anywhere, 0.5),
    "gain": (augment.amplify, 0.1),
    "noise": (augment.add_noise, 0.1),
    "time_warp": (augment.warp_time, 0.2),
    "shift": (augment.shift_time, 5),
    "axis_dropout": (partial(augment.drop, n_parts=6), 0.5),
    "sensor_dropout": (partial(augment.drop, n_parts=2), 0.5),
}


def generator() -> torch.Generator:
    """Return a new generator with a fixed seed."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def windows() -> Tensor:
    """Make sixteen random windows around gravity."""
    windows = torch.randn(16, 128, 6, generator=torch.Generator().manual_seed(1))
    windows[..., 2] += 9.81
    return windows


def test_nothing_changes_when_all_strengths_are_zero(windows: Tensor) -> None:
    """What is off draws nothing either."""
    random, fresh = generator(), generator()
    assert augment.augment(windows, OFF, random) is windows
    assert torch.equal(random.get_state(), fresh.get_state())


def test_new_changes_are_off_unless_asked_for() -> None:
    """The defaults turn, amplify, add noise and shift, and nothing else."""
    on = {name for name, strength in AugmentSettings() if strength}
    assert on == {"rotation_deg", "gain", "noise", "shift"}


@pytest.mark.parametrize("name", CHANGES)
def test_each_setting_is_its_change_and_repeats(windows: Tensor, name: str) -> None:
    """The same generator gives the same windows; the input stays; windows differ in their draw."""
    change, strength = CHANGES[name]
    before = windows.clone()
    changed = augment.augment(windows, OFF.model_copy(update={name: strength}), generator())
    assert torch.equal(changed, change(windows, strength, generator()))
    assert torch.equal(windows, before)
    assert changed.shape == windows.shape
    assert not torch.equal(changed, windows)
    same = change(windows[:1].expand(16, -1, -1), strength, generator())
    assert not torch.equal(same[0], same[1]) or not torch.equal(same[0], same[2])


@pytest.mark.parametrize("name", CHANGES)
def test_acceleration_alone_is_changed_too(windows: Tensor, name: str) -> None:
    """Every change but the loss of the only sensor, which would leave nothing."""
    _, strength = CHANGES[name]
    alone = windows[..., :3]
    changed = augment.augment(alone, OFF.model_copy(update={name: strength}), generator(), ACC)
    assert changed.shape == alone.shape
    assert torch.equal(changed, alone) == (name == "sensor_dropout")
    if name.endswith("rotation") or name == "rotation_deg":
        torch.testing.assert_close(changed.norm(dim=2), alone.norm(dim=2))
    if name == "axis_dropout":
        lost = (changed == 0).all(1).sum(1)
        assert set(lost.tolist()) == {0, 1}


def test_the_defaults_are_small(windows: Tensor) -> None:
    """They keep the windows recognisable."""
    settings = AugmentSettings(shift=0)
    change = augment.augment(windows, settings, generator()) - windows
    assert 0 < change.abs().mean() < 1.0


@pytest.mark.parametrize(("change", "strength"), [CHANGES["rotation_deg"], CHANGES["any_rotation"]])
def test_a_rotation_keeps_norms_and_the_angle_between_sensors(
    windows: Tensor, change: Change, strength: float
) -> None:
    """Both sensors turn together, as they sit in one case, and nothing is mirrored."""
    turned = change(windows, strength, generator())
    assert not torch.allclose(turned, windows, atol=0.1)
    for part in (slice(0, 3), slice(3, 6)):
        torch.testing.assert_close(turned[..., part].norm(dim=2), windows[..., part].norm(dim=2))
    torch.testing.assert_close(_products(turned), _products(windows), atol=2e-3, rtol=1e-4)


def _products(windows: Tensor) -> Tensor:
    """Return what rotations keep and mirrors do not: scalar and triple products."""
    acc, gyro = windows[..., :3], windows[..., 3:]
    triple = (acc[:, :-1].cross(acc[:, 1:], dim=2) * gyro[:, 1:]).sum(2)
    return torch.cat([(acc * gyro).sum(2), triple], dim=1)


def test_any_rotation_is_uniform_over_the_sphere() -> None:
    """Each axis is carried to each height with the same probability (Archimedes)."""
    axes = torch.eye(3).repeat(4000, 1, 1)
    turned = augment.turn_anywhere(torch.cat([axes, axes], dim=2), 1.0, generator())[..., :3]
    for sample, axis in ((0, 2), (1, 1), (2, 0)):
        assert kstest(turned[:, sample, axis], "uniform", (-1, 2)).pvalue > 0.01
    trace = turned.diagonal(dim1=1, dim2=2).sum(1)
    assert trace.mean().abs() < 0.05  # of the Haar measure: 0, with a variance of 1
    assert abs(trace.var() - 1) < 0.05


def test_any_rotation_turns_a_share_of_windows() -> None:
    """The others stay as they are."""
    windows = torch.ones(4000, 2, 6)
    turned = augment.turn_anywhere(windows, 0.25, generator())
    share = (turned != windows).any(2).any(1).float().mean()
    assert 0.22 < share < 0.28


def test_a_gain_is_one_of_each_sensor(windows: Tensor) -> None:
    """All axes of a sensor have the same, at every moment."""
    ratio = augment.amplify(windows, 0.1, generator()) / windows
    for part in (ratio[..., :3], ratio[..., 3:]):
        assert (part.amax((1, 2)) - part.amin((1, 2))).max() < 1e-5


def test_noise_has_the_spread_that_was_asked_for(windows: Tensor) -> None:
    """A tenth of it in rad/s."""
    noise = augment.add_noise(windows, 0.5, generator()) - windows
    assert noise[..., :3].std() == pytest.approx(0.5, rel=0.05)
    assert noise[..., 3:].std() == pytest.approx(0.05, rel=0.05)


def test_a_shift_moves_samples_and_mirrors_the_end(windows: Tensor) -> None:
    """Every sample of the result is one of the window's own, however far it is asked to go."""
    for largest in (5, 1000):
        shifted = augment.shift_time(windows, largest, generator())
        for old, new in zip(windows, shifted, strict=True):
            assert (new[:, None, :] == old[None, :, :]).all(2).any(1).all()


def test_warped_time_runs_at_a_smooth_speed_within_bounds() -> None:
    """On a ramp the step from sample to sample is the speed; an end that runs out turns back."""
    ramp = torch.arange(128.0)[None, :, None].repeat(200, 1, 6)
    warped = augment.warp_time(ramp, 0.2, generator())[..., 0]
    speed = warped.diff(dim=1)
    inside = ((warped > 2) & (warped < 125))[:, 1:]
    assert speed[inside].abs().min() > 0.8 - 1e-4
    assert speed[inside].abs().max() < 1.2 + 1e-4
    assert (speed[:, 32:96].mean(1) - 1).abs().max() > 0.1  # cadence changes
    middle = speed[:, 32:96]  # no end is near
    assert middle.diff(dim=1).abs().max() < 0.02
    assert (warped[:, 64] - 64).abs().max() < 1e-4
    assert warped.min() >= 0
    assert warped.max() <= 127


def test_warped_time_is_drawn_by_interpolation(windows: Tensor) -> None:
    """A window that stands still stays, and no value lies beyond the window's own."""
    still = windows[:, :1].expand(-1, 128, -1)
    torch.testing.assert_close(augment.warp_time(still, 0.3, generator()), still)
    warped = augment.warp_time(windows, 0.3, generator())
    assert (warped.amax(1) <= windows.amax(1) + 1e-5).all()
    assert (warped.amin(1) >= windows.amin(1) - 1e-5).all()


@pytest.mark.parametrize(("n_parts", "axes"), [(6, 1), (2, 3)])
def test_dropout_zeroes_one_part_of_a_share_of_windows(n_parts: int, axes: int) -> None:
    """Each axis or sensor goes as often as another; what is left is untouched."""
    dropped = augment.drop(torch.ones(6000, 4, 6), 0.3, generator(), n_parts=n_parts)
    lost = (dropped == 0).all(1)
    assert torch.equal(lost.any(1), (dropped == 0).any(1).any(1))
    assert set(lost.sum(1).tolist()) == {0, axes}
    assert 0.28 < lost.any(1).float().mean() < 0.32
    assert (lost.float().mean(0) - 0.3 * axes / 6).abs().max() < 0.02
    assert set(dropped.unique().tolist()) == {0.0, 1.0}


def test_mixup_blends_windows_and_targets_alike() -> None:
    """A window that tells its own target still does, and the shares are Beta's."""
    targets = torch.eye(6).repeat(500, 1)
    windows = targets[:, None, :].repeat(1, 4, 1)
    mixed, blended = augment.mix(windows, targets, 0.4, generator())
    torch.testing.assert_close(mixed[:, 0], blended)
    torch.testing.assert_close(blended.sum(1), torch.ones(3000))
    assert blended.min() >= 0
    share = (blended * targets).sum(1)[blended.amax(1) < 1]
    assert kstest(share, "beta", (0.4, 0.4)).pvalue > 0.01
    assert torch.equal(mixed, augment.mix(windows, targets, 0.4, generator())[0])


def test_the_network_bears_a_lost_sensor(network: Callable[..., object], windows: Tensor) -> None:
    """Zeros give finite logits and gradients, though no direction can be told from them."""
    lost = augment.drop(windows, 1.0, generator(), n_parts=2)
    logits = network(lost).logits  # type: ignore[attr-defined]
    logits.square().sum().backward()
    assert logits.isfinite().all()
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["rotation_deg", "any_rotation"])
def test_each_placement_turns_by_itself(windows: Tensor, name: str) -> None:
    """Of two alike, the sensors of each turn together and the two differently."""
    channels = (*placed("chest", CHANNELS), *placed("wrist", CHANNELS))
    twice = torch.cat([windows, windows], dim=2)
    settings = OFF.model_copy(update={name: 30.0 if name == "rotation_deg" else 1.0})
    turned = augment.augment(twice, settings, generator(), channels)
    for part in turned.chunk(2, dim=2):
        torch.testing.assert_close(_products(part), _products(windows), atol=5e-3, rtol=1e-3)
    assert not torch.allclose(turned[..., :6], turned[..., 6:], atol=0.5)


def test_noise_is_a_tenth_in_the_gyroscope_of_each_placement(windows: Tensor) -> None:
    """Chest without one, wrist with one: nine channels, the last three of them angular velocity."""
    channels = (*placed("chest", ACC), *placed("wrist", CHANNELS))
    nine = torch.cat([windows[..., :3], windows], dim=2)
    settings = OFF.model_copy(update={"noise": 0.5})
    spread = (augment.augment(nine, settings, generator(), channels) - nine).std((0, 1))
    torch.testing.assert_close(spread, torch.tensor([0.5] * 6 + [0.05] * 3), rtol=0.1, atol=0)
