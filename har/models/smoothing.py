"""Causal smoothing of answers: each one depends on the present and the past alone.

A piece is a stretch of consecutive windows of one recording; nothing is carried over
its borders. `Average` is a running mean, `HMM` knows how long activities last and which
one follows which. A `Smoother` takes windows as they come (`Smoother.step`, for a
stream) or all at once (`Smoother.smooth`), which is the same thing done in one step.

A window that is out of distribution is no evidence: it stays unknown, and the windows
after it are smoothed as if nothing had been seen in its place.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from operator import index
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from har.data.windows import Labels, Windows
from har.errors import DataError
from har.models.answers import Answers

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Name = Literal["none", "average", "hmm"]

N_AVERAGE = 3
_TINY = np.finfo(np.float64).tiny


class Smoother(ABC):
    """A way to smooth answers over time."""

    def step(self, answers: Answers, state: Doubles | None = None) -> tuple[Answers, Doubles]:
        """Smooth the next windows of a piece.

        Parameters
        ----------
        answers : Answers
            Of one window or more, in the order of time.
        state : ndarray, optional
            What the step before returned; none at the start of a piece.

        Returns
        -------
        answers : Answers
            With smoothed probabilities; unknown windows keep their own.
        state : ndarray
            For the next step.
        """
        own = np.asarray(answers.probabilities, np.float64)
        smoothed, state = self._smooth(own, ~answers.unknown, state)
        kept = np.where(answers.unknown[:, None], own, smoothed)
        return replace(answers, probabilities=kept), state

    def smooth(self, answers: Answers, pieces: npt.NDArray[Any]) -> Answers:
        """Smooth all windows of some pieces at once.

        Parameters
        ----------
        answers : Answers
            In the order of time within each piece.
        pieces : ndarray of shape (n_windows,)
            Name or number of each window's piece; a piece's windows follow one another.
        """
        borders = np.flatnonzero(pieces[1:] != pieces[:-1]) + 1
        starts, stops = [0, *borders], [*borders, len(answers)]
        parts = [self.step(answers[i:j])[0] for i, j in zip(starts, stops, strict=True)]
        return replace(answers, probabilities=np.concatenate([p.probabilities for p in parts]))

    @abstractmethod
    def _smooth(
        self, probabilities: Doubles, known: Mask, state: Doubles | None
    ) -> tuple[Doubles, Doubles]:
        """Return smoothed probabilities of shape (n_windows, n_classes) and the next state."""


@dataclass(frozen=True)
class Average(Smoother):
    """The mean of the last windows' probabilities.

    Its state is the probabilities of the last windows, NaN where one was unknown.

    Attributes
    ----------
    n : int
        Windows in a mean, the present one included; fewer at the start of a piece.

    Examples
    --------
    >>> answers = Answers.known(("a", "b"), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    >>> Average(2).smooth(answers, np.zeros(3)).probabilities
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """

    n: int = N_AVERAGE

    def _smooth(
        self, probabilities: Doubles, known: Mask, state: Doubles | None
    ) -> tuple[Doubles, Doubles]:
        rows = np.where(known[:, None], probabilities, np.nan)
        if state is not None:
            rows = np.concatenate([state, rows])
        counted = np.asarray(np.isfinite(rows).all(axis=1, keepdims=True))
        values = np.where(counted, rows, 0)
        total, count = values.copy(), counted.astype(float)
        for lag in range(1, min(self.n, len(rows))):
            total[lag:] += values[:-lag]
            count[lag:] += counted[:-lag]
        mean = total / np.maximum(count, 1)
        return mean[len(rows) - len(probabilities) :], rows[max(len(rows) - self.n + 1, 0) :]


@dataclass(frozen=True, eq=False)
class HMM(Smoother):
    """The forward filter of a hidden Markov model whose hidden states are the classes.

    It gives each class's probability given all windows so far. A window's likelihood is
    the classifier's posterior over the class prior (Bayes). Overlapping windows share
    samples, which the filter counts twice: it is surer of itself than it should be, so
    use its answers rather than its probabilities.

    Its state is the logarithms of the last window's filtered probabilities.

    Attributes
    ----------
    transition : ndarray of shape (n_classes, n_classes)
        Probability of the class of the next window (column) after this one (row).
    prior : ndarray of shape (n_classes,)
        Share of each class among the windows that the classifier was trained on; if its
        loss had class weights, the weighted share.

    Raises
    ------
    DataError
        If a row of `transition`, or `prior`, is not a distribution.
    """

    transition: Doubles
    prior: Doubles

    def __post_init__(self) -> None:
        n = len(self.prior)
        fits = self.transition.shape == (n, n)
        rows = (*self.transition, self.prior)
        if not fits or not all((row >= 0).all() and np.isclose(row.sum(), 1) for row in rows):
            raise DataError(
                "not a hidden Markov model",
                expected="non-negative rows that sum to 1, as many as there are classes",
                found=f"shapes {self.transition.shape} and {self.prior.shape}",
            )

    @classmethod
    def fit(
        cls, labels: Labels, pieces: npt.NDArray[Any], n_classes: int, *, pseudo_count: float = 1.0
    ) -> Self:
        """Count which class follows which in the windows of training subjects.

        Unlabelled windows are skipped: the next labelled one follows the last one.
        With pure windows a change of activity is always in an unlabelled one.

        Parameters
        ----------
        labels : ndarray of shape (n_windows,)
            Class, or -1, of every window of the training subjects, in the order of time.
        pieces : ndarray of shape (n_windows,)
            Name or number of each window's piece.
        n_classes : int
            Number of classes.
        pseudo_count : float, default=1.0
            Added to every count: what was not seen is rare, not impossible.
        """
        labelled = labels >= 0
        y, piece = labels[labelled], pieces[labelled]
        follows = piece[1:] == piece[:-1]
        counts = np.full((n_classes, n_classes), pseudo_count)
        np.add.at(counts, (y[:-1][follows], y[1:][follows]), 1)
        seen = np.bincount(y, minlength=n_classes) + pseudo_count
        return cls(counts / counts.sum(1, keepdims=True), seen / seen.sum())

    def _smooth(
        self, probabilities: Doubles, known: Mask, state: Doubles | None
    ) -> tuple[Doubles, Doubles]:
        prior, transition = _log(self.prior), _log(self.transition)
        states = np.where(known[:, None], _log(probabilities) - prior, 0)
        for i in range(len(states)):
            states[i] += (
                prior if state is None else np.logaddexp.reduce(state[:, None] + transition)
            )
            states[i] -= np.logaddexp.reduce(states[i])
            state = states[i]
        return np.exp(states), prior if state is None else state.copy()


@dataclass(frozen=True, eq=False)
class Smoothing:
    """The smoothers that belong to a model's classes and windows.

    Attributes
    ----------
    average : Average
        Needs no fitting.
    hmm : HMM
        Fitted on training subjects.
    """

    average: Average
    hmm: HMM

    def named(self, name: Name) -> Smoother | None:
        """Return the smoother of a name; None smooths nothing."""
        smoothers: dict[Name, Smoother | None]
        smoothers = {"none": None, "average": self.average, "hmm": self.hmm}
        return smoothers[name]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        hmm = {"transition": self.hmm.transition.tolist(), "prior": self.hmm.prior.tolist()}
        return {"n_average": self.average.n, "hmm": hmm}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        transition, prior = (np.array(fields["hmm"][key], float) for key in ("transition", "prior"))
        return cls(Average(index(fields["n_average"])), HMM(transition, prior))


def best_smoother(smoothing: Smoothing, answers: Answers, truth: Labels, pieces: Any) -> Name:
    """Return the name of the smoother whose answers agree best with the truth.

    Parameters
    ----------
    smoothing : Smoothing
        The smoothers.
    answers : Answers
        The model's own, for the windows of subjects that it was not trained on.
    truth : ndarray of shape (n_windows,)
        Class of each window, that of the larger part of a mixed one; -1: not known.
    pieces : ndarray of shape (n_windows,)
        Name or number of each window's piece; a piece's windows follow one another.

    Returns
    -------
    str
        That of the largest macro-F1, of equal ones the steadiest; ``none`` without any truth.
    """
    if not (truth >= 0).any():
        return "none"
    scores: dict[Name, float] = {}
    for name in ("hmm", "average", "none"):
        smoother = smoothing.named(name)
        smooth = smoother.smooth(answers, pieces) if smoother else answers
        scores[name] = _macro_f1(truth, smooth.probabilities.argmax(1))
    return max(scores, key=lambda name: scores[name])


def _macro_f1(truth: Labels, found: Labels) -> float:
    """Return the mean of F1 over the classes that there are; windows without a truth are left."""
    truth, found = truth[truth >= 0], found[truth >= 0]
    n = [int(((truth == c) & (found == c)).sum()) for c in np.unique(truth)]
    sizes = [int((truth == c).sum() + (found == c).sum()) for c in np.unique(truth)]
    return float(np.mean([2 * hits / size for hits, size in zip(n, sizes, strict=True)]))


def fit_smoothing(windows: Windows) -> Smoothing:
    """Fit the smoothers of a model on the windows of its training subjects.

    Parameters
    ----------
    windows : Windows
        All windows. Those of the training split are read, unlabelled ones too; what
        starts between two windows of the grid (``extra``) is left out, because answers
        come on the grid.
    """
    train = windows.select("train", labelled=False)
    train = train.take(np.flatnonzero(~train.index["extra"]))
    pieces = train.index["recording_id"].to_numpy()
    return Smoothing(Average(), HMM.fit(train.y, pieces, len(windows.classes)))


def _log(values: Doubles) -> Doubles:
    """Return logarithms, finite also of 0."""
    return np.asarray(np.log(np.maximum(values, _TINY)))
