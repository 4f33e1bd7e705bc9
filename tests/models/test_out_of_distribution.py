"""The physical quantities of a window, and the distance that they have."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from har.data.windows import Windows
from har.models.out_of_distribution import FLOOR, LAGS, MahalanobisDetector, physical_quantities


@pytest.fixture(scope="module")
def genuine(small: Windows) -> dict[str, np.ndarray]:
    """Return all windows of two subjects to train, and of another one."""
    return {split: small.select(split, labelled=False).X for split in ("train", "validation")}


@pytest.fixture(scope="module")
def fitted(genuine: dict[str, np.ndarray]) -> MahalanobisDetector:
    """Return the score, fitted on real windows."""
    return MahalanobisDetector.fit(genuine["train"], genuine["validation"])


def test_quantities_worked_out_by_hand() -> None:
    """Acceleration (3, 0, 4) with x alternating by ±1, and a gyroscope that is dead."""
    window = np.zeros((1, 64, 6))
    window[0, :, [0, 2]] = [[3.0], [4.0]]
    window[0, ::2, 0] += 1
    window[0, 1::2, 0] -= 1
    first, second = np.exp(physical_quantities(window)).reshape(-1, 2).T - FLOOR
    by_lag = [2, *[0] * (len(LAGS) - 1)]  # an even lag sees no change
    np.testing.assert_allclose(first, [5, 1, 0, *by_lag], atol=1e-12)
    np.testing.assert_allclose(second, 0, atol=1e-12)


def test_acceleration_alone_has_half_of_the_quantities() -> None:
    """Those of its sensor, as beside a gyroscope."""
    windows = np.random.default_rng(0).normal(1, 2, (3, 64, 6))
    both = physical_quantities(windows).reshape(3, -1, 2)
    np.testing.assert_allclose(physical_quantities(windows[..., :3]), both[..., 0])


def test_lags_longer_than_a_window_are_left_out() -> None:
    """Of 20 samples, five lags are left."""
    assert physical_quantities(np.ones((2, 20, 6))).shape == (2, 2 * 3 + 2 * 5)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_quantities_do_not_depend_on_how_the_sensor_is_turned(seed: int) -> None:
    """All but those of the least moving axis."""
    rng = np.random.default_rng(seed)
    windows = rng.normal(1, 2, (3, 40, 6))
    turn = Rotation.random(rng=rng).as_matrix()
    turned = (windows.reshape(3, 40, 2, 3) @ turn.T).reshape(3, 40, 6)
    kept = np.delete(np.arange(18), [4, 5])
    before, after = (physical_quantities(X)[:, kept] for X in (windows, turned))
    np.testing.assert_allclose(before, after, atol=1e-9)


def test_the_threshold_refuses_the_share_asked_for(
    genuine: dict[str, np.ndarray], fitted: MahalanobisDetector
) -> None:
    """One in a hundred validation windows, or a quarter."""
    validation = genuine["validation"]
    quarter = MahalanobisDetector.fit(genuine["train"], validation, refused=0.25)
    n = len(validation)
    assert fitted.is_unknown(validation).sum() == np.ceil(0.01 * (n - 1))
    assert quarter.is_unknown(validation).mean() == pytest.approx(0.25, abs=1 / n)


def test_score_is_the_mahalanobis_distance(
    genuine: dict[str, np.ndarray], fitted: MahalanobisDetector
) -> None:
    """As scikit-learn's estimator of the covariance computes it, squared."""
    from sklearn.covariance import LedoitWolf

    expected = LedoitWolf().fit(physical_quantities(genuine["train"]))
    found = fitted.score(genuine["validation"]) ** 2
    np.testing.assert_allclose(
        found, expected.mahalanobis(physical_quantities(genuine["validation"])), rtol=1e-6
    )


def test_json_brings_back_the_same_scores(
    genuine: dict[str, np.ndarray], fitted: MahalanobisDetector
) -> None:
    """Bit for bit."""
    again = MahalanobisDetector.from_dict(json.loads(json.dumps(fitted.to_dict())))
    windows = genuine["validation"]
    assert (again.score(windows) == fitted.score(windows)).all()
    assert again.threshold == fitted.threshold


def test_a_window_with_missing_values_is_unknown(
    genuine: dict[str, np.ndarray], fitted: MahalanobisDetector
) -> None:
    """A gyroscope that is not there has no distance."""
    windows = genuine["validation"][:2].copy()
    windows[:, :, 3:] = np.nan
    assert fitted.is_unknown(windows).all()


def test_a_distance_beyond_all_numbers_is_unknown() -> None:
    """Without a warning: an old file may say any numbers of itself."""
    detector = MahalanobisDetector(np.zeros(18), np.full((18, 18), 1e308), threshold=5.0)
    assert detector.is_unknown(np.random.default_rng(0).normal(0, 9, (3, 64, 6))).all()
