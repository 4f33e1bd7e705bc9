"""Placements worn at once become one recording: clocks, common stretches, gaps, labels."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from har.data.channels import measured, placed
from har.data.fuse import Fused, fuse, same_clock, session, why_not
from har.data.recording import ACC, CHANNELS, Recording, RecordingMeta, make_table
from har.data.schema import CleanTable, validate

FILES = {"s1.log": "aa"}


def piece(
    placement: str,
    n: int,
    *,
    start_s: float = 0.0,
    first: float = 0.0,
    activity: Sequence[str | None] | str = "walking",
    gyro: bool = True,
    **facts: object,
) -> Recording:
    """Return a recording at 50 Hz whose ``acc_x`` counts samples from a number."""
    meta = RecordingMeta("lab", f"lab-1-{placement}-day", "lab-1", 50.0, placement, "own", FILES)
    meta = replace(meta, start_s=start_s, **facts)
    values = dict.fromkeys(CHANNELS if gyro else ACC, np.zeros(n)) | {"time_s": np.arange(n) / 50}
    values["acc_x"] = first + np.arange(n)
    labels = [activity] * n if isinstance(activity, str) else activity
    recording = Recording(make_table(meta, values, labels), meta)
    validate(recording, CleanTable, units=False)
    return recording


def fused(*pieces: Recording, placements: Sequence[str] = ("chest", "wrist")) -> list[Fused]:
    """Return the fused recordings of some pieces."""
    return list(fuse(pieces, placements))


def test_the_common_stretch_by_start_s() -> None:
    """Chest from 10 s and wrist from 10.1 s, 5 samples later: each has its own samples there."""
    chest = piece("chest", 20, start_s=10.0)
    wrist = piece("wrist", 20, start_s=10.1, first=100)
    (made,) = fused(chest, wrist)
    table, meta = made.recording.table, made.recording.meta
    assert table["chest.acc_x"].tolist() == list(range(5, 20))
    assert table["wrist.acc_x"].tolist() == list(range(100, 115))
    np.testing.assert_allclose(table["time_s"], np.arange(15) / 50, atol=1e-12)
    assert meta.start_s == pytest.approx(10.1)
    assert (meta.recording_id, meta.placement) == ("lab-1-chest+wrist-day", "chest+wrist")
    assert set(table["recording_id"]) == {"lab-1-chest+wrist-day"}


def test_clocks_apart_by_less_than_a_sample_keep_their_samples() -> None:
    """8 ms is under half an interval of 20 ms, and 12 ms is over: the nearest sample, unchanged."""
    for later_s, first in ((0.008, 0), (0.012, 1)):
        (made,) = fused(piece("chest", 4), piece("wrist", 4, start_s=later_s, first=100))
        table = made.recording.table
        assert table["chest.acc_x"].tolist() == list(range(first, 4))
        assert table["wrist.acc_x"].tolist() == list(range(100, 104 - first))


def test_channels_are_in_the_order_asked_for_and_those_that_are_there() -> None:
    """A placement without a gyroscope has its acceleration alone."""
    chest, wrist = piece("chest", 4, gyro=False), piece("wrist", 4)
    (made,) = fused(chest, wrist, placements=("wrist", "chest"))
    assert measured(made.recording) == (*placed("wrist", CHANNELS), *placed("chest", ACC))


def test_a_gap_at_one_placement_parts_all() -> None:
    """The wrist has nothing from 0.1 s to 0.2 s: two recordings, on the chest's clock."""
    chest = piece("chest", 20)
    wrist = [
        piece("wrist", 5, recording_id="lab-1-wrist-day-part1"),
        piece("wrist", 8, start_s=0.2, first=10, recording_id="lab-1-wrist-day-part2"),
    ]
    one, two = fused(chest, *wrist)
    assert one.recording.meta.recording_id == "lab-1-chest+wrist-day-part1"
    assert two.recording.meta.recording_id == "lab-1-chest+wrist-day-part2"
    assert one.recording.table["chest.acc_x"].tolist() == list(range(5))
    assert two.recording.table["chest.acc_x"].tolist() == list(range(10, 18))
    assert two.recording.table["wrist.acc_x"].tolist() == list(range(10, 18))
    assert two.recording.table["time_s"].iloc[0] == 0
    assert two.recording.meta.start_s == pytest.approx(0.2)


def test_gaps_at_both_leave_what_both_have() -> None:
    """Chest 0 to 9 and 15 to 24, wrist 5 to 19, ankle all: samples 5 to 9 and 15 to 19."""
    chest = [
        piece("chest", 10, recording_id="lab-1-chest-day-part1"),
        piece("chest", 10, start_s=0.3, first=15, recording_id="lab-1-chest-day-part2"),
    ]
    others = piece("wrist", 15, start_s=0.1, first=5), piece("ankle", 30)
    made = fused(*chest, *others, placements=("chest", "wrist", "ankle"))
    for at in ("chest", "wrist", "ankle"):
        found = [part.recording.table[f"{at}.acc_x"].tolist() for part in made]
        assert found == [[5, 6, 7, 8, 9], [15, 16, 17, 18, 19]]


def test_times_apart_give_nothing() -> None:
    """The wrist begins when the chest has ended."""
    assert fused(piece("chest", 5), piece("wrist", 5, start_s=0.1)) == []


def test_a_label_is_what_all_that_have_one_say() -> None:
    """Agreed, said by one alone, said by none, and said differently, which is counted."""
    chest = piece("chest", 4, activity=["walking", None, None, "sitting"])
    wrist = piece("wrist", 4, activity=["walking", "sitting", None, "walking"])
    (made,) = fused(chest, wrist)
    activity = made.recording.table["activity"]
    assert activity.astype(object).where(activity.notna(), None).tolist() == [
        *("walking", "sitting", None, None)
    ]
    assert made.labels_differ == 1


def test_recordings_of_the_same_files_or_of_the_same_absolute_time_share_a_clock() -> None:
    """A start of their own is one clock in the same files only; parts belong together."""
    chest, wrist = (piece(at, 4).meta for at in ("chest", "wrist"))
    assert same_clock(chest) == same_clock(replace(wrist, recording_id="lab-1-wrist-day-part2"))
    assert same_clock(chest) != same_clock(replace(wrist, source={"s2.log": "bb"}))
    assert same_clock(chest) != same_clock(replace(wrist, recording_id="lab-1-wrist-night"))
    assert same_clock(chest) != same_clock(replace(wrist, clock="utc"))
    one, two = replace(chest, clock="utc"), replace(wrist, clock="utc", source={"s2.log": "bb"})
    assert same_clock(one) == same_clock(replace(two, recording_id="lab-1-wrist-x"))
    assert session(chest) == "lab-1-day"


def test_why_recordings_cannot_be_fused() -> None:
    """One placement is missing, or two recordings are at one placement at the same time."""
    chest, wrist = piece("chest", 50).meta, piece("wrist", 50).meta
    assert why_not([(chest, 50), (wrist, 50)], ("chest", "wrist")) is None
    assert why_not([(chest, 50)], ("chest", "wrist")) == "nothing at wrist on the same clock"
    second = replace(wrist, recording_id="lab-1-wrist-x", start_s=0.5)
    because = why_not([(chest, 50), (wrist, 50), (second, 50)], ("chest", "wrist"))
    assert because == "lab-1-wrist-day and lab-1-wrist-x are both at wrist at the same time"
    after = replace(second, start_s=1.0)
    assert why_not([(chest, 50), (wrist, 50), (after, 50)], ("chest", "wrist")) is None
