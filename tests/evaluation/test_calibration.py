"""Calibration and selective prediction against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.metrics import log_loss

from har.evaluation import score_plots
from har.evaluation.calibration import reliability, selective
from har.page.plots import png

LOGITS = arrays(np.float64, (12, 4), elements=st.floats(-30, 30))


def two_classes(*first: float) -> np.ndarray:
    """Return probabilities of two classes from those of the first."""
    p = np.array(first)
    return np.stack([p, 1 - p], axis=1)


def draws(n: int, *, sharpness: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels drawn from probabilities, and those probabilities made sharper."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (n, 4))
    y = (softmax(logits, axis=1).cumsum(1) < rng.random((n, 1))).sum(1)
    return np.minimum(y, 3), softmax(sharpness * logits, axis=1)


def test_reliability_worked_out_by_hand() -> None:
    """Two bins: .6 and .8 of which one is right, .9 and 1.0 that both are."""
    found = reliability(np.array([0, 1, 0, 0]), two_classes(0.6, 0.8, 0.9, 1.0), bins=8)
    by_low = {b.low: b for b in found.bins if b.count}
    assert {low: b.count for low, b in by_low.items()} == {0.5: 1, 0.75: 1, 0.875: 2}
    assert by_low[0.75].to_dict() == {
        "low": 0.75,
        "high": 0.875,
        "count": 1,
        "confidence": pytest.approx(0.8),
        "accuracy": 0.0,
    }
    assert found.bins[0].accuracy is None
    assert found.ece == pytest.approx((0.4 + 0.8 + 0.1) / 4)
    assert found.brier == pytest.approx(2 * (0.4**2 + 0.8**2 + 0.1**2) / 4)
    assert found.log_loss == pytest.approx(-np.log([0.6, 0.2, 0.9]).sum() / 4)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    """Bins are open below and closed above, so that 1 is in the last."""
    found = reliability(np.array([0, 0]), two_classes(0.5, 1.0), bins=2)
    assert [b.count for b in found.bins] == [1, 1]


def test_perfect_calibration_has_almost_no_ece() -> None:
    """Labels drawn from the probabilities themselves; made sharper, they lie."""
    y, p = draws(40_000)
    assert reliability(y, p).ece < 0.01
    assert reliability(y, draws(40_000, sharpness=3)[1]).ece > 0.05


@given(LOGITS)
def test_log_loss_is_scikit_learns(logits: np.ndarray) -> None:
    """As long as no probability is nearly 0."""
    p = softmax(logits / 10, axis=1)
    y = np.arange(12) % 4
    expected = log_loss(y, p, labels=range(4))
    assert reliability(y, p).log_loss == pytest.approx(expected)


def test_selective_worked_out_by_hand() -> None:
    """Confidence .9 .9 .8 .7 .6, the first and third wrong; equal ones come together."""
    y = np.array([1, 0, 1, 0, 0])
    found = selective(y, two_classes(0.9, 0.9, 0.8, 0.7, 0.6))
    assert found.curve.coverage == pytest.approx([0.4, 0.6, 0.8, 1.0])
    assert found.curve.risk == pytest.approx([0.5, 2 / 3, 0.5, 0.4])
    assert found.aurc == pytest.approx((2 * 0.5 + 2 / 3 + 0.5 + 0.4) / 5)
    assert found.coverage_at_risk == {"0.01": 0.0, "0.02": 0.0, "0.05": 0.0}
    assert found.at_coverage["0.8"].to_dict() == {
        "coverage": 0.8,
        "confidence": pytest.approx(0.7),
        "accuracy": pytest.approx(0.5),
        "macro_f1": pytest.approx((4 / 6 + 0) / 2),
    }
    assert found.at_coverage["0.9"].coverage == 1.0


def test_without_errors_everything_is_answered_at_any_risk() -> None:
    """Risk is 0 all along."""
    found = selective(np.array([0, 0, 1]), two_classes(0.9, 0.8, 0.3))
    assert found.aurc == 0
    assert set(found.coverage_at_risk.values()) == {1.0}
    assert found.at_coverage["1"].macro_f1 == 1.0


@settings(max_examples=50)
@given(LOGITS, st.lists(st.integers(0, 3), min_size=12, max_size=12), st.randoms())
def test_the_curve_ends_at_the_overall_error(logits: np.ndarray, labels: list, random) -> None:
    """And does not depend on the order of the windows."""
    y, p = np.array(labels), softmax(logits, axis=1).round(1)
    found = selective(y, p)
    assert found.curve.coverage[-1] == 1.0
    assert found.curve.risk[-1] == pytest.approx((p.argmax(1) != y).mean())
    order = random.sample(range(12), 12)
    assert selective(y[order], p[order]).aurc == pytest.approx(found.aurc)


def test_results_can_be_drawn() -> None:
    """A long curve is thinned; both plots are PNG files."""
    y, p = draws(1000)
    curves, bins = {"encoder": selective(y, p)}, {"any": reliability(y, p)}
    assert len(curves["encoder"].curve.risk) <= 200
    for figure in (score_plots.selective(curves), score_plots.reliability(bins)):
        assert png(figure).startswith(b"\x89PNG")
