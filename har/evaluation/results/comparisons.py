"""The paired difference of two models, and whether it is beyond noise."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import StrictFloat, StrictInt, StrictStr, computed_field

from har.evaluation.results.scores import Interval
from har.lineage.typed import Typed, TypedFile

NO_DIFFERENCE: Literal["no difference beyond noise"] = "no difference beyond noise"
Verdict = Literal["better", "worse", "no difference beyond noise"]


class SubjectDifference(Typed):
    """Macro-F1 of both models on one subject's windows, and a minus b."""

    a: StrictFloat
    b: StrictFloat
    difference: StrictFloat


class PairedDifference(Typed):
    """Model a minus model b, on the same windows of the same resampled subjects.

    Attributes
    ----------
    n_subjects : int
        That were compared.
    confidence : float
        Of the intervals.
    mean_difference, macro_f1_difference : float
        Mean of the subjects' differences; difference of the pooled macro-F1.
    mean_difference_interval, macro_f1_difference_interval : tuple of float
        Of both, over subjects.
    wilcoxon_p : float
        Of Wilcoxon's signed-rank test over subjects.
    per_subject : mapping of str to SubjectDifference
        By subject; empty of several seeds.
    """

    n_subjects: StrictInt
    confidence: StrictFloat
    mean_difference: StrictFloat
    mean_difference_interval: Interval
    macro_f1_difference: StrictFloat
    macro_f1_difference_interval: Interval
    wilcoxon_p: StrictFloat
    per_subject: Mapping[StrictStr, SubjectDifference] = {}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """Whether model a is better or worse, beyond noise."""
        if self.beyond_noise():
            return "better"
        highest = max(self.mean_difference_interval[1], self.macro_f1_difference_interval[1])
        return "worse" if self.n_subjects > 1 and highest < 0 else NO_DIFFERENCE

    @property
    def least_difference(self) -> float:
        """The smaller lower bound of the two intervals."""
        return min(self.mean_difference_interval[0], self.macro_f1_difference_interval[0])

    def is_pooled_against(self, *, margin: float = 0.0) -> bool:
        """Tell whether the interval of the pooled scores alone keeps model a from being better."""
        by_person, pooled = self.mean_difference_interval[0], self.macro_f1_difference_interval[0]
        return pooled <= -margin < by_person

    def beyond_noise(self, *, margin: float = 0.0) -> bool:
        """Tell whether model a is better than model b, beyond noise.

        It is when both intervals lie above zero, or with a margin, above minus the margin:
        then it is at least not worse by as much. Asking for both makes up for percentile
        intervals being too narrow with few subjects. One subject shows no spread, so
        decides nothing.

        Parameters
        ----------
        margin : float
            Macro-F1 that model a may lose, 0 or more.
        """
        return self.n_subjects > 1 and self.least_difference > -margin


class Comparisons(TypedFile):
    """``comparisons.json``: every other model minus the reference.

    Attributes
    ----------
    reference : str
        The model that the others are compared with.
    test_digest : str
        Of the windows that all were measured on.
    models : mapping of str to PairedDifference
        By model.
    """

    FILE: ClassVar[str] = "comparisons.json"

    reference: StrictStr
    test_digest: StrictStr
    models: Mapping[StrictStr, PairedDifference]
