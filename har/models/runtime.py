"""ONNX files run by ONNX Runtime: the one place that makes sessions, runs batches and times.

All graphs of this project take ``windows`` (batch, n_samples, n_channels) and give
``probabilities`` (batch, n_classes); newer ones give ``distance`` (batch,) as well.

Files of strangers (``is_foreign``) are looked at before a session is made of them
(`har.models.onnx_file`), and share one allocator, whose bound holds whatever a graph multiplies.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from har.arrays import Float32
from har.errors import DataError, MissingError
from har.models.onnx_file import check_graph

WINDOWS = "windows"
PROBABILITIES, DISTANCE = "probabilities", "distance"
MEMORY = 1 << 30
"""Bytes that the sessions of foreign files may use in one process; a usual model takes 20 MB."""
PATIENCE_S = 60.0
"""Within which a foreign file must be loaded, and then answer first."""
_SILENT = 4  # ONNX Runtime's own words go to stderr otherwise, beside the error
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
    is_foreign : bool, default=False
        Whether the file may come from anyone: what it is made of is looked at, and its memory and
        its first seconds are bounded.

    Attributes
    ----------
    path : Path
        The file.
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
        If it is damaged, no ONNX file, or does not take windows.
    """

    def __init__(self, path: Path, *, threads: int = 1, is_foreign: bool = False) -> None:
        if not path.is_file():
            raise MissingError(f"{path}: no such model", hint="run `har run` to make one")
        self.path = path
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        self._session = _foreign(path, options) if is_foreign else _session(path, options)
        try:
            self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
            self.outputs: tuple[str, ...] = tuple(o.name for o in self._session.get_outputs())
            self.window_shape: tuple[int, ...] = _window_shape(path, self._session.get_inputs())
        except UnicodeDecodeError as error:
            raise _refused(path, "metadata or names that are no text", error) from None

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

    def call(self, windows: Float32, options: ort.RunOptions | None = None) -> list[Float32]:
        """Return every output of one call, in the order of `outputs`.

        Raises
        ------
        DataError
            If the graph cannot run, or takes more than `MEMORY`.
        """
        try:
            found: list[Float32] = self._session.run(None, {WINDOWS: windows}, options)
        except Exception as error:  # ONNX Runtime's errors have no other base
            raise _refused(self.path, "cannot be run", error) from None
        return found

    def tried(self, windows: Float32) -> dict[str, Float32]:
        """Return every output of a first call, by name.

        Raises
        ------
        DataError
            If the graph cannot run, or has not answered within `PATIENCE_S`.
        """
        options = ort.RunOptions()
        options.log_severity_level = _SILENT
        with _within(PATIENCE_S, lambda: setattr(options, "terminate", True)):
            found = self.call(windows, options)
        return dict(zip(self.outputs, found, strict=True))

    def predict_proba(self, windows: npt.NDArray[Any]) -> Float32:
        """Return class probabilities of shape (n_windows, n_classes)."""
        return self.run(windows)[PROBABILITIES]


def _foreign(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    """Make a session of a file that may come from anyone."""
    check_graph(path)
    _share_bounded_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = _SILENT
    with _within(PATIENCE_S, lambda: options.set_load_cancellation_flag(True)):
        return _session(path, options)


def _session(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no other base
        raise _refused(path, "cannot be loaded", error) from None


def _refused(path: Path, what: str, error: Exception) -> DataError:
    return DataError(
        f"{path}: {what}",
        expected=f"an ONNX file that needs at most {MEMORY >> 20:,} MB and {PATIENCE_S:g} s",
        found=(str(error).splitlines() or [type(error).__name__])[0][:300],
        hint="copy it again from where it was made",
    )


def _window_shape(path: Path, inputs: Sequence[Any]) -> tuple[int, ...]:
    """Return the declared shape of a window; a size that is not fixed is a name, or None."""
    taken = [(one.name, one.type, len(one.shape)) for one in inputs]
    if taken != [(WINDOWS, "tensor(float)", 3)]:
        raise DataError(
            f"{path}: does not take windows",
            expected=f"one input {WINDOWS} (batch, n_samples, n_channels), float32",
            found=", ".join(f"{name} {kind} of {n} axes" for name, kind, n in taken)[:200]
            or "none",
        )
    return tuple(inputs[0].shape[1:])


@cache
def _share_bounded_memory() -> None:
    """Make the allocator of foreign files, once in a process: it takes no more than `MEMORY`."""
    where = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    ort.create_and_register_allocator(where, ort.OrtArenaCfg({"max_mem": MEMORY}))


@contextmanager
def _within(seconds: float, stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` from another thread if a block has not ended by then."""
    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


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
