"""Causal smoothing of window probabilities: each answer uses the present and the past.

A piece is a stretch of consecutive windows of one recording; nothing is carried over
its borders. `average` is a running mean, `HMM` knows how long activities last and
which one follows which.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from har.data.windows import Labels
from har.errors import DataError

Floats = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.floating[Any]]
_TINY = np.finfo(np.float64).tiny


def average(probabilities: Probabilities, pieces: npt.NDArray[Any], *, n: int = 3) -> Floats:
    """Return the mean of the last windows' probabilities.

    Parameters
    ----------
    probabilities : ndarray of shape (n_windows, n_classes)
        In the order of time within each piece.
    pieces : ndarray of shape (n_windows,)
        Name or number of each window's piece; a piece's windows follow one another.
    n : int, default=3
        Windows in a mean, the present one included; fewer at the start of a piece.

    Returns
    -------
    ndarray of shape (n_windows, n_classes)

    Examples
    --------
    >>> average(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), np.zeros(3), n=2)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    total = np.array(probabilities, np.float64)
    count = np.ones((len(total), 1))
    for lag in range(1, min(n, len(total))):
        same = (pieces[lag:] == pieces[:-lag])[:, None]
        total[lag:] += np.where(same, probabilities[:-lag], 0)
        count[lag:] += same
    return total / count


@dataclass(frozen=True, eq=False)
class HMM:
    """A hidden Markov model whose hidden states are the classes.

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

    transition: Floats
    prior: Floats

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

    def filter(self, probabilities: Probabilities, pieces: npt.NDArray[Any]) -> Floats:
        """Return each class's probability given all windows so far (forward algorithm).

        A window's likelihood is the classifier's posterior over the class prior (Bayes).
        Overlapping windows share samples, which the filter counts twice: it is surer of
        itself than it should be, so use its answers rather than its probabilities.

        Parameters
        ----------
        probabilities : ndarray of shape (n_windows, n_classes)
            Of a classifier, in the order of time within each piece.
        pieces : ndarray of shape (n_windows,)
            Name or number of each window's piece; the filter starts anew in each.

        Returns
        -------
        ndarray of shape (n_windows, n_classes)
        """
        prior, transition = _log(self.prior), _log(self.transition)
        states = _log(np.asarray(probabilities, np.float64)) - prior
        for i in range(len(states)):
            begins = i == 0 or pieces[i] != pieces[i - 1]
            past = states[i - 1, :, None]
            states[i] += prior if begins else np.logaddexp.reduce(past + transition)
            states[i] -= np.logaddexp.reduce(states[i])
        return np.exp(states)


def _log(values: Floats) -> Floats:
    """Return logarithms, finite also of 0."""
    return np.asarray(np.log(np.maximum(values, _TINY)))
