"""Results of evaluations, made by hand."""

from typing import Any

from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.protocol import ProtocolScores, Spread
from har.evaluation.results.robustness import CleanScore, PerturbedScore, Robustness
from har.evaluation.results.scores import ClassScore, Metrics, Reliability, SubjectScore


def metrics(
    *,
    class_f1: dict[str, float],
    subject_f1: dict[str, float],
    ece: float = 0.01,
    **changes: Any,
) -> Metrics:
    """Return scores with these values by class and by subject; some fields changed."""
    n_windows = 40 * len(subject_f1)
    per_class = {
        name: ClassScore(precision=f1, recall=f1, f1=f1, support=n_windows // len(class_f1))
        for name, f1 in class_f1.items()
    }
    per_subject = {
        who: SubjectScore(macro_f1=f1, accuracy=f1, n_windows=40) for who, f1 in subject_f1.items()
    }
    size = range(len(class_f1))
    fields: dict[str, Any] = {
        "candidate": "encoder-small",
        "test_digest": "t",
        "classes": tuple(class_f1),
        "n_windows": n_windows,
        "n_subjects": len(subject_f1),
        "macro_f1": 0.95,
        "macro_f1_interval": (0.9, 0.99),
        "accuracy": 0.95,
        "macro_precision": 0.95,
        "macro_recall": 0.95,
        "confidence": 0.95,
        "per_class": per_class,
        "per_subject": per_subject,
        "confusion": tuple(tuple(int(row == column) for column in size) for row in size),
        "groups": {},
        "calibration": Reliability(n_windows=n_windows, bins=(), ece=ece, brier=0.1, log_loss=0.1),
    }
    return Metrics(**{**fields, **changes})


def protocol_scores(candidate: str, f1: float, *, seeds: int) -> ProtocolScores:
    """Return the scores of a model in all folds, each seed a little better than the last."""
    scored = metrics(class_f1={"walking": f1, "lying": f1}, subject_f1={"hapt-09": f1 - 0.1})
    shared = {
        name: value for name, value in dict(scored).items() if name in ProtocolScores.model_fields
    }
    return ProtocolScores(
        **{
            **shared,
            "candidate": candidate,
            "n_windows": 2874,
            "n_subjects": 9,
            "macro_f1": f1,
            "macro_f1_interval": (f1 - 0.01, f1 + 0.01),
            "macro_f1_by_seed": {str(seed): f1 + seed / 1000 for seed in range(seeds)},
            "macro_f1_by_fold": {"canonical": f1},
            "per_subject": {"hapt-09": f1 - 0.1},
            "subjects": Spread(
                median=f1, quartiles=(f1, f1), worst=f1 - 0.1, worst_subject="hapt-09"
            ),
            "ece": 0.0123,
        }
    )


def paired(
    pooled: tuple[float, float],
    mean: tuple[float, float],
    *,
    n_subjects: int = 9,
    wilcoxon_p: float = 0.5,
) -> PairedDifference:
    """Return a difference with these intervals, each around its middle."""
    return PairedDifference(
        n_subjects=n_subjects,
        confidence=0.95,
        macro_f1_difference=sum(pooled) / 2,
        macro_f1_difference_interval=pooled,
        mean_difference=sum(mean) / 2,
        mean_difference_interval=mean,
        wilcoxon_p=wilcoxon_p,
    )


def robustness(differences: dict[str, float]) -> Robustness:
    """Return what these changes of windows do to a macro-F1 of 0.9."""
    return Robustness(
        n_windows=100,
        n_subjects=3,
        confidence=0.95,
        seed=0,
        clean=CleanScore(macro_f1=0.9, macro_f1_interval=(0.85, 0.95)),
        perturbations=tuple(
            PerturbedScore(
                kind="gain",
                name=name,
                macro_f1=0.9 + difference,
                macro_f1_interval=(0.85 + difference, 0.95 + difference),
                difference=difference,
                difference_interval=(2 * difference, 0.0),
            )
            for name, difference in differences.items()
        ),
    )
