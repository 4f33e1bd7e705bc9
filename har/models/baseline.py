"""The classical model that the encoder has to beat: an RBF-SVM on features."""

import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import skops.io
import torch
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from har.config import BaselineSettings, WindowSettings
from har.data.windows import Windows
from har.errors import DataError, MissingError, VerificationError
from har.features.transformer import FeatureTransformer
from har.models.record import check_classes, check_unseen, write_record
from har.models.svm import SvmProbabilities, couple, fit_coupling

MODEL = "model.skops"
TRUSTED: tuple[str, ...] = ()  # besides numpy's and scikit-learn's own, which skops audits
CALIBRATION_FOLDS = 5
OPSET = 18


@dataclass(frozen=True)
class Baseline:
    """A trained baseline.

    Attributes
    ----------
    features : FeatureTransformer
        From raw windows to features.
    svm : Pipeline
        ``scale`` and ``svc``.
    scale, power : float
        From pairwise decisions to probabilities, see `har.models.svm`.
    classes : tuple of str
        Class names, in the order of the probabilities.
    """

    features: FeatureTransformer
    svm: Pipeline
    scale: float
    power: float
    classes: tuple[str, ...]

    def predict_proba(self, X: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return probabilities of shape (n_windows, n_classes) for raw windows."""
        decisions = self.svm.decision_function(self.features.transform(X))
        return np.exp(couple(decisions, self.scale, self.power))


def train_baseline(
    windows: Windows, folder: Path, *, settings: BaselineSettings, window: WindowSettings
) -> None:
    """Train the baseline and write ``model.skops`` and ``training.json``.

    C and gamma are those with the best macro-F1 on the validation subjects;
    the model is fitted on the training subjects only. Its probabilities are
    calibrated on decisions for training subjects that were left out in turn.

    Parameters
    ----------
    windows : Windows
        With training and validation windows.
    folder : Path
        Gets the files.
    settings : BaselineSettings
        The grid.
    window : WindowSettings
        Length and rate of the windows.

    Raises
    ------
    DataError
        If a training subject is held out too, there is but one, or a class has no
        training window.
    """
    start = time.perf_counter()
    train, validation = windows.select("train"), windows.select("validation")
    check_unseen(train.subjects, windows, what="the baseline")
    check_classes(train, what="training windows")
    if len(set(train.subjects)) < 2:
        raise DataError(
            "one training subject is not enough",
            expected="two or more: probabilities are calibrated on each one left out",
            hint="ingest more people, or hold fewer out (split.test_subjects)",
        )
    features = FeatureTransformer(window.n_samples, window.rate_hz).fit(train.X)
    F, F_validation = features.transform(train.X), features.transform(validation.X)
    svm, best, grid = _search((F, train.y), (F_validation, validation.y), settings)
    folds = GroupKFold(min(CALIBRATION_FOLDS, len(set(train.subjects))))
    decisions = cross_val_predict(
        svm, F, train.y, cv=folds, groups=train.subjects, method="decision_function"
    )
    content = {
        "svm": svm,
        **fit_coupling(decisions, train.y),
        "classes": list(windows.classes),
        "n_samples": window.n_samples,
        "rate_hz": window.rate_hz,
    }
    skops.io.dump(content, folder / MODEL)
    record = {
        **best,
        "grid": grid,
        "n_features": F.shape[1],
        "n_support_vectors": int(svm["svc"].n_support_.sum()),
        "calibration": {name: content[name] for name in ("scale", "power")},
        "subjects": sorted(set(train.subjects.tolist())),
        "validation_subjects": sorted(set(validation.subjects.tolist())),
        "seconds": round(time.perf_counter() - start, 2),
    }
    write_record(folder, record)


def load_baseline(folder: Path) -> Baseline:
    """Load what `train_baseline` wrote; nothing is unpickled.

    Raises
    ------
    MissingError
        If there is no model in the folder.
    VerificationError
        If the file names a type that is neither numpy's nor scikit-learn's.
    """
    path = folder / MODEL
    if not path.exists():
        raise MissingError(f"{path}: not there", hint="train the baseline")
    if unknown := sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED)):
        raise VerificationError(f"{path}: holds types that are not trusted: {', '.join(unknown)}")
    content: dict[str, Any] = skops.io.load(path, trusted=list(TRUSTED))
    features = FeatureTransformer(content["n_samples"], content["rate_hz"]).fit()
    return Baseline(
        features, content["svm"], content["scale"], content["power"], tuple(content["classes"])
    )


def baseline_to_onnx(folder: Path, path: Path) -> None:
    """Write the baseline as one ONNX graph: ``windows`` in, ``probabilities`` out.

    Parameters
    ----------
    folder : Path
        As written by `train_baseline`.
    path : Path
        The file to write.
    """
    baseline = load_baseline(folder)
    extractor = baseline.features.extractor_
    module = SvmProbabilities(extractor, baseline.svm, baseline.scale, baseline.power).eval()
    torch.onnx.export(
        module,
        (torch.zeros(2, extractor.n_samples, 6),),
        str(path),
        input_names=["windows"],
        output_names=["probabilities"],
        dynamic_axes={"windows": {0: "batch"}, "probabilities": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )


def _search(
    train: tuple[Any, Any], validation: tuple[Any, Any], settings: BaselineSettings
) -> tuple[Pipeline, dict[str, float], list[dict[str, float]]]:
    """Return the SVM with the best macro-F1 on validation, its entry and the whole grid."""
    best: tuple[Pipeline, dict[str, float]] | None = None
    grid = []
    for c, gamma_scale in itertools.product(settings.c_grid, settings.gamma_scale):
        gamma = gamma_scale / train[0].shape[1]
        svc = SVC(C=c, gamma=gamma, decision_function_shape="ovo", cache_size=500)
        svm = Pipeline([("scale", StandardScaler()), ("svc", svc)]).fit(*train)
        macro_f1 = f1_score(validation[1], svm.predict(validation[0]), average="macro")
        grid.append({"c": c, "gamma": gamma, "validation_macro_f1": float(macro_f1)})
        if best is None or _rank(grid[-1]) > _rank(best[1]):
            best = (svm, grid[-1])
    assert best is not None
    return *best, grid


def _rank(entry: dict[str, float]) -> tuple[float, float, float]:
    """Rank by macro-F1, then by the smoother model."""
    return entry["validation_macro_f1"], -entry["c"], -entry["gamma"]


def predict_proba(folder: Path, X: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return probabilities of shape (n_windows, n_classes) of the baseline in a folder."""
    return load_baseline(folder).predict_proba(X)
