"""How models compare, in sentences."""

from collections.abc import Mapping
from typing import Any

from har.page.html import change, score


def sentences(models: Mapping[str, Mapping[str, Any]], comparisons: Mapping[str, Any]) -> list[str]:
    """Say in one sentence each how the models compare with the first, from the numbers.

    Parameters
    ----------
    models : mapping of str to mapping
        Metrics by model.
    comparisons : mapping
        ``reference`` and, for each other model, what
        `har.evaluation.metrics.paired_difference` returned: the model minus the reference.
    """
    reference = comparisons["reference"]
    if not comparisons["models"]:
        m = models[reference]
        return [
            f"On {m['n_subjects']} test subjects {reference} has macro-F1 {score(m['macro_f1'])}."
        ]
    return [
        _sentence(name, models[name], reference, models[reference], difference)
        for name, difference in comparisons["models"].items()
    ]


def _sentence(
    name: str,
    model: Mapping[str, Any],
    reference: str,
    other: Mapping[str, Any],
    difference: Mapping[str, Any],
) -> str:
    low, high = difference["macro_f1_difference_interval"]
    verdict = {
        "better": f"{name} is better than {reference}",
        "worse": f"{name} is worse than {reference}",
    }.get(difference["verdict"], f"No difference beyond noise between {name} and {reference}")
    return (
        f"{verdict}: on {difference['n_subjects']} test subjects macro-F1 "
        f"{score(model['macro_f1'])} and {score(other['macro_f1'])}, a difference of "
        f"{change(difference['macro_f1_difference'])} "
        f"({difference['confidence']:.0%} interval {change(low)} to {change(high)}, "
        f"Wilcoxon p = {difference['wilcoxon_p']:.2g})."
    )
