"""Scores of a model on windows as other sensors would have read them."""

from typing import ClassVar

from pydantic import StrictFloat, StrictInt, StrictStr

from har.evaluation.results.scores import Interval
from har.lineage.typed import Typed, TypedFile


class CleanScore(Typed):
    """On the windows as they were recorded."""

    macro_f1: StrictFloat
    macro_f1_interval: Interval


class PerturbedScore(CleanScore):
    """Under one change; the difference from the clean score is negative where it is worse."""

    kind: StrictStr
    name: StrictStr
    difference: StrictFloat
    difference_interval: Interval


class Robustness(TypedFile):
    """``robustness.json``.

    Attributes
    ----------
    n_windows, n_subjects : int
        That were scored.
    confidence : float
        Of the intervals over subjects.
    seed : int
        Of the draws: the same for all models that are compared.
    clean : CleanScore
        Without a change.
    perturbations : tuple of PerturbedScore
        One per change.
    """

    FILE: ClassVar[str] = "robustness.json"

    n_windows: StrictInt
    n_subjects: StrictInt
    confidence: StrictFloat
    seed: StrictInt
    clean: CleanScore
    perturbations: tuple[PerturbedScore, ...]
