"""How far an ONNX build is from the model that it was made from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from har.arrays import Float32
from har.config import ExportSettings
from har.export.alike import batch_gap, spread
from har.export.artifact import MAX_PAIR_SUM, Build, Elsewhere, Latency, broken_bounds
from har.export.overflow import largest_pair_sum
from har.lineage import digest
from har.models.runtime import OnnxModel


def measure(
    path: Path,
    latency_ms: npt.NDArray[np.float64],
    elsewhere: Sequence[Elsewhere] = (),
    *,
    windows: Float32,
    reference: npt.NDArray[np.float64],
    y: npt.NDArray[np.int64],
    bounds: ExportSettings,
) -> Build:
    """Compare a build with the model's probabilities.

    Parameters
    ----------
    path : Path
        Its file, ``model-<name>.onnx``.
    latency_ms : ndarray of shape (n_calls,)
        As `har.models.runtime.latencies` measured it, ms.
    elsewhere : sequence of Elsewhere, optional
        Its answers in other runtimes.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        Labelled test windows.
    reference : ndarray of shape (n_windows, n_classes)
        The model's probabilities for them.
    y : ndarray of shape (n_windows,)
        Their labels.
    bounds : ExportSettings
        What its answers are held against.
    """
    # Here, because reading builds must not cost the import of scikit-learn.
    from sklearn.metrics import f1_score

    model = OnnxModel(path)
    probabilities = model.predict_proba(windows)
    expected, labels = reference.argmax(1), probabilities.argmax(1)
    macro_f1 = f1_score(y, labels, average="macro")
    build = Build(
        name=path.stem.removeprefix("model-"),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=digest.of_file(path),
        max_probability_gap=float(np.abs(probabilities - reference).max()),
        agreement=float((labels == expected).mean()),
        macro_f1=float(macro_f1),
        macro_f1_change=float(macro_f1 - f1_score(y, expected, average="macro")),
        mismatches=(),
        latency=Latency(float(np.median(latency_ms)), float(np.quantile(latency_ms, 0.95))),
        pair_sum=largest_pair_sum(onnx.load(path)),
        batch_gap=batch_gap(model, spread(windows)),
        elsewhere=tuple(elsewhere),
    )
    return replace(build, mismatches=mismatches(build, bounds))


def mismatches(build: Build, bounds: ExportSettings) -> tuple[str, ...]:
    """Return the bounds that a build breaks wherever it runs, each with its value."""
    return broken_bounds(
        {
            "probability gap": (build.max_probability_gap, bounds.max_probability_gap),
            "disagreement": (1 - build.agreement, 1 - bounds.min_agreement),
            "macro-F1 drop": (-build.macro_f1_change, bounds.max_macro_f1_drop),
            "products / 16 bits": ((build.pair_sum or 0) / MAX_PAIR_SUM, 1),
            "gap alone and in a batch": (build.batch_gap or 0, bounds.max_answer_gap),
        }
    )
