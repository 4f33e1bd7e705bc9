"""What was answered on one recording, from what matters most to a single window."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from har.app import charts
from har.app.analysis import Analysis, Answered
from har.app.charts import Chart, Stretch
from har.app.markup import Kind, bar, box, cards, heading, show, swatch, table, text
from har.data.channels import bare
from har.models.answers import UNKNOWN
from har.monitoring.palette import colours_of
from har.page.colours import PALETTE, RULE
from har.page.sheet import to_csv
from har.serving.content import rows_of
from har.serving.served import Served
from har.serving.timeline import time_of_day

# A longer table is in the file that is downloaded.
SHOWN = 100
_SENSORS = {"acc": "acceleration, m/s²", "gyro": "angular velocity, rad/s"}


def result(
    analysis: Analysis, model: Served, smoothing: Callable[[], None], *, anyway: str
) -> None:
    """Show what was answered; where there are several recordings, one of them is chosen.

    Parameters
    ----------
    analysis : Analysis
        All of it.
    model : Served
        That answered.
    smoothing : callable
        Shows how answers are smoothed, and lets somebody choose.
    anyway : str
        Key under which it is kept whether what is unlike training is answered.
    """
    names = [one.predicted.name for one in analysis.recordings]
    chosen = 0
    if len(names) > 1:
        chosen = st.selectbox(
            f"Recording ({len(names)} in these files)",
            range(len(names)),
            format_func=lambda number: names[number],
        )
    one = analysis.recordings[chosen]
    colours = _colours(one)
    _warnings(one, anyway)
    _headline(one)
    show(heading("Over time"))
    left, right = st.columns(2, gap="medium")
    with left:
        stretch = _chosen(one)
    with right:
        smoothing()
    _over_time(one, colours, stretch)
    if not (one.predicted.windows["activity"] == UNKNOWN).all():
        _sums(one, colours)
    _segments(one, colours)
    _window(one, colours, model.predictor.rate_hz)
    _downloads(analysis, model)
    show(text(f"{one.predicted.name}: {one.predicted.rows.describe()}", quiet=True))


def _colours(one: Answered) -> dict[str, str]:
    """Return a colour for each class: those of `har predict --plot` for what was answered."""
    known = colours_of([one.predicted])
    others = [name for name in one.probabilities.columns if name not in known]
    free = [colour for colour in PALETTE if colour not in known.values()] or [RULE]
    return known | {name: free[i % len(free)] for i, name in enumerate(others)}


def _warnings(one: Answered, anyway: str) -> None:
    likeness = one.predicted.likeness
    for number, warned in enumerate(likeness.notes):
        title = "Unlike training: " if likeness.is_unlike and not number else ""
        kind: Kind = "warning" if likeness.warnings else "note"
        show(box(kind, f"{title}{warned.what}.", [("to do", warned.hint)]))
    if likeness.is_withheld:
        st.checkbox("Answer it anyway", key=anyway)


def _headline(one: Answered) -> None:
    sums = one.predicted.summary
    known = sums[sums["activity"] != UNKNOWN]
    minutes = float(sums["minutes"].sum())
    weight = float(known["minutes"].sum())
    confidence = float((known["probability"] * known["minutes"]).sum() / weight) if weight else 0.0
    unknown = 1 - float(known["share"].sum())
    windows = one.predicted.windows
    show(
        cards(
            [
                _most(known),
                ("Recorded", _minutes(minutes), f"{len(windows):,} windows"),
                (
                    "Confidence",
                    f"{confidence:.0%}" if weight else "none",
                    "mean probability of the answers",
                ),
                ("Unknown", f"{unknown:.0%}", "of the time, gaps included"),
            ]
        )
    )


def _most(known: pd.DataFrame) -> tuple[str, str, str]:
    """Return the activity of most time, if there is any that is known."""
    if not len(known):
        return "Most of the time", UNKNOWN, ""
    first = known.iloc[0]
    return "Most of the time", str(first["activity"]), _minutes(float(first["minutes"]))


def _minutes(minutes: float) -> str:
    """Return a length of time.

    >>> _minutes(0.5), _minutes(6.04), _minutes(125.0)
    ('30 s', '6.0 min', '2.1 h')
    """
    if minutes >= 90:
        return f"{minutes / 60:.1f} h"
    return f"{minutes:.1f} min" if minutes >= 1 else f"{60 * minutes:.0f} s"


def _sums(one: Answered, colours: dict[str, str]) -> None:
    show(heading("Minutes per activity"))
    rows = [
        (
            swatch(colours[row["activity"]], _name(row["activity"], row["reason"])),
            f"{row['minutes']:.1f}",
            bar(row["share"], colours[row["activity"]]) + f"{row['share']:.0%}",
            row["segments"],
            f"{row['probability']:.2f}" if row["activity"] != UNKNOWN else "",
        )
        for row in one.predicted.summary.to_dict("records")
    ]
    columns = ["activity", "minutes", "share", "segments", "confidence"]
    show(table("Time by activity", columns, rows, numbers="tnnnn"))


def _name(activity: str, reason: str) -> str:
    return f"{activity} ({reason})" if reason else activity


def _over_time(one: Answered, colours: dict[str, str], stretch: Stretch) -> None:
    segments, windows = one.predicted.segments, one.predicted.windows
    summed = ", ".join(
        f"{_name(row['activity'], row['reason'])} {row['share']:.0%}"
        for row in one.predicted.summary.to_dict("records")
    )
    _draw(
        charts.activity_chart(segments, stretch, colours),
        f"Activities over time: {summed}. The table below has every segment.",
    )
    for title, columns in _sensors(one.channels).items():
        chart = charts.signal_chart(one.signals, columns, title, segments, stretch, colours)
        _draw(chart, f"Signals over time: {title}, with the activities behind them.")
    _draw(
        charts.probability_chart(windows, one.probabilities, stretch, colours),
        "Probability of every activity over time, one above the other.",
    )
    _draw(
        charts.confidence_chart(windows, one.probabilities, stretch),
        "Confidence over time: the probability of the likeliest activity.",
    )
    show(
        text(
            "Probabilities are the model's own, window by window; the activities above are "
            "smoothed over time where smoothing is on.",
            quiet=True,
        )
    )


def _draw(chart: Chart, alt: str) -> None:
    st.vega_lite_chart(spec=chart, width="stretch", alt=alt)


def _sensors(channels: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Return the columns of each sensor's axes, by what it measures."""
    found: dict[str, dict[str, int]] = {}
    for number, channel in enumerate(channels):
        sensor, _, axis = bare(channel).rpartition("_")
        place = channel.removesuffix(bare(channel)).rstrip(".")
        title = f"{place}: {_SENSORS[sensor]}" if place else _SENSORS[sensor]
        found.setdefault(title, {})[axis] = number
    return found


def _chosen(one: Answered) -> Stretch:
    """Return the stretch of time that is looked at."""
    segments, clock = one.predicted.segments, one.predicted.clock
    start, end = float(segments["start_s"].min()), float(segments["end_s"].max())
    length = round(end - start, 2)
    first, last = st.slider(
        "Drawn, in seconds from the start",
        0.0,
        length,
        (0.0, length),
        step=max(round(length / 500, 2), 0.01),
        key=f"stretch-{one.predicted.name}-{length}",
    )
    if last - first < 0.5:
        last = min(first + 0.5, length)
    return Stretch(start + first, start + last, clock)


def _segments(one: Answered, colours: dict[str, str]) -> None:
    segments = one.predicted.segments
    with st.expander(f"Segments ({len(segments):,})"):
        rows = [
            (
                time_of_day(row["start_s"], one.predicted.clock) or f"{row['start_s']:.2f}",
                time_of_day(row["end_s"], one.predicted.clock) or f"{row['end_s']:.2f}",
                swatch(colours[row["activity"]], _name(row["activity"], row["reason"])),
                f"{row['end_s'] - row['start_s']:.1f}",
                f"{row['probability']:.2f}" if row["activity"] != UNKNOWN else "",
            )
            for row in segments.head(SHOWN).to_dict("records")
        ]
        unit = "" if one.predicted.clock else ", s"
        columns = [f"from{unit}", f"to{unit}", "activity", "seconds", "confidence"]
        show(table("Segments in order", columns, rows, numbers="nntnn"))
        if len(segments) > SHOWN:
            show(text(f"The first {SHOWN}; the file of segments below has all.", quiet=True))


def _window(one: Answered, colours: dict[str, str], rate_hz: float) -> None:
    """Show all windows as a table, and one of them in detail."""
    windows = one.predicted.windows
    with st.expander(f"Windows ({len(windows):,})"):
        number = st.number_input("Window", 1, len(windows), 1, help="Counted from 1.")
        row = windows.iloc[int(number) - 1]
        own = one.probabilities.iloc[int(number) - 1].sort_values(ascending=False)
        name = _name(str(row["activity"]), str(row["reason"]))
        show(text(f"{row['start_s']:.2f} to {row['end_s']:.2f} s: {name}"))
        bars = [
            (swatch(colours[str(which)], which), bar(float(p), colours[str(which)]) + f"{p:.3f}")
            for which, p in own.items()
        ]
        columns = ["activity", "probability"]
        show(table("The model's own probabilities", columns, bars, numbers="tn"))
        stretch = Stretch(float(row["start_s"]), float(row["end_s"]), one.predicted.clock)
        for title, axes in _sensors(one.channels).items():
            chart = charts.signal_chart(
                one.signals, axes, title, one.predicted.segments, stretch, colours
            )
            _draw(chart, f"The window's {title}.")
        full = pd.concat([windows, one.probabilities.round(4)], axis=1)
        st.dataframe(full, hide_index=True, height=260, alt="Every window with its probabilities")


def _downloads(analysis: Analysis, model: Served) -> None:
    show(heading("Download"))
    predicted = [one.predicted for one in analysis.recordings]

    def as_csv(windows: bool) -> Callable[[], bytes]:
        def made() -> bytes:
            rows = rows_of(predicted, windows=windows)
            if windows:
                own = [one.probabilities for one in analysis.recordings]
                rows = pd.concat([rows, pd.concat(own, ignore_index=True)], axis=1)
            return to_csv(rows.assign(**model.to_dict())).encode()

        return made

    def as_png() -> bytes:
        from har.monitoring.picture import picture

        return picture(predicted)

    def as_html() -> bytes:
        from har.monitoring.page import page

        return page(predicted, {**model.to_dict(), "smoothing": ""}, analysis.account).encode()

    with st.container(horizontal=True):
        st.download_button(
            "Segments, CSV", as_csv(False), "segments.csv", "text/csv", on_click="ignore"
        )
        st.download_button(
            "Windows, CSV", as_csv(True), "windows.csv", "text/csv", on_click="ignore"
        )
        st.download_button("Picture, PNG", as_png, "activities.png", "image/png", on_click="ignore")
        st.download_button("Page, HTML", as_html, "activities.html", "text/html", on_click="ignore")
