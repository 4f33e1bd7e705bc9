"""Plots of two versions side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from har.evaluation.looks import marker_style
from har.evaluation.results.comparisons import SubjectDifference
from har.page.colours import INK, QUIET
from har.page.plots import class_frame, label_room, left_title, plain_frame, quiet_legend, words

# A smaller difference of shares is not written into its cell: it would round to 0.0 %.
SMALLEST = 0.0005
# Below this largest difference of shares no cell gets the full colour, as all is alike.
PALE = 0.05
# The second model's points are rings, large enough to be seen around the first's.
SIZES = (34, 100)


def confusion_difference(difference: npt.ArrayLike, classes: Sequence[str]) -> Figure:
    """Draw the difference of two confusion matrices: blue where the first has more.

    Parameters
    ----------
    difference : array-like of shape (n_classes, n_classes)
        Of the shares of each label's windows; rows are labels.
    classes : sequence of str
        Class names.
    """
    shares = np.asarray(difference, float)
    side = 1.5 + 0.64 * len(classes)
    side += label_room(classes)
    figure = Figure(figsize=(side + 0.4, side), layout="constrained")
    axes = figure.subplots()
    limit = max(float(np.abs(shares).max()), PALE)
    axes.imshow(shares, cmap="RdBu", vmin=-limit, vmax=limit)
    for (row, column), share in np.ndenumerate(shares):
        if abs(share) >= SMALLEST:
            colour = "white" if abs(share) > 0.6 * limit else INK
            text = f"{100 * share:+.1f}".replace("-", "−")
            axes.text(column, row, text, ha="center", va="center", fontsize=9.5, color=colour)
    class_frame(axes, classes)
    left_title(axes, "Difference, %")
    return figure


def subject_differences(
    per_subject: Mapping[str, SubjectDifference],
    *,
    labels: tuple[str, str],
    models: tuple[str, str],
) -> Figure:
    """Draw macro-F1 of two versions for every test subject, sorted by the difference.

    Parameters
    ----------
    per_subject : mapping of str to SubjectDifference
        By subject.
    labels : tuple of str
        What the two are called.
    models : tuple of str
        Names of their models, which give the colours; the second's points are hollow.
    """
    subjects = sorted(per_subject, key=lambda who: -per_subject[who].difference)
    a, b = [per_subject[who].a for who in subjects], [per_subject[who].b for who in subjects]
    rows = np.arange(len(subjects))
    figure = Figure(figsize=(5.8, 1.3 + 0.32 * len(subjects)), layout="constrained")
    axes = figure.subplots()
    axes.hlines(rows, a, b, color="#c4c4c4", linewidth=1.5, zorder=1)
    for place, values in enumerate((a, b)):
        style = marker_style(models[place], hollow=place > 0)
        axes.scatter(values, rows, s=SIZES[place], label=labels[place], **style)
    axes.set_yticks(rows, [words(who) for who in subjects])
    axes.set_ylim(len(subjects) - 0.4, -0.6)
    axes.set_xlabel("macro-F1", color=QUIET)
    left_title(axes, "Macro-F1 by test subject")
    quiet_legend(axes, ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1)
    plain_frame(axes, "x")
    return figure
