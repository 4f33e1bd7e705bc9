"""The promotion gate: rules on the evidence of one version, and of the champion if any.

A version goes to Production when every rule holds: floors of macro-F1 and of each
class, a build that met its bounds, and, where there is a champion, a macro-F1 that is
higher than the champion's beyond noise over the same subjects. A refused version goes
to Staging if it has a build that may serve, and else stays where it is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from har.config import ExportSettings, Settings
from har.registry.candidate import serving_build
from har.registry.stages import Stage

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evidence:
    """What the gate knows of a version.

    Attributes
    ----------
    number : int
        The version.
    metrics, builds : mapping
        ``metrics.json`` and ``builds.json``.
    predictions : DataFrame
        One row a labelled test window: ``window_id, subject_id, label, predicted``.
    """

    number: int
    metrics: Mapping[str, Any]
    builds: Mapping[str, Any]
    predictions: "pd.DataFrame"


@dataclass(frozen=True)
class Rule:
    """One rule: the value found, the bound it is held against, the outcome.

    As text it is its detail, where it has one that says it better than the numbers.
    """

    name: str
    passed: bool
    value: float | None = None
    bound: float | None = None
    detail: str = ""

    def __str__(self) -> str:
        return self.detail or f"{self.name} {self.value:.4g} (bound {self.bound:.4g})"


@dataclass(frozen=True)
class Decision:
    """The gate's verdict on one version.

    Attributes
    ----------
    model, version, candidate
        What was judged.
    stage : str
        Where it goes: ``Production``, ``Staging`` or ``None``.
    champion : int or None
        The version that it was held against.
    test_digest : str
        The frozen test windows behind the numbers.
    rules : tuple of Rule
        All of them, in order.
    purpose, by, at : str
        Why somebody asked, who, and when; empty until the decision is recorded.
    audit : str
        Digest of its event in the history; empty until it is recorded.
    """

    model: str
    version: int
    candidate: str
    stage: Stage
    champion: int | None
    test_digest: str
    rules: tuple[Rule, ...]
    purpose: str = ""
    by: str = ""
    at: str = ""
    audit: str = ""

    @property
    def passed(self) -> bool:
        """Whether every rule holds."""
        return all(rule.passed for rule in self.rules)

    @property
    def failures(self) -> list[str]:
        """The rules that do not hold, each with its numbers."""
        return [str(rule) for rule in self.rules if not rule.passed]

    @property
    def reason(self) -> str:
        """Why it goes where it goes, in one line."""
        if not self.passed:
            return "; ".join(self.failures)
        comparison = [str(rule) for rule in self.rules if rule.name == _BETTER]
        return comparison[0] if comparison else "all floors and bounds hold; no champion before it"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data, with the verdict spelt out."""
        verdict = "passed" if self.passed else "refused"
        return {**asdict(self), "verdict": verdict, "reason": self.reason}

    @classmethod
    def from_json(cls, text: str) -> "Decision":
        """Read what `to_dict` gave, as JSON."""
        data = json.loads(text)
        known = {f.name: data[f.name] for f in fields(cls)}
        return cls(**{**known, "rules": tuple(Rule(**rule) for rule in data["rules"])})


_BETTER = "better than the champion"
_SAME_TEST = "same test windows as the champion"


def judge(challenger: Evidence, champion: Evidence | None, *, settings: Settings) -> Decision:
    """Judge a version by its evidence alone.

    Parameters
    ----------
    challenger : Evidence
        The version to judge.
    champion : Evidence or None
        The version in Production; without one the floors and bounds decide.
    settings : Settings
        Floors (``gate``), bounds (``export``), intervals (``evaluate``).
    """
    build = serving_build(dict(challenger.builds))
    rules = [
        *_floors(challenger.metrics, settings),
        *_bounds(build, settings.export),
        *(_comparison(challenger, champion, settings) if champion else []),
    ]
    stage: Stage = "Staging" if build["passed"] else "None"
    if all(rule.passed for rule in rules):
        stage = "Production"
    return Decision(
        model=settings.registry.model,
        version=challenger.number,
        candidate=challenger.metrics["candidate"],
        stage=stage,
        champion=champion.number if champion else None,
        test_digest=challenger.metrics["test_digest"],
        rules=tuple(rules),
    )


def _floors(metrics: Mapping[str, Any], settings: Settings) -> list[Rule]:
    gate = settings.gate
    scores = {"macro-F1": (metrics["macro_f1"], gate.min_macro_f1)}
    for name, score in metrics["per_class"].items():
        if score["support"]:  # a class that the test windows lack has no score
            scores[f"F1 of {name}"] = (score["f1"], gate.min_class_f1)
    return [Rule(name, value >= floor, value, floor) for name, (value, floor) in scores.items()]


def _bounds(build: Mapping[str, Any], bounds: ExportSettings) -> list[Rule]:
    gap, latency = build["max_probability_gap"], build["latency_ms"]
    outcome = "met its bounds" if build["passed"] else "; ".join(build["failures"])
    return [
        Rule("serving build", build["passed"], detail=f"build {build['name']}: {outcome}"),
        Rule("probability gap", gap <= bounds.max_probability_gap, gap, bounds.max_probability_gap),
        Rule("latency, ms", latency <= bounds.max_latency_ms, latency, bounds.max_latency_ms),
    ]


def _comparison(challenger: Evidence, champion: Evidence, settings: Settings) -> list[Rule]:
    """Compare two versions subject by subject, if the same windows measured both."""
    same = challenger.metrics["test_digest"] == champion.metrics["test_digest"]
    number = champion.number
    found = f"version {number} was measured on {'the same' if same else 'other'} test windows"
    if not same:
        return [Rule(_SAME_TEST, passed=False, detail=f"{found}: evaluate both on the same")]
    # Here, because reading a decision must not cost the import of scikit-learn.
    from har.evaluation.metrics import paired_difference

    difference = paired_difference(
        challenger.predictions,
        champion.predictions,
        tuple(challenger.metrics["classes"]),
        settings=settings.evaluate,
    )
    mean, n_subjects = difference["mean_difference"], difference["n_subjects"]
    intervals = [difference["mean_difference_interval"], difference["macro_f1_difference_interval"]]
    # Percentile intervals are narrow with few subjects, so both kinds must lie above zero.
    low = min(lower for lower, _ in intervals)
    (lower, upper), _ = intervals
    # One subject shows no spread, so nothing is beyond noise.
    better = n_subjects > 1 and low > 0
    detail = (
        f"{'better' if better else 'not better'} than version {number} beyond noise: macro-F1 "
        f"{mean:+.4f} [{lower:+.4f}, {upper:+.4f}] over {n_subjects} subjects"
    )
    return [Rule(_SAME_TEST, True, detail=found), Rule(_BETTER, better, low, 0.0, detail)]
