"""Two registered versions side by side: scores, people, errors, builds, and their origin.

Everything is read from what was registered and checked against the lineage records, so
neither the store nor the models are needed.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.config import IntervalSettings
from har.errors import UsageError
from har.evaluation.predictions import read_predictions
from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.scores import Interval, Metrics
from har.export.artifact import Builds
from har.lineage.difference import difference, words
from har.lineage.record import FILE, Record
from har.page.html import change
from har.registry.handle import Registry
from har.registry.versions.files import verified_files
from har.registry.versions.version import Version, require_measured

# More names than that in one sentence are a list, which the tables have.
MOST_NAMED = 8


@dataclass(frozen=True)
class Side:
    """One of the two versions.

    Attributes
    ----------
    number, candidate, dataset, stage, aliases, created
        As `har.registry.versions.version.Version` has them.
    test_digest, n_windows, n_subjects, classes, macro_f1_interval, confidence, worst_subject
        As `har.evaluation.results.scores.Metrics` has them.
    builds : tuple of dict
        Its ONNX builds, as `har.export.artifact.Builds.to_dict` has them, in short.
    """

    number: int
    candidate: str
    dataset: str
    stage: str
    aliases: tuple[str, ...]
    created: str
    test_digest: str
    n_windows: int
    n_subjects: int
    classes: tuple[str, ...]
    macro_f1_interval: Interval
    confidence: float
    worst_subject: str
    builds: tuple[dict[str, Any], ...]

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return f"{self.candidate} (version {self.number})"


@dataclass(frozen=True)
class Pair:
    """A score of both versions, None for what there is not, and a minus b if that can be said."""

    a: float | None
    b: float | None
    difference: float | None


@dataclass(frozen=True)
class People:
    """Whom one version suits better than another.

    Attributes
    ----------
    better, worse, same : tuple of str
        Test subjects on whom version a has the higher, the lower, and the same macro-F1; those
        first on whom the two differ most.
    """

    better: tuple[str, ...]
    worse: tuple[str, ...]
    same: tuple[str, ...]

    @classmethod
    def of(cls, paired: PairedDifference) -> "People":
        """Sort the subjects of a paired difference."""
        gaps = {who: subject.difference for who, subject in paired.per_subject.items()}
        ordered = sorted(gaps, key=lambda who: -abs(gaps[who]))
        return cls(
            tuple(who for who in ordered if gaps[who] > 0),
            tuple(who for who in ordered if gaps[who] < 0),
            tuple(who for who in ordered if gaps[who] == 0),
        )

    @property
    def sentence(self) -> str:
        """Who they are, in words."""
        parts = [("better on", self.better), ("worse on", self.worse), ("the same on", self.same)]
        told = [f"{how} {len(who)} ({_named(who)})" for how, who in parts if who]
        return f"{'; '.join(told).capitalize()}."


def _named(people: tuple[str, ...]) -> str:
    shown = people if len(people) <= MOST_NAMED + 1 else people[:MOST_NAMED]
    rest = len(people) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side.

    Attributes
    ----------
    model : str
        The registered model.
    a, b : Side
        The versions; differences are a minus b.
    same_test : bool
        Whether both were measured on the same test windows; if not, there is no difference
        of scores, and ``paired`` and ``confusion`` are None.
    scores, class_f1 : dict of str to Pair
        By name, over all windows. Of macro-F1 there is no difference here: what counts is the
        one person by person, in ``paired``.
    paired : PairedDifference or None
        Over the test subjects.
    confusion : list of list of float or None
        By label (rows) and prediction, the difference of the shares of the label's windows.
    origin : dict
        What `har.lineage.difference.difference` returns.
    """

    model: str
    a: Side
    b: Side
    same_test: bool
    scores: dict[str, Pair]
    class_f1: dict[str, Pair]
    paired: PairedDifference | None
    confusion: list[list[float]] | None
    origin: dict[str, Any]

    @property
    def people(self) -> People | None:
        """Whom version a suits better than version b; None without a common test."""
        return People.of(self.paired) if self.paired else None

    @property
    def changes(self) -> list[str]:
        """What version a was made of otherwise than version b, a sentence for each part."""
        return words(self.origin, since=f"version {self.b.number}")


_BUILD = ("name", "bytes", "max_probability_gap", "agreement", "latency_ms", "passed", "verdict")


@dataclass(frozen=True)
class _Registered:
    """The files of a version, read."""

    version: Version
    metrics: Metrics
    builds: Builds
    predictions: pd.DataFrame
    lineage: Record

    @property
    def scores(self) -> dict[str, float]:
        m = self.metrics
        assert m.calibration  # as of every model on its own data set
        return {
            "macro_f1": m.macro_f1,
            "accuracy": m.accuracy,
            "macro_precision": m.macro_precision,
            "macro_recall": m.macro_recall,
            "ece": m.calibration.ece,
            "worst_subject": min(m.subject_f1.values()),
        }

    @property
    def class_f1(self) -> dict[str, float | None]:
        """F1 by class; None for a class that the test windows lack."""
        per_class = self.metrics.per_class.items()
        return {name: score.f1 if score.support else None for name, score in per_class}


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
    same = (one.metrics.test_digest, one.metrics.classes) == (
        other.metrics.test_digest,
        other.metrics.classes,
    )
    scores = _side_by_side(one.scores, other.scores, same=same)
    return Comparison(
        model=a.model,
        a=_about(one),
        b=_about(other),
        same_test=same,
        scores={**scores, "macro_f1": replace(scores["macro_f1"], difference=None)},
        class_f1=_side_by_side(one.class_f1, other.class_f1, same=same),
        paired=_paired(one, other, intervals) if same else None,
        confusion=(_shares(one) - _shares(other)).tolist() if same else None,
        origin=difference(one.lineage, other.lineage),
    )


def outcome(comparison: Comparison) -> str:
    """Say what came of a comparison, from the numbers."""
    a, b, scores = comparison.a, comparison.b, comparison.scores["macro_f1"]
    assert scores.a is not None and scores.b is not None
    if comparison.paired:
        return person_by_person(a.title, b.title, comparison.paired)
    measured = " and ".join(
        f"{f1:.3f} on {side.n_windows} windows of "
        f"{side.n_subjects} people in {len(side.classes)} classes"
        for side, f1 in ((a, scores.a), (b, scores.b))
    )
    what = "classes" if a.test_digest == b.test_digest else "test windows"
    return (
        f"{a.title} and {b.title} were measured on different {what}, so their scores cannot be "
        f"compared person by person: macro-F1 {measured}."
    )


def person_by_person(
    a: str, b: str, paired: PairedDifference, people: str = "test subjects"
) -> str:
    """Say how two versions compare by the difference that the gate uses too, and on whom."""
    low, high = paired.mean_difference_interval
    pooled, _ = paired.macro_f1_difference_interval
    verdict = {"better": f"{a} is better than {b}", "worse": f"{a} is worse than {b}"}.get(
        paired.verdict, f"No difference beyond noise between {a} and {b}"
    )
    alone = f"; with all windows pooled from {change(pooled)}" if paired.is_pooled_against() else ""
    spread = (
        f"{paired.confidence:.0%} interval {change(low)} to {change(high)}{alone}, "
        f"Wilcoxon p = {paired.wilcoxon_p:.2g}"
    )
    return (
        f"{verdict}: on {paired.n_subjects} {people} macro-F1 is "
        f"{change(paired.mean_difference)} person by person "
        f"({spread if paired.n_subjects > 1 else 'one person shows no spread'}). "
        f"{People.of(paired).sentence}"
    )


def unscored(side: Side, name: str) -> str:
    """Say why a version has no F1 of a class."""
    return "no test windows" if name in side.classes else "not in its class set"


def _read(registry: Registry, version: Version) -> _Registered:
    with tempfile.TemporaryDirectory() as folder:
        files = verified_files(registry, version, Path(folder))
        metrics = Metrics.read(files["evaluation/metrics.json"].parent)
        builds = Builds.read(files["onnx/builds.json"].parent)
        lineage = Record.from_bytes(files[FILE].read_bytes())
        predictions = read_predictions(files["evaluation/predictions.parquet"].parent)
    return _Registered(version, metrics, builds, predictions, lineage)


def _about(registered: _Registered) -> Side:
    version, metrics, builds = registered.version, registered.metrics, registered.builds
    return Side(
        number=version.number,
        candidate=version.candidate,
        dataset=version.dataset,
        stage=version.stage,
        aliases=tuple(version.aliases),
        created=version.created,
        test_digest=metrics.test_digest,
        n_windows=metrics.n_windows,
        n_subjects=metrics.n_subjects,
        classes=metrics.classes,
        macro_f1_interval=metrics.macro_f1_interval,
        confidence=metrics.confidence,
        worst_subject=metrics.worst_subject,
        builds=tuple({key: build[key] for key in _BUILD} for build in builds.to_dict()["builds"]),
    )


def _side_by_side(
    a: Mapping[str, float | None], b: Mapping[str, float | None], *, same: bool
) -> dict[str, Pair]:
    """Return the scores of both by name, and a minus b where that can be said."""
    scores = {}
    for name in {**a, **b}:
        x, y = a.get(name), b.get(name)
        gap = x - y if same and x is not None and y is not None else None
        scores[name] = Pair(x, y, gap)
    return scores


def _paired(a: _Registered, b: _Registered, intervals: IntervalSettings) -> PairedDifference:
    # Here, because it imports scikit-learn.
    from har.evaluation.metrics import paired_difference

    classes = a.metrics.classes
    return paired_difference(a.predictions, b.predictions, classes, settings=intervals)


def _shares(registered: _Registered) -> npt.NDArray[np.float64]:
    """Return the confusion matrix as shares of each label's windows."""
    counts = np.array(registered.metrics.confusion)
    return np.asarray(counts / np.maximum(counts.sum(1, keepdims=True), 1))
