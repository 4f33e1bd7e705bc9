"""Kinds of errors worked out by hand, and what must hold for any two timelines."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.evaluation.events import (
    FALSE,
    MISSED,
    RETURNED_OUTCOMES,
    TRUE_OUTCOMES,
    Comparison,
    compare,
    event_counts,
    frame_counts,
)

N_CLASSES = 3
SWAPPED = dict(zip(MISSED, FALSE, strict=True))
PARTITION = ["true_positive", *MISSED, *FALSE, "unlabelled", "true_negative"]


def timeline(text: str) -> np.ndarray:
    """Read classes from digits; a dot is -1."""
    return np.array([-1 if c == "." else int(c) for c in text], np.int64)


def found(truth: str, predicted: str) -> Comparison:
    return compare(timeline(truth), timeline(predicted))


def named(codes: np.ndarray, names: tuple[str, ...]) -> dict[str, list[int]]:
    """Return the frames of each kind of error."""
    return {names[code]: np.flatnonzero(codes == code).tolist() for code in set(codes) - {-1}}


def outcomes(events: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(events["label"], events["outcome"], strict=True))


def test_a_perfect_answer() -> None:
    """Two events, both right from their first frame."""
    c = found("000111", "000111")
    assert (c.missed == -1).all()
    assert (c.false == -1).all()
    assert (
        outcomes(c.true_events) == outcomes(c.returned_events) == [(0, "correct"), (1, "correct")]
    )
    assert c.true_events["delay"].tolist() == [0, 0]


def test_a_split_event_is_fragmented_by_an_insertion() -> None:
    """Two frames of another class in the middle of an event."""
    c = found("0000000000", "0001100000")
    assert named(c.missed, MISSED) == {"fragmenting": [3, 4]}
    assert named(c.false, FALSE) == {"insertion": [3, 4]}
    assert outcomes(c.true_events) == [(0, "fragmented")]
    assert outcomes(c.returned_events) == [(0, "fragmenting"), (1, "inserted"), (0, "fragmenting")]


def test_one_answer_over_two_events_merges_them_and_deletes_the_one_between() -> None:
    """The event between has no right frame."""
    c = found("0001100000", "0000000000")
    assert named(c.missed, MISSED) == {"deletion": [3, 4]}
    assert named(c.false, FALSE) == {"merge": [3, 4]}
    assert outcomes(c.true_events) == [(0, "merged"), (1, "deleted"), (0, "merged")]
    assert outcomes(c.returned_events) == [(0, "merging")]
    assert c.true_events["delay"].tolist()[::2] == [0, 0]
    assert np.isnan(c.true_events["delay"][1])


def test_an_event_can_be_fragmented_and_merged() -> None:
    """Its second fragment covers the next event too."""
    c = found("0000100", "0100000")
    assert outcomes(c.true_events) == [(0, "fragmented_and_merged"), (1, "deleted"), (0, "merged")]
    assert outcomes(c.returned_events) == [
        (0, "fragmenting"),
        (1, "inserted"),
        (0, "fragmenting_and_merging"),
    ]


def test_a_late_answer_underfills_the_event_and_overfills_the_one_before() -> None:
    """Each wrong frame is an error of two classes."""
    c = found("000111", "000011")
    assert named(c.missed, MISSED) == {"underfill_start": [3]}
    assert named(c.false, FALSE) == {"overfill_end": [3]}
    assert {o for _, o in outcomes(c.true_events)} == {"correct"}
    assert c.true_events["delay"].tolist() == [0, 1]


def test_an_early_answer_overfills_its_start() -> None:
    """A deletion between two events that grow into it, from both sides."""
    c = found("001122", "000222")
    assert named(c.missed, MISSED) == {"deletion": [2, 3]}
    assert named(c.false, FALSE) == {"overfill_end": [2], "overfill_start": [3]}
    assert outcomes(c.true_events) == [(0, "correct"), (1, "deleted"), (2, "correct")]


def test_no_answer_is_a_miss_and_no_event() -> None:
    """Missed frames without an answer are not substituted."""
    c = found("000011", "..001.")
    counts = frame_counts(c, N_CLASSES)
    assert counts.loc[0, ["underfill_start", "substituted"]].tolist() == [2, 0]
    assert counts.loc[1, ["underfill_end", "substituted"]].tolist() == [1, 0]
    assert outcomes(c.returned_events) == [(0, "correct"), (1, "correct")]


def test_answers_in_unlabelled_time_are_neither_right_nor_wrong() -> None:
    """They have an outcome and a count of their own."""
    c = found("00...00", "0001100")
    assert (c.missed == -1).all()
    assert (c.false == -1).all()
    assert (1, "unlabelled") in outcomes(c.returned_events)
    counts = frame_counts(c, N_CLASSES)
    assert counts["unlabelled"].tolist() == [3, 3, 3]
    assert counts["answered_unlabelled"].tolist() == [1, 2, 0]


def test_events_with_only_unlabelled_time_between_are_not_merged() -> None:
    """They are if another activity was labelled there."""
    c = found("00...00", "0000000")
    assert outcomes(c.true_events) == [(0, "correct"), (0, "correct")]
    assert outcomes(c.returned_events) == [(0, "correct")]
    c = found("00.1.00", "0000000")
    assert named(c.false, FALSE) == {"merge": [3]}
    assert outcomes(c.returned_events) == [(0, "merging")]


@pytest.mark.parametrize(
    ("truth", "predicted", "kind"),
    [
        ("..00", "1110", "overfill_end"),
        ("00..", "0111", "overfill_start"),
        (".00.", "1111", "overfill_end"),
    ],
)
def test_a_false_answer_that_reaches_into_unlabelled_time_spills(
    truth: str, predicted: str, kind: str
) -> None:
    """It may have been right there, so it is not inserted, but its frames are wrong."""
    c = found(truth, predicted)
    assert list(named(c.false, FALSE)) == [kind]
    assert (1, "spilling") in outcomes(c.returned_events)


def test_events_do_not_cross_recordings() -> None:
    """The same class at the end of one and the start of the next makes two events."""
    c = compare(timeline("0000"), timeline("0010"), np.array([0, 0, 1, 1]))
    assert outcomes(c.true_events) == [(0, "correct"), (0, "correct")]
    assert named(c.missed, MISSED) == {"underfill_start": [2]}
    assert c.true_events["delay"].tolist() == [0, 1]


def test_events_are_counted_by_class_and_outcome() -> None:
    """Every outcome has a column and every class a row."""
    c = found("0000000000", "0001100000")
    true, returned = (event_counts(e, N_CLASSES) for e in (c.true_events, c.returned_events))
    assert tuple(true.columns) == TRUE_OUTCOMES
    assert tuple(returned.columns) == RETURNED_OUTCOMES
    assert true["fragmented"].tolist() == [1, 0, 0]
    assert returned["inserted"].tolist() == [0, 1, 0]
    assert returned["fragmenting"].tolist() == [2, 0, 0]


def frames(low: int) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Draw a label, an answer and whether a recording begins, for each frame."""
    label = st.integers(low, N_CLASSES - 1)
    return st.lists(st.tuples(label, label, st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=60)


def arrays(drawn: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth, predicted, begins = np.array(drawn, np.int64).T
    return truth, predicted, np.cumsum(begins)


@given(frames(-1))
def test_categories_partition_the_frames(drawn: list[tuple[int, int, int]]) -> None:
    """For each class they are counts of all frames; every event has one outcome."""
    truth, predicted, pieces = arrays(drawn)
    c = compare(truth, predicted, pieces)
    counts = frame_counts(c, N_CLASSES)
    assert (counts[PARTITION].sum(axis=1) == len(truth)).all()
    assert (counts >= 0).all(axis=None)
    assert (counts["true_negative"] == negatives(truth, predicted)).all()
    for events in (c.true_events, c.returned_events):
        assert event_counts(events, N_CLASSES).to_numpy().sum() == len(events)


def negatives(truth: np.ndarray, predicted: np.ndarray) -> list[int]:
    return [int(((truth >= 0) & (truth != k) & (predicted != k)).sum()) for k in range(N_CLASSES)]


@given(frames(0))
def test_swapping_truth_and_answers_swaps_the_kinds(drawn: list[tuple[int, int, int]]) -> None:
    """Insertion and deletion, fragmenting and merge, over- and underfill trade places."""
    truth, predicted, pieces = arrays(drawn)
    c, back = compare(truth, predicted, pieces), compare(predicted, truth, pieces)
    assert (c.missed == back.false).all()
    assert (c.false == back.missed).all()
    true, returned = event_counts(c.true_events, N_CLASSES), event_counts(back.returned_events, 3)
    names = {
        "correct": "correct",
        "fragmented": "merging",
        "merged": "fragmenting",
        "fragmented_and_merged": "fragmenting_and_merging",
        "deleted": "inserted",
    }
    for outcome, mirrored in names.items():
        assert (true[outcome] == returned[mirrored]).all()


@given(frames(-1))
def test_a_perfect_answer_has_no_errors(drawn: list[tuple[int, int, int]]) -> None:
    """Whatever the truth; unlabelled time stays unlabelled."""
    truth, _, pieces = arrays(drawn)
    c = compare(truth, truth, pieces)
    assert (c.missed == -1).all()
    assert (c.false == -1).all()
    assert (c.true_events["outcome"] == "correct").all()
    assert (c.returned_events["outcome"] == "correct").all()
    assert (c.true_events["delay"] == 0).all()


@given(frames(0))
def test_kinds_are_those_of_neighbouring_segments(drawn: list[tuple[int, int, int]]) -> None:
    """As the paper defines them: by the segments just before and after, class by class."""
    truth, predicted, _ = arrays(drawn)
    c = compare(truth, predicted)
    for label in range(N_CLASSES):
        kinds = segment_kinds(truth == label, predicted == label)
        for i, kind in enumerate(kinds):
            if kind in MISSED:
                assert MISSED[c.missed[i]] == kind
            if kind in FALSE:
                assert FALSE[c.false[i]] == kind


def segment_kinds(truth: np.ndarray, predicted: np.ndarray) -> list[str]:
    """Return the paper's category of each frame for one class, segment by segment."""
    pairs = list(zip(truth.tolist(), predicted.tolist(), strict=True))
    borders = [i for i in range(len(pairs)) if i == 0 or pairs[i] != pairs[i - 1]]
    kinds: list[str] = []
    for first, last in zip(borders, [*borders[1:], len(pairs)], strict=True):
        before = first > 0 and pairs[first - 1] == (True, True)
        after = last < len(pairs) and pairs[last] == (True, True)
        names = {(True, False): MISSED, (False, True): FALSE}.get(pairs[first])
        kind = names[before + 2 * after] if names else "right"
        kinds += [kind] * (last - first)
    return kinds
