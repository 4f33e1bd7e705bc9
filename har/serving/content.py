"""What was predicted of recordings, as JSON and tables have it: `har predict`, HTTP, pages."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from har.data.cleaning import Cleaning
from har.serving.timeline import Predicted, time_of_day


def rows_of(predicted: Sequence[Predicted], *, windows: bool = False) -> pd.DataFrame:
    """Return the rows of all recordings, each with its name and the time of day.

    Parameters
    ----------
    predicted : sequence of Predicted
        At least one.
    windows : bool, default=False
        Whether there is one row per window, and not per segment.
    """
    frames = []
    for one in predicted:
        rows = (one.windows if windows else one.segments).copy()
        for column, name in (("start_s", "start_time"), ("end_s", "end_time")):
            rows[name] = [time_of_day(seconds, one.clock) for seconds in rows[column]]
        rows.insert(0, "recording", one.name)
        frames.append(rows)
    return pd.concat(frames, ignore_index=True)


def content(
    predicted: Sequence[Predicted], rows: pd.DataFrame, account: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all that was answered, JSON-able but for numbers that are not finite.

    Parameters
    ----------
    predicted : sequence of Predicted
        The recordings.
    rows : DataFrame
        As `rows_of` returns them.
    account : mapping
        Of the rows of the files.
    """
    return {
        "account": account,
        "rows": Cleaning(recordings=tuple(one.rows for one in predicted)).totals.to_dict(),
        "unanswered": sum(one.unanswered for one in predicted),
        "recordings": [
            {
                "recording": one.name,
                "subject": one.subject,
                "unanswered": one.unanswered,
                "rows": one.rows.to_dict(),
                "likeness": one.likeness.to_dict(),
                "summary": one.summary.to_dict("records"),
            }
            for one in predicted
        ],
        "activities": rows.to_dict("records"),
    }
