"""The promotion gate: rules on the evidence of one version, and of the champion if any.

A version goes to Production when every rule holds or is waived (`har.registry.gate.rules`).
A refused version goes to Staging if it may serve there, and else stays where it is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from har.config import Settings
from har.errors import UsageError
from har.registry.gate import rules
from har.registry.gate.rules import Evidence, Rule
from har.registry.history.stages import Stage


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
        """Whether every rule holds or is waived."""
        return all(rule.holds for rule in self.rules)

    @property
    def failures(self) -> list[str]:
        """The rules that neither hold nor are waived, each with its numbers."""
        return [str(rule) for rule in self.rules if not rule.holds]

    @property
    def reason(self) -> str:
        """Why it goes where it goes, in one line."""
        if not self.passed:
            return "; ".join(self.failures)
        comparison = [str(rule) for rule in self.rules if rule.name == rules.COMPARISON]
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


def judge(
    challenger: Evidence,
    champion: Evidence | None,
    *,
    settings: Settings,
    waivers: Mapping[str, str] | None = None,
) -> Decision:
    """Judge a version by its evidence alone.

    Parameters
    ----------
    challenger : Evidence
        The version to judge.
    champion : Evidence or None
        The version in Production; without one the floors and bounds decide.
    settings : Settings
        Floors and budgets (``gate``), bounds (``export``), intervals (``evaluate``).
    waivers : mapping of str to str, optional
        Names of rules that need not hold this time, each with the reason.

    Raises
    ------
    UsageError
        If a rule is waived that there is not, or that nobody may waive.
    """
    found = rules.of(challenger, champion, settings)
    _require_waivable(waivers or {}, found)
    found = [replace(rule, waived=(waivers or {}).get(rule.name, "")) for rule in found]
    stage: Stage = "Staging"
    if all(rule.holds for rule in found):
        stage = "Production"
    elif not all(rule.passed for rule in found if rule.name in rules.NEVER_WAIVED):
        stage = "None"
    return Decision(
        model=settings.registry.model,
        version=challenger.number,
        candidate=challenger.metrics["candidate"],
        stage=stage,
        champion=champion.number if champion else None,
        test_digest=challenger.metrics["test_digest"],
        rules=tuple(found),
    )


def _require_waivable(waivers: Mapping[str, str], found: list[Rule]) -> None:
    names = [rule.name for rule in found if rule.name not in rules.NEVER_WAIVED]
    for name, reason in waivers.items():
        if name not in names or not reason:
            raise UsageError(
                f"--waive {name}={reason}",
                expected=f"one of these and a reason: {', '.join(names)}",
                found="no reason" if name in names else f"no rule that could be waived: {name}",
            )
