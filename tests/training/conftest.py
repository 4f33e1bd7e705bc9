"""A small real slice: four subjects, every fourth window; one thread for torch."""

from collections.abc import Iterator

import pytest
import torch

from har.config import WindowSettings
from har.data.recording import Recording
from har.data.windows import Windows, cut_all

SPLITS = {
    "train": ["hapt-01", "hapt-03"],
    "validation": ["hapt-07"],
    "test": ["hapt-02"],
}


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Keep the test workers from fighting over cores: on tiny batches that costs minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def small(recordings: list[Recording]) -> Windows:
    """Windows of four real subjects, thinned, with all three splits."""
    subjects = {who for split in SPLITS.values() for who in split}
    chosen = [r for r in recordings if r.meta.subject_id in subjects]
    windows = cut_all(chosen, SPLITS, WindowSettings())
    index = windows.index.iloc[::4].reset_index(drop=True)
    return Windows(windows.X[::4].copy(), windows.y[::4].copy(), index, windows.classes)
