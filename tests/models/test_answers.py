"""An answer is a class with its probability, or unknown with none."""

import numpy as np
import pytest

from har.errors import DataError
from har.models.answers import UNKNOWN, Answers

CLASSES = ("sitting", "walking")
ANSWERS = Answers(
    CLASSES,
    np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], np.float32),
    np.array([1.0, 9.0, np.nan]),
    np.array([False, True, False]),
)


def test_the_most_probable_class_unless_unknown() -> None:
    """Label, name and probability agree with one another."""
    assert ANSWERS.label.tolist() == [0, -1, 1]
    assert ANSWERS.activity.tolist() == ["sitting", UNKNOWN, "walking"]
    np.testing.assert_array_equal(ANSWERS.probability, [np.float32(0.9), 0, np.float32(0.6)])


def test_a_part_keeps_all_that_belongs_to_its_windows() -> None:
    """The last two windows, with distance and unknown."""
    part = ANSWERS[1:]
    assert len(part) == 2
    assert part.activity.tolist() == [UNKNOWN, "walking"]
    np.testing.assert_array_equal(part.distance, [9, np.nan])


def test_without_a_detector_everything_is_known() -> None:
    """The distance is NaN, as nobody measured it."""
    known = Answers.known(CLASSES, ANSWERS.probabilities)
    assert known.label.tolist() == [0, 1, 1]
    assert np.isnan(known.distance).all()


def test_probabilities_of_other_classes_are_refused() -> None:
    """The message has both shapes."""
    with pytest.raises(DataError, match=r"shape \(3, 3\)\n  found: \(3, 2\)"):
        Answers.known((*CLASSES, "lying"), ANSWERS.probabilities)
