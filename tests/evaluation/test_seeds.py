"""Scores over seeds and subjects, against values worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from har.config import IntervalSettings
from har.evaluation.metrics import paired_difference
from har.evaluation.seeds import compare_seeds, seed_scores

CLASSES = ("walking", "lying")
PLACEMENTS = ("waist", "wrist")
SETTINGS = IntervalSettings(bootstrap=300)


def table(errors: dict[str, int], n: int = 10) -> pd.DataFrame:
    """Return n windows per subject, half of each class; the first ones wrong."""
    parts = []
    for i, (who, wrong) in enumerate(errors.items()):
        y = np.arange(n) % 2
        answers = np.where(np.arange(n) < wrong, 1 - y, y)
        names = np.array(CLASSES)
        part = pd.DataFrame(
            {
                "window_id": [f"{who}-{k}" for k in range(n)],
                **{"dataset": "lab", "placement": PLACEMENTS[i % 2], "device": ""},
                "subject_id": who,
                "fold": f"group {i // 2 + 1}",
                "label": names[y],
                "predicted": names[answers],
            }
        )
        part[["p_walking", "p_lying"]] = np.where(np.eye(2)[answers] > 0, 0.8, 0.2)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def two_seeds() -> dict[int, pd.DataFrame]:
    """No error and 2 of 10 with the first seed, 4 and 2 of 10 with the second."""
    return {0: table({"a": 0, "b": 2}), 1: table({"a": 4, "b": 2})}


def test_a_score_is_the_mean_over_seeds(two_seeds: dict[int, pd.DataFrame]) -> None:
    """Errors are even over classes, so macro-F1 is the share of right answers."""
    found = seed_scores("svm", two_seeds, CLASSES, settings=SETTINGS)
    assert found.macro_f1_by_seed == pytest.approx({"0": 0.9, "1": 0.7})
    assert found.macro_f1 == pytest.approx(0.8)
    assert found.accuracy == pytest.approx(0.8)
    assert found.per_subject == pytest.approx({"a": 0.8, "b": 0.8})
    assert found.confusion == ((16, 4), (4, 16))
    assert found.per_class["lying"].recall == pytest.approx(0.8)
    # Each subject is right in 0.8 of the windows, mean over seeds.
    assert found.per_class["lying"].f1_interval == pytest.approx((0.8, 0.8))
    assert (found.n_subjects, found.n_windows) == (2, 20)
    # Every window has confidence .8: what is right of a seed is .9 or .7 of them.
    assert found.ece == pytest.approx(0.1)


def test_subjects_are_summed_up() -> None:
    """Median, quartiles and the worst one, by name."""
    found = seed_scores("svm", {0: table({"a": 0, "b": 2, "c": 4})}, CLASSES, settings=SETTINGS)
    assert found.subjects.to_dict() == {
        "median": pytest.approx(0.8),
        "quartiles": pytest.approx([0.7, 0.9]),
        "worst": pytest.approx(0.6),
        "worst_subject": "c",
    }
    assert found.macro_f1_by_fold == pytest.approx({"group 1": 0.9, "group 2": 0.6})
    low, high = found.macro_f1_interval
    assert 0.6 <= low < found.macro_f1 < high <= 1


def test_placements_are_scored_apart(two_seeds: dict[int, pd.DataFrame]) -> None:
    """One wore it at the waist, one at the wrist; there is one data set and no device is known."""
    found = seed_scores("svm", two_seeds, CLASSES, settings=SETTINGS).groups
    assert list(found) == ["placement"]
    assert found["placement"]["waist"].to_dict() == {
        **{"n_subjects": 1, "n_windows": 10, "macro_f1": pytest.approx(0.8)},
        "macro_f1_interval": pytest.approx([0.8, 0.8]),
    }
    one_device = {seed: t.assign(device=["x"] * 10 + [""] * 10) for seed, t in two_seeds.items()}
    assert set(seed_scores("svm", one_device, CLASSES, settings=SETTINGS).groups["device"]) == {
        "unknown",
        "x",
    }


def test_one_seed_is_compared_as_two_models_are() -> None:
    """With one seed the comparison is that of `paired_difference`."""
    a, b = table({"a": 0, "b": 0, "c": 2}), table({"a": 2, "b": 4, "c": 2})
    found = compare_seeds({0: a}, {0: b}, CLASSES, settings=SETTINGS)
    expected = paired_difference(a, b, CLASSES, settings=SETTINGS)
    assert expected.per_subject
    assert found.verdict == expected.verdict
    for key, value in found.to_dict().items():
        assert key == "verdict" or value == pytest.approx(expected.to_dict()[key])


def test_a_model_with_more_seeds_is_compared_by_its_mean(
    two_seeds: dict[int, pd.DataFrame],
) -> None:
    """Against a model without errors the mean of both seeds is .2 behind."""
    best = {0: table({"a": 0, "b": 0})}
    found = compare_seeds(two_seeds, best, CLASSES, settings=SETTINGS)
    assert found.macro_f1_difference == pytest.approx(-0.2)
    assert found.mean_difference == pytest.approx(-0.2)
    assert found.verdict == "worse"
