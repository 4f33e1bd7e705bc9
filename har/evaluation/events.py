"""Frames and events of a predicted timeline, sorted by the kind of error.

After Ward, Lukowicz and Gellersen, "Performance metrics for activity recognition",
ACM Transactions on Intelligent Systems and Technology 2(1), 2011. An event is a run of
frames with one label: a *true* event in the truth, a *returned* event in the answers.
A wrong frame is two errors: missed in the event of its true class, and false in the
event of the class that was answered. Each is named by where the event's right frames lie:

===================== ======================== ==========================
right frames lie      missed, in a true event  false, in a returned event
===================== ======================== ==========================
nowhere               deletion                 insertion
before it only        underfill_end            overfill_end
after it only         underfill_start          overfill_start
on both sides         fragmenting              merge
===================== ======================== ==========================

**Unlabelled time (-1 in the truth) is time of which nobody knows the truth**, not time
in which nothing was done: people walk between two annotated walks. So no answer is
right or wrong there; what is answered there is counted on its own. It follows that

- two true events with only unlabelled time between them are not merged by an answer
  that covers both;
- a returned event without a right frame is inserted only if it lies in labelled time
  as a whole. One in unlabelled time is ``unlabelled``. One that lies in both is
  ``spilling`` and its false frames are overfill: its unlabelled part may be right, as
  answers come late. To be strict, add the spilling events to the inserted ones.

Where the null class means "none of these", give it a class of its own instead of -1.
An answer of -1 is no answer: a miss in labelled time, and no event.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.data.windows import Labels

MISSED = ("deletion", "underfill_end", "underfill_start", "fragmenting")
FALSE = ("insertion", "overfill_end", "overfill_start", "merge")
TRUE_OUTCOMES = ("correct", "fragmented", "merged", "fragmented_and_merged", "deleted")
RETURNED_OUTCOMES = (
    "correct",
    "fragmenting",
    "merging",
    "fragmenting_and_merging",
    "inserted",
    "spilling",
    "unlabelled",
)
# Index of fragmenting and of merge.
_BOTH_SIDES = 3
# By where a false frame's unlabelled neighbours lie. With some on both sides it counts as
# after them, because answers come late.
_IN_DOUBT = np.array([0, 1, 2, 1])
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """A predicted timeline against the truth.

    Attributes
    ----------
    truth, predicted : ndarray of shape (n_frames,)
        Classes, or -1.
    missed : ndarray of shape (n_frames,)
        Index into `MISSED`, or -1 where nothing was missed.
    false : ndarray of shape (n_frames,)
        Index into `FALSE`, or -1 where nothing false was answered.
    true_events : DataFrame
        ``start, stop`` (frames, `stop` is the first one after it), ``label``,
        ``outcome`` (of `TRUE_OUTCOMES`) and ``delay``: frames from its start to the
        first right one, NaN if there is none.
    returned_events : DataFrame
        ``start, stop, label, outcome`` (of `RETURNED_OUTCOMES`).
    """

    truth: Labels
    predicted: Labels
    missed: Labels
    false: Labels
    true_events: pd.DataFrame
    returned_events: pd.DataFrame


@dataclass(frozen=True)
class _Runs:
    """Runs of equal labels; ``of`` is each frame's run."""

    start: Labels
    stop: Labels
    of: Labels

    def count(self, frames: Mask) -> Labels:
        """Return how many of these frames each run has."""
        return np.bincount(self.of[frames], minlength=len(self.start))

    def table(self, labels: Labels, outcome: Labels, outcomes: tuple[str, ...]) -> pd.DataFrame:
        """Return the events, which are the runs that have a label."""
        columns = {"start": self.start, "stop": self.stop, "label": labels[self.start]}
        named = pd.Categorical.from_codes(outcome, categories=pd.Index(outcomes))
        return pd.DataFrame({**columns, "outcome": named})


def compare(truth: Labels, predicted: Labels, pieces: Labels | None = None) -> Comparison:
    """Sort frames and events by the kind of error; the module says what the kinds are.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n_frames,)
        Class of each frame; -1: unlabelled, or no answer.
    pieces : ndarray of shape (n_frames,), optional
        Number of the recording that each frame is from: no event crosses its borders.

    Examples
    --------
    >>> found = compare(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1]))
    >>> MISSED[found.missed[3]], FALSE[found.false[3]]
    ('underfill_start', 'overfill_end')
    >>> found.true_events["delay"].tolist()
    [0.0, 1.0]
    """
    pieces = np.zeros_like(truth) if pieces is None else pieces
    labelled = truth >= 0
    hit = labelled & (truth == predicted)
    true, returned = _runs(truth, pieces), _runs(predicted, pieces)
    place = _place(hit, returned)
    in_doubt = _IN_DOUBT[_place(~labelled, returned)]
    missed = np.where(labelled & ~hit, _place(hit, true), -1)
    false = np.where(labelled & ~hit & (predicted >= 0), np.where(place == 0, in_doubt, place), -1)
    broken = true.count(missed == _BOTH_SIDES) > 0
    joining = returned.count(false == _BOTH_SIDES) > 0
    joined = true.count(hit & joining[returned.of]) > 0
    breaking = returned.count(hit & broken[true.of]) > 0
    unlabelled = returned.count(~labelled)
    unknown = (unlabelled > 0) + (unlabelled == returned.stop - returned.start).astype(int)
    outcome = np.where(true.count(hit) == 0, 4, broken + 2 * joined)
    answered = np.where(returned.count(hit) == 0, 4 + unknown, breaking + 2 * joining)
    events = true.table(truth, outcome, TRUE_OUTCOMES).assign(delay=_delays(hit, true))
    answers = returned.table(predicted, answered, RETURNED_OUTCOMES)
    return Comparison(truth, predicted, missed, false, _labelled(events), _labelled(answers))


def frame_counts(comparison: Comparison, n_classes: int) -> pd.DataFrame:
    """Count frames by category, one row per class.

    Returns
    -------
    DataFrame
        ``true_positive``, ``true_negative``, `MISSED`, `FALSE` and ``unlabelled``: every
        frame is in one of them. Besides, ``substituted``: the missed frames for which
        another class was answered (the others had no answer), and
        ``answered_unlabelled``: the unlabelled frames for which this class was answered.
    """
    truth, predicted = comparison.truth, comparison.predicted
    labelled = truth >= 0

    def count(labels: Labels, frames: Mask) -> Labels:
        return np.bincount(labels[frames], minlength=n_classes)

    counts = {"true_positive": count(truth, labelled & (truth == predicted))}
    counts |= {name: count(truth, comparison.missed == i) for i, name in enumerate(MISSED)}
    counts |= {name: count(predicted, comparison.false == i) for i, name in enumerate(FALSE)}
    counts["unlabelled"] = np.full(n_classes, np.count_nonzero(~labelled))
    counts["true_negative"] = len(truth) - np.sum(list(counts.values()), axis=0)
    counts["substituted"] = count(truth, (comparison.missed >= 0) & (predicted >= 0))
    counts["answered_unlabelled"] = count(predicted, ~labelled & (predicted >= 0))
    return pd.DataFrame(counts)


def event_counts(events: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    """Count true or returned events by outcome, one row per class.

    Parameters
    ----------
    events : DataFrame
        Of a `Comparison`.
    """
    outcomes = events["outcome"].cat
    counts = np.zeros((n_classes, len(outcomes.categories)), np.int64)
    np.add.at(counts, (events["label"], outcomes.codes), 1)
    return pd.DataFrame(counts, columns=outcomes.categories)


def _runs(labels: Labels, pieces: Labels) -> _Runs:
    new = np.ones(len(labels), bool)
    new[1:] = (np.diff(labels) != 0) | (np.diff(pieces) != 0)
    start = np.flatnonzero(new)
    return _Runs(start, np.append(start[1:], len(labels)), np.cumsum(new) - 1)


def _place(marked: Mask, runs: _Runs) -> Labels:
    """Return for each frame where the marked frames of its run lie.

    0: nowhere, 1: before it, 2: after it, 3: on both sides (it is not marked itself).
    """
    seen = np.append(0, np.cumsum(marked))
    before = seen[:-1] > seen[runs.start][runs.of]
    after = seen[runs.stop][runs.of] > seen[1:]
    return before + 2 * after


def _delays(hit: Mask, runs: _Runs) -> npt.NDArray[np.float64]:
    """Return the frames from each run's start to its first hit, NaN if it has none."""
    frames = np.flatnonzero(hit)
    found, first = np.unique(runs.of[frames], return_index=True)
    delays = np.full(len(runs.start), np.nan)
    delays[found] = frames[first] - runs.start[found]
    return delays


def _labelled(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["label"] >= 0].reset_index(drop=True)
