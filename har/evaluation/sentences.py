"""How models compare, in sentences."""

from collections.abc import Mapping

from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.scores import Scores
from har.page.html import change, score


def sentences(
    models: Mapping[str, Scores], reference: str, differences: Mapping[str, PairedDifference]
) -> list[str]:
    """Say in one sentence each how models compare with a reference, from the numbers.

    Parameters
    ----------
    models : mapping of str to Scores
        By model.
    reference : str
        One of them.
    differences : mapping of str to PairedDifference
        For each other model: it minus the reference.
    """
    own = models[reference]
    if not differences:
        on = f"On {own.n_subjects} test subjects"
        return [f"{on} {reference} has macro-F1 {score(own.macro_f1)}."]
    return [
        sentence((name, models[name].macro_f1), (reference, own.macro_f1), difference)
        for name, difference in differences.items()
    ]


def sentence(a: tuple[str, float], b: tuple[str, float], difference: PairedDifference) -> str:
    """Say how two models compare, each a name and its macro-F1: a minus b."""
    (name, own), (reference, other) = a, b
    low, high = difference.macro_f1_difference_interval
    verdict = {
        "better": f"{name} is better than {reference}",
        "worse": f"{name} is worse than {reference}",
    }.get(difference.verdict, f"No difference beyond noise between {name} and {reference}")
    return (
        f"{verdict}: on {difference.n_subjects} test subjects macro-F1 "
        f"{score(own)} and {score(other)}, a difference of "
        f"{change(difference.macro_f1_difference)} "
        f"({difference.confidence:.0%} interval {change(low)} to {change(high)}, "
        f"Wilcoxon p = {difference.wilcoxon_p:.2g})."
    )
