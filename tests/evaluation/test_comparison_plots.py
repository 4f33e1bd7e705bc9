"""Plots of two versions: what is drawn where, in which colour."""

import numpy as np
from matplotlib.colors import to_hex

from har.evaluation.comparison_plots import confusion_difference, subject_differences
from har.evaluation.looks import colour_of
from har.evaluation.results.comparisons import SubjectDifference


def test_colours_are_centred_on_zero() -> None:
    """As much more is as blue as as much less is red; nothing is written where nothing differs."""
    (axes,) = confusion_difference([[0.2, -0.1], [0.0, 0.0]], ("up", "down")).axes
    (image,) = axes.images
    assert image.get_clim() == (-0.2, 0.2)
    assert [text.get_text() for text in axes.texts] == ["+20.0", "−10.0"]
    small = confusion_difference([[0.01, -0.01], [0.0, 0.0]], ("up", "down"))
    assert small.axes[0].images[0].get_clim() == (-0.05, 0.05)


def test_subjects_are_sorted_by_difference() -> None:
    """The subject with most to gain from the first version stands first, its points beside it."""
    scores = {"s1": (0.5, 0.6), "s2": (0.9, 0.6), "s3": (0.7, 0.7)}
    per_subject = {
        who: SubjectDifference(a=a, b=b, difference=a - b) for who, (a, b) in scores.items()
    }
    figure = subject_differences(per_subject, labels=("new", "old"), models=("svm", "resnet"))
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["s2", "s3", "s1"]
    _, new, old = axes.collections
    assert np.array(new.get_offsets()).tolist() == [[0.9, 0], [0.7, 1], [0.5, 2]]
    assert np.array(old.get_offsets()).tolist() == [[0.6, 0], [0.7, 1], [0.6, 2]]
    assert to_hex(old.get_edgecolor()[0]).upper() == colour_of("resnet")
    assert to_hex(old.get_facecolor()[0]) == "#ffffff"
