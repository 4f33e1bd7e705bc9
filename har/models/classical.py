"""Classical models on named features: fitted, calibrated, saved without pickle, in one graph.

A method is a module that says how its scikit-learn estimator decides and what its
decisions mean as probabilities: `har.models.svm`, `har.models.logistic` and
`har.models.trees`. All the rest is the same for every method and stands here.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import skops.io
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline

from har.config import Section, WindowSettings
from har.data.windows import Windows
from har.errors import DataError, MissingError, VerificationError
from har.features.scaler import ClippedScaler
from har.features.transformer import FeatureTransformer
from har.models import logistic, svm, trees
from har.models.record import check_classes, check_unseen, write_record

MODEL = "model.skops"
# Besides numpy's and scikit-learn's own, which skops audits.
TRUSTED = ("har.features.scaler.ClippedScaler", "sklearn.tree._tree.Tree")
CALIBRATION_FOLDS = 5

Floats = npt.NDArray[np.float64]


class Method(Protocol):
    """How one kind of estimator is searched, decides, is calibrated and exported."""

    DECIDES: str  # the estimator's method that gives decisions, (n_windows, n_decisions)

    def grid(
        self, settings: Any, n_features: int, seed: int, /
    ) -> Iterator[tuple[dict[str, float], Any]]:
        """Yield parameters with an estimator, the smoother ones first."""

    def calibrate(self, decisions: Floats, y: npt.NDArray[np.int64]) -> dict[str, float]:
        """Return what turns decisions into probabilities with the smallest log-loss."""

    def log_proba(self, decisions: Floats, calibration: dict[str, float]) -> Floats:
        """Return log-probabilities of shape (n_windows, n_classes)."""

    def to_onnx(
        self, features: Any, model: Pipeline, calibration: dict[str, float], path: Path
    ) -> None:
        """Write one graph from raw windows to probabilities."""


METHODS: MappingProxyType[str, Method] = MappingProxyType(
    {"svm": svm, "logistic": logistic, "extra-trees": trees}
)


@dataclass(frozen=True)
class ClassicalModel:
    """A trained classical model.

    Attributes
    ----------
    name : str
        The method, a key of `METHODS`.
    features : FeatureTransformer
        From raw windows to features.
    pipeline : Pipeline
        ``scale`` and ``decide``.
    calibration : dict
        From decisions to probabilities, as the method's ``calibrate`` fitted it.
    classes : tuple of str
        Class names, in the order of the probabilities.
    """

    name: str
    features: FeatureTransformer
    pipeline: Pipeline
    calibration: dict[str, float]
    classes: tuple[str, ...]

    def predict_proba(self, X: npt.NDArray[np.float32]) -> Floats:
        """Return probabilities of shape (n_windows, n_classes) for raw windows."""
        method = METHODS[self.name]
        decisions = getattr(self.pipeline, method.DECIDES)(self.features.transform(X))
        return np.exp(method.log_proba(decisions, self.calibration))

    def to_onnx(self, path: Path) -> None:
        """Write one ONNX graph: raw ``windows`` in, ``probabilities`` out."""
        METHODS[self.name].to_onnx(self.features.extractor_, self.pipeline, self.calibration, path)

    def save(self, folder: Path) -> None:
        """Write ``model.skops``."""
        content = {
            "name": self.name,
            "pipeline": self.pipeline,
            "calibration": self.calibration,
            "classes": list(self.classes),
            "n_samples": self.features.n_samples,
            "rate_hz": self.features.rate_hz,
        }
        skops.io.dump(content, folder / MODEL)

    @classmethod
    def load(cls, folder: Path) -> "ClassicalModel":
        """Load what `save` wrote; nothing is unpickled.

        Raises
        ------
        MissingError
            If there is no model in the folder.
        VerificationError
            If the file names a type that is none of numpy's, scikit-learn's and ours.
        """
        path = folder / MODEL
        if not path.exists():
            raise MissingError(f"{path}: not there", hint="train the model")
        if unknown := sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED)):
            raise VerificationError(
                f"{path}: holds types that are not trusted: {', '.join(unknown)}"
            )
        content: dict[str, Any] = skops.io.load(path, trusted=list(TRUSTED))
        features = FeatureTransformer(content["n_samples"], content["rate_hz"]).fit()
        classes = tuple(content["classes"])
        return cls(content["name"], features, content["pipeline"], content["calibration"], classes)


def train_classical(
    name: str,
    windows: Windows,
    folder: Path,
    *,
    settings: Section,
    window: WindowSettings,
    seed: int,
) -> None:
    """Train a classical model and write ``model.skops`` and ``training.json``.

    Its parameters are those with the best macro-F1 on the validation subjects;
    the model is fitted on the training subjects only. Its probabilities are
    calibrated on decisions for training subjects that were left out in turn.

    Parameters
    ----------
    name : str
        The method, a key of `METHODS`.
    windows : Windows
        With training and validation windows.
    folder : Path
        Gets the files.
    settings : Section
        The method's own, with its grid.
    window : WindowSettings
        Length and rate of the windows.
    seed : int
        Of what is random; only trees are.

    Raises
    ------
    DataError
        If a training subject is held out too, there is but one, or a class has no
        training window.
    """
    start = time.perf_counter()
    train, validation = windows.select("train"), windows.select("validation")
    check_unseen(train.subjects, windows, what=name)
    check_classes(train, what="training windows")
    _check_people(train)
    method = METHODS[name]
    features = FeatureTransformer(window.n_samples, window.rate_hz).fit(train.X)
    F, F_validation = features.transform(train.X), features.transform(validation.X)
    pipeline, best, grid = _search(
        method.grid(settings, F.shape[1], seed), (F, train.y), (F_validation, validation.y)
    )
    left_out = cross_val_predict(
        pipeline, F, train.y, cv=_calibration_folds(train), method=method.DECIDES
    )
    calibration = method.calibrate(left_out, train.y)
    ClassicalModel(name, features, pipeline, calibration, windows.classes).save(folder)
    record = {
        "model": name,
        "seed": seed,
        **best,
        "grid": grid,
        "n_features": F.shape[1],
        "calibration": calibration,
        "subjects": sorted(set(train.subjects.tolist())),
        "validation_subjects": sorted(set(validation.subjects.tolist())),
        "seconds": round(time.perf_counter() - start, 2),
    }
    write_record(folder, record)


def _check_people(train: Windows) -> None:
    if len(set(train.subjects)) < 2:
        raise DataError(
            "one training subject is not enough",
            expected="two or more: probabilities are calibrated on each one left out",
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


def _search(
    candidates: Iterator[tuple[dict[str, float], Any]],
    train: tuple[Any, Any],
    validation: tuple[Any, Any],
) -> tuple[Pipeline, dict[str, float], list[dict[str, float]]]:
    """Return the pipeline with the best macro-F1 on validation, its entry and the whole grid.

    Of equals the first is kept: the smoother model.
    """
    best: tuple[Pipeline, dict[str, float]] | None = None
    grid = []
    for parameters, estimator in candidates:
        pipeline = Pipeline([("scale", ClippedScaler()), ("decide", estimator)]).fit(*train)
        macro_f1 = f1_score(validation[1], pipeline.predict(validation[0]), average="macro")
        grid.append({**parameters, "validation_macro_f1": float(macro_f1)})
        if best is None or macro_f1 > best[1]["validation_macro_f1"]:
            best = (pipeline, grid[-1])
    assert best is not None
    return *best, grid
