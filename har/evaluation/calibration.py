"""Whether a model's confidence can be believed, and what refusing doubtful windows buys.

Confidence is the largest probability of a window. Everything here takes probabilities,
so it serves any model.
"""

import numpy as np

from har.arrays import Float64, Int64, Probabilities
from har.evaluation.metrics import macro_f1, subject_confusions
from har.evaluation.results.scores import Answered, Bin, Curve, Reliability, Selective

Labels = Int64

# A probability of 0 counts as this much, 27.6 nats of log-loss, instead of infinitely much.
TINY = 1e-12
RISKS = (0.01, 0.02, 0.05)
COVERAGES = (1.0, 0.95, 0.9, 0.8)
# A curve has as many points as windows; so many are enough to draw it.
CURVE_POINTS = 200


def reliability(y: Labels, probabilities: Probabilities, *, bins: int = 15) -> Reliability:
    """Compare confidence with accuracy, in bins of equal width.

    Parameters
    ----------
    y : ndarray of shape (n_windows,)
        Labels, as columns of `probabilities`.
    probabilities : ndarray of shape (n_windows, n_classes)
    bins : int, default=15
        Bins of confidence between 0 and 1, each with its upper edge.
    """
    confidence, hit = _confidence(y, probabilities)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=w, minlength=bins) for w in (confidence, hit)]
    rows = tuple(
        Bin(
            low=k / bins,
            high=(k + 1) / bins,
            count=int(n),
            confidence=float(sums[0][k] / n) if n else None,
            accuracy=float(sums[1][k] / n) if n else None,
        )
        for k, n in enumerate(counts)
    )
    one_hot = np.eye(probabilities.shape[1])[y]
    of_label = np.maximum(probabilities[np.arange(len(y)), y], TINY)
    return Reliability(
        n_windows=len(y),
        bins=rows,
        ece=float(np.abs(sums[0] - sums[1]).sum() / len(y)),
        brier=float(((probabilities - one_hot) ** 2).sum(1).mean()),
        log_loss=float(-np.log(of_label).mean()),
    )


def selective(y: Labels, probabilities: Probabilities) -> Selective:
    """Score a model that may refuse the windows that it is least sure of.

    Coverage is the share of windows answered, risk the share of wrong answers among
    them. Windows of equal confidence are answered or refused together.

    Parameters
    ----------
    y : ndarray of shape (n_windows,)
        Labels, as columns of `probabilities`.
    probabilities : ndarray of shape (n_windows, n_classes)
    """
    confidence, hit = _confidence(y, probabilities)
    levels, place, counts = np.unique(-confidence, return_inverse=True, return_counts=True)
    answered = counts.cumsum()
    coverage = answered / len(y)
    risk = np.bincount(place, weights=1 - hit).cumsum() / answered
    predicted = np.asarray(probabilities).argmax(1)
    at_coverage = {}
    for asked in COVERAGES:
        last = int(np.searchsorted(coverage, asked))
        kept = place <= last
        at_coverage[f"{asked:g}"] = Answered(
            coverage=float(coverage[last]),
            confidence=float(-levels[last]),
            accuracy=float(1 - risk[last]),
            macro_f1=_macro_f1(y[kept], predicted[kept], probabilities.shape[1]),
        )
    thin = np.unique(np.linspace(0, len(levels) - 1, CURVE_POINTS).round().astype(int))
    return Selective(
        curve=Curve(coverage=coverage[thin].tolist(), risk=risk[thin].tolist()),
        aurc=float((risk * counts).sum() / len(y)),
        coverage_at_risk={
            f"{bound:g}": float(coverage[risk <= bound].max(initial=0.0)) for bound in RISKS
        },
        at_coverage=at_coverage,
    )


def _confidence(y: Labels, probabilities: Probabilities) -> tuple[Float64, Float64]:
    """Return each window's confidence, and 1 where the answer is right."""
    values = np.asarray(probabilities, np.float64)
    return values.max(1), (values.argmax(1) == y).astype(float)


def _macro_f1(y: Labels, predicted: Labels, n_classes: int) -> float:
    everyone = np.full(len(y), "all")
    return float(macro_f1(subject_confusions(y, predicted, everyone, n_classes)[1][0]))
