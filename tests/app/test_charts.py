"""The axis of time tells what the recording's clock tells."""

import pytest

from har.app.charts import Stretch

# 2025-11-26 17:40:59 UTC.
START = 1764178859.0


def test_clock_is_told_at_round_times() -> None:
    """Four minutes: a tick at each full minute, in UTC."""
    axis = Stretch(START, START + 240, "utc").x("time")["axis"]
    assert axis["title"] == "time of day, UTC"
    assert axis["values"] == [1000 * (START + 1 + 60 * i) for i in range(4)]
    assert axis["labelExpr"] == "utcFormat(datum.value, '%H:%M')"


@pytest.mark.parametrize(
    ("seconds", "title", "end"),
    [(100.0, "time, s", 100.0), (600.0, "time, min", 10.0), (36000.0, "time, h", 10.0)],
)
def test_time_without_a_clock_has_a_unit_that_fits(seconds: float, title: str, end: float) -> None:
    """Seconds, minutes or hours from the start of the file's clock."""
    x = Stretch(0.0, seconds, "").x("time")
    assert x["axis"]["title"] == title
    assert x["scale"]["domain"] == pytest.approx([0.0, end])
