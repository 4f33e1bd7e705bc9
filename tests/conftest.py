"""Shared fixtures: a small real slice of HAPT, settings in a temporary folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before torch is imported: two test processes share two cores.
os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}

import hypothesis
import numpy as np
import pytest
from people import MAPPING, write_people
from reading import read_all
from support import Project, kept_logging, patience_s

from har.config import WindowSettings
from har.data.activities import BASIC
from har.data.cutting import cut_all
from har.data.ingest import dataset
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table
from har.data.sources import hapt
from har.data.windows import Windows
from har.store import Store

# A slow machine is no fault of an example; in CI every run draws the same ones.
hypothesis.settings.register_profile("har", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("har")

SPLITS = {
    "train": ["hapt-01", "hapt-03"],
    "validation": ["hapt-07"],
    "test": ["hapt-02"],
}
FROM_OUTSIDE = ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "HAR_DEBUG", "NODE_PATH")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's har.toml, environment and working folder out of the tests."""
    monkeypatch.chdir(tmp_path)
    for name in FROM_OUTSIDE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_handlers_left() -> Iterator[None]:
    """Take away what a command set up to tell of its progress."""
    with kept_logging():
        yield


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """Let flows run in this process against a Prefect server of the tests' own."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=round(patience_s())):
        yield


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Make a project whose only data set is of eight made people, ingested as ``people``."""
    project = Project(tmp_path_factory.mktemp("people"))
    raw = write_people(project.folder / "raw", range(1, 9))
    columns = [word for what, column in MAPPING.items() for word in ("--map", f"{what}={column}")]
    done = project.har("data", "ingest", "people", str(raw), *columns, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture(scope="session")
def summary(people: Project, prefect: None) -> Any:
    """Run the main job once on the made people and return what it said of itself."""
    return people.json("run")


@pytest.fixture(scope="session")
def hapt_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store in which the bundled data set is ingested; tests copy it."""
    store = tmp_path_factory.mktemp("hapt") / "store"
    dataset.find(Store(store), "hapt")
    return store


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


@pytest.fixture(scope="session")
def several(recordings: list[Recording]) -> Windows:
    """Windows of 18 real subjects' first recordings: 16 to train and validate, two to test."""
    # Both are test subjects of the data set itself.
    test = ["hapt-02", "hapt-04"]
    others = sorted({r.meta.subject_id for r in recordings} - {*test, "hapt-09"})[:16]
    splits = {"train": others[:12], "validation": others[12:], "test": test}
    people = [*others, *test]
    chosen = [next(r for r in recordings if r.meta.subject_id == who) for who in people]
    windows = cut_all(chosen, splits, WindowSettings(), BASIC)
    return windows.take(np.flatnonzero(~windows.index["extra"]))


def pytest_configure(config: pytest.Config) -> None:
    """Take away what would change commands and flows, and say how long a test may take."""
    for name in [name for name in os.environ if name.startswith("HAR_") or name in FROM_OUTSIDE]:
        del os.environ[name]
    # Read by waits inside tests and by pytest-timeout, which prefers it to the file.
    os.environ.setdefault("PYTEST_TIMEOUT", config.getini("timeout"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests that share a costly fixture on one worker."""
    from sharing import BySharedFixture

    return BySharedFixture(config, log) if config.getoption("dist") == "loadgroup" else None
