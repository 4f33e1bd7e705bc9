"""ONNX files run by ONNX Runtime: the one place that makes sessions, runs batches and times.

All graphs of this project take ``windows`` (batch, n_samples, n_channels) and give
``probabilities`` (batch, n_classes); newer ones give ``distance`` (batch,) as well.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from har.arrays import Float32
from har.errors import DataError, MissingError

PROBABILITIES, DISTANCE = "probabilities", "distance"
# Large enough that calls cost nothing, small enough for a processor's cache (`har benchmark onnx`).
BATCH = 64


class OnnxModel:
    """An ONNX file, loaded.

    Parameters
    ----------
    path : Path
        The file.
    threads : int, default=1
        CPU threads of one call.

    Attributes
    ----------
    metadata : dict of str to str
        What the file says of itself.
    outputs : tuple of str
        Names of what it gives.
    window_shape : tuple of int
        Samples and channels of a window.

    Raises
    ------
    MissingError
        If the file is not there.
    DataError
        If it is damaged or no ONNX file.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        if not path.is_file():
            raise MissingError(f"{path}: no such model", hint="run `har run` to make one")
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        self._session = _session(path, options)
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.outputs: tuple[str, ...] = tuple(o.name for o in self._session.get_outputs())
        (taken,) = self._session.get_inputs()
        self.window_shape: tuple[int, ...] = tuple(taken.shape[1:])

    def run(self, windows: npt.NDArray[Any]) -> dict[str, Float32]:
        """Return every output by name, each with one row per window.

        Parameters
        ----------
        windows : ndarray of shape (n_windows, n_samples, n_channels)
            Of any number, none included.
        """
        windows = np.ascontiguousarray(windows, np.float32)
        starts = range(0, max(len(windows), 1), BATCH)
        parts = [self.call(windows[start : start + BATCH]) for start in starts]
        return dict(zip(self.outputs, map(np.concatenate, zip(*parts, strict=True)), strict=True))

    def call(self, windows: Float32) -> list[Float32]:
        """Return every output of one call, in the order of `outputs`."""
        found: list[Float32] = self._session.run(None, {"windows": windows})
        return found

    def predict_proba(self, windows: npt.NDArray[Any]) -> Float32:
        """Return class probabilities of shape (n_windows, n_classes)."""
        return self.run(windows)[PROBABILITIES]


def _session(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no other base
        raise DataError(
            f"{path}: cannot be loaded",
            expected="an ONNX file",
            found=str(error).splitlines()[0][:300],
            hint="copy it again from where it was made",
        ) from None


def latencies(
    paths: Sequence[Path], window: npt.NDArray[Any] | None, repeats: int
) -> list[npt.NDArray[np.float64]]:
    """Time every model on one thread, in turns, so that a busy moment slows them all.

    Parameters
    ----------
    paths : sequence of Path
        ONNX files that take windows of one shape.
    window : ndarray of shape (1, n_samples, n_channels), optional
        What each call predicts; zeros if none is given.
    repeats : int
        Timed calls of each, after a tenth as many to warm up.

    Returns
    -------
    list of ndarray of shape (repeats,), ms
    """
    models = [OnnxModel(path) for path in paths]
    window = np.zeros((1, *models[0].window_shape)) if window is None else window
    taken = np.ascontiguousarray(window, np.float32)
    warm_up = repeats // 10
    times = np.empty((len(paths), warm_up + repeats))
    for call in range(times.shape[1]):
        for row, model in enumerate(models):
            start = time.perf_counter()
            model.call(taken)
            times[row, call] = 1000 * (time.perf_counter() - start)
    return list(times[:, warm_up:])
