"""Plots of an ingested data set."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from har.arrays import Float64
from har.data.recording import ACC, GYRO
from har.data.report.facts import BINS, RecordingFacts, Timeline
from har.data.report.signals import FREQUENCIES, UNLABELLED, Stretch
from har.page.colours import BLUE, GREEN, INK, ORANGE, PURPLE, QUIET, SKY, VERMILION
from har.page.plots import left_title, plain_frame, words

AXES = (BLUE, VERMILION, GREEN)
PLACES = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, INK)
LABELLED, BARE, GAP = "#56A0D3", "#D5DCE3", VERMILION
SMALL = 8.5  # points: many small plots stand side by side
# Of a timeline; more recordings are put end to end by subject.
MAX_ROWS = 40
# A vertical axis spans at least this, so that rest looks like rest: m/s², rad/s.
MIN_SPAN = {"acc": 4.0, "gyro": 1.0}

Row = tuple[str, list[Timeline]]


def balance(activities: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the time of each activity.

    Parameters
    ----------
    activities : mapping
        ``seconds`` and ``subjects`` by activity.
    """
    names = list(activities)
    seconds = np.array([activities[name]["seconds"] for name in names])
    unit, factor = _unit(seconds.max())
    figure = Figure(figsize=(7.2, 0.9 + 0.3 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(names)), seconds / factor, color=BLUE, height=0.62)
    axes.set_yticks(range(len(names)), [words(name) for name in names])
    for row, name in enumerate(names):
        who = activities[name]["subjects"]
        text = f"  {100 * seconds[row] / seconds.sum():.1f} %, {who} subject{'s' * (who != 1)}"
        axes.text(seconds[row] / factor, row, text, va="center", fontsize=8, color=QUIET)
    axes.set_xlim(0, seconds.max() / factor * 1.3)
    axes.invert_yaxis()
    axes.set_xlabel(unit, color=QUIET, fontsize=9)
    plain_frame(axes, "x", size=SMALL)
    return figure


def rows_of(facts: Sequence[RecordingFacts], timelines: Sequence[Timeline]) -> list[Row]:
    """Return the rows of a timeline plot: recordings, or of many, each subject's in a row."""
    named = sorted(zip(facts, timelines, strict=True), key=lambda pair: pair[0].recording)
    if len(named) <= MAX_ROWS:
        return [(fact.recording, [line]) for fact, line in named]
    several = len({fact.placement for fact in facts}) > 1
    rows: dict[str, list[Timeline]] = {}
    for fact, line in named:
        name = f"{fact.subject}, {fact.placement}" if several else fact.subject
        rows.setdefault(name, []).append(line)
    return sorted(rows.items())


def timeline(rows: Sequence[Row]) -> Figure:
    """Draw over time what is labelled, what is not, and what is missing.

    Parameters
    ----------
    rows : sequence of (str, list of Timeline)
        As `rows_of` returns.
    """
    longest = max(sum(line.seconds for line in lines) for _, lines in rows)
    unit, factor = _unit(longest)
    image = np.stack([_colours(lines, longest) for _, lines in rows])
    height = min(0.19 * len(rows), 14.0)
    figure = Figure(figsize=(9.6, 1.1 + height), layout="constrained")
    axes = figure.subplots()
    extent = (0, longest / factor, len(rows) - 0.5, -0.5)
    axes.imshow(image, aspect="auto", extent=extent, interpolation="nearest")
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(axis="y", which="minor", color="white", linewidth=1.5 if len(rows) < 80 else 0.3)
    ticks = range(0, len(rows), 1 + len(rows) // 74)
    axes.set_yticks(ticks, [words(rows[i][0]) for i in ticks])
    axes.set_xlabel(unit, color=QUIET, fontsize=9)
    axes.tick_params(which="both", length=0, labelcolor=INK, labelsize=8)
    axes.spines[:].set_visible(False)
    kinds = {"labelled": LABELLED, "no label": BARE, "missing": GAP}
    patches = [Patch(color=colour, label=kind) for kind, colour in kinds.items()]
    figure.legend(
        handles=patches,
        loc="outside upper right",
        ncols=3,
        fontsize=9,
        frameon=False,
        labelcolor=INK,
    )
    return figure


def stretch(chosen: Stretch, samples: pd.DataFrame) -> Figure:
    """Draw a stretch of acceleration and, if there is one, angular velocity."""
    gyroscope = not samples[list(GYRO)].isna().all(axis=None)
    figure = Figure(figsize=(5.2, 3.4 if gyroscope else 2.0), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1 + gyroscope, sharex=True))
    time = samples["time_s"] - chosen.start_s
    for axes, channels, unit in zip(panels, (ACC, GYRO), ("m/s²", "rad/s"), strict=False):
        for channel, colour in zip(channels, AXES, strict=True):
            axes.plot(time, samples[channel], color=colour, linewidth=1, label=channel[-1])
        _widen(axes, MIN_SPAN[channels[0].split("_")[0]])
        axes.set_ylabel(unit, color=QUIET, fontsize=9)
        if chosen.activity != UNLABELLED:
            bout = np.array(chosen.bout_s) - chosen.start_s
            axes.axvspan(*bout, color="#f0f4f8", zorder=0)
        axes.set_xlim(0, chosen.end_s - chosen.start_s)
        plain_frame(axes, "y", size=SMALL)
    panels[-1].set_xlabel("s", color=QUIET, fontsize=9)
    panels[0].legend(
        fontsize=8.5,
        ncols=3,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        frameon=False,
        labelcolor=INK,
        borderaxespad=0.1,
    )
    left_title(panels[0], words(chosen.activity), size=10.5, pad=6)
    return figure


def spectrum(
    activity: str,
    powers: Mapping[str, Float64],
    places: Sequence[str],
    limits: tuple[float, float],
) -> Figure:
    """Draw the mean power spectra of an activity, one line per placement.

    Parameters
    ----------
    activity : str
        The title.
    powers : mapping of str to ndarray
        Power by frequency, by placement.
    places : sequence of str
        All placements of the data set, which fixes their colours.
    limits : (float, float)
        Of the vertical axis, so that activities can be compared.
    """
    figure = Figure(figsize=(3.6, 2.5), layout="constrained")
    axes = figure.subplots()
    for place, power in powers.items():
        colour = PLACES[places.index(place) % len(PLACES)]
        axes.semilogy(FREQUENCIES, power, color=colour, linewidth=1.4, label=place)
    axes.minorticks_off()
    axes.set_ylim(*limits)
    axes.set_xlim(0, FREQUENCIES[-1])
    axes.set_xticks(range(0, round(FREQUENCIES[-1]) + 1, 5))
    axes.set_xlabel("Hz", color=QUIET, fontsize=9)
    axes.set_ylabel("(m/s²)²/Hz", color=QUIET, fontsize=9)
    if len(places) > 1:
        axes.legend(fontsize=8, frameon=False, labelcolor=INK, loc="upper right")
    left_title(axes, words(activity), size=10.5, pad=6)
    plain_frame(axes, "y", size=SMALL)
    return figure


def _colours(lines: Sequence[Timeline], longest: float) -> Float64:
    """Return the colour of each cell of a row: a mixture by share, in which gaps stand out."""
    starts = np.cumsum([0.0, *(line.seconds for line in lines)])
    times = np.concatenate(
        [s + np.linspace(0, line.seconds, BINS + 1) for s, line in zip(starts, lines, strict=False)]
    )
    recorded, labelled = (
        np.concatenate(_joined([getattr(line, kind) for line in lines]))
        for kind in ("recorded", "labelled")
    )
    n_cells = 4 * BINS
    edges = np.linspace(0, longest, n_cells + 1)
    present, bare, named = (
        np.diff(np.interp(edges, times, values))
        for values in (times, recorded - labelled, labelled)
    )
    missing = np.sqrt(np.clip(1 - (bare + named) / np.maximum(present, 1e-9), 0, 1))
    share = (named / np.maximum(named + bare, 1e-9))[:, None]
    mixture: Float64 = share * to_rgb(LABELLED) + (1 - share) * to_rgb(BARE)
    mixture += missing[:, None] * (np.array(to_rgb(GAP)) - mixture)
    mixture[present <= longest / n_cells / 2] = 1.0
    return mixture


def _joined(
    sums: Sequence[Float64],
) -> list[Float64]:
    """Let each recording's sums go on from the last one's."""
    before = np.cumsum([0.0, *(values[-1] for values in sums)])
    return [values + start for values, start in zip(sums, before, strict=False)]


def _unit(seconds: float) -> tuple[str, float]:
    """Return the unit in which a time is easy to read, and its length in s."""
    if seconds < 120:
        return "seconds", 1.0
    return ("minutes", 60.0) if seconds < 3 * 3600 else ("hours", 3600.0)


def _widen(axes: Axes, span: float) -> None:
    low, high = axes.get_ylim()
    if high - low < span:
        axes.set_ylim((low + high - span) / 2, (low + high + span) / 2)
