"""What every trained model can do, and how to load one."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from har.arrays import Float32
from har.errors import MissingError
from har.models.classical import MODEL, ClassicalModel


class Model(Protocol):
    """A trained model: raw windows in, probabilities out."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the probabilities."""

    def predict_proba(self, X: Float32) -> npt.NDArray[np.floating[Any]]:
        """Return probabilities of shape (n_windows, n_classes).

        Parameters
        ----------
        X : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        """

    def to_onnx(self, path: Path) -> None:
        """Write one ONNX graph: raw ``windows`` in, ``probabilities`` out."""


def load_model(folder: Path) -> Model:
    """Load a trained model of any kind; nothing is unpickled.

    Raises
    ------
    MissingError
        If the folder holds none.
    """
    if (folder / MODEL).exists():
        return ClassicalModel.load(folder)
    if (folder / "config.json").exists():
        from har.models.trained_network import TrainedNetwork

        return TrainedNetwork.load(folder)
    raise MissingError(f"{folder}: holds no model", hint="`har train` makes one")
