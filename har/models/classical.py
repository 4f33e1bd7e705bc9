"""Classical models on named features: fitted, calibrated, saved without pickle, in one graph.

A method (`har.models.method`) is a module that says how its scikit-learn estimator
decides and what its decisions mean as probabilities. All the rest is the same for every
method and stands here.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.pipeline import Pipeline

from har.arrays import Float32, Float64
from har.data.recording import CHANNELS
from har.errors import MissingError, VerificationError
from har.features.convolutions import WithConvolutions
from har.features.transformer import FeatureTransformer
from har.models import skops_file
from har.models.catalogue import MODELS
from har.models.method import Method

MODEL = "model.skops"
# Besides numpy's and scikit-learn's own, which skops audits.
TRUSTED = ("har.features.scaler.ClippedScaler", "sklearn.tree._tree.Tree")


def method_of(name: str) -> Method:
    """Return the method of a classical model of the catalogue."""
    method: Method = import_module(MODELS[name].module)
    return method


@dataclass(frozen=True)
class ClassicalModel:
    """A trained classical model.

    Attributes
    ----------
    name : str
        Of the catalogue, which knows its method.
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

    def predict_proba(self, X: Float32) -> Float64:
        """Return probabilities of shape (n_windows, n_classes) for raw windows."""
        method = method_of(self.name)
        decisions = method.decide(self.pipeline, self.features.transform(X))
        return np.exp(method.log_proba(decisions, self.calibration))

    def to_onnx(self, path: Path) -> None:
        """Write one ONNX graph: raw ``windows`` in, ``probabilities`` out."""
        method_of(self.name).to_onnx(
            self.features.extractor_, self.pipeline, self.calibration, path
        )

    def save(self, folder: Path) -> None:
        """Write ``model.skops``, the same bytes for the same model."""
        extractor = self.features.extractor_
        rocket = extractor.convolutions if isinstance(extractor, WithConvolutions) else None
        content = {
            "name": self.name,
            "pipeline": self.pipeline,
            "calibration": self.calibration,
            "classes": list(self.classes),
            "n_samples": self.features.n_samples,
            "rate_hz": self.features.rate_hz,
            "channels": list(self.features.channels),
            "coherence": self.features.coherence,
            "convolutions": rocket and {"biases": rocket.biases, "channels": rocket.channels},
        }
        skops_file.dump(content, folder / MODEL)

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
        features = FeatureTransformer(
            content["n_samples"],
            content["rate_hz"],
            # Models from before had all channels, and no coherence.
            channels=tuple(content.get("channels", CHANNELS)),
            coherence=content.get("coherence", False),
        )
        rocket = content["convolutions"]
        features = features.restore(**rocket) if rocket else features.fit()
        classes = tuple(content["classes"])
        return cls(content["name"], features, content["pipeline"], content["calibration"], classes)
