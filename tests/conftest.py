"""Shared fixtures: a small real slice of HAPT, settings in a temporary folder."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

# Before torch is imported: two test processes share two cores.
os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}
# Before anything that would report home is imported, here or by a process of a test.
os.environ |= {"DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

import numpy as np
import pytest
from reading import read_all

from har.config import WindowSettings
from har.data.activities import BASIC
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table
from har.data.sources import hapt
from har.data.windows import Windows, cut_all

SPLITS = {
    "train": ["hapt-01", "hapt-03"],
    "validation": ["hapt-07"],
    "test": ["hapt-02"],
}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's har.toml, environment and working folder out of the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "HAR_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_handlers_left() -> Iterator[None]:
    """Take away what a command set up to tell of its progress."""
    yield
    logging.getLogger("har").handlers = []


@pytest.fixture(scope="session")
def recordings() -> list[Recording]:
    """All 61 recordings of the bundled data set."""
    return list(read_all("hapt", hapt.BUNDLED).recordings.values())


@pytest.fixture
def recording() -> Recording:
    """Ten seconds of a phone lying flat and still, turning about its z axis at 1 rad/s."""
    n = 500
    meta = RecordingMeta("lab", "lab-01-a", "lab-01", 50.0, "table", "CC0")
    columns = {channel: np.zeros(n, np.float32) for channel in CHANNELS}
    columns["acc_z"] += np.float32(9.81)
    columns["gyro_z"] += np.float32(1.0)
    # Every sample differs, as a sensor's do.
    columns["acc_x"] += np.linspace(-0.1, 0.1, n, dtype=np.float32)
    activity = np.where(np.arange(n) < 250, "standing", "walking")
    return Recording(make_table(meta, {**columns, "time_s": np.arange(n) / 50}, activity), meta)


@pytest.fixture(scope="session")
def small(recordings: list[Recording]) -> Windows:
    """Windows of four real subjects, thinned, with all three splits."""
    subjects = {who for split in SPLITS.values() for who in split}
    chosen = [r for r in recordings if r.meta.subject_id in subjects]
    windows = cut_all(chosen, SPLITS, WindowSettings(), BASIC)
    index = windows.index.iloc[::4].reset_index(drop=True)
    return Windows(windows.X[::4].copy(), windows.y[::4].copy(), index, windows.classes)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a costly fixture on one worker."""
    for item in items:
        top, room, *_ = f"{item.nodeid}/".split("/")
        if top == "tests" and room in ("e2e", "registry", "flows"):
            item.add_marker(pytest.mark.xdist_group(room))
