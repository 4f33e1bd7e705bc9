"""Windows are exact cuts, labelled by what fills them."""

from pathlib import Path

import numpy as np

from har.config import WindowSettings
from har.data.activities import BASIC
from har.data.recording import CHANNELS, Recording
from har.data.windows import Windows, cut, cut_all


def test_grid_values_and_labels(recording: Recording) -> None:
    """500 samples, 128 long, 64 apart: six windows; the change at 250 falls into two."""
    X, index = cut(recording, WindowSettings())
    assert X.shape == (6, 128, 6)
    np.testing.assert_array_equal(X[2], recording.table[list(CHANNELS)].to_numpy()[128:256])
    assert index["start_s"].tolist() == [0.0, 1.28, 2.56, 3.84, 5.12, 6.4]
    assert index["activity"].tolist() == ["standing"] * 3 + ["walking"] * 3
    assert index["purity"].round(3).tolist() == [1.0, 1.0, 0.953, 0.547, 1.0, 1.0]
    assert index["window_id"].iloc[1] == "lab-01-a@64"


def test_mixed_windows_have_no_label(recording: Recording) -> None:
    """One activity a window by default; a lower purity admits more."""
    splits = {"train": ["lab-01"]}
    assert cut_all([recording], splits, WindowSettings(), BASIC).y.tolist() == [4, 4, -1, -1, 0, 0]
    assert cut_all([recording], splits, WindowSettings(purity=0.9), BASIC).y.tolist() == [
        4, 4, 4, -1, 0, 0,
    ]  # fmt: skip


def test_short_recording_gives_no_window(recording: Recording) -> None:
    """Fewer samples than a window is not an error and not a window."""
    short = Recording(recording.table.iloc[:127], recording.meta)
    X, index = cut(short, WindowSettings())
    assert len(X) == len(index) == 0


def test_saved_windows_come_back(recording: Recording, tmp_path: Path) -> None:
    """What is saved is what is loaded."""
    windows = cut_all([recording], {"train": ["lab-01"]}, WindowSettings(), BASIC)
    windows.save(tmp_path)
    loaded = Windows.load(tmp_path)
    np.testing.assert_array_equal(loaded.X, windows.X)
    np.testing.assert_array_equal(loaded.y, windows.y)
    assert loaded.index["window_id"].tolist() == windows.index["window_id"].tolist()
    assert loaded.classes == windows.classes


def test_selection_by_split(recordings: list[Recording]) -> None:
    """A split's windows are its subjects' and, unless asked otherwise, labelled."""
    chosen = [r for r in recordings if r.meta.subject_id in ("hapt-01", "hapt-02")]
    windows = cut_all(chosen, {"train": ["hapt-01"], "test": ["hapt-02"]}, WindowSettings(), BASIC)
    test = windows.select("test")
    assert set(test.subjects) == {"hapt-02"}
    assert (test.y >= 0).all()
    assert len(windows.select("test", labelled=False).y) > len(test.y)
