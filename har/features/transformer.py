"""The extractor as a scikit-learn transformer."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from har.arrays import Float32
from har.data.recording import CHANNELS
from har.errors import DataError
from har.features.coherence import with_coherence
from har.features.convolutions import Described, Extractor, MiniRocket, WithConvolutions
from har.features.extractor import window_features


class FeatureTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn raw windows into named features; coherences and convolutions where asked for.

    Of the data only MiniRocket's biases are learned.

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    rate_hz : float
        Sampling rate, Hz.
    batch_size : int, default=64
        Windows computed at once.
    convolutions : int, default=0
        How many features of MiniRocket come after the named ones.
    seed : int, default=0
        Of MiniRocket's draws.
    channels : sequence of str, optional
        Of the windows.
    coherence : bool, default=False
        Whether coherences come after the named features.

    Attributes
    ----------
    extractor_ : Extractor
        The torch module.

    Examples
    --------
    >>> windows = np.zeros((2, 128, 6), np.float32)
    >>> FeatureTransformer().fit_transform(windows).shape
    (2, 494)
    """

    extractor_: Extractor

    def __init__(
        self,
        n_samples: int = 128,
        rate_hz: float = 50.0,
        batch_size: int = 64,
        convolutions: int = 0,
        seed: int = 0,
        channels: Sequence[str] = CHANNELS,
        coherence: bool = False,
    ) -> None:
        self.n_samples = n_samples
        self.rate_hz = rate_hz
        self.batch_size = batch_size
        self.convolutions = convolutions
        self.seed = seed
        self.channels = channels
        self.coherence = coherence

    def fit(self, X: Float32 | None = None, y: Any = None) -> Self:
        """Build the extractor; `X` is used for convolutions only, and `y` never."""
        if not self.convolutions:
            return self._built()
        assert X is not None, "MiniRocket's biases are drawn from windows"
        return self._built(
            MiniRocket.fit(self._checked(X), self.convolutions, self.seed, self.channels)
        )

    def restore(self, biases: Float32, channels: npt.NDArray[np.bool_]) -> Self:
        """Build the extractor with MiniRocket as it was fitted before."""
        return self._built(MiniRocket(self.n_samples, channels, biases, self.channels))

    def transform(self, X: Float32) -> Float32:
        """Return the features.

        Parameters
        ----------
        X : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s

        Returns
        -------
        ndarray of shape (n_windows, n_features), float32

        Raises
        ------
        DataError
            If the windows have another shape.
        """
        check_is_fitted(self)
        self._checked(X)
        out = np.empty((len(X), len(self.extractor_.names)), np.float32)
        with torch.inference_mode():
            for start in range(0, len(X), self.batch_size):
                batch = torch.tensor(X[start : start + self.batch_size], dtype=torch.float32)
                out[start : start + self.batch_size] = self.extractor_(batch).numpy()
        return out

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the name of each feature."""
        check_is_fitted(self)
        return np.asarray(self.extractor_.names, dtype=object)

    def _built(self, convolutions: MiniRocket | None = None) -> Self:
        shape = self.n_samples, self.rate_hz, self.channels
        named: Described = with_coherence(*shape) if self.coherence else window_features(*shape)
        extractor = WithConvolutions(named, convolutions) if convolutions else named
        self.extractor_ = extractor.eval()
        return self

    def _checked(self, X: Float32) -> Float32:
        expected = (self.n_samples, len(self.channels))
        if X.ndim != 3 or X.shape[1:] != expected:
            raise DataError(
                "windows do not fit the features",
                expected=f"shape (n_windows, {expected[0]}, {expected[1]})",
                found=str(X.shape),
            )
        return X
