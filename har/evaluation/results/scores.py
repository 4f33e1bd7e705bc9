"""Scores of a model: on one split, or in all folds of a protocol."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import StrictFloat, StrictInt, StrictStr

from har.lineage.typed import Number, Typed, TypedFile

Interval = tuple[StrictFloat, StrictFloat]
# Rows are labels, columns predictions.
Confusion = tuple[tuple[StrictInt, ...], ...]


class ClassScore(Typed):
    """Of one class; ``support`` counts its windows, without which there is no score.

    The interval of F1 is over subjects; None without a score, and in files of before.
    """

    precision: StrictFloat
    recall: StrictFloat
    f1: StrictFloat
    support: Number
    f1_interval: Interval | None = None


class SubjectScore(Typed):
    """Of one subject; macro-F1 is over the classes that they have."""

    macro_f1: StrictFloat
    accuracy: StrictFloat
    n_windows: StrictInt


class PooledScore(Typed):
    """Macro-F1 of some subjects together, with its interval over them."""

    n_subjects: StrictInt
    n_windows: StrictInt
    macro_f1: StrictFloat
    macro_f1_interval: Interval


Groups = Mapping[StrictStr, Mapping[StrictStr, PooledScore]]


class Scores(PooledScore):
    """What one split and all folds of a protocol have in common.

    Attributes
    ----------
    classes : tuple of str
        Class names.
    accuracy, macro_precision, macro_recall : float
        Of all windows; macro averages are over the classes that occur in the labels.
    accuracy_interval : tuple of float or None
        Over subjects; None in files of before.
    confidence : float
        Of every interval.
    per_class : mapping of str to ClassScore
        By class.
    confusion : tuple of tuple of int
        Rows are labels.
    """

    classes: tuple[StrictStr, ...]
    accuracy: StrictFloat
    macro_precision: StrictFloat
    macro_recall: StrictFloat
    confidence: StrictFloat
    per_class: Mapping[StrictStr, ClassScore]
    confusion: Confusion
    accuracy_interval: Interval | None = None

    @property
    def subject_f1(self) -> Mapping[str, float]:
        """Macro-F1 by subject."""
        raise NotImplementedError


class WindowScores(Scores):
    """Of one answer to every window; ``per_subject`` holds the scores of each subject."""

    per_subject: Mapping[StrictStr, SubjectScore]

    @property
    def subject_f1(self) -> Mapping[str, float]:
        """Macro-F1 by subject."""
        return {who: score.macro_f1 for who, score in self.per_subject.items()}

    @property
    def worst_subject(self) -> str:
        """The subject with the lowest macro-F1."""
        return min(self.per_subject, key=lambda who: self.per_subject[who].macro_f1)


class Bin(Typed):
    """Windows whose confidence lies in a bin; no means where there is none."""

    low: StrictFloat
    high: StrictFloat
    count: StrictInt
    confidence: StrictFloat | None
    accuracy: StrictFloat | None


class Reliability(Typed):
    """Whether confidence can be believed.

    Attributes
    ----------
    n_windows : int
        That were scored.
    bins : tuple of Bin
        Of equal width, from 0 to 1.
    ece : float
        Top-label expected calibration error (Guo et al. 2017).
    brier : float
        Squared distance to the label's one-hot vector, 0 to 2.
    log_loss : float
        Nats.
    """

    n_windows: StrictInt
    bins: tuple[Bin, ...]
    ece: StrictFloat
    brier: StrictFloat
    log_loss: StrictFloat


class Curve(Typed):
    """Risk by coverage, from the highest confidence on, thinned."""

    coverage: tuple[StrictFloat, ...]
    risk: tuple[StrictFloat, ...]


class Answered(Typed):
    """What remains when as many windows are answered: coverage reached, least confidence."""

    coverage: StrictFloat
    confidence: StrictFloat
    accuracy: StrictFloat
    macro_f1: StrictFloat


class Selective(Typed):
    """What it buys to refuse the windows of least confidence.

    Attributes
    ----------
    curve : Curve
        Down to no window refused.
    aurc : float
        Area under the whole curve.
    coverage_at_risk : mapping of str to float
        The largest coverage, by risk.
    at_coverage : mapping of str to Answered
        By coverage asked for.
    """

    curve: Curve
    aurc: StrictFloat
    coverage_at_risk: Mapping[StrictStr, StrictFloat]
    at_coverage: Mapping[StrictStr, Answered]


class SeedScore(Typed):
    """Of one training."""

    seed: StrictInt
    validation_macro_f1: StrictFloat
    test_macro_f1: StrictFloat


class Metrics(WindowScores, TypedFile):
    """``metrics.json``: a model on labelled test windows.

    Attributes
    ----------
    candidate : str
        The model.
    test_digest : str
        Of the windows.
    groups : mapping of str to mapping of str to PooledScore
        By what sets windows apart (data set, placement, device), then by its value.
    calibration : Reliability or None
        None on another data set, as are the three that follow.
    selective : Selective or None
        What refusing doubtful windows buys.
    chosen_seed : int or None
        The training that was best on validation, of which all other scores are.
    seeds : tuple of SeedScore
        In short, of every training.
    datasets, model_classes : tuple of str
        Of another data set: which it is, and the model's own classes.
    """

    FILE: ClassVar[str] = "metrics.json"

    candidate: StrictStr
    test_digest: StrictStr
    groups: Groups
    calibration: Reliability | None = None
    selective: Selective | None = None
    chosen_seed: StrictInt | None = None
    seeds: tuple[SeedScore, ...] = ()
    datasets: tuple[StrictStr, ...] = ()
    model_classes: tuple[StrictStr, ...] = ()
