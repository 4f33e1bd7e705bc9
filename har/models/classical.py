"""Classical models on named features: fitted, calibrated, saved without pickle, in one graph.

A method is a module that says how its scikit-learn estimator decides and what its
decisions mean as probabilities: `har.models.svm`, `har.models.logistic` and
`har.models.trees`. All the rest is the same for every method and stands here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import skops.io
from sklearn.pipeline import Pipeline

from har.errors import MissingError, VerificationError
from har.features.convolutions import WithConvolutions
from har.features.transformer import FeatureTransformer
from har.models import logistic, svm, trees

MODEL = "model.skops"
# Besides numpy's and scikit-learn's own, which skops audits.
TRUSTED = ("har.features.scaler.ClippedScaler", "sklearn.tree._tree.Tree")

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
    {"svm": svm, "logistic": logistic, "minirocket": logistic, "extra-trees": trees}
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
        extractor = self.features.extractor_
        rocket = extractor.convolutions if isinstance(extractor, WithConvolutions) else None
        content = {
            "name": self.name,
            "pipeline": self.pipeline,
            "calibration": self.calibration,
            "classes": list(self.classes),
            "n_samples": self.features.n_samples,
            "rate_hz": self.features.rate_hz,
            "convolutions": rocket and {"biases": rocket.biases, "channels": rocket.channels},
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
        features = FeatureTransformer(content["n_samples"], content["rate_hz"])
        rocket = content["convolutions"]
        features = features.restore(**rocket) if rocket else features.fit()
        classes = tuple(content["classes"])
        return cls(content["name"], features, content["pipeline"], content["calibration"], classes)
