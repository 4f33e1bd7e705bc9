"""What the browser makes of samples before any model, against the same in Python; under Node."""

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import firwin

from har.arrays import Float64
from har.data.clean import clean
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table
from har.serving.edge.folder import SITE

PROGRAM = Path(__file__).with_name("windows.mjs")
FACTS = {"rate_hz": 50.0, "n_samples": 20, "n_hop": 10, "max_gap_s": 0.1, "channels": 6}

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no Node")


def ask(*words: str) -> Any:
    """Return what the program prints."""
    command = ["node", str(PROGRAM), str(SITE), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def walk(time: Float64, seed: int = 0) -> Float64:
    """Return acceleration and angular velocity of a made walk at some times; all below 8 Hz."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0.5, 8, (2, 6)), rng.uniform(0, 6, (2, 6))
    waves = [
        np.sin(2 * np.pi * f * time[:, None] + p) for f, p in zip(frequency, phase, strict=True)
    ]
    return np.add(*waves) + np.array([0, 0, 9.81, 0, 0, 0])


def stream(time: Float64, values: Float64, tmp_path: Path) -> list[dict[str, Any]]:
    """Return the windows of the page, and its gaps."""
    path = tmp_path / "samples"
    path.write_bytes(np.column_stack([time, values]).astype(np.float64).tobytes())
    found: list[dict[str, Any]] = ask(json.dumps(FACTS), str(path))
    return found


def cleaned(time: Float64, values: Float64, rate_hz: float) -> list[Recording]:
    """Return the parts of the same samples as ingestion and cleaning make them, at 50 Hz."""
    meta = RecordingMeta("lab", "lab-01-a", "lab-01", rate_hz, "waist", "CC0")
    columns = dict(zip(CHANNELS, values.T.astype(np.float32), strict=True))
    table = make_table(meta, {**columns, "time_s": time}, np.full(len(time), "walking"))
    return clean(Recording(table, meta), max_gap_s=0.1, rate_hz=50.0)[0]


def values_of(part: Recording, window: dict[str, Any], start_s: float = 0.0) -> Float64:
    """Return the samples of a part in the place of a window of the page."""
    first = round((window["start_s"] - start_s) * 50)
    rows = part.table[list(CHANNELS)].to_numpy()[first : first + FACTS["n_samples"]]
    return np.asarray(rows, float)


@pytest.mark.parametrize("rate_hz", [50.0, 60.0, 100.0, 62.5, 33.0])
def test_windows_are_those_of_cleaning(tmp_path: Path, rate_hz: float) -> None:
    """At any rate, with the jitter of a browser's clock: the same samples to .0001."""
    rng = np.random.default_rng(1)
    time = np.arange(int(8 * rate_hz)) / rate_hz + rng.uniform(0, 0.002, int(8 * rate_hz))
    time -= time[0]
    windows = stream(time, walk(time), tmp_path)
    (part,) = cleaned(time, walk(time), (len(time) - 1) / time[-1])
    assert len(windows) >= (8 * 50 - 2 * 20 - 20) // 10
    for window in windows:
        got = np.reshape(window["values"], (20, 6))
        np.testing.assert_allclose(got, values_of(part, window), atol=1e-4)
    steps = np.diff([window["start_s"] for window in windows])
    np.testing.assert_allclose(steps, 0.2, atol=1e-9)


def test_no_window_reaches_across_a_gap(tmp_path: Path) -> None:
    """Half a second without samples: two parts, each with windows of its own."""
    time = np.arange(500) / 50
    time = time[(time < 4) | (time >= 4.5)]
    found = stream(time, walk(time), tmp_path)
    (gap,) = [i for i, one in enumerate(found) if "gap" in one]
    assert found[gap]["gap"] == 4.5
    assert found[gap - 1]["end_s"] <= 4
    assert found[gap + 1]["start_s"] == 4.5
    for window in found[gap + 1 :]:
        (_, part) = cleaned(time, walk(time), 50.0)
        got = np.reshape(window["values"], (20, 6))
        np.testing.assert_allclose(got, values_of(part, window, 4.5), atol=1e-4)


def test_a_short_gap_is_filled(tmp_path: Path) -> None:
    """Two samples lost, 60 ms: interpolated, as cleaning does."""
    time = np.delete(np.arange(300) / 50, [150, 151])
    found = stream(time, walk(time), tmp_path)
    (part,) = cleaned(time, walk(time), 50.0)
    assert not any("gap" in one for one in found)
    assert len(found) == 29
    for window in found:
        got = np.reshape(window["values"], (20, 6))
        np.testing.assert_allclose(got, values_of(part, window), atol=1e-4)


def test_repeated_samples_count_once(tmp_path: Path) -> None:
    """Every sample twice, at the same time: the windows of the samples once."""
    time = np.arange(200) / 50
    once = stream(time, walk(time), tmp_path)
    twice = stream(np.repeat(time, 2), np.repeat(walk(time), 2, axis=0), tmp_path)
    assert once == twice
    assert len(once) == 19


def test_a_device_that_is_too_slow_is_refused(tmp_path: Path) -> None:
    """10 Hz for a model at 50 Hz: less than a third."""
    time = np.arange(100) / 10
    with pytest.raises(subprocess.CalledProcessError) as refused:
        stream(time, walk(time), tmp_path)
    assert "measures 10.0 times a second; the model needs at least 17" in refused.value.stderr


@pytest.mark.parametrize(("up", "down"), [(5, 6), (1, 2), (20, 13)])
def test_the_filter_is_that_of_scipy(up: int, down: int) -> None:
    """That of `scipy.signal.resample_poly`."""
    rate = max(up, down)
    taps = up * firwin(20 * rate + 1, 1 / rate, window=("kaiser", 5.0))
    np.testing.assert_allclose(ask("filter", str(up), str(down)), taps, atol=1e-12)


def test_fractions_are_those_of_python() -> None:
    """Of denominators up to 20."""
    numbers = [*np.random.default_rng(0).uniform(0.05, 3, 200), 1.0, 0.5, 5 / 6]
    found = [Fraction(*pair) for pair in ask("fraction", *map(str, numbers))]
    assert found == [Fraction(x).limit_denominator(20) for x in numbers]
