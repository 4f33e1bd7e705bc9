"""Two registered versions side by side: scores, people, errors, builds, and their origin.

Everything is read from what was registered and checked against the lineage records, so
neither the store nor the models are needed.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.config import IntervalSettings
from har.errors import UsageError
from har.export.artifact import Builds
from har.lineage.difference import difference
from har.lineage.record import FILE, Record
from har.registry.handle import Registry
from har.registry.versions.files import verified_files
from har.registry.versions.version import Version, require_measured

Comparison = dict[str, Any]

_WHO = ("number", "candidate", "dataset", "stage", "aliases", "created")
_MEASURED = ("test_digest", "n_windows", "n_subjects", "classes", "macro_f1_interval", "confidence")
_BUILD = ("name", "bytes", "max_probability_gap", "agreement", "latency_ms", "passed", "verdict")


@dataclass(frozen=True)
class _Registered:
    """The files of a version, read."""

    version: Version
    metrics: dict[str, Any]
    builds: Builds
    predictions: pd.DataFrame
    lineage: Record

    @property
    def scores(self) -> dict[str, float]:
        names = ("macro_f1", "accuracy", "macro_precision", "macro_recall")
        return {
            **{name: self.metrics[name] for name in names},
            "ece": self.metrics["calibration"]["ece"],
            "worst_subject": min(s["macro_f1"] for s in self.metrics["per_subject"].values()),
        }

    @property
    def class_f1(self) -> dict[str, float | None]:
        """F1 by class; None for a class that the test windows lack."""
        per_class = self.metrics["per_class"].items()
        return {name: score["f1"] if score["support"] else None for name, score in per_class}


def compare(
    registry: Registry, a: Version, b: Version, *, intervals: IntervalSettings
) -> Comparison:
    """Compare two versions.

    Parameters
    ----------
    registry : Registry
        The model.
    a, b : Version
        The versions; differences are a minus b.
    intervals : IntervalSettings
        Of the paired difference.

    Returns
    -------
    dict
        JSON-able. ``a`` and ``b``: what each is, with its builds. ``scores`` and
        ``class_f1``: by name, the score of each and the difference, None for what there
        is not. ``paired``: what `har.evaluation.metrics.paired_difference` returns.
        ``confusion``: by label (rows) and prediction, the difference of the shares of the
        label's windows. ``origin``: what `har.lineage.difference.difference` returns.
        Where the two were not measured on the same test windows (``same_test``) there is
        no difference of scores, and ``paired`` and ``confusion`` are None.

    Raises
    ------
    UsageError
        If they are one version, or one was adopted and never measured.
    VerificationError
        If a file of theirs is not the registered one.
    """
    if a.number == b.number:
        raise UsageError(
            f"version {a.number} compared with itself",
            expected="two versions",
            hint="`har registry list` shows them",
        )
    for version in (a, b):
        require_measured(version)
    one, other = _read(registry, a), _read(registry, b)
    same = all(one.metrics[key] == other.metrics[key] for key in ("test_digest", "classes"))
    return {
        "model": a.model,
        "a": _about(one),
        "b": _about(other),
        "same_test": same,
        "scores": _side_by_side(one.scores, other.scores, same=same),
        "class_f1": _side_by_side(one.class_f1, other.class_f1, same=same),
        "paired": _paired(one, other, intervals) if same else None,
        "confusion": (_shares(one) - _shares(other)).tolist() if same else None,
        "origin": difference(one.lineage, other.lineage),
    }


def outcome(comparison: Comparison) -> str:
    """Say what came of a comparison, from the numbers."""
    a, b = (
        f"{comparison[side]['candidate']} (version {comparison[side]['number']})"
        for side in ("a", "b")
    )
    scores = comparison["scores"]["macro_f1"]
    if comparison["paired"]:
        # Here, because it imports matplotlib.
        from har.evaluation.sentences import sentences

        models = {a: {"macro_f1": scores["a"]}, b: {"macro_f1": scores["b"]}}
        (sentence,) = sentences(models, {"reference": b, "models": {a: comparison["paired"]}})
        return sentence
    measured = " and ".join(
        f"{scores[side]:.3f} on {comparison[side]['n_windows']} windows of "
        f"{comparison[side]['n_subjects']} people in {len(comparison[side]['classes'])} classes"
        for side in ("a", "b")
    )
    digests = [comparison[side]["test_digest"] for side in ("a", "b")]
    what = "classes" if digests[0] == digests[1] else "test windows"
    return (
        f"{a} and {b} were measured on different {what}, so their scores cannot be "
        f"compared person by person: macro-F1 {measured}."
    )


def unscored(side: dict[str, Any], name: str) -> str:
    """Say why a version has no F1 of a class."""
    return "no test windows" if name in side["classes"] else "not in its class set"


def _read(registry: Registry, version: Version) -> _Registered:
    with tempfile.TemporaryDirectory() as folder:
        files = verified_files(registry, version, Path(folder))
        metrics = json.loads(files["evaluation/metrics.json"].read_text())
        builds = Builds.read(files["onnx/builds.json"].parent)
        lineage = Record.from_bytes(files[FILE].read_bytes())
        predictions = pd.read_parquet(files["evaluation/predictions.parquet"])
    return _Registered(version, metrics, builds, predictions, lineage)


def _about(registered: _Registered) -> dict[str, Any]:
    version, metrics, builds = registered.version, registered.metrics, registered.builds
    by_subject = {who: score["macro_f1"] for who, score in metrics["per_subject"].items()}
    return {
        **{key: getattr(version, key) for key in _WHO},
        **{key: metrics[key] for key in _MEASURED},
        "worst_subject": min(by_subject, key=lambda who: by_subject[who]),
        "builds": [{key: build[key] for key in _BUILD} for build in builds.to_dict()["builds"]],
    }


def _side_by_side(
    a: Mapping[str, float | None], b: Mapping[str, float | None], *, same: bool
) -> dict[str, dict[str, float | None]]:
    """Return the scores of both by name, and a minus b where that can be said."""
    scores: dict[str, dict[str, float | None]] = {}
    for name in {**a, **b}:
        x, y = a.get(name), b.get(name)
        gap = x - y if same and x is not None and y is not None else None
        scores[name] = {"a": x, "b": y, "difference": gap}
    return scores


def _paired(a: _Registered, b: _Registered, intervals: IntervalSettings) -> dict[str, Any]:
    # Here, because it imports scikit-learn.
    from har.evaluation.metrics import paired_difference

    classes = tuple(a.metrics["classes"])
    return paired_difference(a.predictions, b.predictions, classes, settings=intervals)


def _shares(registered: _Registered) -> npt.NDArray[np.float64]:
    """Return the confusion matrix as shares of each label's windows."""
    counts = np.array(registered.metrics["confusion"])
    return np.asarray(counts / np.maximum(counts.sum(1, keepdims=True), 1))
