"""Recordings turned upright: whoever wears the sensor tilted is measured as if it were not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from worn import G, tilted, values, walked

from har.data.channels import ChannelChoice, placed
from har.data.recording import CHANNELS
from har.data.upright import LEAST_S, direction, turn, upright
from har.errors import DataError


def test_a_tilt_is_undone() -> None:
    """A tilt about a horizontal axis is, in all sensors and while nobody moves, too."""
    straight = walked()
    tilt = Rotation.from_rotvec([0, 0.4, 0.3])
    np.testing.assert_allclose(
        values(upright(tilted(straight, tilt), "x")), values(upright(straight, "x")), atol=1e-4
    )
    np.testing.assert_allclose(values(upright(straight, "x")), values(straight), atol=1e-4)


def test_a_turn_about_the_vertical_stays() -> None:
    """Gravity does not tell it."""
    heading = tilted(walked(), Rotation.from_rotvec([0.7, 0, 0]))
    np.testing.assert_allclose(values(upright(heading, "x")), values(heading), atol=1e-4)


def test_who_hardly_moves_stays_as_worn() -> None:
    """Less than the seconds that a direction takes."""
    short = tilted(walked(LEAST_S - 1), Rotation.from_rotvec([0, 0.4, 0]))
    assert upright(short, "x").table.equals(short.table)
    assert upright(short, None) is short


def test_each_placement_is_turned_by_itself() -> None:
    """Worn at once, one straight and one upside down."""
    one = walked()
    other = tilted(one, Rotation.from_rotvec([0, np.pi, 0]))
    table = one.table.drop(columns=list(CHANNELS))
    for name, worn in (("back", one), ("wrist", other)):
        table = table.assign(
            **dict(zip(placed(name, CHANNELS), values(worn).astype(np.float32).T, strict=True))
        )
    right = upright(replace(one, table=table), "x").table
    for name in ("back", "wrist"):
        assert right[f"{name}.acc_x"].to_numpy()[:1000].mean() == pytest.approx(G, abs=0.01)
    assert right["wrist.gyro_x"].iloc[0] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("axis", ["x", "-x", "y", "-y", "z", "-z"])
def test_a_turn_is_a_rotation_onto_its_axis(axis: str) -> None:
    """From anywhere, the opposite of the axis too, it changes no length and no handedness."""
    rng = np.random.default_rng(0)
    for down in (*rng.normal(size=(5, 3)), np.eye(3)["xyz".index(axis[-1])] * -1):
        unit = down / np.linalg.norm(down)
        matrix = turn(unit, axis)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(matrix) == pytest.approx(1)
        assert abs((matrix @ unit)["xyz".index(axis[-1])]) == pytest.approx(1)


def test_the_direction_is_the_median_of_moving_seconds() -> None:
    """Two postures at rest, longer than the walk, do not count."""
    rest = np.tile([0, G, 0], (3000, 1))
    walk = np.tile([G, 0, 0], (1000, 1)) + np.array([[0, 0, 2], [0, 0, -2]] * 500)
    found = direction(np.vstack([rest, walk]), 50.0)
    assert found is not None
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-9)
    assert direction(rest, 50.0) is None


def test_linear_acceleration_has_no_direction() -> None:
    """It is refused before a window is cut."""
    with pytest.raises(DataError, match="cannot be turned upright"):
        ChannelChoice.of("acc", [("one", CHANNELS)], gravity=False, upright="x")
