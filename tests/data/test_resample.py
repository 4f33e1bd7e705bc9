"""Recordings at another rate keep their signal, their labels and their time."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from har.data.clean import clean
from har.data.recording import CHANNELS, GYRO, Recording, RecordingMeta, make_table
from har.data.resample import Resampler, is_uniform, ratio_of, resample
from har.data.schema import CleanTable, validate


def sampled(
    time: np.ndarray, rate_hz: float, *, x: np.ndarray | float = 0.0, activity: object = None
) -> Recording:
    """Return a recording of a phone that lies still but for what is given along x."""
    meta = RecordingMeta("lab", "lab-1-a", "lab-1", rate_hz, "table", "CC0")
    columns = {channel: np.zeros(len(time)) for channel in CHANNELS}
    columns |= {"acc_x": x + np.zeros(len(time)), "acc_z": np.full(len(time), 9.81)}
    labels = [None] * len(time) if activity is None else activity
    return Recording(make_table(meta, {**columns, "time_s": time}, labels), meta)


def sine(hz: float, time: np.ndarray) -> np.ndarray:
    """Return a sine of amplitude 1."""
    return np.sin(2 * np.pi * hz * time)


def bursts(n: int, rate_hz: float) -> np.ndarray:
    """Return times in bursts of four, 5 ms apart, with a jitter of 1 ms."""
    random = np.random.default_rng(0)
    starts = np.repeat(np.arange(0, n, 4) / rate_hz, 4)[:n]
    jitter = random.uniform(-0.001, 0.001, n)
    time = starts + np.tile([0, 0.005, 0.010, 0.015], n)[:n] + jitter
    return time - time[0]


def test_slow_sine_survives_uneven_sampling() -> None:
    """3 Hz at 102.5 Hz in jittered bursts, at 50 Hz: within 2 % of the true sine."""
    time = bursts(1025, 102.5)
    found = resample(sampled(time, 102.5, x=sine(3, time)), 50).table
    inside = found["time_s"].between(0.2, 9.7)  # the filter's tail is 0.1 s long
    error = found["acc_x"] - sine(3, found["time_s"].to_numpy())
    assert error[inside].abs().max() < 0.02
    assert error.abs().max() < 0.1


def test_what_is_too_fast_for_the_new_rate_is_taken_away() -> None:
    """40 Hz at 50 Hz would look like 10 Hz: less than 5 % of it is left."""
    time = np.arange(1000) / 100
    found = resample(sampled(time, 100, x=sine(40, time)), 50).table
    inside = found["time_s"].between(0.2, 9.7)
    assert found["acc_x"][inside].abs().max() < 0.05


def test_slow_recordings_are_filled_in() -> None:
    """2 Hz at 20 Hz, at 50 Hz: within 2 % of the true sine."""
    time = np.arange(200) / 20
    found = resample(sampled(time, 20, x=sine(2, time)), 50).table
    inside = found["time_s"].between(0.6, 9.3)
    error = found["acc_x"] - sine(2, found["time_s"].to_numpy())
    assert error[inside].abs().max() < 0.02


@pytest.mark.parametrize("n", [1, 2, 3, 97])
@pytest.mark.parametrize("rate_hz", [0.5, 4, 20, 31.25, 33.3, 50, 98, 100, 102.4, 200, 1000, 4000])
def test_grid_and_level(rate_hz: float, n: int) -> None:
    """From 0 to the last point not after the end; what is constant stays so, to 0.1 %."""
    time = np.arange(n) / rate_hz
    found = resample(sampled(time, rate_hz, x=2.0), 50)
    expected = np.arange(int(time[-1] * 50 + 1e-6) + 1) / 50
    np.testing.assert_allclose(found.table["time_s"], expected)
    np.testing.assert_allclose(found.table["acc_x"], 2.0, rtol=1e-3)
    np.testing.assert_allclose(found.table["acc_z"], 9.81, rtol=1e-3)
    assert found.meta.rate_hz == 50
    validate(found, CleanTable)


def test_length_by_hand() -> None:
    """1024 samples at 102.4 Hz end at 9.990 s: 500 points at 50 Hz, the last at 9.98 s."""
    found = resample(sampled(np.arange(1024) / 102.4, 102.4), 50)
    assert len(found.table) == 500
    assert found.table["time_s"].iloc[-1] == pytest.approx(9.98)
    assert found.meta.conversions == ("resampled from 102.4 to 50 Hz",)


@pytest.mark.parametrize("rate_hz", [20.0, 100.0, 102.4])
def test_labels_stay_at_their_times(rate_hz: float) -> None:
    """A point has the label of the last sample before it: walking from 2 s, none from 4 s."""
    time = np.arange(int(6 * rate_hz)) / rate_hz
    names = np.select([time < 2, time < 4], ["standing", "walking"], "")
    found = resample(sampled(time, rate_hz, activity=np.where(names == "", None, names)), 50).table
    first = {name: time[names == name][0] for name in ("walking", "")}  # sampled just after it
    at = found["time_s"].to_numpy() + 1e-6
    assert (found["activity"][at < first["walking"]] == "standing").all()
    between = (at >= first["walking"]) & (at < first[""])
    assert (found["activity"][between] == "walking").all()
    assert found["activity"][at >= first[""]].isna().all()


def test_missing_gyroscope_stays_missing() -> None:
    """All NaN in, all NaN out; acceleration is untouched by it."""
    time = np.arange(300) / 100
    recording = sampled(time, 100)
    nothing = dict.fromkeys(GYRO, np.float32(np.nan))
    found = resample(replace(recording, table=recording.table.assign(**nothing)), 50)
    assert found.table[list(GYRO)].isna().all(axis=None)
    np.testing.assert_allclose(found.table["acc_z"], 9.81, atol=1e-4)
    validate(found, CleanTable)


def test_same_rate_is_brought_on_the_grid() -> None:
    """50 Hz with jitter becomes 50 Hz without; a line is a line before and after."""
    random = np.random.default_rng(0)
    time = np.arange(500) / 50 + random.uniform(-0.004, 0.004, 500)
    time -= time[0]
    recording = sampled(time, 50, x=3 * time)
    assert not is_uniform(recording, 50)
    found = resample(recording, 50)
    assert is_uniform(found, 50)
    np.testing.assert_allclose(found.table["acc_x"], 3 * found.table["time_s"], atol=1e-4)


def test_what_is_on_the_grid_is_left_alone(recording: Recording) -> None:
    """Cleaning to a recording's own rate changes nothing, to the last bit."""
    assert is_uniform(recording, 50)
    (part,), report = clean(recording, max_gap_s=0.1, rate_hz=50)
    pd.testing.assert_frame_equal(part.table, recording.table)
    assert part.meta == recording.meta
    assert report.rows_resampled == 0


def test_cleaning_resamples_between_long_gaps() -> None:
    """Two parts of 1 s, and a sample alone between them, at half their rate."""
    time = np.r_[np.arange(101) / 100, 3.0, 5 + np.arange(101) / 100]
    parts, report = clean(sampled(time, 100, x=1.0), max_gap_s=0.1, rate_hz=50)
    assert [len(part.table) for part in parts] == [51, 1, 51]
    assert [part.meta.start_s for part in parts] == [0.0, 3.0, 5.0]
    assert (report.rows_in, report.rows_resampled, report.rows_out) == (203, -100, 103)
    for part in parts:
        np.testing.assert_allclose(part.table["acc_x"], 1.0, atol=1e-4)
        validate(part, CleanTable)


@pytest.mark.parametrize("rate_hz", [20.0, 31.25, 50.0, 52.0, 100.0, 104.0, 4000.0])
@pytest.mark.parametrize("size", [1, 7, 250])
def test_the_same_values_however_samples_are_cut(rate_hz: float, size: int) -> None:
    """To the last bit, also where the state goes through JSON on the way."""
    random = np.random.default_rng(0)
    time = (np.arange(500) + random.uniform(0, 0.2, 500)) / rate_hz
    time -= time[0]
    values = random.normal(0, 1, (500, 2)).astype(np.float32)
    whole = Resampler(ratio_of(rate_hz, 50), 50)
    expected = np.concatenate([whole.push(time, values), whole.finish()])
    cut, found = Resampler(ratio_of(rate_hz, 50), 50), []
    for first in range(0, 500, size):
        found.append(cut.push(time[first : first + size], values[first : first + size]))
        if first % 50 == 0:
            cut = Resampler.from_dict(json.loads(json.dumps(cut.to_dict())), 50)
    found.append(cut.finish())
    np.testing.assert_array_equal(np.concatenate(found), expected)
    # A stream is answered while it comes: the filter waits for ten samples of the lower rate.
    assert len(found[-1]) <= 10 * max(1, 50 / rate_hz) + 2


def test_the_ends_of_a_stretch_do_not_depend_on_each_other() -> None:
    """However a recording goes on, it begins alike; and a line stays a line to its ends."""
    time = np.arange(1000) / 100
    line = 2 + 3 * time
    long = resample(sampled(time, 100, x=line), 50).table["acc_x"]
    other = resample(sampled(time, 100, x=np.where(time < 5, line, -9.0)), 50).table["acc_x"]
    np.testing.assert_allclose(long, 2 + 3 * np.arange(500) / 50, rtol=1e-3)
    np.testing.assert_array_equal(long[:200], other[:200])
