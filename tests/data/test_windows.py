"""Windows are exact cuts, labelled by what fills them."""

import re
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from har.config import WindowSettings
from har.data.activities import BASIC, SHARED, Taxonomy
from har.data.channels import placed
from har.data.cutting import cut_all, write_all
from har.data.recording import ACC, CHANNELS, GYRO, Recording, named
from har.data.windows import Windows, cut
from har.errors import DataError

GRID = WindowSettings()


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
    """One activity per window by default; a lower purity admits more."""
    splits = {"test": ["lab-01"]}
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


def without_gyro(recording: Recording) -> Recording:
    """Return a second recording of the person, by a sensor without a gyroscope."""
    table = recording.table.assign(**dict.fromkeys(GYRO, np.float32(np.nan)))
    return Recording(table, replace(recording.meta, recording_id="lab-01-b"))


def test_the_channels_are_what_all_recordings_have(recording: Recording, tmp_path: Path) -> None:
    """One recording without a gyroscope is enough; what is said of it is kept with the windows."""
    both = [recording, without_gyro(recording)]
    windows = cut_all(both, {"train": ["lab-01"]}, WindowSettings(train_density=1), BASIC)
    assert windows.channels == ACC
    values = recording.table[list(ACC)].to_numpy()
    np.testing.assert_array_equal(windows.X[6], values[:128])
    assert windows.X.shape == (12, 128, 3)
    windows.save(tmp_path)
    loaded = Windows.load(tmp_path)
    assert loaded.choice == windows.choice
    assert loaded.choice.sentence == ("acceleration alone: 1 of 2 recordings have no gyroscope")
    alone = cut_all([recording], {"train": ["lab-01"]}, WindowSettings(), BASIC)
    assert alone.channels == CHANNELS
    assert alone.choice.sentence == (
        "acceleration and angular velocity, which all 1 recordings have"
    )


def test_acceleration_alone_can_be_asked_for(recording: Recording) -> None:
    """A gyroscope is then left unread, also by what is taken out of the windows."""
    settings = WindowSettings(channels="acc")
    windows = cut_all([recording], {"train": ["lab-01"]}, settings, BASIC)
    assert windows.choice.sentence == "acceleration alone, as window.channels says"
    for some in (windows, windows.select("train"), windows.take(np.arange(2)), windows.at_most(1)):
        assert some.channels == ACC
        assert some.X.shape[1:] == (128, 3)


def test_a_gyroscope_that_was_asked_for_must_be_there(recording: Recording) -> None:
    """The error names a recording without it, how many there are, and the way out."""
    settings = WindowSettings(channels="acc+gyro")
    with pytest.raises(DataError, match="lab-01-b has no gyroscope") as caught:
        cut_all([recording, without_gyro(recording)], {"train": ["lab-01"]}, settings, BASIC)
    assert caught.value.found == "1 of 2 recordings without it"
    assert "window.channels=acc " in str(caught.value.hint)


def test_windows_from_before_the_choice_have_all_channels(
    recording: Recording, tmp_path: Path
) -> None:
    """A folder without the record of a choice is read as it was meant."""
    cut_all([recording], {"train": ["lab-01"]}, WindowSettings(), BASIC).save(tmp_path)
    (tmp_path / "channels.json").unlink()
    assert Windows.load(tmp_path).channels == CHANNELS


@pytest.mark.parametrize("block", [5, 4096])
def test_windows_are_written_one_recording_at_a_time(
    recordings: list[Recording], tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same files as those of all windows at once, whatever the size of a block."""
    chosen = [r for r in recordings if r.meta.subject_id in ("hapt-01", "hapt-02")]
    splits = {"train": ["hapt-01"], "test": ["hapt-02"]}
    (tmp_path / "whole").mkdir()
    cut_all(chosen, splits, WindowSettings(), BASIC).save(tmp_path / "whole")
    alive = list[weakref.ref[Recording]]()

    def one_by_one() -> Iterator[Recording]:
        for recording in chosen:
            assert not [ref for ref in alive[:-1] if ref() is not None]
            copy = Recording(recording.table, recording.meta)
            alive.append(weakref.ref(copy))
            yield copy

    monkeypatch.setattr("har.data.windows.BLOCK", block)
    (tmp_path / "parts").mkdir()
    written = write_all(tmp_path / "parts", one_by_one, splits, WindowSettings(), BASIC)
    assert len(alive) == 2 * len(chosen)
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == ["X.npy", "channels.json", "classes.txt", "index.parquet", "y.npy"]
    for name in names:
        same = [(tmp_path / part / name).read_bytes() for part in ("whole", "parts")]
        assert same[0] == same[1], name
    assert isinstance(written.X, np.memmap)


def test_finer_activities_belong_to_their_class(recording: Recording) -> None:
    """Walking on a treadmill is walking where the class set has nothing finer."""
    table = recording.table
    table["activity"] = table["activity"].cat.rename_categories({"walking": "treadmill-walking"})
    windows = cut_all([recording], {"test": ["lab-01"]}, WindowSettings(), BASIC)
    assert windows.y.tolist() == [4, 4, -1, -1, 0, 0]
    fine = ("treadmill-walking", *BASIC)
    windows = cut_all([recording], {"test": ["lab-01"]}, WindowSettings(), fine)
    assert windows.y.tolist() == [5, 5, -1, -1, 0, 0]


def test_classes_that_a_split_lacks_can_be_left_out(recordings: list[Recording]) -> None:
    """Of all activities of two people only those remain that both did."""
    chosen = [r for r in recordings if r.meta.subject_id in ("hapt-01", "hapt-02")]
    splits = {"train": ["hapt-01"], "test": ["hapt-02"]}
    windows = cut_all(chosen, splits, WindowSettings(), drop_missing=True)
    for split in splits:
        assert set(windows.select(split).y) == set(range(len(windows.classes)))
    assert windows.classes[:6] == BASIC


def test_no_window_at_all_is_an_error(recording: Recording) -> None:
    """Recordings shorter than a window, and a single class, are told with a way out."""
    with pytest.raises(DataError, match="as long as a window of 20 s"):
        cut_all([recording], {"train": ["lab-01"]}, WindowSettings(length_s=20), BASIC)


def renamed(recording: Recording, who: str, **names: str) -> Recording:
    """Return another person's recording with other activities; "" for none."""
    meta = replace(recording.meta, subject_id=who, recording_id=f"{who}-a")
    words = recording.table["activity"].astype(object).map(names).replace("", None)
    table = recording.table.assign(subject_id=who, recording_id=f"{who}-a", activity=named(words))
    return Recording(table, meta)


@pytest.mark.parametrize(
    ("first", "second", "settings", "hint"),
    [
        ({"standing": "", "walking": ""}, {}, {}, "no window has a label"),
        ({"standing": "lying", "walking": "lying"}, None, {}, "a second activity is needed"),
        ({}, {}, {"length_s": 5.5}, "need shorter windows"),
        ({"standing": "curl"}, {}, {}, "choose split.test_subjects"),
        ({"standing": "a", "walking": "b"}, None, {"classes": ("curl",)}, r"others \(a, b\)"),
    ],
)
def test_fewer_than_two_classes_has_a_way_out(
    recording: Recording,
    first: dict[str, str],
    second: dict[str, str] | None,
    settings: dict[str, Any],
    hint: str,
) -> None:
    """No label, one activity, long windows, other people or other classes: what to do differs."""
    own = {"standing": "standing", "walking": "walking"}
    if not any(first.values()) and first:
        second = first
    names = (own | first, own | (first if second is None else second))
    recordings = [renamed(recording, who, **n) for who, n in zip("ab", names, strict=True)]
    with pytest.raises(DataError, match="fewer than two classes") as caught:
        cut_all(
            recordings,
            {"train": ["a"], "test": ["b"]},
            WindowSettings(**settings),
            settings.get("classes"),
            drop_missing=True,
        )
    assert re.search(hint, str(caught.value.hint))


def test_own_activities_are_classes(recording: Recording) -> None:
    """Recordings with different categories side by side; a parent of one's own counts."""
    names = ({"standing": "rest", "walking": "biceps-curl"}, {"standing": "rest", "walking": "row"})
    people = [renamed(recording, who, **n) for who, n in zip("ab", names, strict=True)]
    splits = {"train": ["a"], "test": ["b"]}
    fine = cut_all(people, splits, WindowSettings())
    assert fine.classes == ("biceps-curl", "rest", "row")
    assert fine.select("test").y.tolist() == [1, 1, 2, 2]
    arms = Taxonomy({"biceps-curl": "arms", "row": "arms", "arms": ""})
    coarse = cut_all(people, splits, WindowSettings(), ("arms", "rest"), taxonomy=arms)
    grid = ~coarse.index["extra"]
    assert coarse.y[grid].tolist() == [1, 1, -1, -1, 0, 0] * 2
    assert cut_all(people, splits, WindowSettings(), ("arms", "rest")).y.max() == 1


def test_recordings_of_an_earlier_har(recording: Recording) -> None:
    """Their categories are all that the taxonomy had; the windows are the same."""
    old = recording.table["activity"].cat.set_categories(SHARED)
    splits = {"test": ["lab-01"]}
    again = cut_all([replace(recording, table=recording.table.assign(activity=old))], splits, GRID)
    now = cut_all([recording], splits, GRID)
    assert again.classes == now.classes == ("walking", "standing")
    assert again.y.tolist() == now.y.tolist()
    assert again.index["activity"].tolist() == now.index["activity"].tolist()


def test_training_subjects_are_cut_more_densely(recording: Recording) -> None:
    """Four starts per hop, of labelled windows alone, until a class has enough of them."""
    dense = WindowSettings(train_density=4, train_class_windows=6)
    windows = cut_all([recording], {"train": ["lab-01"]}, dense, BASIC)
    starts = [int(name.partition("@")[2]) for name in windows.index["window_id"]]
    assert starts == sorted(starts)
    assert windows.index["extra"].tolist() == [start % 64 > 0 for start in starts]
    assert sum(~windows.index["extra"]) == 6
    assert [int((windows.y == label).sum()) for label in (0, 4)] == [6, 6]
    assert (windows.y[windows.index["extra"]] >= 0).all()
    values = recording.table[list(CHANNELS)].to_numpy()
    for X, start in zip(windows.X, starts, strict=True):
        np.testing.assert_array_equal(X, values[start : start + 128])


def test_nobody_else_is_cut_more_densely(recording: Recording) -> None:
    """Test windows are those of the grid, and a full class gets no more."""
    test = cut_all([recording], {"test": ["lab-01"]}, WindowSettings(), BASIC)
    full = WindowSettings(train_class_windows=1)
    train = cut_all([recording], {"train": ["lab-01"]}, full, BASIC)
    for windows in (test, train):
        assert not windows.index["extra"].any()
        assert len(windows.y) == 6


def test_windows_of_others_do_not_make_a_class_full(recordings: list[Recording]) -> None:
    """What counts is how many windows there are to train on."""
    chosen = [r for r in recordings if r.meta.subject_id in ("hapt-01", "hapt-02")]
    settings = WindowSettings(train_class_windows=60)
    windows = cut_all(chosen, {"train": ["hapt-01"], "test": ["hapt-02"]}, settings, BASIC)
    assert np.bincount(windows.select("train").y).min() >= 60


def test_a_class_is_thinned_evenly(recording: Recording) -> None:
    """Every class keeps its first and last window, and no more than asked for."""
    windows = cut_all([recording], {"train": ["lab-01"]}, WindowSettings(), BASIC)
    thin = windows.at_most(2)
    labelled = windows.take(np.flatnonzero(windows.y >= 0))
    for label in (0, 4):
        ours, all_of_it = (w.index["start_s"][w.y == label] for w in (thin, labelled))
        assert len(ours) == 2
        assert {ours.min(), ours.max()} == {all_of_it.min(), all_of_it.max()}


def test_few_labels_are_drawn_from_every_class(small: Windows) -> None:
    """A tenth of training and validation, at least one of a class; the test keeps its own."""
    few = small.with_labels(0.1, seed=0)
    for split in ("train", "validation"):
        was, now = (w.select(split).y for w in (small, few))
        for label in range(len(small.classes)):
            n = int((was == label).sum())
            assert int((now == label).sum()) == max(1, round(0.1 * n))
    np.testing.assert_array_equal(few.select("test").y, small.select("test").y)
    assert not np.array_equal(few.y, small.with_labels(0.1, seed=1).y)
    assert small.with_labels(1.0, seed=0) is small


def worn(recording: Recording) -> Recording:
    """Return a recording with its acceleration at the chest and both sensors at the wrist."""
    chest = recording.table[[*CHANNELS]].set_axis(list(placed("chest", CHANNELS)), axis=1)
    wrist = recording.table[[*CHANNELS]].set_axis(list(placed("wrist", CHANNELS)), axis=1)
    for axis in placed("chest", GYRO):
        chest[axis] = np.float32("nan")
    rest = recording.table[["recording_id", "subject_id", "time_s", "activity"]]
    table = rest.join(chest).join(wrist)
    return Recording(table, replace(recording.meta, placement="chest+wrist"))


def test_channels_of_several_placements_carry_their_names(recording: Recording) -> None:
    """What each has, or acceleration alone; a gyroscope asked for is missing at the chest."""
    both, splits = worn(recording), {"train": ["lab-01"]}
    windows = cut_all([both], splits, WindowSettings(), BASIC)
    assert windows.channels == (*placed("chest", ACC), *placed("wrist", CHANNELS))
    expected = cut_all([recording], splits, WindowSettings(), BASIC).X
    np.testing.assert_array_equal(windows.X, np.concatenate([expected[..., :3], expected], axis=2))
    assert windows.choice.sentence == (
        "acceleration alone at chest; acceleration and angular velocity at wrist, "
        "which all 1 recordings have"
    )
    alone = cut_all([both], splits, WindowSettings(channels="acc"), BASIC)
    assert alone.channels == (*placed("chest", ACC), *placed("wrist", ACC))
    with pytest.raises(DataError, match="lab-01-a has no gyroscope at chest"):
        cut_all([both], splits, WindowSettings(channels="acc+gyro"), BASIC)
