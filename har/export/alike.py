"""Whether one ONNX file gives the same answers everywhere.

Three things can part them: products that overflow on some processors
(`har.export.overflow`), scales that are taken from whatever windows are answered together,
and another runtime. The first is proved of the file; the others are measured on test windows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from har.arrays import Float32
from har.export.artifact import Elsewhere
from har.export.web import WebAnswers, WebRuntime
from har.models.runtime import OnnxModel

COMPARED = 512
"""How many windows are answered again, spread over the test windows."""


def spread(windows: Float32, n: int = COMPARED) -> Float32:
    """Return at most so many windows, evenly spread, in their order."""
    rows = np.linspace(0, len(windows) - 1, min(n, len(windows))).astype(int)
    return np.ascontiguousarray(windows[rows])


def batch_gap(model: OnnxModel, windows: Float32) -> float:
    """Return the largest difference of a probability between windows alone and together.

    Parameters
    ----------
    model : OnnxModel
        The file.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        At least one.
    """
    alone = np.concatenate([model.predict_proba(window[np.newaxis]) for window in windows])
    return largest_gap(alone, model.predict_proba(windows))


def answers_elsewhere(
    paths: Sequence[Path], windows: Float32, repeats: int
) -> list[tuple[Elsewhere, ...]]:
    """Compare files with themselves in every other runtime that this machine has.

    Parameters
    ----------
    paths : sequence of Path
        ONNX files.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        At least one.
    repeats : int
        Timed calls of each.
    """
    runtime = WebRuntime.installed()
    if runtime is None:
        return [() for _ in paths]
    answers = runtime.answers(paths, windows, repeats)
    return [
        (compare(runtime, answer, OnnxModel(path).predict_proba(windows)),)
        for path, answer in zip(paths, answers, strict=True)
    ]


def compare(runtime: WebRuntime, answers: WebAnswers, native: Float32) -> Elsewhere:
    """Return how far the answers in another runtime are from those given here.

    Parameters
    ----------
    runtime : WebRuntime
        The other one.
    answers : WebAnswers
        What it says.
    native : ndarray of shape (n_windows, n_classes)
        Probabilities of the same windows in the same batches.
    """
    labels = answers.probabilities.argmax(1) == native.argmax(1)
    return Elsewhere(
        runtime=runtime.name,
        gap=largest_gap(answers.probabilities, native),
        agreement=float(labels.mean()),
        latency_ms=float(np.median(answers.latency_ms)),
    )


def largest_gap(a: npt.NDArray[np.floating[Any]], b: npt.NDArray[np.floating[Any]]) -> float:
    """Return the largest difference of any probability."""
    return float(np.abs(a - b).max())
