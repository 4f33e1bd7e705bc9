"""Which activity has which colour and stands in which row, wherever predictions are drawn."""

from collections.abc import Sequence

import pandas as pd

from har.models.answers import UNKNOWN
from har.page.colours import RULE, colours_by_name
from har.serving.timeline import Predicted

# From here on, time without a clock is told in minutes, and then in hours; s.
MINUTES, HOURS = 180.0, 7200.0


def activities(segments: pd.DataFrame) -> list[str]:
    """Return the activities of segments, those of most time first, what is unknown last."""
    seconds = (segments["end_s"] - segments["start_s"]).groupby(segments["activity"]).sum()
    order = seconds.sort_values(ascending=False, kind="stable").index.tolist()
    return sorted(order, key=lambda name: name == UNKNOWN)


def colours_of(predicted: Sequence[Predicted]) -> dict[str, str]:
    """Return one colour for each activity, the same in all recordings."""
    names = {name for one in predicted for name in one.segments["activity"]} - {UNKNOWN}
    return colours_by_name(names) | {UNKNOWN: RULE}
