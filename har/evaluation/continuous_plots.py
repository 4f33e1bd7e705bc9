"""Plots of answers on continuous recordings: one timeline, and what became of events."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from har.evaluation.results.continuous import ContinuousScores, Span
from har.page.colours import BLACK, GREEN, INK, ORANGE, PALETTE, QUIET, SKY, VERMILION
from har.page.plots import left_title, plain_frame, words

BANDS = (*PALETTE, BLACK)
TRUE = {
    "correct": "#bcd9ea",
    "fragmented": ORANGE,
    "merged": SKY,
    "fragmented_and_merged": GREEN,
    "deleted": VERMILION,
}
FALSE = {"inserted": "#4d4d4d", "spilling": "#b8b8b8"}
# A timeline is broken into lines of at most this, s.
LINE_S = 240.0
# Characters that fit below a figure, with the patches.
LEGEND_WIDTH = 150
LEGEND_LINE = 0.19  # inches


def timeline(scores: ContinuousScores) -> Figure:
    """Draw the truth and the answers of one recording as bands over time."""
    example, classes = scores.example, scores.classes
    start, stop = example.start_s, example.stop_s
    n_lines = int(np.ceil((stop - start) / LINE_S))
    edges = np.linspace(start, stop, n_lines + 1)
    figure = Figure(figsize=(11, 0.9 + 1.55 * n_lines), layout="constrained")
    lines = np.atleast_1d(figure.subplots(n_lines))
    colours = _colours(classes)
    for axes, low, high in zip(lines, edges[:-1], edges[1:], strict=True):
        _bands(axes, example.runs, colours)
        axes.set_xlim(low, high)
    lines[-1].set_xlabel("time, s (white: unlabelled, or not answered yet)", color=QUIET)
    left_title(lines[0], f"Truth and answers, recording {example.recording_id}")
    drawn = {event.activity for events in example.runs.values() for event in events}
    _below(
        figure, [Patch(color=colours[name], label=words(name)) for name in classes if name in drawn]
    )
    return figure


def events(scores: ContinuousScores) -> Figure:
    """Draw what became of each class's true events, and how many were returned wrongly."""
    classes, answers = scores.classes, scores.answers
    rows = np.arange(len(classes))[:, None] * (len(answers) + 0.8) + np.arange(len(answers))
    tables = [[a.per_class[name] for a in answers.values()] for name in classes]
    cells = zip(rows.ravel().tolist(), [cell for row in tables for cell in row], strict=True)
    figure = Figure(figsize=(10, 1.3 + 0.2 * rows.size), layout="constrained")
    true, false = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
    for row, cell in cells:
        _stack(true, row, cell.true_events, TRUE, whole=sum(cell.true_events.values()))
        _stack(false, row, cell.returned_events, FALSE)
    for axes, title, label in (
        (true, "True events by outcome", "share of the class's events"),
        (false, "False events", "count returned"),
    ):
        left_title(axes, title)
        axes.set_xlabel(label, color=QUIET)
        plain_frame(axes, "x")
    true.set_yticks(rows.ravel(), list(answers) * len(classes))
    n_events = [sum(row[0].true_events.values()) for row in tables]
    labels = [f"{words(name)}\n{n} events" for name, n in zip(classes, n_events, strict=True)]
    true.set_yticks(rows.mean(1), labels, minor=True)
    true.yaxis.remove_overlapping_locs = False  # a class is named at its middle row
    true.tick_params(axis="y", which="minor", length=0, pad=52, labelcolor=INK, labelsize=10)
    true.set_ylim(rows.max() + 0.7, -0.7)
    colours = {**TRUE, **FALSE}
    _below(figure, [Patch(color=c, label=name.replace("_", " ")) for name, c in colours.items()])
    return figure


def _stack(
    axes: Axes, row: float, counts: Mapping[str, int], colours: dict[str, str], *, whole: int = 1
) -> None:
    """Draw the outcomes of one class's events as one bar, as shares of the whole."""
    lengths = np.array([counts[outcome] for outcome in colours]) / max(whole, 1)
    left = np.cumsum(lengths) - lengths
    axes.barh([row] * len(left), lengths, left=left, height=0.85, color=list(colours.values()))


def _bands(axes: Axes, runs: Mapping[str, tuple[Span, ...]], colours: dict[str, Any]) -> None:
    for row, events in enumerate(runs.values()):
        spans = [(e.start_s, e.stop_s - e.start_s) for e in events]
        faces = [colours[e.activity] for e in events]
        axes.broken_barh(spans, (row - 0.42, 0.84), facecolors=faces, linewidth=0)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.set_ylim(len(runs) - 0.5, -0.5)
    plain_frame(axes, "x")


def _colours(classes: Sequence[str]) -> dict[str, Any]:
    """Return a colour for each class, no two alike."""
    n = len(classes)
    palette: Any = BANDS
    if n > len(BANDS):
        palette = colormaps["tab20"](np.arange(20))
    if n > len(palette):
        palette = colormaps["turbo"](np.linspace(0.03, 0.97, n))
    return dict(zip(classes, palette, strict=False))


def _below(figure: Figure, handles: list[Patch]) -> None:
    """Name the colours below a figure, which grows if they need more than two lines."""
    longest = max((len(str(handle.get_label())) for handle in handles), default=0)
    columns = max(1, min(len(handles), 7, LEGEND_WIDTH // (longest + 7)))
    more = max(0, math.ceil(len(handles) / columns) - 2)
    figure.set_figheight(figure.get_figheight() + LEGEND_LINE * more)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=columns,
        fontsize=9,
        labelcolor=INK,
        edgecolor="none",
    )
