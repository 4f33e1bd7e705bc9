"""Charts over time, as Vega-Lite: activities, signals with these behind them, probabilities.

A chart is a dict, for importing `altair` takes seconds. Its data stand in ``datasets``, which
Streamlit sends to the browser as Arrow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from har.app.thinning import Signals
from har.data.recording import Clock
from har.monitoring.palette import HOURS, MINUTES, activities
from har.page.colours import BLUE, GREEN, VERMILION
from har.serving.timeline import GAP

Chart = dict[str, Any]
# Rows of a channel that are drawn: more than a wide screen has pixels for pairs of them.
DRAWN = 700
# Pixels left of every chart, so that one moment stands under itself.
LEFT = 84
# Heights of a row of activities, of signals, and of the other charts, pixels.
ROW, HIGH, LOW = 24, 150, 80
# Of the axis of time: at most so many ticks, so far apart from each other, s.
TICKS = 6
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
AXES = {"x": BLUE, "y": VERMILION, "z": GREEN}


@dataclass(frozen=True)
class Stretch:
    """The stretch of time that all charts of a recording show.

    Attributes
    ----------
    start_s, end_s : float
        On the clock of the recording.
    clock : {"", "utc", "local"}
        What it counts from.
    """

    start_s: float
    end_s: float
    clock: Clock

    @property
    def unit(self) -> tuple[float, str]:
        """What turns seconds into the unit of the axis, and the axis' title."""
        if self.clock:
            return 1000.0, "time of day, UTC" if self.clock == "utc" else "time of day"
        length = self.end_s - self.start_s
        if length > HOURS:
            return 1 / 3600, "time, h"
        return (1 / 60, "time, min") if length > MINUTES else (1.0, "time, s")

    def x(self, field: str) -> Chart:
        """Return the axis of time, over a field of the data."""
        scale, words = self.unit
        domain = [self.start_s * scale, self.end_s * scale]
        axis: Chart = {"title": words, "grid": False, "tickCount": TICKS}
        if self.clock:
            axis |= self._times_of_day()
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": domain, "nice": False},
            "axis": axis,
        }

    def _times_of_day(self) -> Chart:
        """Return round times of day, which no browser's time zone changes."""
        length = self.end_s - self.start_s
        step = next((step for step in STEPS if length / step <= TICKS), STEPS[-1])
        first, last = math.ceil(self.start_s / step), math.floor(self.end_s / step)
        shape = "%H:%M:%S" if step < 60 else "%H:%M" if step < 86400 else "%d %b"
        return {
            "values": [1000 * step * number for number in range(first, last + 1)],
            "labelExpr": f"utcFormat(datum.value, '{shape}')",
        }

    def overlaps(self, windows: pd.DataFrame) -> "pd.Series[bool]":
        """Tell which windows lie in it."""
        return (windows["end_s"] > self.start_s) & (windows["start_s"] < self.end_s)


def activity_chart(segments: pd.DataFrame, stretch: Stretch, colours: Mapping[str, str]) -> Chart:
    """Return a row of bars for each activity."""
    names = activities(segments)
    rows = {"field": "activity", "type": "nominal", "sort": names, "title": None}
    shown = ("activity", "from", "to", "seconds", "confidence", "reason")
    return {
        **_chart("activity", ROW * len(names)),
        "datasets": {"bands": _bands(segments, stretch)},
        "data": {"name": "bands"},
        "mark": {"type": "bar", "clip": True, "height": {"band": 0.72}},
        "encoding": {
            "x": stretch.x("start"),
            "x2": {"field": "end"},
            "y": {**rows, "axis": {**_left(), "ticks": False}},
            "color": _colour(colours, names),
            "tooltip": [{"field": name} for name in shown],
        },
    }


def signal_chart(
    signals: Sequence[Signals],
    columns: Mapping[str, int],
    title: str,
    segments: pd.DataFrame,
    stretch: Stretch,
    colours: Mapping[str, str],
) -> Chart:
    """Return a sensor's axes, with the activities behind them.

    Parameters
    ----------
    signals : sequence of Signals
        Of each stretch between gaps.
    columns : mapping of str to int
        By axis, the column of the signals.
    title : str
        What the sensor measures, with its unit.
    segments, stretch, colours
        What stands behind, and where.
    """
    behind = {
        "x": stretch.x("start"),
        "x2": {"field": "end"},
        "color": _colour(colours, activities(segments)),
    }
    strip = {"y": {"value": 0}, "y2": {"value": 7}}
    lines = {
        "x": stretch.x("time"),
        "y": {**_number("value"), "scale": {"zero": False}},
        "color": {
            "field": "axis",
            "type": "nominal",
            "scale": {"domain": list(AXES), "range": list(AXES.values())},
            "legend": {"title": None, "orient": "top"},
        },
        "detail": {"field": "part"},
    }
    bands, drawn = {"name": "bands"}, {"name": "lines"}
    return {
        **_chart(title, HIGH),
        "datasets": {
            "bands": _bands(segments, stretch),
            "lines": _lines(signals, columns, stretch),
        },
        "layer": [
            {"data": bands, "mark": _mark("rect", opacity=0.2), "encoding": behind},
            {"data": bands, "mark": _mark("rect"), "encoding": {**behind, **strip}},
            {"data": drawn, "mark": _mark("line", strokeWidth=1.1), "encoding": lines},
        ],
        "resolve": {"scale": {"color": "independent"}},
    }


def probability_chart(
    windows: pd.DataFrame,
    probabilities: pd.DataFrame,
    stretch: Stretch,
    colours: Mapping[str, str],
) -> Chart:
    """Return the probabilities of all classes, one above the other, window by window."""
    scale, _ = stretch.unit
    rows = np.flatnonzero(stretch.overlaps(windows))
    # A day has more windows than a screen has pixels: then every so many of them is drawn.
    rows = rows[:: max(1, len(rows) // (2 * DRAWN))]
    shown = probabilities.iloc[rows].assign(time=_middle(windows)[rows] * scale)
    long = shown.melt("time", var_name="activity", value_name="probability")
    legend = {"title": None, "orient": "top", "columns": 3}
    return {
        **_chart("probability of every activity", LOW),
        "datasets": {"probabilities": long},
        "data": {"name": "probabilities"},
        "mark": _mark("area"),
        "encoding": {
            "x": stretch.x("time"),
            "y": {**_share("probability"), "stack": "zero"},
            "color": {**_colour(colours, list(probabilities.columns)), "legend": legend},
            "tooltip": [{"field": "activity"}, {"field": "probability", "format": ".2f"}],
        },
    }


def confidence_chart(windows: pd.DataFrame, probabilities: pd.DataFrame, stretch: Stretch) -> Chart:
    """Return the probability of the likeliest class in every window."""
    scale, _ = stretch.unit
    inside = stretch.overlaps(windows).to_numpy()
    highest = probabilities.max(axis=1).to_numpy(np.float32)[inside, None]
    time, values = Signals.of(_middle(windows)[inside], highest).thinned(DRAWN).points()
    return {
        **_chart("confidence: the highest of them", LOW),
        "datasets": {"line": pd.DataFrame({"time": time * scale, "confidence": values[:, 0]})},
        "data": {"name": "line"},
        "mark": _mark("line", strokeWidth=1.3, color=BLUE, interpolate="step"),
        "encoding": {"x": stretch.x("time"), "y": _share("confidence")},
    }


def _chart(title: str, height: int) -> Chart:
    words = {"text": title, "anchor": "start", "frame": "bounds", "fontSize": 14, "offset": 6}
    return {
        "title": words,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
    }


def _mark(kind: str, **options: Any) -> Chart:
    return {"type": kind, "clip": True, **options}


def _left(**options: Any) -> Chart:
    return {"minExtent": LEFT, "maxExtent": LEFT, "labelLimit": LEFT, **options}


def _number(field: str, **options: Any) -> Chart:
    return {"field": field, "type": "quantitative", "title": None, "axis": _left(**options)}


def _share(field: str) -> Chart:
    return {**_number(field, tickCount=3), "scale": {"domain": [0, 1]}}


def _colour(colours: Mapping[str, str], names: Sequence[str]) -> Chart:
    scale = {"domain": list(names), "range": [colours[name] for name in names]}
    return {"field": "activity", "type": "nominal", "scale": scale, "legend": None}


def _middle(windows: pd.DataFrame) -> Any:
    return ((windows["start_s"] + windows["end_s"]) / 2).to_numpy(np.float64)


def _bands(segments: pd.DataFrame, stretch: Stretch) -> pd.DataFrame:
    """Return segments as rows to draw; what was not recorded is left out."""
    scale, _ = stretch.unit
    told = segments[segments["reason"] != GAP]
    return pd.DataFrame(
        {
            "start": told["start_s"] * scale,
            "end": told["end_s"] * scale,
            "activity": told["activity"].astype(str),
            "from": told["start_s"].round(2),
            "to": told["end_s"].round(2),
            "seconds": (told["end_s"] - told["start_s"]).round(1),
            "confidence": told["probability"].round(2),
            "reason": told["reason"].astype(str),
        }
    )


def _lines(
    signals: Sequence[Signals], columns: Mapping[str, int], stretch: Stretch
) -> pd.DataFrame:
    """Return rows of time, value, axis and stretch between gaps."""
    scale, _ = stretch.unit
    inside = [part.between(stretch.start_s, stretch.end_s) for part in signals]
    total = sum(map(len, inside)) or 1
    frames = [pd.DataFrame({"time": [], "value": [], "axis": [], "part": []}, dtype=object)]
    for number, part in enumerate(inside):
        if len(part):
            time, values = part.thinned(max(2, DRAWN * len(part) // total)).points()
            frames += [
                pd.DataFrame({"time": time * scale, "value": values[:, column]}).assign(
                    axis=axis, part=number
                )
                for axis, column in columns.items()
            ]
    return pd.concat(frames[1:] or frames, ignore_index=True)
