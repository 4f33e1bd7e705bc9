"""Scores of models over all folds of a protocol and all seeds."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import StrictFloat, StrictStr

from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.scores import Groups, Interval, Scores
from har.lineage.typed import Typed, TypedFile


class Spread(Typed):
    """How macro-F1 differs from subject to subject."""

    median: StrictFloat
    quartiles: Interval
    worst: StrictFloat
    worst_subject: StrictStr


class ProtocolScores(Scores):
    """Of one model: every figure is the mean over seeds; the confusion is their sum.

    Attributes
    ----------
    candidate : str
        The model.
    groups : mapping of str to mapping of str to PooledScore
        By what sets windows apart (data set, placement, device), then by its value.
    macro_f1_by_seed, macro_f1_by_fold : mapping of str to float
        Of all folds, by seed; of all seeds, by fold.
    per_subject : mapping of str to float
        Macro-F1 by subject.
    subjects : Spread
        Of those.
    ece : float
        Expected calibration error.
    """

    candidate: StrictStr
    groups: Groups
    macro_f1_by_seed: Mapping[StrictStr, StrictFloat]
    macro_f1_by_fold: Mapping[StrictStr, StrictFloat]
    per_subject: Mapping[StrictStr, StrictFloat]
    subjects: Spread
    ece: StrictFloat

    @property
    def subject_f1(self) -> Mapping[str, float]:
        """Macro-F1 by subject."""
        return self.per_subject


class ProtocolResult(TypedFile):
    """``protocol.json``.

    Attributes
    ----------
    protocol : str
        Its name.
    folds : tuple of str
        Their names.
    reference : str
        The model that the others are compared with.
    models : mapping of str to ProtocolScores
        By model.
    comparisons : mapping of str to PairedDifference
        Every other model minus the reference.
    lacking : mapping of str to tuple of str
        By fold, the classes that its models do not know: a split of it has no window of them.
    """

    FILE: ClassVar[str] = "protocol.json"

    protocol: StrictStr
    folds: tuple[StrictStr, ...]
    reference: StrictStr
    models: Mapping[StrictStr, ProtocolScores]
    comparisons: Mapping[StrictStr, PairedDifference]
    lacking: Mapping[StrictStr, tuple[StrictStr, ...]] = {}
