"""Minutes of recordings are held against those of training."""

import json

import numpy as np
import pytest

from har.config import WindowGrid
from har.data.gravity import STANDARD_GRAVITY
from har.data.windows import Windows
from har.models.reference import MOST, Reference, moments, stretch

GRID = WindowGrid()


@pytest.fixture(scope="module")
def reference(small: Windows) -> Reference:
    """Fit on two real people, with limits of a third."""
    found = Reference.fit(small, GRID)
    assert found is not None
    return found


def of_test(small: Windows) -> np.ndarray:
    return moments(small.select("test", labelled=False).X)


def test_moments_by_hand() -> None:
    """Mean and spread of each axis, sensor by sensor."""
    window = np.zeros((1, 4, 6))
    window[0, :, 0] = [9, 11, 9, 11]
    window[0, :, 5] = [0, 0, 4, 4]
    found = moments(window)
    assert found.shape == (1, 2, 2, 3)
    np.testing.assert_allclose(found[0, 0], [[10, 0, 0], [1, 0, 0]])
    np.testing.assert_allclose(found[0, 1], [[0, 0, 2], [0, 0, 2]])


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
    of = np.zeros((4, 1, 2, 3))
    of[:, 0, 0, 2] = [9.8, 10.8, 900.0, np.nan]
    np.testing.assert_allclose(one.surprise(of), [0, 0.5, MOST, MOST], atol=1e-12)


def test_another_person_is_like_training(reference: Reference, small: Windows) -> None:
    """Below the limit of the longest stretch that there is."""
    of = of_test(small)
    n = reference.length(len(of))
    assert n == stretch(60.0, GRID)
    assert reference.surprise(of).mean() < reference.limits[n]


@pytest.mark.parametrize(
    ("acc", "gyro", "cause"),
    [
        # Two people are too few to tell a wrong sign from a turn; see below.
        (-1.0, 1.0, "the device was worn elsewhere or turned"),
        (1 / STANDARD_GRAVITY, 1.0, "acceleration looks like g in place of m/s²"),
        (STANDARD_GRAVITY, 1.0, "acceleration looks like m/s² taken for g"),
        (1.0, 180 / np.pi, "angular velocity looks like deg/s in place of rad/s"),
    ],
)
def test_gross_faults_are_found_and_named(
    acc: float, gyro: float, cause: str, reference: Reference, small: Windows
) -> None:
    """What undoes the fault makes the windows like training again."""
    X = small.select("test", labelled=False).X * np.repeat([acc, gyro], 3)
    of = moments(X)
    assert reference.surprise(of).mean() > reference.limits[reference.length(len(of))]
    found = reference.cause(of)
    assert found is not None
    assert found.what.startswith(cause)
    assert ("--map" in found.hint) == ("turned" not in cause)


def test_a_device_worn_on_its_side_is_turned(reference: Reference, small: Windows) -> None:
    """Axes that changed places are no matter of unit or sign."""
    X = small.select("test", labelled=False).X
    found = reference.cause(moments(X[:, :, [1, 2, 0, 4, 5, 3]]))
    assert found is not None
    assert found.what == "the device was worn elsewhere or turned"


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
    of = np.zeros((1, 1, 2, 3))
    of[0, 0, 0] = [0.0, recorded, -9.8]
    found = one.cause(of)
    assert found is not None
    assert found.what.startswith(cause)


def test_noise_has_no_known_cause(reference: Reference) -> None:
    """What nothing undoes is not explained."""
    noise = np.random.default_rng(0).normal(0, 30, (60, GRID.n_samples, 6))
    assert reference.cause(moments(noise)) is None


def test_it_survives_a_file(reference: Reference, small: Windows) -> None:
    """JSON of a few kB, with the same answers."""
    text = json.dumps(reference.to_dict())
    assert len(text) < 50_000
    again = Reference.from_dict(json.loads(text))
    of = of_test(small)
    assert (again.surprise(of) == reference.surprise(of)).all()
    assert again.limits == reference.limits
    assert again.placements == reference.placements == ("waist",)


def test_acceleration_alone(small: Windows) -> None:
    """A model without a gyroscope has a reference too."""
    choice = small.choice.model_copy(update={"channels": small.channels[:3]})
    index = small.index
    alone = Windows(small.X[:, :, :3], small.y, index, small.classes, choice)
    found = Reference.fit(alone, GRID)
    assert found is not None
    assert found.acceleration == (True,)
    of = moments(alone.select("test", labelled=False).X * -1)
    assert found.surprise(of).mean() > found.limits[found.length(len(of))]


def test_too_few_windows_have_no_reference(small: Windows) -> None:
    """Nothing can be said of a device that hardly anybody wore."""
    assert Reference.fit(small.take(np.arange(40)), GRID) is None


def test_without_gravity_no_sign_and_no_unit_of_acceleration_is_the_cause(small: Windows) -> None:
    """The reference of a linear model keeps its kind, and speaks of its gyroscope alone."""
    X = small.X.copy()
    X[..., :3] -= X[..., :3].mean(1, keepdims=True)
    choice = small.choice.model_copy(update={"gravity": False})
    found = Reference.fit(Windows(X, small.y, small.index, small.classes, choice), GRID)
    assert found is not None
    again = Reference.from_dict(found.to_dict())
    assert not again.gravity
    of_test = X[(small.index["split"] == "test").to_numpy()]
    assert again.surprise(moments(of_test)).max() <= MOST
    for factors, cause in (
        ((1 / STANDARD_GRAVITY, 1.0), None),
        ((1.0, 180 / np.pi), "angular velocity looks like deg/s in place of rad/s"),
    ):
        of = moments(of_test * np.repeat(factors, 3))
        assert again.surprise(of).mean() > again.limits[again.length(len(of))]
        named = again.cause(of)
        assert (named and named.what) == cause


def test_old_references_are_of_acceleration_with_gravity(reference: Reference) -> None:
    """A file from before the kind was a field."""
    fields = reference.to_dict()
    del fields["gravity"]
    assert Reference.from_dict(fields).gravity
