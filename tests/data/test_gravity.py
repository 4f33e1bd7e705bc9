"""Gravity is what stays over a second, whatever the person does."""

import numpy as np
import pytest

from har.data.gravity import STANDARD_GRAVITY, check_level, common_kind, level, stretches
from har.data.recording import Recording, RecordingMeta
from har.errors import DataError

RATE_HZ = 50.0
HINT = "multiply acceleration by 9.80665, or state the unit: --map acc_unit=g"


def _jogging(gravity: float) -> tuple[np.ndarray, np.ndarray]:
    time = np.arange(3000) / RATE_HZ
    swing = 14.0 * np.sin(2 * np.pi * 3.0 * time)
    return time, np.column_stack([swing, gravity + 2 * swing, -swing])


@pytest.mark.parametrize("gravity", [9.80665, 0.0, 1.0])
def test_level_of_jogging_is_that_of_gravity(gravity):
    """Whole periods of movement in each second leave exactly what is constant."""
    time, acc = _jogging(gravity)
    assert np.median(np.linalg.norm(acc, axis=1)) > 14
    assert level(time, acc) == pytest.approx(gravity, abs=1e-9)


def test_level_leaves_out_missing_rows_and_short_stretches():
    """A row with NaN counts nowhere, nor does a stretch of a few samples behind a gap."""
    time, acc = _jogging(9.80665)
    acc[:, 0] = 0.0
    acc[0] = np.nan
    time, acc = np.append(time, [100.0, 100.02]), np.vstack([acc, [[50.0, 0, 0], [50.0, 0, 0]]])
    assert level(time, acc) == pytest.approx(9.80665, rel=0.01)
    assert np.isnan(level([], np.empty((0, 3))))


def _check(acc: np.ndarray, *, gravity: bool = True) -> None:
    """Judge acceleration at 50 Hz."""
    check_level(stretches(np.arange(len(acc)) / RATE_HZ, acc), "lab-1", gravity=gravity)


def _refused(acc: np.ndarray, *, gravity: bool = True) -> DataError:
    with pytest.raises(DataError) as caught:
        _check(acc, gravity=gravity)
    return caught.value


def _still(level: float, n: int = 500) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.005 * level, (n, 3))
    return noise + np.array([0.0, 0.6 * level, 0.8 * level])


def test_vigorous_movement_is_kept():
    """Jogging, kicks and exercises: the median norm is 24 m/s², and gravity is there."""
    _, acc = _jogging(STANDARD_GRAVITY)
    assert np.median(np.linalg.norm(acc, axis=1)) == pytest.approx(24, abs=1)
    _check(acc)


@pytest.mark.parametrize("level", [4.8, 9.81, 19.6])
def test_levels_of_gravity_pass(level: float) -> None:
    """From a hand that turns all the time to one that swings around."""
    _check(_still(level))


def test_linear_acceleration_is_refused_unless_it_is_said_to_be_that():
    """However vigorous it is; the error names the way out."""
    _, acc = _jogging(0.0)
    error = _refused(acc)
    assert error.message == "lab-1: acceleration lacks gravity"
    assert "--map gravity=none" in str(error.hint)
    _check(acc, gravity=False)


def test_between_with_and_without_gravity_somebody_must_say():
    """No recording was seen at 4.2 m/s²: refused, unless gravity is said to be taken out."""
    error = _refused(_still(4.2))
    assert error.message == "lab-1: acceleration may lack gravity"
    assert error.found == "4.2; without gravity it is at most 3.6"
    _check(_still(4.2), gravity=False)


@pytest.mark.parametrize(
    ("level", "found", "hint"),
    [
        (1.0, "1, which looks like g", HINT),
        (1000.0, "1e+03, which looks like thousandths of g", "check the unit"),
        (32.2, "32.2", "check the unit"),  # feet
    ],
)
def test_other_units_are_refused(level: float, found: str, hint: str) -> None:
    """With a hint where the level tells the unit."""
    error = _refused(_still(level))
    assert error.message == "lab-1: acceleration is not in m/s² with gravity included"
    assert (error.found, error.hint) == (found, hint)


def test_jogging_in_g_is_told_as_that():
    """Movement does not hide the unit."""
    _, acc = _jogging(STANDARD_GRAVITY)
    assert _refused(acc / STANDARD_GRAVITY).hint == HINT


@pytest.mark.parametrize("level", [1.0, 9.81])
def test_gravity_that_was_said_to_be_taken_out_is_refused(level: float) -> None:
    """In m/s² and in g."""
    message = "lab-1: acceleration holds gravity, and was said not to"
    assert _refused(_still(level), gravity=False).message == message


@pytest.mark.parametrize("n", [1, 2, 20])
def test_less_than_a_second_is_judged_alike(n: int) -> None:
    """One stretch is enough to tell the unit."""
    _check(_still(9.81, n))
    _check(_still(0.5, n), gravity=False)
    assert _refused(_still(1.0, n)).found == "1, which looks like g"


def test_nothing_is_said_of_no_samples():
    """What is missing is the schema's to say."""
    _check(np.empty((0, 3)))


def test_unit_that_changes_is_refused():
    """Half of it in g: the median alone would not tell. One second of twenty-one is no unit."""
    acc = _still(9.81, 1000)
    acc[500:] /= STANDARD_GRAVITY
    error = _refused(acc)
    assert error.message == "lab-1: acceleration changes its unit"
    assert error.found == "50% of 20 stretches of 1 s look like g"
    fall = _still(9.81, 21 * 50)
    fall[:50] /= STANDARD_GRAVITY
    _check(fall)


def test_hand_that_turns_does_not_change_its_unit():
    """Half of each second up, half down: the mean is small, and the samples are not."""
    acc = _still(9.81, 1000)
    acc[500:600:2] *= -0.8
    _check(acc)


def test_all_of_hapt_holds_gravity(recordings: list[Recording]) -> None:
    """Every real recording that is bundled."""
    assert len(recordings) == 61
    for recording in recordings:
        table = recording.table
        found = stretches(table["time_s"], table[["acc_x", "acc_y", "acc_z"]])
        assert 9.3 < found.level < 10.6
        check_level(found, recording.meta.recording_id, gravity=True)


def _meta(name: str, gravity: bool) -> RecordingMeta:
    return RecordingMeta("lab", name, "lab-1", 50.0, "hip", "CC0", gravity=gravity)


def test_kinds_of_acceleration_are_never_mixed():
    """With gravity or without, in one run."""
    held, linear = _meta("lab-1-a", True), _meta("lab-1-b", False)
    assert common_kind([held, held])
    assert common_kind([])
    assert not common_kind([linear])
    with pytest.raises(DataError, match="some recordings hold gravity") as caught:
        common_kind([held, linear])
    assert caught.value.found == "with gravity: lab-1-a; without gravity: lab-1-b"
