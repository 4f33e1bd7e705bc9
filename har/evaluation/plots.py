"""Plots of an evaluation: confusion, subjects, courses of training.

Models differ in colour and marker, seeds in line width.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from har.evaluation.looks import colour_of, marker_style
from har.evaluation.results.scores import Scores
from har.models.record import Epoch, PretrainingEpoch, rank
from har.page.colours import ACCENT, GRID, INK, QUIET
from har.page.plots import class_frame, label_room, left_title, plain_frame, quiet_legend, words

# Classes; in a matrix of more, cells are too small for a count and a share.
MOST_NUMBERED = 24


def confusion(name: str, scores: Scores) -> Figure:
    """Draw a model's confusion matrix: counts and the share of each label's windows.

    Of many classes the cells are small, and without numbers.
    """
    classes = scores.classes
    counts = np.array(scores.confusion)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    many = len(classes) > MOST_NUMBERED
    side = 1.5 + (max(0.64 * MOST_NUMBERED, 0.16 * len(classes)) if many else 0.64 * len(classes))
    side += label_room(classes)
    figure = Figure(figsize=(side + 0.4, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), n in np.ndenumerate(counts):
        if not many:
            _cell(axes, (row, column), n, shares[row, column])
    class_frame(axes, classes)
    if many:
        axes.tick_params(labelsize=min(10.0, 600 / len(classes)))
    left_title(axes, f"Confusion of {name} (windows, % of the label)")
    return figure


def per_subject(scores: Mapping[str, Scores]) -> Figure:
    """Draw macro-F1 of every test subject by model, one row each, sorted by the first model's.

    The last row has the pooled values with their intervals.
    """
    first = next(iter(scores.values()))
    subjects = sorted(first.subject_f1, key=lambda who: -first.subject_f1[who])
    figure = Figure(figsize=(5.8, 1.7 + 0.32 * len(subjects)), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(subjects))
    values = {name: np.array([m.subject_f1[who] for who in subjects]) for name, m in scores.items()}
    axes.hlines(
        rows,
        np.min(list(values.values()), axis=0),
        np.max(list(values.values()), axis=0),
        color="#c4c4c4",
        linewidth=1.5,
        zorder=1,
    )
    for place, (name, m) in enumerate(scores.items()):
        axes.scatter(values[name], rows, s=46, label=name, **marker_style(name, hollow=place > 0))
        _interval(axes, name, m, len(subjects) + 0.35 + 0.5 * place, hollow=place > 0)
    middle = len(subjects) + 0.35 + 0.25 * (len(scores) - 1)
    percent = f"{first.confidence:.0%}"
    axes.set_yticks([*rows, middle], [*map(words, subjects), f"all, {percent}\ninterval"])
    axes.axhline(len(subjects) - 0.4, color=GRID, linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("macro-F1", color=QUIET)
    left_title(axes, "Macro-F1 by test subject")
    quiet_legend(
        axes, ncols=len(scores), loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1
    )
    plain_frame(axes, "x")
    return figure


def learning_curves(histories: Mapping[int, Sequence[Epoch]], chosen_seed: int) -> Figure:
    """Draw loss and validation macro-F1 of every seed; mark the chosen one's best epoch.

    Parameters
    ----------
    histories : mapping of int to sequence of Epoch
        Of fine-tuning, by seed.
    chosen_seed : int
        The seed that was best on the validation subjects.
    """
    figure = Figure(figsize=(9.6, 3.7), layout="constrained")
    loss, f1 = figure.subplots(1, 2)
    for seed, history in histories.items():
        _seed_curves(loss, f1, seed, history, chosen=seed == chosen_seed)
    if len(histories) > 1:
        f1.plot([], [], label="other seeds", **_line(chosen=False))
    history = histories[chosen_seed]
    best = max(history, key=lambda e: rank(e.validation_macro_f1, e.validation_loss))
    dot: dict[str, Any] = {"color": ACCENT, "zorder": 4}
    for axes, value in ((loss, best.validation_loss), (f1, best.validation_macro_f1)):
        axes.axvline(best.epoch, color=QUIET, linewidth=0.8, linestyle=":")
        axes.scatter(best.epoch, value, s=70, **dot)
        axes.set_xlabel("epoch", color=QUIET)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        plain_frame(axes, "y")
    left_title(loss, "Loss")
    left_title(f1, f"Macro-F1 on validation subjects (kept: epoch {best.epoch})")
    quiet_legend(loss, loc="upper right")
    quiet_legend(f1, loc="lower right")
    return figure


def pretraining_curve(history: Sequence[PretrainingEpoch]) -> Figure:
    """Draw the loss of self-supervised pretraining.

    Parameters
    ----------
    history : sequence of PretrainingEpoch
        Its epochs.
    """
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(
        [e.epoch for e in history],
        [e.loss for e in history],
        color=ACCENT,
        linewidth=2,
        marker="o",
        markersize=3,
    )
    axes.set_xlabel("epoch", color=QUIET)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    left_title(axes, "Pretraining loss, training subjects")
    plain_frame(axes, "y")
    return figure


def _cell(axes: Axes, at: tuple[int, int], count: int, share: float) -> None:
    """Write a count and its share into a cell, and nothing into an empty one."""
    if not count:
        return
    row, column = at
    colour = "white" if share > 0.55 else INK
    text: dict[str, Any] = {"ha": "center", "color": colour}
    axes.text(column, row - 0.03, f"{count}", va="bottom", fontsize=10.5, **text)
    axes.text(column, row + 0.08, f"{100 * share:.1f} %", va="top", fontsize=8, **text)


def _interval(axes: Axes, name: str, scores: Scores, row: float, *, hollow: bool) -> None:
    low, high = scores.macro_f1_interval
    axes.hlines(row, low, high, color=colour_of(name), linewidth=2, zorder=2)
    axes.scatter(scores.macro_f1, row, s=46, **marker_style(name, hollow=hollow))


def _seed_curves(
    loss: Axes, f1: Axes, seed: int, history: Sequence[Epoch], *, chosen: bool
) -> None:
    epochs = [e.epoch for e in history]
    training, validation = [e.train_loss for e in history], [e.validation_loss for e in history]
    style = _line(chosen=chosen)
    loss.plot(epochs, training, linestyle="--", label="training" if chosen else None, **style)
    loss.plot(epochs, validation, label="validation" if chosen else None, **style)
    scores = [e.validation_macro_f1 for e in history]
    f1.plot(epochs, scores, label=f"seed {seed}, chosen" if chosen else None, **style)


def _line(*, chosen: bool) -> dict[str, Any]:
    """Return the line style of a seed: the chosen one on top."""
    if chosen:
        return {"color": ACCENT, "linewidth": 2.2, "zorder": 3}
    return {"color": "#9a9a9a", "linewidth": 1.1, "zorder": 2}
