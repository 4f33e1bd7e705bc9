"""The promotion gate: rules on the evidence of one version, and of the champion if any.

A version goes to Production when every rule holds or is waived (`har.registry.gate.rules`).
A refused version goes to Staging if it may serve there, and else stays where it is.
"""

from collections.abc import Mapping
from dataclasses import replace

from har.config import ExportSettings, GateSettings, IntervalSettings
from har.errors import UsageError
from har.registry.gate import rules
from har.registry.gate.deployment import Deployment
from har.registry.gate.rules import Evidence
from har.registry.history.stages import Stage
from har.registry.versions.decision import Decision, Rule


def judge(
    challenger: Evidence,
    champion: Evidence | None,
    *,
    gate: GateSettings,
    export: ExportSettings,
    intervals: IntervalSettings,
    waivers: Mapping[str, str] | None = None,
) -> Decision:
    """Judge a version by its evidence alone.

    Parameters
    ----------
    challenger : Evidence
        The version to judge.
    champion : Evidence or None
        The version in Production; without one the floors and bounds decide.
    gate : GateSettings
        Floors, budgets and margins.
    export : ExportSettings
        Bounds of the serving build.
    intervals : IntervalSettings
        Of the difference between two versions.
    waivers : mapping of str to str, optional
        Names of rules that need not hold this time, each with the reason.

    Raises
    ------
    UsageError
        If a rule is waived that there is not, or that nobody may waive.
    """
    assert challenger.metrics  # only a champion may be adopted
    outcomes = rules.of(challenger, champion, gate=gate, export=export, intervals=intervals)
    reasons = {rules.known_as(name, outcomes): why for name, why in (waivers or {}).items()}
    _require_waivable(reasons, outcomes)
    outcomes = [replace(rule, waived=reasons.get(rule.name, "")) for rule in outcomes]
    stage: Stage = "Staging"
    if all(rule.holds for rule in outcomes):
        stage = "Production"
    elif not all(rule.passed for rule in outcomes if rule.name in rules.NEVER_WAIVED):
        stage = "None"
    return Decision(
        model=challenger.model,
        version=challenger.number,
        candidate=challenger.metrics.candidate,
        stage=stage,
        champion=champion.number if champion else None,
        test_digest=challenger.metrics.test_digest,
        rules=tuple(outcomes),
        deployment=Deployment.of(gate.deployment, challenger.data).sentence,
    )


def _require_waivable(waivers: Mapping[str, str], outcomes: list[Rule]) -> None:
    names = [rule.name for rule in outcomes if rule.name not in rules.NEVER_WAIVED]
    for name, reason in waivers.items():
        if name not in names or not reason:
            raise UsageError(
                f"--waive {name}={reason}",
                expected=f"one of these and a reason: {', '.join(names)}",
                found="no reason" if name in names else f"no rule that could be waived: {name}",
            )
