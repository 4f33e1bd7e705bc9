"""Scores of a model over several seeds and all the subjects of a protocol.

A figure is the mean over seeds; its interval resamples subjects, for all seeds alike.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Int64
from har.config import IntervalSettings
from har.evaluation.calibration import reliability
from har.evaluation.metrics import (
    Counts,
    class_f1,
    class_intervals,
    interval,
    macro_f1,
    paired_matrices,
    resample,
    resampled_macro_f1,
    subject_confusions,
)
from har.evaluation.predictions import GROUPS
from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.protocol import ProtocolScores, Spread
from har.evaluation.results.scores import ClassScore, PooledScore


def seed_scores(
    candidate: str,
    predictions: Mapping[int, pd.DataFrame],
    classes: tuple[str, ...],
    *,
    settings: IntervalSettings,
) -> ProtocolScores:
    """Score a model on every subject that a protocol tests.

    Parameters
    ----------
    candidate : str
        The model.
    predictions : mapping of int to DataFrame
        By seed, the predictions of all folds together: ``window_id, subject_id, fold,
        label, predicted`` (class names) and ``p_<class>``.
    classes : tuple of str
        Class names.
    settings : IntervalSettings
        Of the intervals.
    """
    names, matrices = stacked_confusions(predictions, classes)
    pooled = matrices.sum(1)
    hits = np.diagonal(pooled, axis1=1, axis2=2)
    per_class = _per_class(matrices, classes, settings)
    occurring = [score for score in per_class.values() if score.support]
    per_subject = macro_f1(matrices).mean(0)
    low, median, high = np.quantile(per_subject, [0.25, 0.5, 0.75])
    return ProtocolScores(
        candidate=candidate,
        classes=classes,
        **dict(_pooled(matrices, settings)),
        confidence=settings.confidence,
        macro_f1_by_seed={
            str(seed): float(f1) for seed, f1 in zip(predictions, macro_f1(pooled), strict=True)
        },
        macro_f1_by_fold=_by_fold(predictions, classes),
        accuracy=float((hits.sum(1) / pooled.sum((1, 2))).mean()),
        macro_precision=float(np.mean([score.precision for score in occurring])),
        macro_recall=float(np.mean([score.recall for score in occurring])),
        per_class=per_class,
        per_subject={str(n): float(f1) for n, f1 in zip(names, per_subject, strict=True)},
        subjects=Spread(
            median=float(median),
            quartiles=(float(low), float(high)),
            worst=float(per_subject.min()),
            worst_subject=str(names[per_subject.argmin()]),
        ),
        groups=group_scores(predictions, classes, settings=settings),
        ece=float(np.mean([_ece(table, classes) for table in predictions.values()])),
        confusion=pooled.sum(0).tolist(),
    )


def group_scores(
    predictions: Mapping[int, pd.DataFrame], classes: tuple[str, ...], *, settings: IntervalSettings
) -> dict[str, dict[str, PooledScore]]:
    """Score a model on each data set, placement and model of device.

    Parameters
    ----------
    predictions : mapping of int to DataFrame
        By seed, with the columns of `GROUPS` and those that `seed_scores` asks for.
    classes : tuple of str
        Class names.
    settings : IntervalSettings
        Of the intervals.

    Returns
    -------
    dict
        By what groups the windows, then by group. What is the same for all windows groups
        nothing.
    """
    first = next(iter(predictions.values()))
    found: dict[str, dict[str, PooledScore]] = {}
    for column in GROUPS:
        values = sorted(first[column].unique())
        for value in values if len(values) > 1 else ():
            of_group = {seed: table[table[column] == value] for seed, table in predictions.items()}
            _, matrices = stacked_confusions(of_group, classes)
            found.setdefault(column, {})[str(value) or "unknown"] = _pooled(matrices, settings)
    return found


def compare_seeds(
    a: Mapping[int, pd.DataFrame],
    b: Mapping[int, pd.DataFrame],
    classes: tuple[str, ...],
    *,
    settings: IntervalSettings,
) -> PairedDifference:
    """Compare two models subject by subject, each as the mean over its seeds: a minus b.

    Parameters
    ----------
    a, b : mapping of int to DataFrame
        As for `seed_scores`, on the same windows.
    classes : tuple of str
        Class names.
    settings : IntervalSettings
        Of the intervals.
    """
    names, of_a = stacked_confusions(a, classes)
    others, of_b = stacked_confusions(b, classes)
    assert (names == others).all()
    return paired_matrices(of_a, of_b, settings=settings)


def stacked_confusions(
    predictions: Mapping[int, pd.DataFrame], classes: tuple[str, ...]
) -> tuple[npt.NDArray[np.str_], Counts]:
    """Return the subjects and matrices of shape (n_seeds, n_subjects, n_classes, n_classes)."""
    found = [
        subject_confusions(
            _codes(table["label"], classes),
            _codes(table["predicted"], classes),
            table["subject_id"].to_numpy(dtype=np.str_),
            len(classes),
        )
        for table in predictions.values()
    ]
    return found[0][0], np.stack([matrices for _, matrices in found])


def _pooled(matrices: Counts, settings: IntervalSettings) -> PooledScore:
    """Return the counts, the macro-F1 of all subjects together and its interval."""
    return PooledScore(
        n_subjects=matrices.shape[1],
        n_windows=int(matrices[0].sum()),
        macro_f1=float(macro_f1(matrices.sum(1)).mean()),
        macro_f1_interval=interval(resampled_macro_f1(matrices, settings), settings),
    )


def _per_class(
    matrices: Counts, classes: tuple[str, ...], settings: IntervalSettings
) -> dict[str, ClassScore]:
    """Return each class's scores as means over seeds."""
    pooled = matrices.sum(1)
    hits = np.diagonal(pooled, axis1=1, axis2=2)
    support, predicted = pooled.sum(2), pooled.sum(1)
    precision = (hits / np.maximum(predicted, 1)).mean(0)
    recall = (hits / np.maximum(support, 1)).mean(0)
    f1 = class_f1(pooled).mean(0)
    intervals = class_intervals(np.stack([resample(m, settings) for m in matrices]), settings)
    rows = zip(classes, precision, recall, f1, support[0], intervals, strict=True)
    return {
        name: ClassScore(
            precision=float(p), recall=float(r), f1=float(f), support=int(n), f1_interval=i
        )
        for name, p, r, f, n, i in rows
    }


def _by_fold(predictions: Mapping[int, pd.DataFrame], classes: tuple[str, ...]) -> dict[str, float]:
    """Return the macro-F1 of each fold, mean over seeds."""
    scores: dict[str, list[float]] = {}
    for seed, table in predictions.items():
        for fold, rows in table.groupby("fold", sort=False):
            _, matrices = stacked_confusions({seed: rows}, classes)
            scores.setdefault(str(fold), []).append(float(macro_f1(matrices[0].sum(0))))
    return {fold: float(np.mean(values)) for fold, values in scores.items()}


def _ece(table: pd.DataFrame, classes: tuple[str, ...]) -> float:
    probabilities = table[[f"p_{name}" for name in classes]].to_numpy()
    return float(reliability(_codes(table["label"], classes), probabilities).ece)


def _codes(names: "pd.Series[str]", classes: tuple[str, ...]) -> Int64:
    return pd.Categorical(names, categories=list(classes)).codes.astype(np.int64)
