# mypy: disable-error-code="no-untyped-call"
"""A trained network as a model: loaded from its Hugging Face directory, ready to predict."""

from dataclasses import dataclass
from pathlib import Path

import torch

from har.arrays import Float32
from har.models.network import WindowClassifier, logits_of
from har.models.networks import load_network


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights.

    Attributes
    ----------
    network : WindowClassifier
        In evaluation mode.
    """

    network: WindowClassifier

    @classmethod
    def load(cls, folder: Path) -> "TrainedNetwork":
        """Load a Hugging Face directory."""
        return cls(load_network(folder))

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the probabilities."""
        names = self.network.config.id2label
        assert names is not None
        return tuple(names[i] for i in sorted(names))

    def predict_proba(self, X: Float32) -> Float32:
        """Return probabilities of shape (n_windows, n_classes).

        Parameters
        ----------
        X : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        """
        logits = logits_of(self.network, torch.tensor(X))
        probabilities: Float32 = logits.softmax(1).numpy()
        return probabilities

    def to_onnx(self, path: Path) -> None:
        """Write one ONNX graph: raw ``windows`` in, ``probabilities`` out."""
        from har.models.network_graph import write_network

        write_network(self.network, path)
