"""Scores against values worked out by hand, and what intervals must satisfy."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scores import paired
from sklearn.metrics import f1_score

from har.config import IntervalSettings
from har.errors import DataError
from har.evaluation.metrics import (
    macro_f1,
    paired_difference,
    score,
    subject_confusions,
)
from har.evaluation.results.comparisons import NO_DIFFERENCE, PairedDifference

SETTINGS = IntervalSettings(bootstrap=500)
CLASSES = ("walking", "sitting", "lying")


def scored(y: list[int], predicted: list[int], subjects: list[str], **options: Any):
    proba = np.eye(3)[predicted]
    settings = IntervalSettings(bootstrap=500, **options)
    return score(np.array(y), proba, np.array(subjects), CLASSES, settings=settings)


def frame(y: np.ndarray, predicted: np.ndarray, subjects: np.ndarray) -> pd.DataFrame:
    names = np.array(CLASSES)
    return pd.DataFrame(
        {
            "window_id": [f"w{i}" for i in range(len(y))],
            "subject_id": subjects,
            "label": names[y],
            "predicted": names[predicted],
        }
    )


def test_scores_worked_out_by_hand() -> None:
    """Labels 0 0 0 1 1 2, predictions 0 0 1 1 1 2: F1 is 0.8, 0.8 and 1."""
    found = scored([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 2], list("aaabbb"))
    assert found.confusion == ((2, 1, 0), (0, 2, 0), (0, 0, 1))
    assert found.accuracy == pytest.approx(5 / 6)
    assert found.macro_f1 == pytest.approx(2.6 / 3)
    assert found.macro_precision == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert found.macro_recall == pytest.approx((2 / 3 + 1 + 1) / 3)
    walking = {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8)}
    # Resamples of only subject a have an F1 of 0.8, and those of only b have no walking.
    assert found.per_class["walking"].to_dict() == {
        **walking,
        "support": 3,
        "f1_interval": pytest.approx([0.8, 0.8]),
    }
    # Right answers of a are 2 of 3, of b all.
    assert found.accuracy_interval == pytest.approx((2 / 3, 1))
    assert (found.n_windows, found.n_subjects) == (6, 2)


def test_a_class_that_a_subject_lacks_is_left_out_but_still_costs() -> None:
    """Subject a has walking alone and is once taken for lying: F1 = 2·2 / (3 + 2) = 0.8."""
    found = scored([0, 0, 0, 1, 2], [0, 0, 2, 1, 2], list("aaabb"))
    assert found.per_subject["a"].to_dict() == {
        "macro_f1": pytest.approx(0.8),
        "accuracy": pytest.approx(2 / 3),
        "n_windows": 3,
    }
    assert found.per_subject["b"].macro_f1 == 1.0


def test_a_class_without_labels_is_left_out_of_every_average() -> None:
    """Perfect predictions of two of three classes score 1, not 2/3."""
    found = scored([0, 1], [0, 1], ["a", "b"])
    assert (found.macro_f1, found.macro_precision, found.macro_recall) == (1, 1, 1)
    assert found.macro_f1_interval == (1, 1)
    assert found.per_class["lying"].f1_interval is None


def test_equal_subjects_give_an_interval_without_width() -> None:
    """Whoever is drawn, the pooled matrix is a multiple of the same one."""
    y, predicted = [0, 0, 1, 1, 2, 2], [0, 1, 1, 1, 2, 0]
    found = scored(y * 4, predicted * 4, list(np.repeat(list("abcd"), 6)))
    low, high = found.macro_f1_interval
    assert low == pytest.approx(high) == pytest.approx(found.macro_f1)


def test_interval_is_repeatable_and_widens_with_confidence() -> None:
    """The seed fixes the draws; more confidence never narrows."""
    y, predicted = [0, 1, 2] * 4, [0, 1, 2, 0, 1, 2, 0, 1, 0, 1, 1, 1]
    subjects = list(np.repeat(list("abcd"), 3))
    wide, again = (scored(y, predicted, subjects, confidence=0.95) for _ in range(2))
    narrow = scored(y, predicted, subjects, confidence=0.5)
    assert wide == again
    (low, high), (lower, upper) = narrow.macro_f1_interval, wide.macro_f1_interval
    assert lower <= low < high <= upper
    assert lower <= wide.macro_f1 <= upper


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_macro_f1_of_a_matrix_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    """The vectorised form agrees over the classes that occur in the labels."""
    y, predicted = np.array(pairs).T
    _, confusions = subject_confusions(y, predicted, np.full(len(y), "a"), 3)
    expected = f1_score(y, predicted, labels=np.unique(y), average="macro", zero_division=0)
    assert macro_f1(confusions)[0] == pytest.approx(expected)


def test_paired_difference_is_a_minus_b() -> None:
    """A model without errors is better than one that errs in every subject."""
    y = np.tile([0, 1, 2], 30)
    subjects = np.repeat([f"s{i}" for i in range(9)], 10)
    worse = y.copy()
    worse[::5] = (y[::5] + 1) % 3
    a, b = frame(y, y, subjects), frame(y, worse, subjects)
    found = paired_difference(a, b, CLASSES, settings=SETTINGS)
    back = paired_difference(b, a, CLASSES, settings=SETTINGS)
    assert found.verdict == "better"
    assert back.verdict == "worse"
    assert found.macro_f1_difference == pytest.approx(1 - macro_f1_of(y, worse))
    assert found.mean_difference == pytest.approx(-back.mean_difference)
    low, high = found.mean_difference_interval
    assert 0 < low < found.mean_difference < high
    assert found.wilcoxon_p == pytest.approx(2 / 2**9)  # all nine of one sign
    assert found.per_subject["s0"].a == 1.0


def macro_f1_of(y: np.ndarray, predicted: np.ndarray) -> float:
    return float(f1_score(y, predicted, average="macro"))


def test_a_model_is_no_better_than_itself() -> None:
    """No difference: zero, an interval of zero width, p = 1."""
    y = np.array([0, 1, 2, 0])
    same = frame(y, np.array([0, 1, 1, 0]), np.array(list("aabb")))
    found = paired_difference(same, same.sample(frac=1, random_state=0), CLASSES, settings=SETTINGS)
    assert found.macro_f1_difference == found.mean_difference == 0
    assert found.macro_f1_difference_interval == (0, 0)
    assert found.wilcoxon_p == 1
    assert found.verdict == NO_DIFFERENCE


def test_models_on_different_windows_are_not_compared() -> None:
    """Missing windows and other labels are refused."""
    y = np.array([0, 1, 2, 0])
    a = frame(y, y, np.array(list("aabb")))
    relabelled = a.assign(label=["walking", "sitting", "sitting", "walking"])
    for b in (a[:3], relabelled):
        with pytest.raises(DataError, match="same windows") as caught:
            paired_difference(a, b, CLASSES, settings=SETTINGS)
        assert caught.value.found is not None
        assert caught.value.found.startswith("3 in common")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (paired((0.01, 0.03), (0.001, 0.02)), "better"),
        (paired((0.01, 0.03), (-0.001, 0.02)), NO_DIFFERENCE),
        (paired((-0.03, -0.01), (-0.02, -0.001)), "worse"),
        (paired((-0.03, -0.01), (-0.02, 0.001)), NO_DIFFERENCE),
        (paired((0.0, 0.0), (0.0, 0.0)), NO_DIFFERENCE),
        (paired((0.02, 0.02), (0.02, 0.02), n_subjects=1), NO_DIFFERENCE),
        (paired((-0.02, -0.02), (-0.02, -0.02), n_subjects=1), NO_DIFFERENCE),
    ],
)
def test_verdict_needs_both_intervals(found: PairedDifference, expected: str) -> None:
    """Both intervals on one side of zero, and more than one subject."""
    assert found.verdict == expected


def test_a_verdict_follows_from_the_intervals() -> None:
    """One that was written otherwise is not believed."""
    found = paired((0.01, 0.03), (0.001, 0.02))
    edited = PairedDifference.from_dict({**found.to_dict(), "verdict": "worse"}, "edited")
    assert edited == found


def test_a_margin_allows_to_lose_that_much() -> None:
    """Both intervals must stay above minus the margin; one subject still decides nothing."""
    found = paired((-0.01, 0.02), (-0.02, 0.01))
    assert found.beyond_noise(margin=0.021)
    assert not found.beyond_noise(margin=0.02)
    assert not paired((-0.01, 0.02), (-0.02, 0.01), n_subjects=1).beyond_noise(margin=0.5)
