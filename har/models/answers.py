"""What a model says of windows: class probabilities, and which windows it cannot know.

Prediction, shadow scoring and the evaluation of continuous recordings all read activities
from `Answers`, so that none of them decides anew when a window is unknown.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from har.arrays import Probabilities
from har.errors import DataError

UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers for some windows, in the order of the windows.

    Attributes
    ----------
    classes : tuple of str
        Class names, in the order of the probabilities.
    probabilities : ndarray of shape (n_windows, n_classes)
        Of each class, also where the window is unknown.
    distance : ndarray of shape (n_windows,)
        Mahalanobis distance from the training windows, where that is known; else NaN.
    unknown : ndarray of shape (n_windows,), bool
        Whether the window is out of distribution, so that no class is an answer.

    Raises
    ------
    DataError
        If there is not one probability for each window and class.

    Examples
    --------
    >>> known = Answers.known(("sitting", "walking"), np.array([[0.9, 0.1], [0.2, 0.8]]))
    >>> answers = replace(known, unknown=np.array([False, True]))
    >>> answers.activity.tolist(), answers.probability.tolist()
    (['sitting', 'unknown'], [0.9, 0.0])
    """

    classes: tuple[str, ...]
    probabilities: Probabilities
    distance: Probabilities
    unknown: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        expected = (len(self.unknown), len(self.classes))
        if self.probabilities.shape != expected:
            raise DataError(
                "not one probability for each window and class",
                expected=f"shape {expected}",
                found=str(self.probabilities.shape),
            )

    @classmethod
    def known(cls, classes: tuple[str, ...], probabilities: Probabilities) -> Self:
        """Return the answers of a classifier that takes every window for a known one."""
        n = len(probabilities)
        return cls(classes, probabilities, np.full(n, np.nan), np.zeros(n, bool))

    def __len__(self) -> int:
        return len(self.unknown)

    def __getitem__(self, rows: slice) -> Self:
        return replace(
            self,
            probabilities=self.probabilities[rows],
            distance=self.distance[rows],
            unknown=self.unknown[rows],
        )

    @property
    def label(self) -> npt.NDArray[np.int64]:
        """Index of the most probable class, -1 where unknown; shape (n_windows,)."""
        return np.where(self.unknown, -1, self.probabilities.argmax(1))

    @property
    def activity(self) -> npt.NDArray[np.str_]:
        """Name of the most probable class, ``unknown`` where unknown; shape (n_windows,)."""
        return np.array([*self.classes, UNKNOWN])[self.label]

    @property
    def probability(self) -> npt.NDArray[np.float64]:
        """Probability of the most probable class, 0 where unknown; shape (n_windows,)."""
        return np.where(self.unknown, 0.0, self.probabilities.max(1).astype(float))
