"""Stretches of recordings are held against those of training."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from har.config import WindowGrid
from har.data.gravity import STANDARD_GRAVITY
from har.data.windows import Windows
from har.models.causes import CAUSES, SIGN, TURNED, Cause, about, moments, opposite
from har.models.reference import LEAST, MOST, Reference
from har.models.reference_limits import (
    GROSS,
    MIN_PEOPLE,
    HeldOut,
    held_out_limits,
    stretch,
)

GRID = WindowGrid()
MINUTE, HALF, SHORT = (stretch(seconds, GRID) for seconds in (60.0, 30.0, 10.0))


@pytest.fixture(scope="module")
def reference(several: Windows) -> Reference:
    """Fit on sixteen real people."""
    found = Reference.fit(several, GRID)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def alone(several: Windows) -> Windows:
    """Windows of acceleration alone."""
    choice = several.choice.model_copy(update={"channels": several.channels[:3]})
    X = several.X[:, :, :3]
    return Windows(X, several.y, several.index, several.classes, choice)


def own(windows: Windows, acc: Any = 1.0, gyro: Any = 1.0) -> np.ndarray:
    """Return windows of the test subjects, their sensors multiplied by numbers or matrices."""
    X = np.array(windows.select("test", labelled=False).X, np.float64)
    for first, factor in ((0, acc), (3, gyro)):
        if first < X.shape[2]:
            X[:, :, first : first + 3] @= (factor if np.ndim(factor) else factor * np.eye(3)).T
    return moments(X)


def judged(reference: Reference, of: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which whole stretches of `n` windows are unlike training, and their surprises."""
    surprises = reference.surprises(of[: len(of) // n * n])
    means = surprises.reshape(len(surprises), -1, n).mean(2)
    return reference.unlike(means, n), means


def test_moments_by_hand() -> None:
    """Mean and covariance of each axis, sensor by sensor."""
    window = np.zeros((1, 4, 6))
    window[0, :, 0] = [9, 11, 9, 11]
    window[0, :, 1] = [1, -1, 1, -1]
    window[0, :, 5] = [0, 0, 4, 4]
    found = moments(window)
    assert found.shape == (1, 2, 4, 3)
    np.testing.assert_allclose(found[0, 0], [[10, 0, 0], [1, -1, 0], [-1, 1, 0], [0, 0, 0]])
    np.testing.assert_allclose(found[0, 1], [[0, 0, 2], [0, 0, 0], [0, 0, 0], [0, 0, 4]])


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_a_cause_is_undone(cause: Cause) -> None:
    """Moments without it are those of samples without it, and its opposite makes it again."""
    X = np.random.default_rng(0).normal(1, 2, (3, 50, 6))
    without = np.concatenate([X[..., :3] @ cause.acc.T, X[..., 3:] @ cause.gyro.T], axis=2)
    found = cause.undone(moments(X), (True, False))
    np.testing.assert_allclose(found, moments(without), atol=1e-6)
    again = opposite(cause, CAUSES).undone(found, (True, False))
    np.testing.assert_allclose(again, moments(X), atol=1e-6)


def test_turns_are_23_right_angles_and_six_of_45_degrees() -> None:
    """All by names of their own; a turn by 45° about z takes x to the middle of x and y."""
    assert len(TURNED) == 23 + 6
    assert len({cause.name for cause in CAUSES}) == len(CAUSES)
    np.testing.assert_allclose(about(2, 45.0) @ [1, 0, 0], [0.5**0.5, 0.5**0.5, 0])
    (left,) = (c for c in TURNED if c.name == "turned +45 about z")
    np.testing.assert_allclose(left.acc @ about(2, 45.0), np.eye(3), atol=1e-12)


def test_surprise_of_one_gaussian_by_hand() -> None:
    """At the mean of a standard normal it is log(2 pi) k / 2; one away, half a nat more."""
    one = Reference(
        weights=np.ones(1),
        means=np.array([[0.0, 0.0, 9.8, *np.full(3, np.log(0.05))]]),
        whitening=np.eye(6)[None],
        acceleration=(True,),
        typical=3 * np.log(2 * np.pi),
        limits={},
    )
    of = np.zeros((4, 1, 4, 3))
    of[:, 0, 0, 2] = [9.8, 10.8, 900.0, np.nan]
    np.testing.assert_allclose(one.surprise(of), [0, 0.5, MOST, MOST], atol=1e-12)


def test_a_surprise_beyond_all_numbers() -> None:
    """A file that somebody made may lead there: it is the bound, and no warning."""
    made = Reference(
        weights=np.ones(1),
        means=np.zeros((1, 6)),
        whitening=1e300 * np.eye(6)[None],
        acceleration=(True,),
        typical=0.0,
        limits={},
    )
    assert made.surprise(np.full((1, 1, 4, 3), 1e10)).tolist() == [MOST]
    usual = replace(made, whitening=np.eye(6)[None], typical=1e308)
    assert usual.surprise(np.full((1, 1, 4, 3), 0.1)).tolist() == [LEAST]


def test_other_people_are_like_training(reference: Reference, several: Windows) -> None:
    """No whole minute of two test subjects is told."""
    unlike, _ = judged(reference, own(several), MINUTE)
    assert len(unlike) >= 10
    assert not unlike.any()


def test_limits_are_of_people_left_out_and_can_be_reached(reference: Reference) -> None:
    """No limit is beyond what a window can show; wrong units are judged from 10 s on."""
    assert reference.people == 16
    assert reference.lengths == (SHORT, HALF, MINUTE)
    assert MINUTE in reference.limits
    assert max(reference.limits.values()) < MOST
    for n in reference.lengths:
        assert {"g", "m/s2", "deg/s"} <= set(reference.evidence[n])
        assert min(reference.evidence[n].values()) >= 4
        assert max(reference.evidence[n].values()) < MOST


@pytest.mark.parametrize(
    ("acc", "gyro", "cause"),
    [
        (-1.0, 1.0, "gravity points the other way"),
        (1 / STANDARD_GRAVITY, 1.0, "acceleration looks like g in place of m/s²"),
        (STANDARD_GRAVITY, 1.0, "acceleration looks like m/s² taken for g"),
        (1.0, 180 / np.pi, "angular velocity looks like deg/s in place of rad/s"),
        (about(1, 90.0), about(1, 90.0), "the device was worn elsewhere or turned"),
    ],
)
def test_gross_faults_are_found_and_named(
    acc: Any, gyro: Any, cause: str, reference: Reference, several: Windows
) -> None:
    """What undoes the fault makes every minute like training again."""
    unlike, means = judged(reference, own(several, acc, gyro), MINUTE)
    assert unlike.all()
    found = reference.cause(means.mean(1), MINUTE)
    assert found is not None
    assert found.what.startswith(cause)
    assert ("--map" in found.hint) == ("turned" not in cause)


@pytest.mark.parametrize("degrees", [45.0, -45.0])
@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("sensors", ["both", "alone"])
def test_turns_by_45_degrees_are_found(
    sensors: str, axis: int, degrees: float, several: Windows, request: pytest.FixtureRequest
) -> None:
    """About each horizontal axis, in most minutes, and named as a turn."""
    name = "reference" if sensors == "both" else "reference_alone"
    reference = request.getfixturevalue(name)
    windows = several if sensors == "both" else request.getfixturevalue("alone")
    turn = about(axis, degrees)
    unlike, means = judged(reference, own(windows, turn, turn), MINUTE)
    assert unlike.mean() > 0.8
    found = reference.cause(means.mean(1), MINUTE)
    assert found is not None
    assert found.is_turn


def test_half_a_minute_of_walking_with_gravity_along_y_is_told(
    reference: Reference, several: Windows
) -> None:
    """Every stretch of 30 s, and of 10 s hardly any is missed."""
    X = several.X[(several.index["split"] == "test") & (several.index["activity"] == "walking")]
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]])
    turned = np.concatenate([X[..., :3] @ turn.T, X[..., 3:] @ turn.T], axis=2)
    assert turned[..., 1].mean() < -9
    for n, least in ((HALF, 1.0), (SHORT, 0.9)):
        assert judged(reference, moments(turned), n)[0].mean() >= least
        assert not judged(reference, moments(X), n)[0].any()


@pytest.fixture(scope="module")
def reference_alone(alone: Windows) -> Reference:
    """Fit on acceleration alone."""
    found = Reference.fit(alone, GRID)
    assert found is not None
    assert found.acceleration == (True,)
    return found


def test_limits_by_hand() -> None:
    """Of five people with two minutes each, one of whom a cause fits by 1 nat."""
    people = np.repeat(list("abcde"), 2 * MINUTE)
    surprise = np.full((3, len(people)), 2.0)
    surprise[0, people == "e"] = 5.0
    surprise[1], surprise[2] = 10.0, 12.0
    surprise[1, people == "e"] = 4.0
    half = (SIGN, *(c for c in CAUSES if c.name == "turned -x-y+z"))
    found = held_out_limits(HeldOut(surprise, people, people), half, GRID, most=MOST)
    # The highest is 5 and the median 2.
    assert found.surprise[MINUTE] == pytest.approx(5 + 0.25 * 3)
    # The sign's opposite is itself: four people's windows gain 8 by undoing it, the fifth none.
    assert found.evidence[MINUTE] == {"sign": 5.0, "turned -x-y+z": 4.0}
    few = HeldOut(*(part[..., people < "e"] for part in (surprise, people, people)))
    assert held_out_limits(few, half, GRID, most=MOST).evidence == {}
    # A cause that fits everybody would never be found.
    surprise[1] = 1.0
    again = held_out_limits(HeldOut(surprise, people, people), half, GRID, most=MOST)
    assert "sign" not in again.evidence[MINUTE]
    # Nor can a surprise above the most be a limit.
    surprise[0, people == "e"] = MOST
    again = held_out_limits(HeldOut(surprise, people, people), half, GRID, most=MOST)
    assert again.surprise == {}


def test_few_people_tell_wrong_units_alone(small: Windows) -> None:
    """Of three people nobody knows how much people differ."""
    found = Reference.fit(small, GRID)
    assert found is not None
    assert found.people == 3 < MIN_PEOPLE
    assert found.limits == {}
    units = {"g": GROSS, "m/s2": GROSS, "deg/s": GROSS, "rad/s": GROSS}
    assert found.evidence == {MINUTE: units, HALF: units, SHORT: units}
    for n in found.lengths:
        assert not judged(found, own(small), n)[0].any()
        unlike, means = judged(found, own(small, 1 / STANDARD_GRAVITY), n)
        assert unlike.mean() > 0.9
        cause = found.cause(means.mean(1), n)
        assert cause is not None
        assert cause.name == "g"


@pytest.mark.parametrize(
    ("trained", "recorded", "cause"),
    [
        (2.0, -2.0, "gravity points the other way"),
        (2.0, 2.0, "the device was worn elsewhere or turned"),
        (0.5, 0.5, "gravity points the other way"),
    ],
)
def test_the_sign_is_the_cause_only_where_it_explains_all(
    trained: float, recorded: float, cause: str
) -> None:
    """Of a limit of 10 nats, the sign leaves 0, 4²/2 = 8 or 1²/2, half a turn 8, 0 or 0."""
    one = Reference(
        weights=np.ones(1),
        means=np.array([[0.0, trained, 9.8, *np.full(3, np.log(0.05))]]),
        whitening=np.eye(6)[None],
        acceleration=(True,),
        typical=3 * np.log(2 * np.pi),
        limits={1: 10.0},
    )
    of = np.zeros((1, 1, 4, 3))
    of[0, 0, 0] = [0.0, recorded, -9.8]
    found = one.cause(one.surprises(of)[:, 0], 1)
    assert found is not None
    assert found.what.startswith(cause)


def test_noise_has_no_known_cause(reference: Reference) -> None:
    """What nothing undoes is unlike training, far so, and not explained."""
    noise = np.random.default_rng(0).normal(0, 30, (MINUTE, GRID.n_samples, 6))
    unlike, means = judged(reference, moments(noise), MINUTE)
    assert unlike.all()
    assert reference.is_far(means[:, 0], MINUTE)
    assert reference.cause(means[:, 0], MINUTE) is None


def test_it_survives_a_file(reference: Reference, several: Windows) -> None:
    """JSON of a few kB, with the same answers."""
    text = json.dumps(reference.to_dict())
    assert len(text) < 50_000
    again = Reference.from_dict(json.loads(text))
    of = own(several)
    assert (again.surprise(of) == reference.surprise(of)).all()
    assert again.limits == reference.limits
    assert again.evidence == reference.evidence
    assert again.people == reference.people
    assert again.placements == reference.placements == ("waist",)


def test_old_files_are_judged_by_the_limits_that_can_be_reached(reference: Reference) -> None:
    """They hold no evidence, and limits of short stretches above what a window can show."""
    fields = reference.to_dict()
    for name in ("gravity", "evidence", "people"):
        del fields[name]
    fields["limits"] = {"45": 13.5, "22": 28.4, "6": 30.2}
    old = Reference.from_dict(fields)
    assert old.gravity
    assert old.lengths == (45,)
    assert old.length(44) == 0
    assert list(old.unlike(np.array([[13.0, 14.0], *[[0.0, 0.0]] * len(CAUSES)]), 45)) == [0, 1]


def test_too_few_windows_have_no_reference(small: Windows) -> None:
    """Nothing can be said of a device that hardly anybody wore."""
    assert Reference.fit(small.take(np.arange(40)), GRID) is None


def test_without_gravity_no_sign_and_no_unit_of_acceleration_is_the_cause(
    several: Windows,
) -> None:
    """The reference of a linear model keeps its kind, and speaks of its gyroscope alone."""
    X = several.X.copy()
    X[..., :3] -= X[..., :3].mean(1, keepdims=True)
    choice = several.choice.model_copy(update={"gravity": False})
    linear = Windows(X, several.y, several.index, several.classes, choice)
    found = Reference.fit(linear, GRID)
    assert found is not None
    again = Reference.from_dict(found.to_dict())
    assert not again.gravity
    assert not {"sign", "g", "m/s2"} & {cause.name for cause in again.causes}
    unlike, means = judged(again, own(linear, 1.0, 180 / np.pi), MINUTE)
    assert unlike.all()
    cause = again.cause(means.mean(1), MINUTE)
    assert cause is not None
    assert cause.name == "deg/s"
    assert not judged(again, own(linear), MINUTE)[0].any()
