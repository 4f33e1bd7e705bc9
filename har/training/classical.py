"""Training of classical models: features of more than the windows, a grid, calibration."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import clone
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline

from har.arrays import Float32, Float64, Int64
from har.config import ClassicalSettings, WindowShape
from har.data.windows import Windows
from har.errors import DataError
from har.features.scaler import ClippedScaler
from har.features.transformer import FeatureTransformer
from har.measured import write_measured
from har.models.classical import ClassicalModel, method_of
from har.models.method import Method
from har.models.record import ClassicalRecord
from har.training.augment import augment
from har.training.refuse import check_classes, check_unseen

CALIBRATION_FOLDS = 3


@dataclass(frozen=True)
class Features:
    """Features of training windows and of their changed copies.

    Attributes
    ----------
    own : ndarray of shape (n_windows, n_features)
        Of the windows as they are.
    copies : ndarray of shape (n_copies, n_windows, n_features)
        Of each window turned, shifted and so on.
    y : ndarray of shape (n_windows,)
        Labels.
    """

    own: Float32
    copies: Float32
    y: Int64

    def fit(self, pipeline: Pipeline, rows: Any = slice(None)) -> Pipeline:
        """Fit a pipeline on some windows and on all of their copies."""
        every = [self.own[rows], *(copy[rows] for copy in self.copies)]
        return pipeline.fit(np.concatenate(every), np.tile(self.y[rows], len(every)))


def train_classical(
    name: str,
    windows: Windows,
    folder: Path,
    *,
    settings: ClassicalSettings,
    window: WindowShape,
    seed: int,
) -> None:
    """Train a classical model; write ``model.skops``, ``training.json`` and what it took.

    Training windows are given also as copies, changed as fine-tuning changes them, so
    that the model knows how another wearer would look. Its parameters are those with
    the best macro-F1 on the validation subjects; the model is fitted on the training
    subjects only. Its probabilities are calibrated on decisions for training subjects
    that were left out in turn.

    Parameters
    ----------
    name : str
        A classical model of the catalogue.
    windows : Windows
        With training and validation windows.
    folder : Path
        Gets the files.
    settings : ClassicalSettings
        The method's own, with its grid.
    window : WindowShape
        Length and rate of the windows.
    seed : int
        Of the copies' changes, and of trees.

    Raises
    ------
    DataError
        If a training subject is held out too, there is but one, or a class has no
        training window.
    """
    start = time.perf_counter()
    train = windows.select("train").at_most(settings.class_windows)
    validation = windows.select("validation")
    check_unseen(train.subjects, windows, what=name)
    check_classes(train, what="training windows")
    _check_people(train)
    method = method_of(name)
    transformer = FeatureTransformer(
        window.n_samples,
        window.rate_hz,
        convolutions=settings.convolutions,
        seed=seed,
        channels=windows.channels,
        coherence=settings.coherence,
    ).fit(train.X)
    features = _features(transformer, train, settings, seed)
    judged = transformer.transform(validation.X), validation.y
    candidates = method.grid(settings, features.own.shape[1], seed)
    pipeline, best, grid = _search(candidates, features, judged)
    calibration = method.calibrate(_left_out(method, pipeline, features, train), train.y)
    ClassicalModel(name, transformer, pipeline, calibration, windows.classes).save(folder)
    record = ClassicalRecord(
        model=name,
        seed=seed,
        **best,
        grid=tuple(grid),
        n_features=features.own.shape[1],
        calibration=calibration,
        subjects=tuple(sorted(set(train.subjects.tolist()))),
        validation_subjects=tuple(sorted(set(validation.subjects.tolist()))),
    )
    record.write(folder)
    write_measured(folder, {"seconds": round(time.perf_counter() - start, 2)})


def _check_people(train: Windows) -> None:
    if len(set(train.subjects)) < 2:
        raise DataError(
            "one training subject is not enough",
            expected="two or more: probabilities are calibrated on subjects left out in turn",
            hint="ingest more people, or hold fewer out (split.test_subjects)",
        )


def _calibration_folds(train: Windows) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return folds by subject; by window where few labels leave a fold without a class."""
    n = min(CALIBRATION_FOLDS, len(set(train.subjects)))
    by_subject = list(GroupKFold(n).split(train.X, train.y, train.subjects))
    if all(set(train.y[fitted]) == set(train.y) for fitted, _ in by_subject):
        return by_subject
    rarest = int(np.bincount(train.y).min())
    if rarest < 2:
        raise DataError(
            "too few labels to calibrate probabilities",
            expected="two labelled training windows or more of every class",
            found=f"{rarest} of {train.classes[np.bincount(train.y).argmin()]}",
            hint="more labels (labels.share), or a smaller class set",
        )
    return list(StratifiedKFold(min(CALIBRATION_FOLDS, rarest)).split(train.X, train.y))


def _features(
    transformer: FeatureTransformer, train: Windows, settings: ClassicalSettings, seed: int
) -> Features:
    generator = torch.Generator().manual_seed(seed)
    X = torch.tensor(train.X)
    copies = [
        transformer.transform(augment(X, settings.augment, generator, train.channels).numpy())
        for _ in range(settings.copies)
    ]
    own = transformer.transform(train.X)
    return Features(own, np.stack(copies) if copies else np.empty((0, *own.shape)), train.y)


def _left_out(method: Method, pipeline: Pipeline, features: Features, train: Windows) -> Float64:
    """Return decisions for training windows by models that were fitted without them."""
    folds = _calibration_folds(train)
    models = (features.fit(clone(pipeline), fitted) for fitted, _ in folds)
    found = [
        method.decide(model, features.own[left])
        for model, (_, left) in zip(models, folds, strict=True)
    ]
    order = np.argsort(np.concatenate([left for _, left in folds]))
    decisions: Float64 = np.concatenate(found)[order]
    return decisions


def _search(
    candidates: Iterator[tuple[dict[str, float], Any]],
    features: Features,
    validation: tuple[Float32, Int64],
) -> tuple[Pipeline, dict[str, float], list[dict[str, float]]]:
    """Return the pipeline with the best macro-F1 on validation, its entry and the whole grid.

    Of equals the first is kept: the smoother model.
    """
    best: tuple[Pipeline, dict[str, float]] | None = None
    grid = []
    F, y = validation
    for parameters, estimator in candidates:
        pipeline = features.fit(Pipeline([("scale", ClippedScaler()), ("decide", estimator)]))
        macro_f1 = f1_score(y, pipeline.predict(F), average="macro")
        grid.append({**parameters, "validation_macro_f1": float(macro_f1)})
        if best is None or macro_f1 > best[1]["validation_macro_f1"]:
            best = (pipeline, grid[-1])
    assert best is not None
    return *best, grid
