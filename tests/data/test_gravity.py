"""Gravity is what stays over a second, whatever the person does."""

import numpy as np
import pytest

from har.data.gravity import level

RATE_HZ = 50.0


def _jogging(gravity: float) -> tuple[np.ndarray, np.ndarray]:
    time = np.arange(3000) / RATE_HZ
    swing = 14.0 * np.sin(2 * np.pi * 3.0 * time)
    return time, np.column_stack([swing, gravity + 2 * swing, -swing])


@pytest.mark.parametrize("gravity", [9.80665, 0.0, 1.0])
def test_level_of_jogging_is_that_of_gravity(gravity):
    """Whole periods of movement in each second leave exactly what is constant."""
    time, acc = _jogging(gravity)
    assert np.median(np.linalg.norm(acc, axis=1)) > 14
    assert level(time, acc) == pytest.approx(gravity, abs=1e-9)


def test_level_leaves_out_missing_rows_and_short_stretches():
    """A row with NaN counts nowhere, nor does a stretch of a few samples behind a gap."""
    time, acc = _jogging(9.80665)
    acc[:, 0] = 0.0
    acc[0] = np.nan
    time, acc = np.append(time, [100.0, 100.02]), np.vstack([acc, [[50.0, 0, 0], [50.0, 0, 0]]])
    assert level(time, acc) == pytest.approx(9.80665, rel=0.01)
    assert np.isnan(level([], np.empty((0, 3))))
