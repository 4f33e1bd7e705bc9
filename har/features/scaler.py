"""The scaler of features for scikit-learn models."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import StandardScaler


class ClippedScaler(StandardScaler):  # type: ignore[misc]
    """Standardise features and clip them, so that one wild feature cannot outweigh the rest.

    Parameters
    ----------
    clip : float, default=3.0
        Largest size of what comes out, standard deviations.
    """

    def __init__(self, clip: float = 3.0) -> None:
        super().__init__()
        self.clip = clip

    def transform(self, X: npt.NDArray[Any], copy: bool | None = None) -> npt.NDArray[Any]:
        """Return features with mean 0 and standard deviation 1 on training data, clipped."""
        scaled: npt.NDArray[Any] = super().transform(X, copy=copy)
        clipped: npt.NDArray[Any] = np.clip(scaled, -self.clip, self.clip)
        return clipped
