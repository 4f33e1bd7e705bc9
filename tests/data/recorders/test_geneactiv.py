"""GENEActiv: a hundred lines of header, a colon before the milliseconds."""

import pytest
from recorded import recorded

from har.errors import DataError

TOLD = """\
Device Type,GENEActiv
Device Model,1.1
Device Unique Serial Code,012345
Device Firmware Version,Ver4.08a date22Apr13
Measurement Frequency,100 Hz
Start Time,2025-06-12 13:20:18:000
Time Zone,GMT +01:00
Device Location Code,left wrist
Subject Code,P07
"""
HEADER = TOLD + "\n" * (100 - TOLD.count("\n"))
ROWS = (
    "2025-06-12 13:20:18:000,.8594,-.1836,.1016,388,0,26.1\n"
    "2025-06-12 13:20:18:010,.5,0,1,388,0,26.1\n"
)
START = 1749734418.0  # date -u -d "2025-06-12 13:20:18" +%s


def test_rows_with_what_the_header_tells(tmp_path):
    """Values in g without a leading zero, subject and placement, local time."""
    found = recorded(tmp_path, {"g.csv": HEADER + ROWS})
    assert (found.recorder.name, found.asked) == ("geneactiv", [])
    assert found.acc == [[0.8594, -0.1836, 0.1016], [0.5, 0, 1]]
    assert found.times == [[START, START + 0.01]]
    raw = found.raw
    assert (raw.subject, raw.placement, raw.acc_unit, raw.clock) == (
        *("P07", "left wrist", "g", "local"),
    )
    assert raw.device == "GENEActiv 1.1"
    assert found.understood.facts["rate"] == "100 Hz"


def test_what_is_stated_of_subject_and_placement_counts(tmp_path):
    """A person knows better than a header that nobody filled in."""
    found = recorded(tmp_path, {"g.csv": HEADER + ROWS}, subject="anna", placement="ankle")
    assert (found.raw.subject, found.raw.placement) == ("anna", "ankle")


def test_a_summary_of_epochs_is_refused(tmp_path):
    """It has as good a header, and means instead of samples."""
    rows = "2025-06-12 13:20:18:000,.8,.1,.1,388,0,26,1.2,.01,.01,.01,400\n"
    with pytest.raises(DataError, match="no raw rows"):
        _ = recorded(tmp_path, {"g.csv": HEADER + rows}).understood
