"""Trained models on a data set that they have never seen."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.config import IntervalSettings, WindowSettings
from har.data.activities import TAXONOMY, Taxonomy
from har.data.channels import sensors_of
from har.data.cutting import cut_all
from har.data.recording import CHANNELS, Recording
from har.data.windows import Windows
from har.errors import DataError
from har.evaluation import plots
from har.evaluation.metrics import score
from har.evaluation.predictions import predictions, test_digest, write_predictions
from har.evaluation.results.scores import Metrics
from har.evaluation.seeds import group_scores
from har.page.plots import png

OTHER = "other"


def foreign_windows(
    recordings: Sequence[Recording],
    settings: WindowSettings,
    model_classes: tuple[str, ...],
    channels: Sequence[str] = CHANNELS,
    taxonomy: Taxonomy = TAXONOMY,
) -> Windows:
    """Return the windows of a data set that models were not trained on, all for the test.

    Its classes are the activities that it and the models have in common; its channels are
    those of the models. What one data set calls other is not what the next one does, so
    that is none of the classes.

    Raises
    ------
    DataError
        If they have no activity in common, or a recording lacks a channel.
    """
    labelled = {name for r in recordings for name in r.table["activity"].dropna().unique()}
    classes = taxonomy.common(set(names) - {OTHER} for names in (model_classes, labelled))
    if not classes:
        raise DataError(
            "no activity in common",
            expected=", ".join(model_classes),
            found=", ".join(sorted(labelled)) or "no labels",
        )
    subjects = sorted({r.meta.subject_id for r in recordings})
    own = settings.model_copy(update={"channels": sensors_of(channels)})
    return cut_all(recordings, {"test": subjects}, own, classes, taxonomy=taxonomy)


def evaluate_transfer(
    windows: Windows,
    out: Path,
    *,
    probabilities: dict[str, npt.NDArray[np.floating[Any]]],
    model_classes: tuple[str, ...],
    settings: IntervalSettings,
    taxonomy: Taxonomy = TAXONOMY,
) -> None:
    """Score models on the activities that they and another data set have in common.

    A model answers with all its classes. One that is finer than a common activity counts
    as that activity; one that is none of them is the answer ``other``, which is wrong.

    Parameters
    ----------
    windows : Windows
        Of the other data set, all in the split ``test``; its classes are the common ones.
    out : Path
        Gets one folder per model with ``metrics.json``, ``predictions.parquet`` and plots.
    probabilities : dict of str to ndarray of shape (n_test_windows, n_model_classes)
        Of the labelled windows, by model.
    model_classes : tuple of str
        The models' classes.
    settings : IntervalSettings
        Of the intervals.
    taxonomy : Taxonomy
        Says which activity is an ancestor of which.
    """
    test = windows.select("test")
    answers = replace(test, classes=(*test.classes, OTHER))
    found = {}
    for name, proba in probabilities.items():
        lifted = lift_probabilities(proba, model_classes, windows.classes, taxonomy)
        scores = score(test.y, lifted, test.subjects, answers.classes, settings=settings)
        table = predictions(answers, lifted)
        found[name] = Metrics(
            **dict(scores),
            candidate=name,
            datasets=tuple(sorted(set(test.index["dataset"]))),
            model_classes=model_classes,
            test_digest=test_digest(test),
            groups=group_scores({0: table}, answers.classes, settings=settings),
        )
        (out / name).mkdir()
        write_predictions(out / name, table)
        found[name].write(out / name)
        (out / name / "confusion.png").write_bytes(png(plots.confusion(name, found[name])))
    (out / "per_subject.png").write_bytes(png(plots.per_subject(found)))


def lift_probabilities(
    probabilities: npt.NDArray[np.floating[Any]],
    model_classes: tuple[str, ...],
    classes: tuple[str, ...],
    taxonomy: Taxonomy = TAXONOMY,
) -> Float64:
    """Return the probability of each class, and of none of them in the last column.

    Parameters
    ----------
    probabilities : ndarray of shape (n_windows, n_model_classes)
    model_classes, classes : tuple of str
        Activities.
    taxonomy : Taxonomy
        Says which activity is an ancestor of which.

    Returns
    -------
    ndarray of shape (n_windows, n_classes + 1)

    Examples
    --------
    >>> p = np.array([[0.2, 0.3, 0.5]])
    >>> lift_probabilities(p, ("stairs-up", "stairs-down", "lying"), ("walking", "stairs"))
    array([[0. , 0.5, 0.5]])
    """
    names = (*classes, OTHER)
    target = [names.index(taxonomy.lift(name, classes) or OTHER) for name in model_classes]
    return np.asarray(probabilities, np.float64) @ np.eye(len(names))[target]
