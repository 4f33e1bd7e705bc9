"""Plots of calibration, selective prediction and robustness."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from har.evaluation.calibration import RISKS
from har.evaluation.looks import colour_of, marker_of
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import Reliability, Selective
from har.page.colours import GRID, INK, QUIET
from har.page.plots import left_title, plain_frame, quiet_legend

# The accuracy of a bin with fewer windows is chance, and not drawn.
FEWEST = 10

Look = tuple[str, str]  # colour and marker


def reliability(found: Mapping[str, Reliability]) -> Figure:
    """Draw accuracy against confidence by model, and below how many windows have it.

    Bins of fewer than ten windows are left out above.
    """
    figure = Figure(figsize=(5.2, 5.8), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=":")
    for place, (name, (colour, marker)) in enumerate(_looks(found).items()):
        bins = found[name].bins
        filled = [b for b in bins if b.count >= FEWEST]
        x, y = [b.confidence for b in filled], [b.accuracy for b in filled]
        label = f"{name}, ECE {100 * found[name].ece:.1f} %"
        top.plot(x, y, color=colour, marker=marker, markersize=6, linewidth=1.4, label=label)
        width = 1 / len(bins)
        middles = np.array([b.low for b in bins]) + width * (place + 0.5) / len(found)
        shares = [b.count / found[name].n_windows for b in bins]
        bottom.bar(middles, shares, width=0.9 * width / len(found), color=colour)
    top.set_ylabel("accuracy", color=QUIET)
    bottom.set_ylabel("windows", color=QUIET)
    bottom.set_xlabel("confidence", color=QUIET)
    for axes in (top, bottom):
        axes.set_xlim(0, 1)
        _percent(axes.yaxis)
        plain_frame(axes, "y")
    top.set_ylim(0, 1.02)
    _percent(bottom.xaxis)
    left_title(top, "Confidence and accuracy")
    quiet_legend(top, loc="upper left")
    return figure


def selective(found: Mapping[str, Selective]) -> Figure:
    """Draw risk against coverage by model, and mark the coverage at the risks asked for."""
    figure = Figure(figsize=(6.2, 3.9), layout="constrained")
    axes = figure.subplots()
    for risk in RISKS:
        axes.axhline(risk, color=QUIET, linewidth=0.8, linestyle=":")
    for place, (name, (colour, marker)) in enumerate(_looks(found).items()):
        result, curve = found[name], found[name].curve
        label = f"{name}, AURC {100 * result.aurc:.2f} %"
        axes.plot(curve.coverage, curve.risk, color=colour, linewidth=1.8, label=label)
        reached = [(at, float(risk)) for risk, at in result.coverage_at_risk.items()]
        _mark(axes, [point for point in reached if 0 < point[0] < 1], (colour, marker), place)
    highest = max(0.05, *(max(r.curve.risk[-20:]) for r in found.values()))
    axes.set_ylim(0, 1.15 * highest)
    axes.set_xlim(0, 1.01)
    axes.set_xlabel("coverage: windows answered", color=QUIET)
    axes.set_ylabel("risk: of them, wrong", color=QUIET)
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    left_title(axes, "Errors when doubtful windows are refused")
    quiet_legend(axes, loc="upper left")
    plain_frame(axes, "y")
    return figure


def robustness(found: Mapping[str, Robustness]) -> Figure:
    """Draw macro-F1 with its interval under each perturbation, and a line at the clean one.

    All models must have met the same perturbations.
    """
    first = next(iter(found.values()))
    rows = first.perturbations
    kinds = [(kind, len(list(group))) for kind, group in groupby(row.kind for row in rows)]
    gaps = np.repeat(np.arange(len(kinds)), [n for _, n in kinds])
    places = np.arange(len(rows)) + 0.9 * gaps
    figure = Figure(figsize=(7.0, 1.4 + 0.26 * (places[-1] + 1)), layout="constrained")
    axes = figure.subplots()
    for place, (name, (colour, marker)) in enumerate(_looks(found).items()):
        offset = 0.34 * (place - (len(found) - 1) / 2)
        axes.axvline(found[name].clean.macro_f1, color=colour, linewidth=1, linestyle="--")
        scores = found[name].perturbations
        low, high = np.array([row.macro_f1_interval for row in scores]).T
        axes.hlines(places + offset, low, high, color=colour, linewidth=2)
        values = [row.macro_f1 for row in scores]
        axes.scatter(values, places + offset, s=34, color=colour, marker=marker, label=name)
    _kinds(axes, [kind for kind, _ in kinds], places[np.unique(gaps, return_index=True)[1]])
    axes.set_yticks(places, [row.name for row in rows])
    axes.set_ylim(places[-1] + 0.8, -1.4)
    axes.set_xlim(0, 1.01)
    axes.set_xlabel(f"macro-F1 with {100 * first.confidence:g} % interval", color=QUIET)
    left_title(axes, "Macro-F1 under each perturbation (dashed: none)")
    quiet_legend(axes, loc="lower left")
    plain_frame(axes, "x")
    return figure


def _mark(axes: Axes, points: list[tuple[float, float]], look: Look, place: int) -> None:
    """Write the coverage beside points: below the first model's curve, above the others'."""
    colour, marker = look
    offset, side = ((7, -12), "left") if place == 0 else ((-7, 5), "right")
    for at, risk in points:
        axes.scatter(at, risk, s=42, color=colour, marker=marker, zorder=3)
        axes.annotate(
            f"{100 * at:.0f} %",
            (at, risk),
            xytext=offset,
            textcoords="offset points",
            ha=side,
            fontsize=8.5,
            color=colour,
        )


def _kinds(axes: Axes, names: list[str], places: Any) -> None:
    """Write the name of each kind above its first row."""
    for name, place in zip(names, places, strict=True):
        axes.axhline(place - 0.55, color=GRID, linewidth=1)
        axes.annotate(
            name,
            (0, place - 0.6),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            fontsize=8.5,
            va="bottom",
            weight="bold",
            color=INK,
        )


def _looks(found: Iterable[str]) -> dict[str, Look]:
    """Return a colour and a marker by name."""
    return {name: (colour_of(name), marker_of(name)) for name in found}


def _percent(axis: Any) -> None:
    axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axis.set_tick_params(pad=6)
