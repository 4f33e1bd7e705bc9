"""Which foreign inputs the distance detects, and which it cannot."""

import numpy as np
import pytest

from har.data.windows import Windows
from har.evaluation.out_of_distribution import detection, foreign_inputs
from har.models.out_of_distribution import MahalanobisDetector


@pytest.fixture(scope="module")
def genuine(small: Windows) -> dict[str, np.ndarray]:
    """Return all windows of two subjects to train, and of another one."""
    return {split: small.select(split, labelled=False).X for split in ("train", "validation")}


@pytest.fixture(scope="module")
def fitted(genuine: dict[str, np.ndarray]) -> MahalanobisDetector:
    """Return the detector, fitted on real windows."""
    return MahalanobisDetector.fit(genuine["train"], genuine["validation"])


def test_wrong_units_and_dead_sensors_are_found(
    genuine: dict[str, np.ndarray], fitted: MahalanobisDetector
) -> None:
    """Of real windows of a person who was not trained on; what stays hidden is known too."""
    found = detection(fitted.score, genuine["validation"])
    hidden = {
        "acceleration cut off at 8 m/s²",
        "read as twice its rate",
        "samples shuffled",
        "time reversed",
    }
    detected = {kind: row["detected"] for kind, row in found.items() if kind not in hidden}
    assert min(detected.values()) > 0.95, detected
    assert found["samples shuffled"]["auroc"] > 0.8
    assert found["time reversed"]["auroc"] == pytest.approx(0.5, abs=1e-3)


def test_foreign_inputs_are_repeatable_and_leave_the_real_ones() -> None:
    """Same seed, same inputs of the same shape; wrong units are what they say."""
    windows = np.random.default_rng(0).normal(size=(3, 41, 6)).astype(np.float32)
    before = windows.copy()
    first, again = foreign_inputs(windows, seed=1), foreign_inputs(windows, seed=1)
    for kind, foreign in first.items():
        assert foreign.shape == windows.shape, kind
        assert (foreign == again[kind]).all(), kind
    assert (windows == before).all()
    np.testing.assert_allclose(first["acceleration in g"][..., :3] * 9.80665, windows[..., :3])
    np.testing.assert_allclose(np.deg2rad(first["gyroscope in deg/s"][..., 3:]), windows[..., 3:])
    zeros = (first["one acceleration axis zero"] == 0).all(1).sum(1)
    assert zeros.tolist() == [1, 1, 1]
