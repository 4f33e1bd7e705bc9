"""Smoothing knows no future and no other recording; the filter agrees with Bayes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from har.data.windows import Windows
from har.errors import DataError
from har.models.answers import Answers
from har.models.smoothing import (
    HMM,
    Average,
    Smoother,
    Smoothing,
    best_smoother,
    fit_smoothing,
)

N_CLASSES = 3
STICKY = HMM(np.full((3, 3), 0.05) + 0.85 * np.eye(3), np.array([0.5, 0.3, 0.2]))
SMOOTHERS: dict[str, Smoother] = {"average": Average(4), "hmm": STICKY}


def smooth(smoother: Smoother, p: np.ndarray, pieces: np.ndarray | None = None) -> np.ndarray:
    """Return smoothed probabilities of windows that are all known; one piece by default."""
    answers = Answers.known(tuple("abcdef"[: p.shape[1]]), p)
    return smoother.smooth(answers, np.zeros(len(p)) if pieces is None else pieces).probabilities


@st.composite
def streams(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw probabilities, zeros among them, and the piece of each window."""
    n = draw(st.integers(1, 30))
    values = hnp.arrays(float, (n, N_CLASSES), elements=st.sampled_from([0.0, 0.1, 1.0, 5.0]))
    p = draw(values) + 1e-300
    begins = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1)))
    return p / p.sum(1, keepdims=True), np.cumsum(begins)


@pytest.mark.parametrize("name", SMOOTHERS)
@given(streams(), st.integers(0, 30))
def test_the_future_changes_nothing(
    name: str, stream: tuple[np.ndarray, np.ndarray], present: int
) -> None:
    """Other probabilities from a window on leave all answers before it as they were."""
    p, pieces = stream
    other = p.copy()
    other[present:] = 1 / N_CLASSES
    before = smooth(SMOOTHERS[name], p, pieces)[:present]
    np.testing.assert_array_equal(before, smooth(SMOOTHERS[name], other, pieces)[:present])


@pytest.mark.parametrize("name", SMOOTHERS)
@given(streams())
def test_pieces_know_nothing_of_each_other(
    name: str, stream: tuple[np.ndarray, np.ndarray]
) -> None:
    """All at once is each piece on its own; the answers are distributions."""
    p, pieces = stream
    smoothed = smooth(SMOOTHERS[name], p, pieces)
    for piece in np.unique(pieces):
        mine = pieces == piece
        np.testing.assert_array_equal(
            smoothed[mine], smooth(SMOOTHERS[name], p[mine], pieces[mine])
        )
    np.testing.assert_allclose(smoothed.sum(1), 1)


@pytest.mark.parametrize("name", SMOOTHERS)
@given(streams(), st.data())
def test_a_stream_is_smoothed_as_a_recording_is(
    name: str, stream: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    """Steps of any length, unknown windows among them, give bit for bit what one step gives."""
    p, _ = stream
    unknown = np.array(data.draw(st.lists(st.booleans(), min_size=len(p), max_size=len(p))))
    answers = replace(Answers.known(tuple("abc"), p), unknown=unknown)
    whole = SMOOTHERS[name].smooth(answers, np.zeros(len(p)))
    start, state, parts = 0, None, []
    while start < len(p):
        stop = start + data.draw(st.integers(1, len(p)))
        part, state = SMOOTHERS[name].step(answers[start:stop], state)
        parts.append(part.probabilities)
        start = stop
    np.testing.assert_array_equal(np.concatenate(parts), whole.probabilities)
    np.testing.assert_array_equal(whole.unknown, unknown)


@pytest.mark.parametrize("name", SMOOTHERS)
@given(streams(), st.integers(0, 29))
def test_an_unknown_window_is_no_evidence(
    name: str, stream: tuple[np.ndarray, np.ndarray], row: int
) -> None:
    """Whatever the classifier says of it, the other windows get the same answers."""
    p, _ = stream
    row %= len(p)
    unknown = np.arange(len(p)) == row
    answers = replace(Answers.known(tuple("abc"), p), unknown=unknown)
    other = p.copy()
    other[row] = np.roll(p[row], 1)
    both = [
        SMOOTHERS[name].smooth(some, np.zeros(len(p))).probabilities
        for some in (answers, replace(answers, probabilities=other))
    ]
    np.testing.assert_array_equal(both[0][~unknown], both[1][~unknown])
    np.testing.assert_array_equal(both[1][row], other[row])


def test_time_passes_in_an_unknown_window() -> None:
    """The filter moves on by two transitions; the mean is over the known windows."""
    p = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    unknown = np.array([False, True, False])
    answers = replace(Answers.known(("a", "b"), p), unknown=unknown)
    hmm = HMM(np.array([[0.8, 0.2], [0.2, 0.8]]), np.array([0.6, 0.4]))
    found = hmm.smooth(answers, np.zeros(3)).probabilities
    predicted = p[0] @ hmm.transition @ hmm.transition * p[2] / hmm.prior
    np.testing.assert_allclose(found[2], predicted / predicted.sum())
    mean = Average(3).smooth(answers, np.zeros(3)).probabilities
    np.testing.assert_allclose(mean, [[0.9, 0.1], [0.5, 0.5], [0.6, 0.4]])


def test_average_is_over_what_there_is_at_the_start() -> None:
    """One window, two, then three; and anew in the next recording."""
    p = np.array([[1, 0], [0, 1], [0, 1], [0, 1], [1, 0]], float)
    found = smooth(Average(3), p, np.array(["a", "a", "a", "a", "b"]))
    np.testing.assert_allclose(found[:, 0], [1, 1 / 2, 1 / 3, 0, 1])


def test_filter_is_bayes_rule_worked_out_by_hand() -> None:
    """Prior (.6, .4), posteriors (.9, .1), (.3, .7); stays with .8."""
    hmm = HMM(np.array([[0.8, 0.2], [0.2, 0.8]]), np.array([0.6, 0.4]))
    found = smooth(hmm, np.array([[0.9, 0.1], [0.3, 0.7]]))
    # Predicted: (.9*.8 + .1*.2, .9*.2 + .1*.8) = (.74, .26); likelihoods .3/.6 and .7/.4.
    a, b = 0.74 * 0.5, 0.26 * 1.75
    np.testing.assert_allclose(found, [[0.9, 0.1], [a / (a + b), b / (a + b)]])


def test_filter_without_memory_leaves_the_posteriors() -> None:
    """If the next class is drawn from the prior, the past tells nothing."""
    prior = np.array([0.5, 0.3, 0.2])
    p = np.random.default_rng(0).dirichlet(np.ones(3), size=50)
    np.testing.assert_allclose(smooth(HMM(np.tile(prior, (3, 1)), prior), p), p)


def test_filter_overrules_a_single_window_but_not_three() -> None:
    """A doubtful window amid sure ones is smoothed away; a change is followed."""
    p = np.array([[0.9, 0.05, 0.05]] * 5 + [[0.3, 0.6, 0.1]] + [[0.9, 0.05, 0.05]] * 2)
    assert (smooth(STICKY, p).argmax(1) == 0).all()
    p = np.vstack([p, [[0.05, 0.9, 0.05]] * 3])
    assert smooth(STICKY, p).argmax(1)[-1] == 1


def test_filter_stays_finite_over_hours_and_impossible_classes() -> None:
    """Posteriors of exactly 0, and transitions of exactly 0."""
    p = np.tile(np.eye(3), (1000, 1))
    found = smooth(HMM(np.eye(3), np.full(3, 1 / 3)), p)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(1), 1)


def test_fit_counts_what_follows_what_within_recordings() -> None:
    """Unlabelled windows are skipped: 0 follows 0, and 1 follows 0, once each."""
    labels = np.array([0, 0, -1, 1, 0])
    hmm = HMM.fit(labels, np.array(["a", "a", "a", "a", "b"]), 2, pseudo_count=0.5)
    np.testing.assert_allclose(hmm.transition, [[0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(hmm.prior, [3.5 / 5, 1.5 / 5])


def test_fitted_on_the_grid_of_training_subjects(small: Windows) -> None:
    """Windows between those of the grid and other subjects' labels change nothing."""
    index = small.index.assign(extra=np.arange(len(small.y)) % 3 == 0)
    train = (index["split"] == "train") & ~index["extra"]
    changed = np.where(train, small.y, 0)
    some, other = (
        fit_smoothing(Windows(small.X, y, index, small.classes)) for y in (small.y, changed)
    )
    np.testing.assert_array_equal(some.hmm.transition, other.hmm.transition)
    labels = small.y[train.to_numpy() & (small.y >= 0)]
    counts = np.bincount(labels, minlength=len(small.classes)) + 1
    np.testing.assert_allclose(some.hmm.prior, counts / counts.sum())


def test_json_brings_back_the_same_smoothers() -> None:
    """Bit for bit, each under its name."""
    smoothing = Smoothing(Average(5), STICKY)
    again = Smoothing.from_dict(json.loads(json.dumps(smoothing.to_dict())))
    assert again.named("average") == Average(5)
    np.testing.assert_array_equal(again.hmm.transition, STICKY.transition)
    np.testing.assert_array_equal(again.hmm.prior, STICKY.prior)
    assert again.named("hmm") is again.hmm
    assert again.named("none") is None


def test_what_is_no_distribution_is_refused() -> None:
    """Rows that do not sum to 1, and shapes that do not fit."""
    for transition, prior in ((np.ones((2, 2)), np.full(2, 0.5)), (np.eye(3), np.full(2, 0.5))):
        with pytest.raises(DataError, match="not a hidden Markov model"):
            HMM(transition, prior)


def test_the_best_smoother_is_the_one_that_agrees_with_the_truth() -> None:
    """A flicker in a long sitting is smoothed; where activities change each window, nothing is."""
    sure = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]])
    both = Smoothing(Average(3), STICKY)
    long = np.repeat([0, 1], 20)
    said = long.copy()
    said[[5, 30]] = [1, 0]
    answers = Answers.known(tuple("abc"), sure[said])
    assert best_smoother(both, answers, long, np.zeros(40)) == "hmm"
    quick = np.tile([0, 1], 20)
    answers = Answers.known(tuple("abc"), sure[quick])
    assert best_smoother(both, answers, quick, np.zeros(40)) == "none"
    assert best_smoother(both, answers, np.full(40, -1), np.zeros(40)) == "none"
