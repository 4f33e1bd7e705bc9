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
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from sklearn.pipeline import Pipeline

from har.arrays import Float32, Float64
from har.config.section import MAX_SAMPLES
from har.data.channels import require_channels
from har.data.recording import CHANNELS
from har.errors import DataError, MissingError
from har.features.convolutions import WithConvolutions
from har.features.transformer import FeatureTransformer
from har.models import skops_file
from har.models.catalogue import CLASSICAL, MODELS
from har.models.method import Method

MODEL = "model.skops"
# Besides numpy's and scikit-learn's own, which skops audits.
TRUSTED = ("har.features.scaler.ClippedScaler", "sklearn.tree._tree.Tree")


def method_of(name: str) -> Method:
    """Return the method of a classical model of the catalogue."""
    method: Method = import_module(MODELS[name].module)
    return method


class Content(BaseModel):
    """What is in a file; models from before had all channels, and no coherence."""

    model_config = ConfigDict(arbitrary_types_allowed=True, strict=True)

    name: str
    pipeline: Pipeline
    calibration: dict[str, FiniteFloat]
    classes: list[str] = Field(min_length=1, max_length=1_000)
    n_samples: int = Field(ge=2, le=MAX_SAMPLES)
    rate_hz: FiniteFloat = Field(gt=0, le=10_000)
    channels: list[str] = list(CHANNELS)
    coherence: bool = False
    convolutions: dict[str, Any] | None = None

    def model(self) -> "ClassicalModel":
        """Return the model, whose features are made anew."""
        if self.name not in CLASSICAL or {"scale", "decide"} - {*self.pipeline.named_steps}:
            raise ValueError(f"{self.name[:100]!r} is no classical model with its two steps")
        require_channels(self.channels, "channels")
        channels = tuple(self.channels)
        features = FeatureTransformer(
            self.n_samples, self.rate_hz, channels=channels, coherence=self.coherence
        )
        rocket = self.convolutions
        features = features.restore(**rocket) if rocket else features.fit()
        return ClassicalModel(
            self.name, features, self.pipeline, self.calibration, tuple(self.classes)
        )


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
        DataError
            If the file is damaged, out of bounds, or holds no model.
        VerificationError
            If the file names a type that is none of numpy's, scikit-learn's and ours.
        """
        path = folder / MODEL
        if not path.is_file():
            raise MissingError(f"{path}: not there", hint="train the model")
        content = skops_file.load(path, TRUSTED)
        try:
            model = Content.model_validate(content).model()
            _require_answer(model)
        except (DataError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}: holds no model",
                expected="what `har train` saves of one",
                found=str(error)[:300],
            ) from None
        return model


def _require_answer(model: ClassicalModel) -> None:
    """Raise `ValueError` unless a model has probabilities for a window: weights may be NaN."""
    shape = (1, model.features.n_samples, len(model.features.channels))
    X = np.sin(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)
    with np.errstate(all="ignore"):
        found = model.predict_proba(X)
    if found.shape != (1, len(model.classes)) or not np.isfinite(found).all():
        raise ValueError("it does not answer a window with a probability for each class")
