"""Runs on a few real people."""

from pathlib import Path

import pytest
from runs import MAPPING, SLICE, TINY, MakeRun, write_lab

from har.config import load
from har.data.ingest.dataset import Request, ingest
from har.steps.run import Run, start
from har.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "store")


@pytest.fixture
def run(store: Store) -> MakeRun:
    """Start a run with changed settings; each looks everything up anew."""

    def make(*words: str) -> Run:
        return start(*load([*SLICE, f"store={store.root}", *words]))

    return make


@pytest.fixture
def lab(store: Store, tmp_path: Path) -> str:
    """Three other people, a CSV file in g each, ingested as ``lab``."""
    write_lab(tmp_path / "raw", "hapt-05", "hapt-06", "hapt-08")
    ingest(store, Request("lab", tmp_path / "raw", mapping=MAPPING))
    return "lab"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Make a whole run, one step after another."""
    made = start(*load([*SLICE, *TINY, f"store={tmp_path_factory.mktemp('whole')}"]))
    made.make(made.outputs)
    return made
