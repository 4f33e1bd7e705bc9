"""The rules of the gate: what each holds a version's evidence against.

Every rule has a value, a bound and a verdict. The bounds are settings: ``[gate]`` and
``[export]`` of ``har.toml``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from har.config import ExportSettings, GateSettings, IntervalSettings
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import Metrics
from har.export.artifact import MAX_PAIR_SUM, Build, Builds
from har.registry.gate.checks import DataChecks
from har.registry.gate.deployment import Deployment
from har.registry.versions.decision import BETTER, NOT_WORSE, Rule

if TYPE_CHECKING:
    import pandas as pd

    from har.evaluation.results.comparisons import PairedDifference

SERVING = "serving build"
ALIKE = "same answers everywhere"
SAME_TEST = "same test windows as the champion"
_NOT_REGISTERED = "the version was registered without checks/{}: register it again"
NEVER_WAIVED = (SERVING,)  # what breaks it may not serve at all
# Today's name of each rule that once had another: waivers may still use it.
_RENAMED = {"share mended": "share repaired"}


@dataclass(frozen=True)
class Evidence:
    """What the gate knows of a version.

    Attributes
    ----------
    model : str
        The registered model.
    number : int
        The version.
    metrics : Metrics or None
        None of a version that was adopted.
    builds : Builds or None
        None of a version that was adopted.
    predictions : DataFrame
        One row per labelled test window: ``window_id, subject_id, label, predicted``.
    data : DataChecks or None
        None of a version that was registered without.
    robustness : Robustness or None
        None as above.
    people : mapping of str to sequence of str
        The subjects that the model saw (``train``, ``validation``, ``pretrain``) and those
        whom it was tested on (``test``).
    n_files : int
        Files that have the digests in its lineage record.
    latency_ms : float
        Median for one window on one thread of this machine, ms.
    machine : str
        This machine.
    shadow_windows : int
        Windows that it was scored on beside the champion.
    unknown_checkpoints : tuple of str
        Checkpoints that it began from of which nobody knows whom they have seen.
    """

    model: str
    number: int
    metrics: Metrics | None
    builds: Builds | None
    predictions: "pd.DataFrame"
    data: DataChecks | None
    robustness: Robustness | None
    people: Mapping[str, Sequence[str]]
    n_files: int
    latency_ms: float
    machine: str
    shadow_windows: int = 0
    unknown_checkpoints: tuple[str, ...] = ()


def of(
    challenger: Evidence,
    champion: Evidence | None,
    *,
    gate: GateSettings,
    export: ExportSettings,
    intervals: IntervalSettings,
) -> list[Rule]:
    """Return every rule with its outcome."""
    assert challenger.builds and challenger.metrics  # only a champion may be adopted
    build = challenger.builds.shipped
    outcomes = [
        Rule("lineage", True, detail=f"{challenger.n_files} files are the registered ones"),
        *_bounds(challenger, build, export),
        _alike(build, export.max_answer_gap),
        *_floors(challenger.metrics, gate),
        *_ceilings(challenger.metrics, build, gate),
        *_data(challenger.data, gate),
        *_robustness(challenger, gate),
        _unseen(challenger, champion),
        *(_comparison(challenger, champion, gate.margin, intervals) if champion else []),
        *(_shadowed(challenger, champion, gate.min_shadow_windows) if champion else []),
    ]
    return [replace(rule, needs="") if rule.holds else rule for rule in outcomes]


def _at_least(name: str, value: float, floor: float, detail: str = "") -> Rule:
    needs = f"{name} must be at least {floor:.4g}; it is {value:.4g}"
    return Rule(name, value >= floor, value, floor, detail, needs=needs)


def _at_most(name: str, value: float, most: float, detail: str = "") -> Rule:
    needs = f"{name} must be at most {most:.4g}; it is {value:.4g}"
    return Rule(name, value <= most, value, most, detail, needs=needs)


def known_as(name: str, outcomes: Sequence[Rule]) -> str:
    """Return the name that a rule has among some, given one that it has or had."""
    names = {rule.name for rule in outcomes}
    one_of_both = names & {BETTER, NOT_WORSE} if name in (BETTER, NOT_WORSE) else set()
    return next(iter(one_of_both), _RENAMED.get(name, name))


def _bounds(challenger: Evidence, build: Build, bounds: ExportSettings) -> list[Rule]:
    gap, latency = build.max_probability_gap, challenger.latency_ms
    outcome = "met its bounds" if build.passed else "; ".join(build.failures)
    return [
        Rule(
            SERVING,
            build.passed,
            detail=f"build {build.name}: {outcome}",
            needs=f"a build must meet its bounds when it is exported: {build.name} has {outcome}",
        ),
        _at_most("probability gap", gap, bounds.max_probability_gap),
        _at_most(
            "latency, ms",
            latency,
            bounds.max_latency_ms,
            f"{latency:.2f} ms per window on {challenger.machine}",
        ),
    ]


def _alike(build: Build, most: float) -> Rule:
    """Ask for the same answers wherever the build runs: by proof, and as far as was measured."""
    if build.pair_sum is None or build.batch_gap is None:
        detail = "the version was exported before its answers were compared: export it again"
        return Rule(ALIKE, False, detail=detail)
    gaps = {"in a batch": build.batch_gap} | {one.runtime: one.gap for one in build.elsewhere}
    measured = ", ".join(f"{where} within {gap:.2g}" for where, gap in gaps.items())
    safe = build.pair_sum <= MAX_PAIR_SUM
    proof = "no product of integers can overflow" if safe else "products of integers can overflow"
    only = "" if build.elsewhere else "; no other runtime was there to be measured"
    worst = max(gaps.values())
    return Rule(ALIKE, safe and worst <= most, worst, most, f"{measured}; {proof}{only}")


def _floors(metrics: Metrics, gate: GateSettings) -> list[Rule]:
    worst = min(metrics.subject_f1.values())
    scores = {
        "macro-F1": (metrics.macro_f1, gate.min_macro_f1),
        "macro-F1 of the worst subject": (worst, gate.min_subject_f1),
    }
    for name, score in metrics.per_class.items():
        if score.support:  # a class that the test windows lack has no score
            scores[f"F1 of {name}"] = (score.f1, gate.min_class_f1)
    return [_at_least(name, value, floor) for name, (value, floor) in scores.items()]


def _ceilings(metrics: Metrics, build: Build, gate: GateSettings) -> list[Rule]:
    assert metrics.calibration  # as of every model on its own data set
    values = {
        "calibration error": (metrics.calibration.ece, gate.max_ece),
        "size, MB": (build.bytes / 1e6, gate.max_megabytes),
    }
    return [_at_most(name, value, most) for name, (value, most) in values.items()]


def _data(data: DataChecks | None, gate: GateSettings) -> list[Rule]:
    if data is None:
        return [Rule("data checks", False, detail=_NOT_REGISTERED.format(DataChecks.FILE))]
    shares = {
        "quarantined": (data.rows_quarantined, data.rows_in, gate.max_quarantined),
        "repaired": (data.samples_repaired, data.samples_in, gate.max_repaired),
    }
    shared = data.shared
    return [
        *(
            Rule(
                f"share {what}",
                n <= most * of,
                n / of,
                most,
                f"{n:,} of {of:,} {what}",
                needs=f"at most {most:.4g} of the data may be {what}; {n / of:.4g} is",
            )
            for what, (n, of, most) in shares.items()
        ),
        Rule(
            "splits",
            not shared,
            len(shared),
            0,
            f"share {', '.join(shared) or 'nothing'}",
            needs=f"splits must share nothing; they share {', '.join(shared)}",
        ),
    ]


def _robustness(challenger: Evidence, gate: GateSettings) -> list[Rule]:
    """Hold what each change of the sensors costs against its budget, where it can happen."""
    found, budget = challenger.robustness, gate.robustness
    if not budget:
        return []
    if found is None:
        return [Rule("robustness", False, detail=_NOT_REGISTERED.format(Robustness.FILE))]
    deployment = Deployment.of(gate.deployment, challenger.data)
    cost = {p.name: -p.difference for p in found.perturbations}
    return [_loss(name, cost, most, deployment.excludes(name)) for name, most in budget.items()]


def _loss(name: str, cost: Mapping[str, float], most: float, excluded: str) -> Rule:
    """Hold what a change costs against its budget; where it cannot happen, report it alone."""
    title = f"loss if {name}"
    if name not in cost:
        detail = f"{name} was not measured, but {', '.join(cost)}"
        return Rule(title, False, detail=detail, required=not excluded)
    value = cost[name]
    detail = f"costs {value:.4f}; reported, not required: {excluded}" if excluded else ""
    needs = f"macro-F1 {name} must lose at most {most:.4g}; it loses {value:.4g}"
    return Rule(title, value <= most, value, most, detail, required=not excluded, needs=needs)


def _unseen(challenger: Evidence, champion: Evidence | None) -> Rule:
    """Refuse where a subject that either was tested on is one that either has seen."""
    judged = [e for e in (challenger, champion) if e]
    tested = {who for e in judged for who in e.people.get("test", ())}
    seen = {
        f"version {e.number} has seen {who}"
        for e in judged
        for split, subjects in e.people.items()
        if split != "test"
        for who in tested & set(subjects)
    }
    detail = ", ".join(sorted(seen)) or f"none of {len(tested)} was seen"
    for e in judged:
        for source in e.unknown_checkpoints:
            detail += f"; whom {source}, which version {e.number} began from, has seen is unknown"
    needs = f"test it on people whom nobody has seen: {', '.join(sorted(seen))}"
    return Rule("test subjects unseen", not seen, len(seen), 0, detail, needs=needs)


def _comparison(
    challenger: Evidence, champion: Evidence, margin: float, intervals: IntervalSettings
) -> list[Rule]:
    """Compare two versions subject by subject, if the same windows measured both."""
    assert challenger.metrics
    if not champion.metrics:
        detail = f"version {champion.number} was adopted: nobody measured it on test windows"
        return [Rule(SAME_TEST, passed=False, detail=detail)]
    same = challenger.metrics.test_digest == champion.metrics.test_digest
    number = champion.number
    measured = f"version {number} was measured on {'the same' if same else 'other'} test windows"
    if not same:
        detail = f"{measured}: evaluate both on the same"
        needs = f"register it and version {number} with the same test windows"
        return [Rule(SAME_TEST, passed=False, detail=detail, needs=needs)]
    difference = paired(challenger, champion, intervals)
    passed = difference.beyond_noise(margin=margin)
    yes, no = ("not worse", "perhaps worse") if margin else ("better", "not better")
    word = yes if passed else no
    detail = f"{word} than version {number} beyond noise: {in_words(difference, margin)}"
    least = deciding(difference, margin)
    needs = (
        f"it must {'not lose more than the margin' if margin else 'gain'} on version {number} "
        f"beyond noise: the interval must begin above {0.0 - margin:.4g}; it begins at "
        f"{least:+.4f} (a better model, or more test subjects)"
    )
    return [
        Rule(SAME_TEST, True, detail=measured),
        Rule(
            NOT_WORSE if margin else BETTER,
            passed,
            least,
            0.0 - margin,
            detail + (f", margin {margin:g}" if margin else ""),
            needs=needs,
        ),
    ]


def paired(a: Evidence, b: Evidence, intervals: IntervalSettings) -> "PairedDifference":
    """Compare two versions on the same test windows, person by person: a minus b."""
    # Here, because reading a decision must not cost the import of scikit-learn.
    from har.evaluation.metrics import paired_difference

    assert a.metrics
    return paired_difference(a.predictions, b.predictions, a.metrics.classes, settings=intervals)


def in_words(difference: "PairedDifference", margin: float = 0.0) -> str:
    """Say by how much one version is better than another, person by person."""
    low, high = difference.mean_difference_interval
    pooled, _ = difference.macro_f1_difference_interval
    # Both intervals decide; the pooled one is worth a word where it alone speaks against it.
    is_against = difference.is_pooled_against(margin=margin)
    alone = f", but from {pooled:+.4f} with all windows pooled" if is_against else ""
    return (
        f"macro-F1 {difference.mean_difference:+.4f} [{low:+.4f}, {high:+.4f}] "
        f"over {difference.n_subjects} subjects{alone}"
    )


def deciding(difference: "PairedDifference", margin: float) -> float:
    """Return the lower end that decides: person by person, unless the pooled one alone fails."""
    is_pooled = difference.is_pooled_against(margin=margin)
    both = difference.mean_difference_interval, difference.macro_f1_difference_interval
    return both[is_pooled][0]


def _shadowed(challenger: Evidence, champion: Evidence, wanted: int) -> list[Rule]:
    """Require that both have answered the same recordings, where a number is set."""
    scored = challenger.shadow_windows
    detail = f"scored on {scored} of {wanted} windows beside version {champion.number}"
    if not wanted:
        return []
    needs = f"it must be scored on {wanted} windows beside version {champion.number}, and was on "
    needs += f"{scored}: `har registry shadow {challenger.number} FILES`"
    return [Rule("shadow windows", scored >= wanted, scored, wanted, detail, needs=needs)]
