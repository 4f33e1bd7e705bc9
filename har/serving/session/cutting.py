"""Windows of a stretch on the grid that starts at its first sample, as they become whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from har.arrays import Float32
from har.config import WindowGrid


class Cutter:
    """Cuts a stretch as `har.data.windows.cut` does, chunk by chunk.

    Parameters
    ----------
    grid : WindowGrid
        How it is cut.

    Attributes
    ----------
    samples, windows : int
        Of the stretch so far.
    """

    def __init__(self, grid: WindowGrid) -> None:
        self._size, self._hop = grid.n_samples, grid.n_hop
        self.samples = self.windows = 0
        self._rest: Float32 = np.empty((0, 0), np.float32)  # samples from the next window on

    def push(self, values: Float32) -> Float32:
        """Return the windows that some more samples complete.

        Parameters
        ----------
        values : ndarray of shape (n_samples, n_channels)
            They follow those of the call before.

        Returns
        -------
        ndarray of shape (n_windows, n_samples, n_channels)
        """
        skipped = max(0, self.windows * self._hop - self.samples)
        self.samples += len(values)
        more = values[skipped:]
        rest = np.concatenate([self._rest, more]) if len(self._rest) else more
        n = max(0, (len(rest) - self._size) // self._hop + 1)
        self._rest = rest[n * self._hop :]
        self.windows += n
        if not n:
            return np.empty((0, self._size, values.shape[1]), np.float32)
        views = np.lib.stride_tricks.sliding_window_view(rest, self._size, axis=0)
        return np.ascontiguousarray(views[: n * self._hop : self._hop].swapaxes(1, 2))

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-able dict."""
        rest = self._rest.tolist()
        return {"samples": self.samples, "windows": self.windows, "rest": rest}

    def restore(self, fields: Mapping[str, Any]) -> None:
        """Go on where the one that `to_dict` was called on stood."""
        self.samples, self.windows = fields["samples"], fields["windows"]
        rows = fields["rest"]
        self._rest = np.array(rows, np.float32) if rows else np.empty((0, 0), np.float32)
