"""What was predicted of recordings, drawn over time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from har.monitoring.palette import HOURS, MINUTES, activities, colours_of
from har.page.colours import INK, QUIET
from har.page.plots import left_title, plain_frame, png, words
from har.serving.timeline import GAP, Predicted

# More recordings are not drawn into one picture.
MAX_DRAWN = 12


def picture(predicted: Sequence[Predicted]) -> bytes:
    """Return a PNG image of the first recordings' segments, a row for each activity."""
    drawn = list(predicted[:MAX_DRAWN])
    colours = colours_of(predicted)
    rows = [activities(one.segments) for one in drawn]
    heights = [0.34 * len(names) + 0.75 for names in rows]
    figure = Figure(figsize=(11, sum(heights) + 0.3), layout="constrained")
    lines = figure.subplots(len(drawn), squeeze=False, height_ratios=heights)[:, 0]
    for axes, one, names in zip(lines, drawn, rows, strict=True):
        _draw(axes, one, names, colours)
        left_title(axes, _title(one))
    return png(figure)


def _draw(axes: Axes, one: Predicted, names: Sequence[str], colours: Mapping[str, str]) -> None:
    scale, label = _scale(one)
    for row, name in enumerate(names):
        rows = one.segments[one.segments["activity"] == name]
        # What was not recorded is left white.
        rows = rows[rows["reason"] != GAP]
        spans = [(s * scale, (e - s) * scale) for s, e in _times(rows)]
        axes.broken_barh(spans, (row - 0.38, 0.76), facecolors=colours[name], linewidth=0)
    axes.set_yticks(range(len(names)), [words(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    last = one.segments["end_s"].max()
    axes.set_xlim(one.segments["start_s"].min() * scale, last * scale)
    plain_frame(axes, "x")
    axes.tick_params(axis="y", labelcolor=INK)
    if one.clock:
        axes.xaxis_date()
    axes.set_xlabel(label, color=QUIET, fontsize=9)


def _times(rows: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(rows["start_s"], rows["end_s"], strict=True))


def _scale(one: Predicted) -> tuple[float, str]:
    """Return what turns seconds into the unit of the axis, and what is written below it."""
    if one.clock:
        return 1 / 86400, "time of day, UTC" if one.clock == "utc" else "time of day"
    last = one.segments["end_s"].max() - one.segments["start_s"].min()
    if last > HOURS:
        return 1 / 3600, "time, h"
    return (1 / 60, "time, min") if last > MINUTES else (1.0, "time, s")


def _title(one: Predicted) -> str:
    day = ""
    if one.clock:
        start = datetime.fromtimestamp(float(one.segments["start_s"].min()), UTC)
        day = f", {start:%Y-%m-%d}"
    unlike = ", unlike training" if one.likeness.is_unlike else ""
    return f"{one.name}{day}{unlike}"
