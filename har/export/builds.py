"""Every ONNX build of a candidate, made, measured and judged."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from har.config import ExportSettings, WindowGrid
from har.data.windows import Windows
from har.export.alike import answers_elsewhere, spread
from har.export.artifact import Builds, MeasuredBounds
from har.export.compact import compact
from har.export.distance import add_distance
from har.export.measure import measure
from har.export.quartiles import compare_rows
from har.models.answers import Answers
from har.models.catalogue import CLASSICAL
from har.models.interface import load_model
from har.models.onnx_metadata import OnnxMetadata
from har.models.out_of_distribution import MahalanobisDetector
from har.models.reference import Reference
from har.models.runtime import OnnxModel, latencies
from har.models.smoothing import Name, Smoothing, best_smoother, fit_smoothing


@dataclass(frozen=True)
class Measurement:
    """What every build of a candidate is measured with.

    Attributes
    ----------
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        Labelled test windows.
    y : ndarray of shape (n_windows,)
        Their labels.
    reference : ndarray of shape (n_windows, n_classes)
        The model's own probabilities for them.
    """

    windows: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    reference: npt.NDArray[np.float64]


def export(
    candidate: str,
    out: Path,
    model: Path,
    reference: npt.NDArray[np.floating[Any]],
    windows: Windows,
    *,
    window: WindowGrid,
    settings: ExportSettings,
) -> None:
    """Write every build of a candidate, measure and judge them, and name what serves.

    Parameters
    ----------
    candidate : str
        Name of the model.
    out : Path
        Gets the ONNX files, ``builds.json`` and ``measured.json``.
    model : Path
        The trained model.
    reference : ndarray of shape (n_test_windows, n_classes)
        Its own probabilities of the labelled test windows.
    windows : Windows
        Training subjects' windows calibrate, test windows measure.
    window, settings
        What goes into the metadata, and the bounds.
    """
    fp32 = out / "model-fp32.onnx"
    load_model(model).to_onnx(fp32)
    # A kernel or a tree has no int8 form.
    if candidate not in CLASSICAL:
        _quantize(fp32, out, windows, settings)
    paths = sorted(out.glob("model-*.onnx"))  # fp32 first
    train, validation = (windows.select(s, labelled=False).X for s in ("train", "validation"))
    detector = MahalanobisDetector.fit(train, validation, refused=settings.unknown_share)
    facts = _facts(candidate, windows, window, detector, fp32).to_dict()
    for path in paths:
        _finish(path, detector, facts)
    test = windows.select("test")
    against = Measurement(test.X, test.y, reference.astype("float64"))
    times = latencies(paths, against.windows[:1], settings.latency_repeats)
    elsewhere = answers_elsewhere(paths, spread(against.windows), settings.latency_repeats)
    builds = [
        measure(path, taken_ms, answers, **vars(against), bounds=settings)
        for path, taken_ms, answers in zip(paths, times, elsewhere, strict=True)
    ]
    bounds = MeasuredBounds(settings.max_latency_ms, settings.max_slowdown, settings.max_answer_gap)
    Builds.judge(candidate, builds, bounds).write(out)


def _quantize(fp32: Path, out: Path, windows: Windows, settings: ExportSettings) -> None:
    """Write the int8 builds of a network."""
    from har.export import quantize

    quantize.quantize_weights(fp32, out / "model-int8-weights.onnx")
    if not quantize.has_convolutions(fp32):
        quantize.quantize_dynamic(fp32, out / "model-int8-dynamic.onnx")
    train = windows.select("train")
    rows = np.linspace(0, len(train.X) - 1, settings.calibration_windows).astype(int)
    quantize.quantize_static(fp32, out / "model-int8-static.onnx", train.X[rows])


def _facts(
    candidate: str,
    windows: Windows,
    window: WindowGrid,
    detector: MahalanobisDetector,
    fp32: Path,
) -> OnnxMetadata:
    """Return what a file says of itself: what goes in, what comes out, how to answer."""
    smoothing, smoother = _over_time(fp32, windows)
    return OnnxMetadata(
        candidate=candidate,
        dataset=", ".join(sorted(windows.index["dataset"].unique())),
        classes=tuple(windows.classes),
        channels=tuple(windows.channels),
        gravity=windows.choice.gravity,
        upright=windows.choice.upright,
        rate_hz=window.rate_hz,
        n_samples=window.n_samples,
        n_hop=window.n_hop,
        threshold=detector.threshold,
        smoothing=smoothing,
        smoother=smoother,
        reference=Reference.fit(windows, window),
    )


def _over_time(fp32: Path, windows: Windows) -> tuple[Smoothing, Name]:
    """Return the smoothers, and the one that is best on the validation subjects."""
    smoothing = fit_smoothing(windows)
    held_out = windows.select("validation", labelled=False)
    held_out = held_out.take(np.flatnonzero(~held_out.index["extra"]))
    probabilities = OnnxModel(fp32).predict_proba(held_out.X)
    answers = Answers.known(windows.classes, probabilities)
    # A mixed window has no label, but it tells when the answers change.
    codes = {name: code for code, name in enumerate(windows.classes)}
    commonest = held_out.index["activity"].astype("str").map(codes).fillna(-1).to_numpy(int)
    truth = np.where(held_out.y >= 0, held_out.y, commonest)
    pieces = held_out.index["recording_id"].to_numpy()
    return smoothing, best_smoother(smoothing, answers, truth, pieces)


def _finish(path: Path, detector: MahalanobisDetector, facts: dict[str, str]) -> None:
    """Add the distance, make the file fast and small and write the facts into it.

    Quantization comes before, so the distance is computed in float64 in every build.
    """
    model = onnx.load(path)
    add_distance(model, detector)
    compare_rows(model)
    compact(model)
    del model.metadata_props[:]
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
