"""Charts over time: activities, signals with the activities behind them, probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from har.app.thinning import Signals
from har.data.recording import Clock
from har.monitoring.picture import HOURS, MINUTES, activities
from har.page.colours import BLUE, GREEN, VERMILION
from har.serving.timeline import GAP

# Rows of a channel that are drawn: more than a wide screen has pixels for pairs of them.
DRAWN = 700
# Pixels left of every chart, so that one moment stands under itself.
LEFT = 84
AXES = {"x": BLUE, "y": VERMILION, "z": GREEN}
_BAND = 0.2


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

    def x(self, field: str = "start") -> alt.X:
        """Return the axis of time."""
        scale, words = self.unit
        domain = [self.start_s * scale, self.end_s * scale]
        kind: Literal["utc", "linear"] = "utc" if self.clock else "linear"
        return alt.X(
            f"{field}:{'T' if self.clock else 'Q'}",
            scale=alt.Scale(domain=domain, nice=False, type=kind),
            axis=alt.Axis(title=words, grid=False, tickCount=6),
        )


def activity_chart(segments: pd.DataFrame, stretch: Stretch, colours: Mapping[str, str]) -> Any:
    """Return a row of bars for each activity."""
    names = activities(segments)
    rows = _bands(segments, stretch)
    return (
        alt.Chart(rows)
        .mark_bar(clip=True, height={"band": 0.72})
        .encode(
            x=stretch.x(),
            x2="end",
            y=alt.Y("activity:N", sort=names, title=None, axis=_left(ticks=False)),
            color=_colour(colours, names),
            tooltip=["activity", "from", "to", "seconds", "confidence", "reason"],
        )
        .properties(height=28 * len(names) + 80, title=_title("activity"))
    )


def signal_chart(
    signals: Sequence[Signals],
    columns: Mapping[str, int],
    title: str,
    segments: pd.DataFrame,
    stretch: Stretch,
    colours: Mapping[str, str],
) -> Any:
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
    lines = _lines(signals, columns, stretch)
    behind = _behind(segments, stretch, colours)
    drawn = (
        alt.Chart(lines)
        .mark_line(clip=True, strokeWidth=1.1)
        .encode(
            x=stretch.x("time"),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=_left()),
            color=alt.Color(
                "axis:N",
                scale=alt.Scale(domain=list(AXES), range=list(AXES.values())),
                legend=alt.Legend(title=None, orient="top"),
            ),
            detail="part:N",
        )
    )
    return (
        alt.layer(behind, drawn)
        .resolve_scale(color="independent")
        .properties(height=250, title=_title(title))
    )


def probability_chart(
    windows: pd.DataFrame,
    probabilities: pd.DataFrame,
    stretch: Stretch,
    colours: Mapping[str, str],
) -> Any:
    """Return the probabilities of all classes, one above the other, window by window."""
    scale, _ = stretch.unit
    inside = (windows["end_s"] > stretch.start_s) & (windows["start_s"] < stretch.end_s)
    rows = np.flatnonzero(inside)
    # A day has more windows than a screen has pixels: then every so many of them is drawn.
    rows = rows[:: max(1, len(rows) // (2 * DRAWN))]
    middle = (windows["start_s"] + windows["end_s"]).to_numpy()[rows] / 2
    shown = probabilities.iloc[rows].assign(time=middle * scale)
    long = shown.melt("time", var_name="activity", value_name="probability")
    return (
        alt.Chart(long)
        .mark_area(clip=True)
        .encode(
            x=stretch.x("time"),
            y=alt.Y(
                "probability:Q",
                stack="zero",
                title=None,
                scale=alt.Scale(domain=[0, 1]),
                axis=_left(tickCount=3),
            ),
            color=_colour(colours, list(probabilities.columns), legend=True),
            tooltip=["activity", alt.Tooltip("probability:Q", format=".2f")],
        )
        .properties(height=250, title=_title("probability of every activity"))
    )


def confidence_chart(windows: pd.DataFrame, probabilities: pd.DataFrame, stretch: Stretch) -> Any:
    """Return the probability of the likeliest class in every window."""
    scale, _ = stretch.unit
    inside = (windows["end_s"] > stretch.start_s) & (windows["start_s"] < stretch.end_s)
    highest = probabilities.max(axis=1).to_numpy(np.float32)[inside, None]
    middle = ((windows["start_s"] + windows["end_s"]) / 2).to_numpy()[inside]
    time, values = Signals.of(middle, highest).thinned(DRAWN).points()
    rows = pd.DataFrame({"time": time * scale, "confidence": values[:, 0]})
    return (
        alt.Chart(rows)
        .mark_line(clip=True, strokeWidth=1.3, color=BLUE, interpolate="step")
        .encode(
            x=stretch.x("time"),
            y=alt.Y(
                "confidence:Q",
                title=None,
                scale=alt.Scale(domain=[0, 1]),
                axis=_left(tickCount=3),
            ),
        )
        .properties(height=170, title=_title("confidence: the highest of them"))
    )


def _title(words: str) -> alt.TitleParams:
    return alt.TitleParams(words, anchor="start", frame="bounds", fontSize=14, offset=6)


def _left(**options: Any) -> alt.Axis:
    return alt.Axis(minExtent=LEFT, maxExtent=LEFT, labelLimit=LEFT, **options)


def _colour(colours: Mapping[str, str], names: Sequence[str], *, legend: bool = False) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=[colours[name] for name in names])
    shown = alt.Legend(title=None, orient="top", columns=3) if legend else None
    return alt.Color("activity:N", scale=scale, legend=shown)


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


def _behind(segments: pd.DataFrame, stretch: Stretch, colours: Mapping[str, str]) -> Any:
    """Return a strip of the activities' colours, and the same paler over the whole height."""
    base = alt.Chart(_bands(segments, stretch)).encode(
        x=stretch.x(), x2="end", color=_colour(colours, activities(segments))
    )
    pale = base.mark_rect(clip=True, opacity=_BAND)
    strip = base.mark_rect(clip=True).encode(y=alt.value(0), y2=alt.value(7))
    return alt.layer(pale, strip)


def _lines(
    signals: Sequence[Signals], columns: Mapping[str, int], stretch: Stretch
) -> pd.DataFrame:
    """Return rows of time, value, axis and stretch between gaps."""
    scale, _ = stretch.unit
    inside = [part.between(stretch.start_s, stretch.end_s) for part in signals]
    total = sum(map(len, inside)) or 1
    frames = []
    for number, part in enumerate(inside):
        if not len(part):
            continue
        time, values = part.thinned(max(2, DRAWN * len(part) // total)).points()
        for axis, column in columns.items():
            values_of = pd.DataFrame({"time": time * scale, "value": values[:, column]})
            frames.append(values_of.assign(axis=axis, part=number))
    empty = pd.DataFrame({"time": [], "value": [], "axis": [], "part": []})
    return pd.concat(frames, ignore_index=True) if frames else empty
