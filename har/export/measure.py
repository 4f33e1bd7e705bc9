"""How far an ONNX build is from the model it came from, and how fast it runs."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from har.config import ExportSettings
from har.lineage import digest
from har.models.runtime import OnnxModel

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Build:
    """One ONNX file, measured on the test windows and judged by the bounds.

    Attributes
    ----------
    name, file, sha256 : str
        The build and its file.
    bytes : int
        Size of the file.
    max_probability_gap : float
        Largest difference of a class probability from the model's.
    agreement : float
        Share of windows with the model's label.
    macro_f1, macro_f1_change : float
        Of the build, and the build's minus the model's.
    latency_ms, latency_p95_ms : float
        Median and 95th percentile for one window on one thread, ms.
    passed : bool
        Whether every bound holds.
    failures : list of str
        The bounds that do not, with value and bound.
    """

    name: str
    file: str
    bytes: int
    sha256: str
    max_probability_gap: float
    agreement: float
    macro_f1: float
    macro_f1_change: float
    latency_ms: float
    latency_p95_ms: float
    passed: bool = True
    failures: list[str] = field(default_factory=list)


def measure(
    path: Path,
    latency_ms: npt.NDArray[np.float64],
    *,
    windows: Floats,
    reference: npt.NDArray[np.float64],
    y: npt.NDArray[np.int64],
) -> Build:
    """Compare a build with the model's probabilities.

    Parameters
    ----------
    path : Path
        Its file, ``model-<name>.onnx``.
    latency_ms : ndarray of shape (n_calls,)
        As `latencies` measured it, ms.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        Labelled test windows.
    reference : ndarray of shape (n_windows, n_classes)
        The model's probabilities for them.
    y : ndarray of shape (n_windows,)
        Their labels.
    """
    # Here, because timing builds must not cost the import of scikit-learn.
    from sklearn.metrics import f1_score

    found = OnnxModel(path).predict_proba(windows)
    expected, labels = reference.argmax(1), found.argmax(1)
    macro_f1 = f1_score(y, labels, average="macro")
    return Build(
        name=path.stem.removeprefix("model-"),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=digest.of_file(path),
        max_probability_gap=float(np.abs(found - reference).max()),
        agreement=float((labels == expected).mean()),
        macro_f1=float(macro_f1),
        macro_f1_change=float(macro_f1 - f1_score(y, expected, average="macro")),
        latency_ms=float(np.median(latency_ms)),
        latency_p95_ms=float(np.quantile(latency_ms, 0.95)),
    )


def failures(build: Build, fp32_latency_ms: float, bounds: ExportSettings) -> list[str]:
    """Return the bounds that a build breaks, each with its value."""
    rules = {
        "probability gap": (build.max_probability_gap, bounds.max_probability_gap),
        "disagreement": (1 - build.agreement, 1 - bounds.min_agreement),
        "macro-F1 drop": (-build.macro_f1_change, bounds.max_macro_f1_drop),
        "latency, ms": (build.latency_ms, bounds.max_latency_ms),
        "latency / fp32": (build.latency_ms / fp32_latency_ms, bounds.max_slowdown),
    }
    return [f"{rule} {v:.4g} > {bound:.4g}" for rule, (v, bound) in rules.items() if v > bound]
