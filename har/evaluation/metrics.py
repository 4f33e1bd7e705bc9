"""Scores of predictions, their spread over subjects, and the paired comparison of two models.

Windows of one person resemble each other, so the unit that is resampled is the
subject: an interval says what another group of people could have given.

A macro average is over the classes that occur in the labels. A class that a subject
or a resample lacks is left out of its average; predicting that class there is still
counted, as missed windows of the classes that do occur.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import wilcoxon
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from har.arrays import Float64, Int64
from har.config import IntervalSettings
from har.errors import DataError
from har.evaluation.results.comparisons import PairedDifference, SubjectDifference
from har.evaluation.results.scores import ClassScore, Interval, WindowScores

Counts = Int64


def score(
    y_true: Int64,
    probabilities: npt.NDArray[np.floating[Any]],
    subjects: npt.NDArray[np.str_],
    classes: tuple[str, ...],
    *,
    settings: IntervalSettings,
) -> WindowScores:
    """Score one model's predictions.

    Parameters
    ----------
    y_true : ndarray of shape (n_windows,)
        Labels, as indices into `classes`.
    probabilities : ndarray of shape (n_windows, n_classes)
        Of each class; the largest is the prediction.
    subjects : ndarray of shape (n_windows,)
        Who each window is from.
    classes : tuple of str
        Class names.
    settings : IntervalSettings
        Of the interval over subjects.
    """
    predicted = np.asarray(probabilities).argmax(1)
    labels = np.arange(len(classes))
    names, confusions = subject_confusions(y_true, predicted, subjects, len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        y_true, predicted, labels=labels, zero_division=0
    )
    occurs = support > 0
    pooled, resampled = confusions.sum(0), resample(confusions, settings)
    intervals = class_intervals(resampled[None], settings)
    return WindowScores(
        classes=classes,
        n_windows=len(y_true),
        n_subjects=len(names),
        accuracy=float(_accuracy(pooled)),
        accuracy_interval=interval(_accuracy(resampled), settings),
        macro_precision=float(precision[occurs].mean()),
        macro_recall=float(recall[occurs].mean()),
        macro_f1=float(f1[occurs].mean()),
        macro_f1_interval=interval(macro_f1(resampled), settings),
        confidence=settings.confidence,
        per_class={
            name: ClassScore(
                precision=float(precision[i]),
                recall=float(recall[i]),
                f1=float(f1[i]),
                support=int(support[i]),
                f1_interval=intervals[i],
            )
            for i, name in enumerate(classes)
        },
        per_subject=_per_subject(names, confusions),
        confusion=pooled.tolist(),
    )


def paired_difference(
    predictions_a: pd.DataFrame,
    predictions_b: pd.DataFrame,
    classes: tuple[str, ...],
    *,
    settings: IntervalSettings,
) -> PairedDifference:
    """Compare two models on the same windows, subject by subject: a minus b.

    Parameters
    ----------
    predictions_a, predictions_b : DataFrame
        As in ``predictions.parquet``: one row per window, with ``window_id``,
        ``subject_id``, ``label`` and ``predicted`` (class names).
    classes : tuple of str
        Class names.
    settings : IntervalSettings
        Of the intervals; both models are measured on the same resampled subjects.

    Raises
    ------
    DataError
        If the two were not made on the same windows with the same labels.
    """
    b = _aligned(predictions_a, predictions_b)
    names, matrices_a = _confusions(predictions_a, classes)
    _, matrices_b = _confusions(b, classes)
    f1_a, f1_b = macro_f1(matrices_a), macro_f1(matrices_b)
    per_subject = {
        str(name): SubjectDifference(a=float(a), b=float(b), difference=float(a - b))
        for name, a, b in zip(names, f1_a, f1_b, strict=True)
    }
    pooled = paired_matrices(matrices_a[None], matrices_b[None], settings=settings)
    return pooled.model_copy(update={"per_subject": per_subject})


def paired_matrices(a: Counts, b: Counts, *, settings: IntervalSettings) -> PairedDifference:
    """Compare two models, each as the mean over its seeds, on the same subjects: a minus b.

    Parameters
    ----------
    a, b : ndarray of shape (n_seeds, n_subjects, n_classes, n_classes)
        Confusion matrices (rows are labels); the two may differ in seeds.
    settings : IntervalSettings
        Of the intervals; both models are measured on the same resampled subjects.
    """
    difference = macro_f1(a).mean(0) - macro_f1(b).mean(0)
    pooled = macro_f1(a.sum(1)).mean() - macro_f1(b.sum(1)).mean()
    means = _draws(len(difference), settings) @ difference / len(difference)
    pooled_means = resampled_macro_f1(a, settings) - resampled_macro_f1(b, settings)
    return PairedDifference(
        n_subjects=len(difference),
        confidence=settings.confidence,
        mean_difference=float(difference.mean()),
        mean_difference_interval=interval(means, settings),
        macro_f1_difference=float(pooled),
        macro_f1_difference_interval=interval(pooled_means, settings),
        wilcoxon_p=float(wilcoxon(difference).pvalue) if difference.any() else 1.0,
    )


def resampled_macro_f1(matrices: Counts, settings: IntervalSettings) -> Float64:
    """Return macro-F1 of bootstrap samples of subjects, mean over seeds, shape (bootstrap,)."""
    return np.asarray(np.mean([macro_f1(resample(each, settings)) for each in matrices], axis=0))


def subject_confusions(
    y_true: Int64,
    predicted: Int64,
    subjects: npt.NDArray[np.str_],
    n_classes: int,
) -> tuple[npt.NDArray[np.str_], Counts]:
    """Return the subjects, sorted, and a confusion matrix of each (rows are labels).

    Returns
    -------
    names : ndarray of shape (n_subjects,)
    confusions : ndarray of shape (n_subjects, n_classes, n_classes)
    """
    names = np.unique(subjects)
    labels = np.arange(n_classes)
    matrices = [
        confusion_matrix(y_true[subjects == name], predicted[subjects == name], labels=labels)
        for name in names
    ]
    return names, np.stack(matrices)


def macro_f1(confusions: npt.NDArray[Any]) -> Float64:
    """Return macro-F1 of confusion matrices, over the classes that occur in each.

    Parameters
    ----------
    confusions : ndarray of shape (..., n_classes, n_classes)
        Rows are labels.

    Returns
    -------
    ndarray of shape (...)
    """
    occurs = confusions.sum(-1) > 0
    return np.asarray((class_f1(confusions) * occurs).sum(-1) / np.maximum(occurs.sum(-1), 1))


def class_f1(confusions: npt.NDArray[Any]) -> Float64:
    """Return the F1 of each class of confusion matrices, shape (..., n_classes).

    F1 = 2 TP / (2 TP + FP + FN), which is 2 TP over labels plus predictions; 0 of a class that
    is neither.
    """
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    return np.asarray(2 * hits / np.maximum(confusions.sum(-1) + confusions.sum(-2), 1))


def class_intervals(resampled: Float64, settings: IntervalSettings) -> list[Interval | None]:
    """Return the interval over subjects of each class's F1, mean over seeds.

    Parameters
    ----------
    resampled : ndarray of shape (n_seeds, bootstrap, n_classes, n_classes)
        Confusion matrices of bootstrap samples of subjects (`resample`).
    settings : IntervalSettings
        Of the intervals.

    Returns
    -------
    list of (float, float) or None
        Of the samples that have the class; None where none has.
    """
    f1 = class_f1(resampled).mean(0)
    occurs = resampled[0].sum(-1) > 0
    return [
        interval(f1[rows, i], settings) if (rows := occurs[:, i]).any() else None
        for i in range(f1.shape[-1])
    ]


def resample(confusions: Counts, settings: IntervalSettings) -> Float64:
    """Return pooled confusion matrices of bootstrap samples of subjects.

    The same settings draw the same subjects, which is what makes a comparison paired.

    Parameters
    ----------
    confusions : ndarray of shape (n_subjects, n_classes, n_classes)

    Returns
    -------
    ndarray of shape (bootstrap, n_classes, n_classes)
    """
    return np.tensordot(_draws(len(confusions), settings), confusions.astype(float), axes=1)


def interval(values: Float64, settings: IntervalSettings) -> Interval:
    """Return the central percentile interval of bootstrap values."""
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _draws(n_subjects: int, settings: IntervalSettings) -> Float64:
    """Return how often each subject is drawn, shape (bootstrap, n_subjects)."""
    rng = np.random.default_rng(settings.seed)
    even = np.full(n_subjects, 1 / n_subjects)
    return rng.multinomial(n_subjects, even, size=settings.bootstrap).astype(float)


def _accuracy(confusions: npt.NDArray[Any]) -> Float64:
    return np.asarray(np.trace(confusions, axis1=-2, axis2=-1) / confusions.sum((-2, -1)))


def _per_subject(names: npt.NDArray[np.str_], confusions: Counts) -> dict[str, dict[str, Any]]:
    columns = {
        "macro_f1": macro_f1(confusions),
        "accuracy": _accuracy(confusions),
        "n_windows": confusions.sum((1, 2)),
    }
    return pd.DataFrame(columns, index=names.tolist()).to_dict("index")  # type: ignore[return-value]


def _aligned(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return b in the order of a, or raise if they are not about the same windows."""
    keys = ["window_id", "subject_id", "label"]
    merged = a[keys].merge(b, on=keys, how="left", validate="one_to_one")
    if len(a) != len(b) or merged["predicted"].isna().any():
        raise DataError(
            "the two models were not measured on the same windows",
            expected=f"{len(a)} windows with the same ids, subjects and labels",
            found=f"{int(merged['predicted'].notna().sum())} in common, of {len(b)}",
            hint="evaluate both on the same test windows",
        )
    return merged


def _confusions(
    predictions: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[npt.NDArray[np.str_], Counts]:
    code = pd.Index(classes).get_indexer
    subjects = predictions["subject_id"].to_numpy(dtype=np.str_)
    y_true, predicted = code(predictions["label"]), code(predictions["predicted"])  # type: ignore[arg-type]
    return subject_confusions(y_true, predicted, subjects, len(classes))
