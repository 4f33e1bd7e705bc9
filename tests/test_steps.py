"""Steps depend on what they read, and on nothing else."""

from pathlib import Path

import pytest

from har import steps
from har.config import Settings, load
from har.data.windows import Windows

SLICE = [
    "data.subjects=['hapt-01', 'hapt-02', 'hapt-07']",
    "split.test_subjects=['hapt-02']",
    "split.validation_subjects=['hapt-07']",
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three subjects, one in each split."""
    return load([*SLICE, f"store={tmp_path / 'store'}"])


def test_asking_for_windows_makes_all_that_they_need(settings: Settings) -> None:
    """One call makes every step before; the next call makes none."""
    made = steps.windows(settings)
    windows = Windows.load(made.path)
    assert set(windows.index["split"]) == {"train", "validation", "test"}
    assert set(windows.select("test").subjects) == {"hapt-02"}
    assert not made.reused
    for step in (steps.ingest, steps.clean, steps.split, steps.windows):
        assert step(settings).reused


def test_one_setting_makes_only_what_depends_on_it(settings: Settings) -> None:
    """Another hop cuts windows anew and leaves cleaning and splits alone."""
    steps.windows(settings)
    changed = settings.model_copy(
        update={"window": settings.window.model_copy(update={"hop_s": 2.56})}
    )
    assert steps.split(changed).reused
    assert not steps.windows(changed).reused


def test_equal_result_stops_the_change(settings: Settings) -> None:
    """Another bound on gaps cleans anew, finds no gap either way, and changes no window."""
    steps.windows(settings)
    changed = settings.model_copy(
        update={"clean": settings.clean.model_copy(update={"max_gap_s": 0.2})}
    )
    assert not steps.clean(changed).reused
    assert steps.windows(changed).reused


def test_manifest_names_what_made_it(settings: Settings) -> None:
    """The record of a step has its inputs, parameters, code and files."""
    manifest = steps.windows(settings).manifest
    assert manifest["inputs"]["clean"] == steps.clean(settings).content
    assert manifest["params"]["hop_s"] == 1.28
    assert set(manifest["files"]) == {"X.npy", "y.npy", "index.parquet", "classes.txt"}
