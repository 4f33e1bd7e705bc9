# mypy: disable-error-code="no-untyped-call"
"""Every network by its folder: no caller names a model class."""

from pathlib import Path

from transformers import AutoModelForSequenceClassification

from har.models import backbones, encoder, resnet  # noqa: F401  (registers them)
from har.models.network import WindowClassifier


def load(folder: Path) -> WindowClassifier:
    """Load the network of a Hugging Face directory, ready to predict."""
    model: WindowClassifier = AutoModelForSequenceClassification.from_pretrained(folder)
    model.eval()
    return model
