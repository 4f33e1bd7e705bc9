"""The gate's rules on hand-made evidence."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scores

from har.config import DeploymentSettings, ExportSettings, GateSettings, IntervalSettings
from har.errors import UsageError
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import ClassScore
from har.export.artifact import Build, Builds, Elsewhere, Latency, MeasuredBounds
from har.registry.gate.checks import DataChecks
from har.registry.gate.judge import Evidence, judge
from har.registry.gate.rivalry import beside
from har.registry.versions.decision import Decision

SUBJECTS = [f"s{i}" for i in range(6)]
CLASSES = ["A", "B"]
GATE = GateSettings()
FP32 = Build(
    *("fp32", "model-fp32.onnx", 400_000, "0" * 64),
    *(0.01, 1.0, 0.95, 0.0),
    mismatches=(),
    latency=Latency(0.3, 0.4),
    pair_sum=0,
    batch_gap=1e-6,
)
DATA = DataChecks(
    rows_in=1000,
    rows_quarantined=50,
    files_rejected=(),
    samples_in=950,
    samples_repaired=0,
    shared=(),
)
ROBUSTNESS = scores.robustness({name: -most for name, most in GATE.robustness.items()})


def evidence(
    number: int = 1,
    *,
    errors: list[int] | None = None,
    test_digest: str = "t",
    class_f1: float = 0.95,
    macro_f1: float = 0.95,
    worst: float = 0.9,
    ece: float = 0.01,
    seen: tuple[str, ...] = ("s8", "s9"),
    latency_ms: float = 0.3,
    data: DataChecks | None = DATA,
    robustness: Robustness | None = ROBUSTNESS,
    shadow_windows: int = 0,
    **build: Any,
) -> Evidence:
    """Return a version that gets `errors` of each subject's 20 windows of class A wrong."""
    errors = errors or [0] * len(SUBJECTS)
    rows = [
        (f"{subject}-{i}", subject, label, "B" if i < wrong else label)
        for subject, wrong in zip(SUBJECTS[: len(errors)], errors, strict=True)
        for i, label in enumerate(["A"] * 20 + ["B"] * 20)
    ]
    fp32 = replace(FP32, **build)
    return Evidence(
        model="har",
        number=number,
        metrics=scores.metrics(
            class_f1={"A": class_f1, "B": class_f1},
            subject_f1={"s0": 0.99, "s1": worst},
            test_digest=test_digest,
            macro_f1=macro_f1,
            ece=ece,
        ),
        builds=Builds.judge("encoder-small", [fp32], MeasuredBounds()),
        predictions=pd.DataFrame(rows, columns=["window_id", "subject_id", "label", "predicted"]),
        data=data,
        robustness=robustness,
        people={"train": [seen[0]], "pretrain": list(seen[1:]), "test": SUBJECTS},
        n_files=12,
        latency_ms=latency_ms,
        machine="1 × Test CPU",
        shadow_windows=shadow_windows,
    )


def f1_of_subject(wrong: int) -> float:
    """Macro-F1 of a subject with `wrong` of 20 A taken for B and all 20 B right."""
    return (2 * (20 - wrong) / (40 - wrong) + 2 * 20 / (40 + wrong)) / 2


def decide(
    challenger: Evidence,
    champion: Evidence | None,
    *,
    gate: GateSettings = GATE,
    waivers: dict[str, str] | None = None,
) -> Decision:
    """Judge by some rules of promotion, and the usual bounds and intervals."""
    return judge(
        challenger,
        champion,
        gate=gate,
        export=ExportSettings(),
        intervals=IntervalSettings(),
        waivers=waivers,
    )


def rule(decision: Decision, name: str) -> Any:
    """Return a rule of a decision by name."""
    return next(r for r in decision.rules if r.name == name)


def test_first_version() -> None:
    """Without a champion, floors and bounds decide."""
    decision = decide(evidence(), None)
    assert decision.passed
    assert (decision.stage, decision.champion) == ("Production", None)
    assert decision.reason == "all floors and bounds hold; no champion before it"


def test_better_beyond_noise() -> None:
    """Every subject gains, so the interval lies above zero; the mean is the hand-made one."""
    champion = evidence(1, errors=[4, 5, 6, 4, 5, 6])
    decision = decide(evidence(2), champion)
    mean = 1 - np.mean([f1_of_subject(w) for w in (4, 5, 6, 4, 5, 6)])
    better = rule(decision, "better than the champion")
    assert decision.stage == "Production"
    assert better.value > 0
    assert decision.reason == better.detail
    assert better.detail.startswith("better than version 1 beyond noise: ")
    assert f"macro-F1 {mean:+.4f} [" in better.detail
    assert better.detail.endswith("over 6 subjects")


def test_equal_gains_give_an_interval_without_width() -> None:
    """If each subject gains the same, that gain is both ends of the interval."""
    decision = decide(evidence(2), evidence(1, errors=[4] * 6))
    gain = 1 - f1_of_subject(4)
    assert rule(decision, "better than the champion").value == pytest.approx(gain)


@pytest.mark.parametrize(
    ("challenger", "champion"),
    [([3] * 6, [3] * 6), ([0, 6, 0, 6, 0, 6], [6, 0, 6, 0, 6, 0]), ([5] * 6, [0] * 6)],
    ids=["tie", "noise", "worse"],
)
def test_not_better(challenger: list[int], champion: list[int]) -> None:
    """A tie, a gain within noise and a loss are refused, and stay at Staging."""
    decision = decide(evidence(2, errors=challenger), evidence(1, errors=champion))
    assert not decision.passed
    assert (decision.stage, decision.champion) == ("Staging", 1)
    assert len(decision.failures) == 1
    assert decision.reason.startswith("not better than version 1 beyond noise: macro-F1 ")


def test_one_subject_is_no_evidence() -> None:
    """A gain on one subject alone is within noise, whatever its size."""
    decision = decide(evidence(2, errors=[0]), evidence(1, errors=[9]))
    assert decision.stage == "Staging"


def test_other_test_windows() -> None:
    """A champion measured on other windows is no comparison: refused with that reason."""
    decision = decide(evidence(2), evidence(1, test_digest="u"))
    assert decision.stage == "Staging"
    assert decision.reason == (
        "version 1 was measured on other test windows: evaluate both on the same"
    )


def test_floors() -> None:
    """Macro-F1 or one class below its floor is refused; the floor itself is enough."""
    low = decide(evidence(macro_f1=0.89), None)
    assert low.failures == ["macro-F1 0.89 (bound 0.9)"]
    weak = decide(evidence(class_f1=0.79), None)
    assert weak.failures == ["F1 of A 0.79 (bound 0.8)", "F1 of B 0.79 (bound 0.8)"]
    assert decide(evidence(macro_f1=0.90, class_f1=0.80), None).passed


def test_class_without_windows_has_no_floor() -> None:
    """A class that the test windows lack is not held against a version."""
    version = evidence()
    assert version.metrics
    absent = ClassScore(precision=0.0, recall=0.0, f1=0.0, support=0)
    per_class = {**version.metrics.per_class, "A": absent}
    changed = version.metrics.model_copy(update={"per_class": per_class})
    assert decide(replace(version, metrics=changed), None).passed


def test_failed_parity() -> None:
    """A version without a build that may serve is refused and does not reach Staging."""
    failed = evidence(mismatches=("disagreement 0.1 > 0.005",))
    decision = decide(failed, None)
    assert decision.stage == "None"
    assert decision.reason == "build fp32: disagreement 0.1 > 0.005"


def test_bounds_of_now() -> None:
    """The gate holds the figures against today's bounds, whatever export thought of them."""
    slow = decide(evidence(latency_ms=11.0), None)
    assert slow.failures == ["11.00 ms per window on 1 × Test CPU"]
    far = decide(evidence(max_probability_gap=0.2), None)
    assert far.failures == ["probability gap 0.2 (bound 0.1)"]


WEB = Elsewhere("onnxruntime-web 1.30.0", gap=0.002, agreement=1.0, latency_ms=0.5)


@pytest.mark.parametrize(
    ("build", "passed", "value", "detail"),
    [
        (
            {"elsewhere": (WEB,)},
            *(True, 0.002, "in a batch within 1e-06, onnxruntime-web 1.30.0 within 0.002; "),
        ),
        ({"elsewhere": (replace(WEB, gap=0.02),)}, False, 0.02, "1.30.0 within 0.02; no product"),
        ({}, True, 1e-6, "can overflow; no other runtime was there to be measured"),
        ({"pair_sum": 32_640}, True, 1e-6, "no product of integers can overflow"),
        ({"pair_sum": 64_770}, False, 1e-6, "; products of integers can overflow"),
        ({"batch_gap": 0.3}, False, 0.3, "in a batch within 0.3"),
        ({"pair_sum": None, "batch_gap": None}, False, None, "before its answers were compared"),
    ],
)
def test_one_file_answers_alike(
    build: dict[str, Any], passed: bool, value: float | None, detail: str
) -> None:
    """By proof of its products, among other windows, and in each runtime that was measured."""
    asked = rule(decide(evidence(**build), None), "same answers everywhere")
    assert (asked.passed, asked.value) == (passed, value)
    assert detail in asked.detail


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"worst": 0.69}, "macro-F1 of the worst subject 0.69 (bound 0.7)"),
        ({"ece": 0.06}, "calibration error 0.06 (bound 0.05)"),
        ({"bytes": 26_000_000}, "size, MB 26 (bound 25)"),
        ({"seen": ("s8", "s3", "s1")}, "version 1 has seen s1, version 1 has seen s3"),
        ({"seen": ("s2", "s9")}, "version 1 has seen s2"),
    ],
)
def test_one_rule_is_enough(change: dict[str, Any], failure: str) -> None:
    """The worst subject, calibration, size, or a test subject seen in training: each refuses."""
    decision = decide(evidence(**change), None)
    assert (decision.stage, decision.failures) == ("Staging", [failure])


@pytest.mark.parametrize(
    ("facts", "failure"),
    [
        ({"rows_quarantined": 51}, "51 of 1,000 quarantined"),
        ({"samples_repaired": 48}, "48 of 950 repaired"),
        ({"shared": ("train and test: s1 = s4",)}, "share train and test: s1 = s4"),
    ],
)
def test_data_checks(facts: dict[str, Any], failure: str) -> None:
    """Too much in quarantine, too much repaired, or anything that splits share refuses."""
    decision = decide(evidence(data=DATA.model_copy(update=facts)), None)
    assert (decision.stage, decision.failures) == ("Staging", [failure])


def test_robustness_budget() -> None:
    """A change that costs more than its budget refuses; a name that was not measured too."""
    gate = GATE.model_copy(update={"robustness": {"gain +5 %": 0.049, "hot": 0.1}})
    decision = decide(evidence(), None, gate=gate)
    cost, unknown = decision.failures
    assert cost == "loss if gain +5 % 0.05 (bound 0.049)"
    assert unknown.startswith("hot was not measured, but turned 15°, each subject, ")


def test_robustness_counts_where_the_version_works() -> None:
    """What no recording and no stated sensor has is reported, not required; the file says so."""
    slow = scores.robustness({**dict.fromkeys(GATE.robustness, 0.0), "sampled at 25 Hz": -0.08})
    of_50_hz = DATA.model_copy(update={"rates_hz": (49.6, 50.0)})
    version = evidence(robustness=slow, data=of_50_hz)
    decision = decide(version, None)
    loss = rule(decision, "loss if sampled at 25 Hz")
    assert (decision.passed, loss.passed, loss.outcome) == (True, False, "reported")
    assert loss.detail.endswith("not the rate that the recordings have, 49.6 to 50 Hz")
    kept = Decision.from_json(json.dumps(decision.to_dict()))
    assert kept.deployment == (
        "Robustness counts for sensors at the rate that the recordings have, 49.6 to 50 Hz."
    )
    stated = GATE.model_copy(update={"deployment": DeploymentSettings(rates_hz=(25, 50))})
    needs = "macro-F1 sampled at 25 Hz must lose at most 0.05; it loses 0.08"
    for refused in (
        decide(version, None, gate=stated),
        decide(evidence(robustness=slow), None),  # nobody knows its rates
    ):
        assert (refused.stage, refused.remedy) == ("Staging", f"to pass, {needs}")


def test_what_would_pass() -> None:
    """A refused version is told each rule that broke, its bound and its value."""
    decision = decide(evidence(2, ece=0.06, errors=[5] * 6), evidence(1))
    ece, better = decision.remedy.split("; it must gain")
    assert ece == "to pass, calibration error must be at most 0.05; it is 0.06"
    assert better.startswith(" on version 1 beyond noise: the interval must begin above 0; it ")
    assert decide(evidence(), None).remedy == ""


@pytest.mark.parametrize(
    ("new", "old", "stage", "says"),
    [
        ([1] * 6, [4] * 6, "Staging", "version 2 gives way as challenger: version 3 is better "),
        ([4] * 6, [1] * 6, "None", "version 2 stays challenger: version 3 is not better "),
        ([1] * 6, [1] * 6, "None", "version 2 stays challenger: version 3 is not better "),
    ],
)
def test_challenger_gives_way_to_a_better_one(
    new: list[int], old: list[int], stage: str, says: str
) -> None:
    """Of two that the champion keeps out, the better one waits on, and one sentence says so."""
    newcomer, holder = evidence(3, errors=new), evidence(2, errors=old)
    refused = decide(newcomer, evidence(1))
    decision = beside(refused, newcomer, holder, intervals=IntervalSettings())
    assert (decision.stage, decision.displaces) == (stage, stage == "Staging")
    assert decision.rivalry.startswith(says)
    assert "over 6 subjects" in decision.rivalry


def test_challenger_measured_elsewhere_stays() -> None:
    """Nobody knows the better of two with other test windows; a person may put it there."""
    newcomer, holder = evidence(3), evidence(2, test_digest="u")
    decision = beside(decide(newcomer, None), newcomer, holder, intervals=IntervalSettings())
    assert (decision.stage, decision.displaces) == ("Production", False)
    assert "har registry promote 3 --to staging" in decision.rivalry


def test_registered_without_checks() -> None:
    """A version of before the checks must be registered again, or waived."""
    names = ["data checks", "robustness"]
    bare = evidence(data=None, robustness=None)
    decision = decide(bare, None)
    assert [rule.name for rule in decision.rules if not rule.holds] == names
    waivers = dict.fromkeys(names, "registered last year")
    assert decide(bare, None, waivers=waivers).passed


def test_champion_that_has_seen_a_test_subject() -> None:
    """Nor may the champion have seen whom both are tested on."""
    decision = decide(evidence(2), evidence(1, errors=[4] * 6, seen=("s0", "s9")))
    assert decision.failures == ["version 1 has seen s0"]


@pytest.mark.parametrize(("margin", "passed"), [(0.0, False), (0.02, False), (0.2, True)])
def test_margin(margin: float, passed: bool) -> None:
    """A loss that stays within the margin beyond noise is no reason to refuse."""
    gate = GATE.model_copy(update={"margin": margin})
    worse, champion = evidence(2, errors=[3, 2, 1, 3, 2, 1]), evidence(1)
    decision = decide(worse, champion, gate=gate)
    found = rule(decision, "not worse than the champion" if margin else "better than the champion")
    assert (found.passed, found.bound) == (passed, -margin)
    assert (found.value > -margin) == passed


def test_shadow_windows() -> None:
    """Where a number is set, who would replace a champion was scored on as many beside it."""
    gate = GATE.model_copy(update={"min_shadow_windows": 500})
    champion = evidence(1, errors=[4, 5, 6, 4, 5, 6])
    few = decide(evidence(2, shadow_windows=499), champion, gate=gate)
    assert few.failures == ["scored on 499 of 500 windows beside version 1"]
    assert decide(evidence(2, shadow_windows=500), champion, gate=gate).passed
    for decision in (
        decide(evidence(2), None, gate=gate),
        decide(evidence(2), champion),
    ):
        assert "shadow windows" not in {rule.name for rule in decision.rules}


def test_waiver() -> None:
    """A waived rule stays broken, with its reason; the others still count."""
    weak = evidence(ece=0.06, macro_f1=0.89)
    once = decide(weak, None, waivers={"calibration error": "demo"})
    assert once.failures == ["macro-F1 0.89 (bound 0.9)"]
    both = {"calibration error": "demo", "macro-F1": "first of its kind"}
    decision = decide(weak, None, waivers=both)
    assert (decision.passed, decision.stage) == (True, "Production")
    waived = rule(decision, "macro-F1")
    assert (waived.passed, waived.waived) == (False, "first of its kind")
    assert Decision.from_json(json.dumps(decision.to_dict())) == decision


def test_waiver_of_the_comparison() -> None:
    """It may be named by what it asks, or as it was once called."""
    for name in ("better than the champion", "not worse than the champion"):
        decision = decide(evidence(2), evidence(1), waivers={name: "a smaller model"})
        assert (decision.passed, rule(decision, "better than the champion").waived) == (
            True,
            "a smaller model",
        )


def test_waiver_of_a_renamed_rule() -> None:
    """A script may go on to name a rule as it was once called; the decision has today's name."""
    often = DATA.model_copy(update={"samples_repaired": 48})
    decision = decide(evidence(data=often), None, waivers={"share mended": "known gaps"})
    assert decision.passed
    assert rule(decision, "share repaired").waived == "known gaps"


@pytest.mark.parametrize(
    ("name", "reason"), [("serving build", "hurry"), ("macro-F2", "typo"), ("macro-F1", "")]
)
def test_no_such_waiver(name: str, reason: str) -> None:
    """What may not serve, a rule that there is not, and a silent waiver are refused."""
    with pytest.raises(UsageError, match="macro-F1 of the worst subject"):
        decide(evidence(), None, waivers={name: reason})


def test_decision_round_trip() -> None:
    """A decision survives JSON."""
    decision = decide(evidence(2, errors=[1] * 6), evidence(1))
    assert Decision.from_json(json.dumps(decision.to_dict())) == decision
