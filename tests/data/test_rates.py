"""One estimate of the rate, and times that are coarser than the samples."""

from dataclasses import replace

import numpy as np
import pytest

from har.data.clean import clean
from har.data.rates import check_rate, estimate, shared, spread
from har.data.recording import Recording
from har.errors import DataError


def test_rate_is_steps_over_time() -> None:
    """101 samples over two seconds are 50 Hz, whatever the steps' order."""
    assert estimate(np.arange(101) / 50) == pytest.approx(50)
    steps = np.tile([0.005, 0.035], 50)
    assert estimate(np.cumsum(steps)) == pytest.approx(99 / (2 - 0.005))


def test_rate_leaves_out_gaps() -> None:
    """An hour without samples is no part of the time; a pause of 0.5 s is."""
    time = np.arange(101) / 50
    assert estimate(np.r_[time, time + 3600]) == pytest.approx(50)
    assert estimate(np.r_[time, time + 2.5]) == pytest.approx(201 / 4.5)


def test_rate_of_bursts() -> None:
    """Five samples of one time every 100 ms: 504 steps in 10 s."""
    assert estimate(np.repeat(np.arange(101) / 10, 5)) == pytest.approx(50.4)


def test_rate_of_a_slow_sensor() -> None:
    """Steps of 2 s are no gaps where all steps are that long."""
    assert estimate(np.arange(10) * 2.0) == pytest.approx(0.5)


@pytest.mark.parametrize("time", [[], [3.0], [3.0, 3.0, 3.0]])
def test_no_rate_without_a_step(time: list[float]) -> None:
    """Fewer than two different times have no rate."""
    assert np.isnan(estimate(np.array(time)))


def test_a_pause_of_a_second_is_no_gap() -> None:
    """Wherever it lies: rounding makes some pauses of 1 s longer than 1 s."""
    time = np.cumsum(np.tile([0.02] * 9 + [1.0 + 1e-9], 50))
    assert estimate(time) == pytest.approx(1 / 0.118, rel=0.01)


# too slow


@pytest.mark.parametrize(
    ("rate_hz", "refused"), [(2, True), (3.7, True), (12.5, True), (20, False)]
)
def test_recordings_far_slower_than_wanted_are_refused(rate_hz: float, refused: bool) -> None:
    """Less than a third of 50 Hz; the 20 Hz of WISDM are enough."""
    if not refused:
        return check_rate(rate_hz, 50.0, "lab-1")
    with pytest.raises(DataError, match="lab-1: too slow for 50 Hz") as caught:
        check_rate(rate_hz, 50.0, "lab-1")
    assert caught.value.expected == "at least 16.7 Hz, a third of that"
    assert caught.value.found == f"{rate_hz:g} Hz by its times"


def test_cleaning_makes_up_no_samples(recording: Recording) -> None:
    """2 Hz are not made 50 Hz; at their own rate they are cleaned."""
    slow = recording.table.assign(time_s=np.arange(500) / 2)
    slow_recording = Recording(slow, replace(recording.meta, rate_hz=2.0))
    with pytest.raises(DataError, match="lab-01-a: too slow for 50 Hz"):
        clean(slow_recording, max_gap_s=0.1, rate_hz=50.0)
    assert clean(slow_recording, max_gap_s=0.1)[1].rows_out == 500


# batches


def test_shared_counts_neighbours_of_one_time() -> None:
    """Two of five rows; a time that comes again later is another clock's."""
    assert shared(np.array([0, 1, 1, 2, 0])) == pytest.approx(0.4)
    assert shared(np.empty(0)) == 0


def test_times_of_their_own_stay() -> None:
    """Bit for bit, as do rows of which half or fewer share their time."""
    for time in (np.arange(5) / 50, np.array([0, 0, 1, 2]), np.array([3.0, 3.0, 3.0])):
        assert spread(time, "a") is time


def test_parts_of_batches_at_the_ends() -> None:
    """The first batch has its last two of four samples, the last one its first."""
    time = np.repeat([10.0, 11, 12, 13, 14], [2, 4, 4, 4, 1])
    assert spread(time, "a").tolist() == pytest.approx([*(10.5 + np.arange(15) / 4)])


def test_seconds_of_fifty_or_fifty_one_samples() -> None:
    """A rate that is no whole number: each second's samples fill it."""
    sizes = [50, 51, 50, 50, 51, 50, 50, 51, 50, 50]
    found = spread(np.repeat(np.arange(10.0), sizes), "a")
    assert (np.diff(found) > 0).all()
    assert found[50] == 1.0
    assert found[51] == pytest.approx(1 + 1 / 51)
    assert estimate(found) == pytest.approx(50.3, abs=0.05)


def test_gaps_between_batches_stay_gaps() -> None:
    """A lost batch is not filled, and one that lost a sample does not reach the next."""
    stamps = np.delete(np.arange(100.0) * 0.06, [40])
    sizes = np.full(99, 3)
    sizes[70] = 2
    found = spread(np.repeat(stamps, sizes), "a")
    steps = np.diff(found)
    assert sorted(steps.round(6))[-2:] == pytest.approx([0.04, 0.08])
    assert sorted(steps.round(6))[:-2] == pytest.approx([0.02] * (len(steps) - 2))


@pytest.mark.parametrize(
    ("stamps", "sizes"),
    [
        (np.arange(30.0), [9, 10, 11] * 10),  # samples rounded to the second
        (np.cumsum([0.05, 0.3] * 15), [3] * 30),  # batches whenever the radio has time
        (np.arange(2.0), [5, 5]),  # nobody knows whether these are whole
    ],
)
def test_batches_that_tell_no_times_are_refused(stamps: np.ndarray, sizes: list[int]) -> None:
    """Nothing is averaged away."""
    with pytest.raises(DataError, match="a: most rows share their time with others"):
        spread(np.repeat(stamps, sizes), "a")
