"""Smoothing knows no future and no other recording; the filter agrees with Bayes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from har.errors import DataError
from har.evaluation.smoothing import HMM, average

N_CLASSES = 3
STICKY = HMM(np.full((3, 3), 0.05) + 0.85 * np.eye(3), np.array([0.5, 0.3, 0.2]))
SMOOTHERS = {"average": lambda p, pieces: average(p, pieces, n=4), "hmm": STICKY.filter}


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
    before = SMOOTHERS[name](p, pieces)[:present]
    np.testing.assert_array_equal(before, SMOOTHERS[name](other, pieces)[:present])


@pytest.mark.parametrize("name", SMOOTHERS)
@given(streams())
def test_pieces_know_nothing_of_each_other(
    name: str, stream: tuple[np.ndarray, np.ndarray]
) -> None:
    """All at once is each piece on its own; the answers are distributions."""
    p, pieces = stream
    smoothed = SMOOTHERS[name](p, pieces)
    for piece in np.unique(pieces):
        mine = pieces == piece
        np.testing.assert_array_equal(smoothed[mine], SMOOTHERS[name](p[mine], pieces[mine]))
    np.testing.assert_allclose(smoothed.sum(1), 1)


def test_average_is_over_what_there_is_at_the_start() -> None:
    """One window, two, then three; and anew in the next recording."""
    p = np.array([[1, 0], [0, 1], [0, 1], [0, 1], [1, 0]], float)
    found = average(p, np.array(["a", "a", "a", "a", "b"]), n=3)
    np.testing.assert_allclose(found[:, 0], [1, 1 / 2, 1 / 3, 0, 1])


def test_filter_is_bayes_rule_worked_out_by_hand() -> None:
    """Prior (.6, .4), posteriors (.9, .1), (.3, .7); stays with .8."""
    hmm = HMM(np.array([[0.8, 0.2], [0.2, 0.8]]), np.array([0.6, 0.4]))
    found = hmm.filter(np.array([[0.9, 0.1], [0.3, 0.7]]), np.zeros(2))
    # Predicted: (.9*.8 + .1*.2, .9*.2 + .1*.8) = (.74, .26); likelihoods .3/.6 and .7/.4.
    a, b = 0.74 * 0.5, 0.26 * 1.75
    np.testing.assert_allclose(found, [[0.9, 0.1], [a / (a + b), b / (a + b)]])


def test_filter_without_memory_leaves_the_posteriors() -> None:
    """If the next class is drawn from the prior, the past tells nothing."""
    prior = np.array([0.5, 0.3, 0.2])
    p = np.random.default_rng(0).dirichlet(np.ones(3), size=50)
    np.testing.assert_allclose(HMM(np.tile(prior, (3, 1)), prior).filter(p, np.zeros(50)), p)


def test_filter_overrules_a_single_window_but_not_three() -> None:
    """A doubtful window amid sure ones is smoothed away; a change is followed."""
    p = np.array([[0.9, 0.05, 0.05]] * 5 + [[0.3, 0.6, 0.1]] + [[0.9, 0.05, 0.05]] * 2)
    assert (STICKY.filter(p, np.zeros(8)).argmax(1) == 0).all()
    p = np.vstack([p, [[0.05, 0.9, 0.05]] * 3])
    assert STICKY.filter(p, np.zeros(11)).argmax(1)[-1] == 1


def test_filter_stays_finite_over_hours_and_impossible_classes() -> None:
    """Posteriors of exactly 0, and transitions of exactly 0."""
    p = np.tile(np.eye(3), (1000, 1))
    found = HMM(np.eye(3), np.full(3, 1 / 3)).filter(p, np.zeros(len(p)))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(1), 1)


def test_fit_counts_what_follows_what_within_recordings() -> None:
    """Unlabelled windows are skipped: 0 follows 0, and 1 follows 0, once each."""
    labels = np.array([0, 0, -1, 1, 0])
    hmm = HMM.fit(labels, np.array(["a", "a", "a", "a", "b"]), 2, pseudo_count=0.5)
    np.testing.assert_allclose(hmm.transition, [[0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(hmm.prior, [3.5 / 5, 1.5 / 5])


def test_what_is_no_distribution_is_refused() -> None:
    """Rows that do not sum to 1, and shapes that do not fit."""
    for transition, prior in ((np.ones((2, 2)), np.full(2, 0.5)), (np.eye(3), np.full(2, 0.5))):
        with pytest.raises(DataError, match="not a hidden Markov model"):
            HMM(transition, prior)
