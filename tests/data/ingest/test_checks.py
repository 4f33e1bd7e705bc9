"""What makes a recording refusable, and what only makes it odd."""

import numpy as np
import pandas as pd
import pytest

from har.data.ingest import checks
from har.data.ingest.checks import check_range, oddities
from har.data.recording import ACC, CHANNELS, Recording, RecordingMeta, make_table
from har.data.schema import MAX_ACC
from har.errors import DataError

HZ = 50


def still(n: int, *, seed: int = 0) -> pd.DataFrame:
    """Return n rows of a sensor at rest with some noise: m/s², rad/s, 50 Hz."""
    noise = np.random.default_rng(seed).normal(0, 0.05, (n, 6))
    frame = pd.DataFrame(noise, columns=list(CHANNELS)).assign(time_s=np.arange(n) / HZ)
    return frame.assign(acc_z=frame["acc_z"] + 9.81)


def odd(rows: pd.DataFrame, *, gravity: bool = True) -> dict[str, str]:
    """Return kind and detail of what is odd about rows at 50 Hz."""
    meta = RecordingMeta("lab", "lab-1-a", "lab-1", HZ, "hip", "CC0", gravity=gravity)
    columns = {c: rows[c].to_numpy() for c in ("time_s", *CHANNELS) if c in rows}
    table = make_table(meta, columns, [None] * len(rows))
    return dict(oddities(rows, Recording(table, meta)))


# refusals


def test_few_values_beyond_any_sensor_are_glitches() -> None:
    """5 rows of 1000 pass, for they go to quarantine; 6 are a wrong unit."""
    rows = still(1000)
    rows.loc[:4, "acc_x"] = 500.0
    rows.loc[10:, "acc_y"] = np.nan
    check_range(rows, "lab-1")
    rows.loc[5, "acc_z"] = -600.0
    with pytest.raises(DataError, match="lab-1: acc_x, acc_y, acc_z not in m/s²") as caught:
        check_range(rows, "lab-1")
    assert caught.value.expected == f"values within ±{MAX_ACC:.4g} m/s²"
    assert caught.value.found == "0.6% of 1000 rows beyond, up to 600"


def test_angular_velocity_in_degrees_is_beyond_any_sensor() -> None:
    """Tables with one sensor are judged by what they have."""
    rows = still(100)[["time_s", "gyro_x", "gyro_y", "gyro_z"]].assign(gyro_y=90.0)
    with pytest.raises(DataError, match="gyro_x, gyro_y, gyro_z not in rad/s"):
        check_range(rows, "lab-1")
    check_range(still(100)[["time_s", *ACC]], "lab-1")
    check_range(still(0), "lab-1")


# oddities


def test_nothing_is_odd_about_a_sound_recording() -> None:
    """No warning, with and without a gyroscope."""
    assert odd(still(500)) == {}
    assert odd(still(500)[["time_s", *ACC]]) == {}


@pytest.mark.parametrize(
    ("column", "value", "n", "detail"),
    [
        ("acc_x", 19.61, 10, "2.00% of samples at the largest acceleration, 19.6"),
        ("acc_x", 19.61, 5, None),  # may be the peaks of a movement
        ("acc_x", 15.0, 10, None),  # no sensor's range ends there
        ("gyro_y", -4.3633, 6, "1.20% of samples at the largest angular velocity, 4.36"),
        ("gyro_y", -4.0, 6, None),
    ],
)
def test_clipping(column: str, value: float, n: int, detail: str | None) -> None:
    """More than five samples at the largest value, if a range can end there."""
    rows = still(500)
    rows.loc[np.arange(n) * 40, column] = value
    assert odd(rows).get("clipping") == detail


@pytest.mark.parametrize(("n", "stuck"), [(51, True), (50, False)])
def test_stuck(n: int, stuck: bool) -> None:
    """51 equal samples do not change for a second; one axis that moves is enough."""
    rows = still(500)
    moving = rows.copy()
    rows.loc[100 : 99 + n, list(ACC)] = rows.loc[100, list(ACC)].to_numpy()
    expected = {"stuck": "acceleration does not change for 1.0 s (1 times)"} if stuck else {}
    assert odd(rows) == expected
    moving.loc[100 : 99 + n, ["acc_x", "acc_y"]] = 0.0
    assert odd(moving) == {}


def test_jitter() -> None:
    """Steps of 11 and 29 ms spread by 18 ms, more than half of the mean 20 ms."""
    rows = still(501)
    rows["time_s"] += np.where(np.arange(501) % 2, -0.009, 0.0)
    assert odd(rows) == {"jitter": "time steps from 11 to 29 ms (10 to 90 %)"}
    rows["time_s"] = np.arange(501) / HZ + np.where(np.arange(501) % 2, -0.002, 0.0)
    assert odd(rows) == {}


@pytest.mark.parametrize(("factor", "is_odd"), [(1.2, True), (0.8, True), (1.1, False)])
def test_gravity(factor: float, is_odd: bool) -> None:
    """A level more than 15 % off is a sensor out of adjustment."""
    rows = still(500)
    rows["acc_z"] *= factor
    assert set(odd(rows)) == ({"gravity"} if is_odd else set())


def test_no_gravity_is_missing_where_it_was_taken_out() -> None:
    """Linear acceleration has no level to be off."""
    rows = still(500)
    rows["acc_z"] -= 9.81
    assert odd(rows)["gravity"].startswith("its level is 0.0")
    assert odd(rows, gravity=False) == {}


def test_stuck_for_a_second_at_an_uneven_rate() -> None:
    """A rate found from times is never quite 50 Hz."""
    values = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    values[50:101] = values[50]
    for rate_hz in (49.9999, 50.0, 50.0001):
        assert list(checks._stuck(values, "acceleration", rate_hz))
