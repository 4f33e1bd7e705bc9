"""Cleaning repairs what it says, counts it, and loses nothing silently."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.data.clean import clean
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table
from har.data.schema import CleanTable, validate


def test_clean_data_is_left_alone(recording: Recording) -> None:
    """A recording without faults comes back as it was."""
    (part,), report = clean(recording, max_gap_s=0.1)
    pd.testing.assert_frame_equal(part.table, recording.table)
    assert report.rows_in == report.rows_out == 500


def test_duplicates_and_repeated_times_are_removed(recording: Recording) -> None:
    """An exact copy counts as a duplicate; another sample at the same time as repeated."""
    rows = recording.table
    other = rows.iloc[[20]].assign(acc_x=np.float32(3.0))
    faulty = pd.concat([rows.iloc[:21], rows.iloc[[20]], other, rows.iloc[21:]], ignore_index=True)
    (part,), report = clean(replace(recording, table=faulty), max_gap_s=0.1)
    assert (report.duplicate_rows, report.repeated_times) == (1, 1)
    pd.testing.assert_frame_equal(part.table, rows)


def test_short_gap_is_filled_by_interpolation(recording: Recording) -> None:
    """Three lost samples lie on the line between their neighbours, on the grid."""
    faulty = recording.table.drop(index=[100, 101, 102]).reset_index(drop=True)
    (part,), report = clean(replace(recording, table=faulty), max_gap_s=0.1)
    assert (report.gaps_filled, report.rows_interpolated) == (1, 3)
    np.testing.assert_allclose(part.table["time_s"], recording.table["time_s"])
    np.testing.assert_allclose(part.table["acc_x"], recording.table["acc_x"], atol=1e-6)
    assert (part.table["activity"] == recording.table["activity"]).all()


def test_gap_between_activities_is_unlabelled(recording: Recording) -> None:
    """Nobody knows what happened between two different labels."""
    faulty = recording.table.drop(index=[249, 250]).reset_index(drop=True)
    (part,), _ = clean(replace(recording, table=faulty), max_gap_s=0.1)
    assert part.table["activity"].isna().to_numpy().nonzero()[0].tolist() == [249, 250]


def test_long_gap_splits_the_recording(recording: Recording) -> None:
    """A lost second makes two parts, each from time 0, with its start kept."""
    faulty = recording.table.drop(index=range(200, 250)).reset_index(drop=True)
    parts, report = clean(replace(recording, table=faulty), max_gap_s=0.1)
    assert (report.gaps_split, report.parts) == (1, 2)
    assert [part.meta.recording_id for part in parts] == ["lab-01-a-part1", "lab-01-a-part2"]
    assert [part.meta.start_s for part in parts] == [0.0, 5.0]
    for part in parts:
        validate(part, CleanTable)


@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=60).map(sorted),
    st.sampled_from([0.0, 0.05, 0.1, 0.5]),
)
def test_rows_always_add_up(ticks: list[int], max_gap_s: float) -> None:
    """Rows in - removed + interpolated = rows out, for any pattern of lost and repeated rows."""
    meta = RecordingMeta("lab", "lab-01-a", "lab-01", 50.0, "table", "CC0")
    columns = {c: np.array(ticks, np.float32) for c in CHANNELS}
    table = make_table(meta, {**columns, "time_s": np.array(ticks) / 50}, [None] * len(ticks))
    parts, report = clean(Recording(table, meta), max_gap_s=max_gap_s)
    removed = report.duplicate_rows + report.repeated_times
    assert report.rows_in - removed + report.rows_interpolated == report.rows_out
    assert sum(len(part.table) for part in parts) == report.rows_out
    for part in parts:
        time = part.table["time_s"].to_numpy()
        assert time[0] == 0
        assert (np.diff(time) > 0).all()
        assert (np.diff(time) <= max(max_gap_s, 0.03) + 1e-9).all()


def test_report_names_every_change(recording: Recording) -> None:
    """The report is a flat record of counts."""
    _, report = clean(recording, max_gap_s=0.1)
    assert report.to_dict() == {
        "recording_id": "lab-01-a",
        "rows_in": 500,
        "duplicate_rows": 0,
        "repeated_times": 0,
        "gaps_filled": 0,
        "rows_interpolated": 0,
        "gaps_split": 0,
        "parts": 1,
        "rows_resampled": 0,
        "rows_out": 500,
    }


def test_time_is_what_gaps_are_measured_in(recording: Recording) -> None:
    """The bound on a gap is a time, not a number of rows."""
    faulty = recording.table.drop(index=[100]).reset_index(drop=True)
    parts, _ = clean(replace(recording, table=faulty), max_gap_s=0.0)
    assert [len(part.table) for part in parts] == [100, 399]
    assert parts[1].meta.start_s == pytest.approx(2.02)


def made(time: np.ndarray, *, rate_hz: float = 50.0) -> Recording:
    """Return a recording with samples at some times."""
    meta = RecordingMeta("lab", "lab-01-a", "lab-01", rate_hz, "table", "CC0")
    columns = {c: np.sin(time).astype(np.float32) for c in CHANNELS}
    return Recording(make_table(meta, {**columns, "time_s": time}, [None] * len(time)), meta)


def test_gaps_as_long_as_the_limit_are_filled() -> None:
    """0.10 s is 0.1 s wherever it lies: 4.08 - 3.98 is not 0.1 to the last bit."""
    time = np.arange(6000) / 50
    kept = np.ones(6000, bool)
    for k in range(20):
        kept[200 + 251 * k : 204 + 251 * k] = False
    whole = made(np.round(time[kept], 2))
    parts, report = clean(whole, max_gap_s=0.1)
    assert (len(parts), report.gaps_filled, report.rows_interpolated) == (1, 20, 80)
    late = replace(whole, table=whole.table.assign(time_s=whole.table["time_s"] + 1.7e9))
    assert len(clean(late, max_gap_s=0.1)[0]) == 1


@pytest.mark.parametrize("found_hz", [50.0, 49.99999999999, 50.00001])
def test_a_rate_found_from_times_needs_no_resampling(found_hz: float) -> None:
    """Samples on the grid of 50 Hz are taken as they are, whatever rounding made of the rate."""
    known = made(np.arange(500) / 50, rate_hz=found_hz)
    (part,), report = clean(known, max_gap_s=0.1, rate_hz=50.0)
    assert (part.meta.rate_hz, part.meta.conversions, report.rows_resampled) == (50.0, (), 0)
    pd.testing.assert_frame_equal(part.table, known.table)
