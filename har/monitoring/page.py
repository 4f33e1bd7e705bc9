"""What was predicted of recordings, as one HTML page that needs nothing beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from har.models.answers import UNKNOWN
from har.monitoring.palette import colours_of
from har.monitoring.picture import picture
from har.page.html import data_uri, environment
from har.serving.timeline import Predicted, time_of_day

# A long table shows so many segments; `har predict --csv` has them all.
SHOWN = 500


def page(predicted: Sequence[Predicted], model: Mapping[str, Any], account: Any) -> str:
    """Return the page.

    Parameters
    ----------
    predicted : sequence of Predicted
        One or more.
    model : mapping
        The ``model``, its ``version``, ``sha256`` and ``smoothing``.
    account : mapping
        What became of all rows, as `har.serving.recordings.Account.to_dict` tells it.
    """
    templates = environment(Path(__file__).parent)
    templates.filters |= {"share": share, "duration": duration}
    colours = colours_of(predicted)
    return templates.get_template("predicted.html").render(
        model=model,
        account=account,
        recordings=[_facts(one, colours) for one in predicted],
        totals=_totals(predicted),
        shown=SHOWN,
        unknown=UNKNOWN,
    )


def share(value: float) -> str:
    r"""Format a share, with a narrow space.

    >>> share(0.126)
    '13\u202f%'
    """
    return f"{value:.0%}".replace("%", "\u202f%")


def duration(seconds: float) -> str:
    """Format a length of time.

    >>> duration(75.0), duration(7200.0), duration(12.25)
    ('1.2 min', '2.0 h', '12.2 s')
    """
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"


def _totals(predicted: Sequence[Predicted]) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    for one in predicted:
        for row in one.summary.to_dict("records"):
            name = str(row["activity"])
            seconds[name] = seconds.get(name, 0.0) + 60 * row["minutes"]
    known = {name: s for name, s in seconds.items() if name != UNKNOWN}
    return {
        "seconds": sum(seconds.values()),
        "most": max(known, key=lambda name: known[name], default=""),
        "most_seconds": max(known.values(), default=0.0),
        "unknown": seconds.get(UNKNOWN, 0.0) / sum(seconds.values()),
    }


def _facts(one: Predicted, colours: Mapping[str, str]) -> dict[str, Any]:
    segments = one.segments.to_dict("records")
    for row in segments:
        for column in ("start_s", "end_s"):
            day = time_of_day(row[column], one.clock)
            row[column[:-2]] = day.replace("T", " ").rstrip("Z") or f"{row[column]:.1f}"
    return {
        "name": one.name,
        "subject": one.subject,
        "clock": {"utc": "UTC", "local": "local time", "": "s"}[one.clock],
        "rows": one.rows.describe(),
        "warnings": one.likeness.notes,
        "is_unlike": one.likeness.is_unlike,
        "image": data_uri(picture([one])),
        "summary": one.summary.to_dict("records"),
        "segments": segments,
        "colours": colours,
    }
