"""A class that a model cannot learn is named, with its windows and the reason."""

from pathlib import Path

import numpy as np
import pandas as pd

from har.data.left_out import LeftOutClasses
from har.data.windows import Windows

CONSIDERED = ("walking", "sitting", "lying")


def windows(*rows: tuple[str, str | None, int], purity: float = 1.0) -> Windows:
    """Return so many windows of each split and activity; walking and sitting have labels."""
    split = [split for split, _, n in rows for _ in range(n)]
    activity = [name for _, name, n in rows for _ in range(n)]
    known = {"walking": 0, "sitting": 1}
    index = pd.DataFrame({"split": split, "activity": activity, "purity": purity, "extra": False})
    y = np.array([known.get(str(name), -1) for name in activity])
    return Windows(np.zeros((len(y), 4, 6), np.float32), y, index, ("walking", "sitting"))


def test_a_class_of_too_few_people() -> None:
    """Nobody lies in validation: 7 windows lose their label."""
    cut = windows(("train", "walking", 5), ("train", "lying", 4), ("test", "lying", 3))
    found = LeftOutClasses.of(cut, CONSIDERED, purity=0.9)
    assert found.sentences == {
        "lying": "7 windows without a label: no window of validation subjects"
    }
    assert found.classes["lying"].windows == {"train": 4, "validation": 0, "test": 3}


def test_a_class_that_one_data_set_lacks() -> None:
    """It was not considered, as not every data set labels it."""
    found = LeftOutClasses.of(windows(("train", "running", 2)), CONSIDERED, purity=0.9)
    assert found.sentences == {"running": "2 windows without a label: not every data set labels it"}


def test_finer_activities_are_counted_as_their_class() -> None:
    """Both kinds of stairs are the class that they would have been."""
    cut = windows(("train", "stairs-up", 2), ("test", "stairs-down", 1))
    found = LeftOutClasses.of(cut, (*CONSIDERED, "stairs"), purity=0.9)
    assert found.classes["stairs"].n_windows == 3


def test_mixed_and_unlabelled_windows_are_no_class() -> None:
    """Half lying, half sitting was never a window of either."""
    assert not LeftOutClasses.of(
        windows(("train", "lying", 2), purity=0.5), CONSIDERED, 0.9
    ).classes
    assert not LeftOutClasses.of(windows(("train", None, 2)), CONSIDERED, 0.9).classes


def test_it_is_read_beside_the_windows(tmp_path: Path) -> None:
    """Where there is no file, nothing was left out."""
    assert LeftOutClasses.beside(tmp_path) == LeftOutClasses()
    found = LeftOutClasses.of(windows(("train", "lying", 2)), CONSIDERED, purity=0.9)
    found.write(tmp_path)
    assert LeftOutClasses.beside(tmp_path) == found
