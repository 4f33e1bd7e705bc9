"""Models on a data set that they have never seen: answers are lifted, then scored."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from har.config import IntervalSettings, WindowSettings
from har.data.activities import BASIC, Taxonomy
from har.data.channels import placed
from har.data.recording import ACC, CHANNELS, GYRO, Recording, RecordingMeta, make_table
from har.data.windows import Windows
from har.errors import DataError
from har.evaluation.results.scores import Metrics
from har.evaluation.transfer import evaluate_transfer, foreign_windows, lift_probabilities

MODEL = ("walking", "stairs-up", "stairs-down", "lying")
COMMON = ("walking", "stairs")
SETTINGS = IntervalSettings(bootstrap=50)


def test_probabilities_are_added_up_by_class() -> None:
    """Up and down are stairs; lying is none of the common activities."""
    found = lift_probabilities(
        np.array([[0.4, 0.3, 0.2, 0.1], [0.0, 0.25, 0.25, 0.5]]), MODEL, COMMON
    )
    np.testing.assert_allclose(found, [[0.4, 0.5, 0.1], [0.0, 0.5, 0.5]])


@pytest.mark.parametrize(
    ("classes", "lifted"),
    [
        (MODEL, [0.4, 0.3, 0.2, 0.1, 0.0]),
        (("lying", "walking"), [0.1, 0.4, 0.5]),
        (("locomotion", "still"), [0.9, 0.1, 0.0]),
        (("walking", "locomotion"), [0.4, 0.5, 0.1]),  # the nearest ancestor
        (("nordic-walking",), [0.0, 1.0]),  # finer than the model: it cannot know
    ],
)
def test_classes_in_any_order_and_depth(classes: tuple[str, ...], lifted: list[float]) -> None:
    """What is none of the classes is the last column; rows still add up to 1."""
    found = lift_probabilities(np.array([[0.4, 0.3, 0.2, 0.1]], np.float32), MODEL, classes)
    np.testing.assert_allclose(found, [lifted], atol=1e-7)
    assert found.dtype == np.float64


def tiny() -> Windows:
    """Return two people with two windows each of walking and of stairs, and one without a label."""
    y = np.array([0, 0, 1, 1, -1] * 2)
    who = np.repeat(["a", "b"], 5)
    index = pd.DataFrame(
        {
            "window_id": [f"w{i}" for i in range(10)],
            **{"dataset": "other", "placement": "wrist", "device": ""},
            "subject_id": who,
            "recording_id": who,
            "start_s": np.arange(10.0),
            "split": "test",
        }
    )
    return Windows(np.zeros((10, 4, 6), np.float32), y, index, COMMON)


ANSWERS = {  # of the model's four classes, for the eight labelled windows
    "walking": [0.7, 0.1, 0.1, 0.1],
    "up": [0.1, 0.7, 0.1, 0.1],
    "up or down": [0.4, 0.3, 0.3, 0.0],
    "lying": [0.1, 0.1, 0.1, 0.7],
}
BASELINE = ("walking", "lying", "up", "up or down", "walking", "walking", "up", "up")
ENCODER = ("lying",) * 8


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Score one model with one error, and one that answers lying throughout."""
    answers = {"svm": BASELINE, "encoder-small": ENCODER}
    evaluate_transfer(
        tiny(),
        tmp_path,
        probabilities={
            name: np.array([ANSWERS[word] for word in words]) for name, words in answers.items()
        },
        model_classes=MODEL,
        settings=SETTINGS,
    )
    return tmp_path


def test_other_is_an_error_and_no_class_of_the_average(scored: Path) -> None:
    """Walking: 3 of 4 found, F1 = 6/7; stairs: 4 of 4, F1 = 1; the mean of the two is 13/14."""
    found = Metrics.read(scored / "svm")
    assert found.classes == ("walking", "stairs", "other")
    assert found.confusion == ((3, 0, 1), (0, 4, 0), (0, 0, 0))
    assert found.accuracy == pytest.approx(7 / 8)
    assert found.macro_f1 == pytest.approx(13 / 14)
    assert found.macro_recall == pytest.approx(7 / 8)
    assert found.macro_precision == pytest.approx(1)
    assert found.per_class["other"].support == 0
    # Of a's two windows of walking one is missed: F1 = 2/3, and 1 for stairs.
    assert found.per_subject["a"].macro_f1 == pytest.approx(5 / 6)
    assert found.per_subject["b"].macro_f1 == pytest.approx(1)
    low, high = found.macro_f1_interval
    assert 5 / 6 - 1e-9 <= low <= high <= 1


def test_nothing_but_other_scores_nothing(scored: Path) -> None:
    """A model whose answers are all foreign has a macro-F1 of 0."""
    found = Metrics.read(scored / "encoder-small")
    assert (found.macro_f1, found.accuracy) == (0, 0)
    assert found.confusion == ((0, 0, 4), (0, 0, 4), (0, 0, 0))


def test_metrics_say_what_was_scored(scored: Path) -> None:
    """The model, its classes and the data; both models on the same windows."""
    found = [Metrics.read(scored / name) for name in ("svm", "encoder-small")]
    assert [m.candidate for m in found] == ["svm", "encoder-small"]
    assert found[0].datasets == ("other",)
    assert found[0].model_classes == MODEL
    assert (found[0].n_windows, found[0].n_subjects) == (8, 2)
    assert found[0].test_digest == found[1].test_digest


def test_predictions_are_of_the_common_classes(scored: Path) -> None:
    """One row per labelled window, with the probability of other in the last column."""
    table = pd.read_parquet(scored / "svm" / "predictions.parquet")
    assert list(table)[7:] == ["label", "predicted", "p_walking", "p_stairs", "p_other"]
    assert table["window_id"].tolist() == ["w0", "w1", "w2", "w3", "w5", "w6", "w7", "w8"]
    assert table["predicted"].tolist() == [
        *("walking", "other", "stairs", "stairs"),
        *("walking", "walking", "stairs", "stairs"),
    ]
    assert table["p_stairs"].iloc[3] == pytest.approx(0.6)
    assert table["p_other"].iloc[1] == pytest.approx(0.7)


def test_pictures_are_drawn(scored: Path) -> None:
    """A confusion matrix per model, and one plot of both by subject."""
    places = ("svm/confusion.png", "encoder-small/confusion.png", "per_subject.png")
    assert all((scored / place).read_bytes().startswith(b"\x89PNG") for place in places)


# the windows of the other data set


def person(who: str, activities: list[str]) -> Recording:
    """Make ten seconds of a person, the same time of each activity."""
    meta = RecordingMeta("other", f"other-{who}-a", f"other-{who}", 50, "hip", "CC0")
    columns = {channel: np.zeros(500) for channel in CHANNELS}
    columns |= {"acc_z": np.full(500, 9.81), "time_s": np.arange(500) / 50}
    names = np.repeat(activities, 500 // len(activities))
    return Recording(make_table(meta, columns, names), meta)


def test_classes_are_the_coarser_ones_of_both() -> None:
    """The other set labels stairs and Nordic walking, the models up, down and walking."""
    people = [person("1", ["nordic-walking", "stairs"]), person("2", ["stairs", "cycling"])]
    found = foreign_windows(people, WindowSettings(length_s=1, hop_s=1), BASIC)
    assert found.classes == ("walking", "stairs")
    assert set(found.index["split"]) == {"test"}
    # Cycling is no activity of the models: its windows are not scored.
    assert found.y.tolist() == [0] * 5 + [1] * 5 + [1] * 5 + [-1] * 5


def test_own_activities_of_both_have_a_common_parent() -> None:
    """Each has arm exercises of its own; "other" is something else in either, and no class."""
    own = Taxonomy({"curl": "arms", "press": "arms", "arms": ""})
    people = [person("1", ["press", "sitting", "other", "walking"])]
    settings = WindowSettings(length_s=1, hop_s=1)
    found = foreign_windows(people, settings, ("arms", "sitting", "other"), taxonomy=own)
    assert found.classes == ("sitting", "arms")
    lifted = lift_probabilities(
        np.array([[0.6, 0.3, 0.1]]), ("curl", "sitting", "other"), found.classes, own
    )
    np.testing.assert_allclose(lifted, [[0.3, 0.6, 0.1]])


def test_the_channels_are_those_of_the_models() -> None:
    """Models of acceleration alone leave a gyroscope unread; others need one."""
    people = [person("1", ["walking", "sitting"]), person("2", ["sitting", "lying"])]
    settings = WindowSettings(length_s=1, hop_s=1)
    assert foreign_windows(people, settings, BASIC, ACC).X.shape == (20, 50, 3)
    people[1].table[list(GYRO)] = np.float32(np.nan)
    assert foreign_windows(people, settings, BASIC, ACC).channels == ACC
    with pytest.raises(DataError, match="other-2-a has no gyroscope"):
        foreign_windows(people, settings, BASIC)


def test_the_channels_of_several_placements_are_those_of_the_models() -> None:
    """Of fused recordings the sensors that the models read at each placement, and no more."""
    one = person("1", ["walking", "sitting"])
    both = [one.table[list(CHANNELS)].set_axis(list(placed(at, CHANNELS)), axis=1) for at in "ab"]
    rest = one.table[["recording_id", "subject_id", "time_s", "activity"]]
    people = [Recording(rest.join(both[0]).join(both[1]), one.meta)]
    settings = WindowSettings(length_s=1, hop_s=1)
    read = (*placed("a", ACC), *placed("b", CHANNELS))
    found = foreign_windows(people, settings, BASIC, read)
    assert (found.channels, found.X.shape) == (read, (10, 50, 9))


def test_nothing_in_common() -> None:
    """The error shows both sides."""
    people = [person("1", ["cycling", "rowing"])]
    with pytest.raises(DataError, match="no activity in common") as caught:
        foreign_windows(people, WindowSettings(), BASIC)
    assert caught.value.expected == ", ".join(BASIC)
    assert caught.value.found == "cycling, rowing"
