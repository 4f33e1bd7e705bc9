"""What the gate decided on a version, as the version's tag keeps it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from har.registry.history.stages import Stage

# The rule whose outcome is the reason of a promotion over a champion.
COMPARISON = "not worse than the champion"


@dataclass(frozen=True)
class Rule:
    """One rule: the value found, the bound it is held against, the outcome.

    As text it is its detail, where it has one that says it better than the numbers.

    Attributes
    ----------
    waived : str
        Why it need not hold this time; empty if it must.
    """

    name: str
    passed: bool
    value: float | None = None
    bound: float | None = None
    detail: str = ""
    waived: str = ""

    @property
    def holds(self) -> bool:
        """Whether it passed or is waived."""
        return self.passed or bool(self.waived)

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
    bent : tuple of str
        Bounds that were others than the registry's policy has, in words.
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
    bent: tuple[str, ...] = ()

    @property
    def waived(self) -> dict[str, str]:
        """The rules that need not hold, each with the reason."""
        return {rule.name: rule.waived for rule in self.rules if rule.waived}

    @property
    def passed(self) -> bool:
        """Whether every rule holds or is waived."""
        return all(rule.holds for rule in self.rules)

    @property
    def verdict(self) -> str:
        """``passed`` or ``refused``."""
        return "passed" if self.passed else "refused"

    @property
    def failures(self) -> list[str]:
        """The rules that neither hold nor are waived, each with its numbers."""
        return [str(rule) for rule in self.rules if not rule.holds]

    @property
    def reason(self) -> str:
        """Why it goes where it goes, in one line."""
        if not self.passed:
            return "; ".join(self.failures)
        comparison = [str(rule) for rule in self.rules if rule.name == COMPARISON]
        return comparison[0] if comparison else "all floors and bounds hold; no champion before it"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data, with the verdict spelt out."""
        return {**asdict(self), "verdict": self.verdict, "reason": self.reason}

    @classmethod
    def from_json(cls, text: str) -> "Decision":
        """Read what `to_dict` gave, as JSON."""
        data = json.loads(text)
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        rules = tuple(Rule(**rule) for rule in data["rules"])
        return cls(**{**known, "rules": rules, "bent": tuple(known.get("bent", ()))})
