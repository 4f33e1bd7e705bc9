"""Plots of an evaluation, as matplotlib figures that no global state knows of.

Colours are of the palettes of Okabe and Ito and of Paul Tol, which people with any
colour vision can tell apart; models also differ in marker, seeds in line width.
"""

import io
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLOURS = {
    "svm": "#D55E00",
    "logistic": "#E69F00",
    "minirocket": "#AA4499",
    "extra-trees": "#CC79A7",
    "encoder-nano": "#56B4E9",
    "encoder-small": "#0072B2",
    "encoder-base": "#332288",
    "patchtst": "#009E73",
    "patchtsmixer": "#999933",
    "bert": "#882255",
    "resnet": "#661100",
}
MARKERS = dict(zip(COLOURS, "DsXPoo8^v<>", strict=True))
INK, QUIET, GRID = "#222222", "#6b6b6b", "#e4e4e4"
ACCENT = "#0072B2"  # of what a picture is about
DPI = 160


def png(figure: Figure) -> bytes:
    """Return the figure as PNG bytes, the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def confusion(metrics: dict[str, Any]) -> Figure:
    """Draw a confusion matrix: counts and the share of each label's windows.

    Parameters
    ----------
    metrics : dict
        With ``candidate``, ``classes`` and ``confusion`` (rows are labels).
    """
    classes = metrics["classes"]
    counts = np.array(metrics["confusion"])
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = 1.5 + 0.64 * len(classes)
    figure = Figure(figsize=(side + 0.4, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), n in np.ndenumerate(counts):
        _cell(axes, (row, column), n, shares[row, column])
    class_frame(axes, classes)
    left_title(axes, f"Confusion of {metrics['candidate']} (windows, % of the label)")
    return figure


def per_subject(metrics: dict[str, dict[str, Any]]) -> Figure:
    """Draw macro-F1 of every test subject, one row each, sorted by the first model's.

    Parameters
    ----------
    metrics : dict of str to dict
        By model: ``per_subject``, ``macro_f1``, ``macro_f1_interval`` and
        ``confidence``. The last row has the pooled values with their intervals.
    """
    first = next(iter(metrics.values()))
    subjects = sorted(first["per_subject"], key=lambda s: -first["per_subject"][s]["macro_f1"])
    figure = Figure(figsize=(5.8, 1.7 + 0.32 * len(subjects)), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(subjects))
    values = {
        name: np.array([m["per_subject"][s]["macro_f1"] for s in subjects])
        for name, m in metrics.items()
    }
    axes.hlines(
        rows,
        np.min(list(values.values()), axis=0),
        np.max(list(values.values()), axis=0),
        color="#c4c4c4",
        linewidth=1.5,
        zorder=1,
    )
    for place, (name, m) in enumerate(metrics.items()):
        axes.scatter(values[name], rows, s=46, label=name, **marker_style(name, hollow=place > 0))
        _interval(axes, name, m, len(subjects) + 0.35 + 0.5 * place, hollow=place > 0)
    middle = len(subjects) + 0.35 + 0.25 * (len(metrics) - 1)
    percent = f"{first['confidence']:.0%}"
    axes.set_yticks([*rows, middle], [*subjects, f"all, {percent}\ninterval"])
    axes.axhline(len(subjects) - 0.4, color=GRID, linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("macro-F1", color=QUIET)
    left_title(axes, "Macro-F1 by test subject")
    quiet_legend(
        axes, ncols=len(metrics), loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1
    )
    plain_frame(axes, "x")
    return figure


def learning_curves(histories: dict[int, list[dict[str, Any]]], chosen_seed: int) -> Figure:
    """Draw loss and validation macro-F1 of every seed; mark the chosen one's best epoch.

    Parameters
    ----------
    histories : dict of int to list of dict
        By seed: ``epoch``, ``train_loss``, ``validation_loss``, ``validation_macro_f1``.
    chosen_seed : int
        The seed that was best on the validation subjects.
    """
    figure = Figure(figsize=(9.6, 3.7), layout="constrained")
    loss, f1 = figure.subplots(1, 2)
    for seed, history in histories.items():
        _seed_curves(loss, f1, seed, history, chosen=seed == chosen_seed)
    if len(histories) > 1:
        f1.plot([], [], label="other seeds", **_line(chosen=False))
    best = max(histories[chosen_seed], key=lambda e: e["validation_macro_f1"])
    dot: dict[str, Any] = {"color": ACCENT, "zorder": 4}
    for axes, key in ((loss, "validation_loss"), (f1, "validation_macro_f1")):
        axes.axvline(best["epoch"], color=QUIET, linewidth=0.8, linestyle=":")
        axes.scatter(best["epoch"], best[key], s=70, **dot)
        axes.set_xlabel("epoch", color=QUIET)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        plain_frame(axes, "y")
    left_title(loss, "Loss")
    left_title(f1, f"Macro-F1 on validation subjects (kept: epoch {best['epoch']})")
    quiet_legend(loss, loc="upper right")
    quiet_legend(f1, loc="lower right")
    return figure


def pretraining_curve(history: list[dict[str, Any]]) -> Figure:
    """Draw the loss of self-supervised pretraining.

    Parameters
    ----------
    history : list of dict
        ``epoch`` and ``loss``.
    """
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.subplots()
    epochs, losses = ([e[key] for e in history] for key in ("epoch", "loss"))
    axes.plot(epochs, losses, color=ACCENT, linewidth=2, marker="o", markersize=3)
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


def _interval(axes: Axes, name: str, metrics: dict[str, Any], row: float, *, hollow: bool) -> None:
    low, high = metrics["macro_f1_interval"]
    axes.hlines(row, low, high, color=_colour(name), linewidth=2, zorder=2)
    axes.scatter(metrics["macro_f1"], row, s=46, **marker_style(name, hollow=hollow))


def _seed_curves(
    loss: Axes, f1: Axes, seed: int, history: list[dict[str, Any]], *, chosen: bool
) -> None:
    epochs, training, validation, scores = (
        [e[key] for e in history]
        for key in ("epoch", "train_loss", "validation_loss", "validation_macro_f1")
    )
    style = _line(chosen=chosen)
    loss.plot(epochs, training, linestyle="--", label="training" if chosen else None, **style)
    loss.plot(epochs, validation, label="validation" if chosen else None, **style)
    f1.plot(epochs, scores, label=f"seed {seed}, chosen" if chosen else None, **style)


def _line(*, chosen: bool) -> dict[str, Any]:
    """Return the line style of a seed: the chosen one on top."""
    if chosen:
        return {"color": ACCENT, "linewidth": 2.2, "zorder": 3}
    return {"color": "#9a9a9a", "linewidth": 1.1, "zorder": 2}


def _colour(name: str) -> str:
    return COLOURS.get(name, INK)


def marker_style(name: str, *, hollow: bool = False) -> dict[str, Any]:
    """Return the colour and marker of a model's points."""
    return {
        "marker": MARKERS.get(name, "s"),
        "facecolor": "white" if hollow else _colour(name),
        "edgecolor": _colour(name),
        "linewidth": 1.6,
        "zorder": 3 if hollow else 4,
    }


def left_title(axes: Axes, text: str) -> None:
    """Write a title over the left end of a plot."""
    axes.set_title(text, loc="left", fontsize=11, weight="bold", color=INK, pad=10)


def quiet_legend(axes: Axes, **options: Any) -> None:
    """Show a legend without a box."""
    axes.legend(fontsize=9, labelcolor=INK, edgecolor="none", framealpha=1, **options)


def class_frame(axes: Axes, classes: Sequence[str]) -> None:
    """Name the rows (labels) and columns (predictions) of a matrix and part its cells."""
    ticks = np.arange(len(classes))
    axes.set_xticks(ticks, classes, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, classes)
    axes.set_xticks(ticks[1:] - 0.5, minor=True)
    axes.set_yticks(ticks[1:] - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted", color=QUIET)
    axes.set_ylabel("label", color=QUIET)


def plain_frame(axes: Axes, grid: Literal["x", "y"]) -> None:
    """Leave the plot a baseline and quiet grid lines along one axis."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#b0b0b0")
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=INK, labelsize=9)
