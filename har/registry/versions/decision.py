"""What the gate decided on a version, as the version's tag keeps it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from har.registry.history.stages import Stage

# The rule whose outcome is the reason of a promotion over a champion: which of the two it is
# called depends on the margin.
BETTER, NOT_WORSE = "better than the champion", "not worse than the champion"


@dataclass(frozen=True)
class Rule:
    """One rule: the value found, the bound it is held against, the outcome.

    As text it is its detail, where it has one that says it better than the numbers.

    Attributes
    ----------
    waived : str
        Why it need not hold this time; empty if it must.
    required : bool
        Whether it must hold where the version is to work; if not, it is reported alone.
    needs : str
        What would have to be otherwise for it to hold, and what is; empty if it passed.
    """

    name: str
    passed: bool
    value: float | None = None
    bound: float | None = None
    detail: str = ""
    waived: str = ""
    required: bool = True
    needs: str = ""

    @property
    def holds(self) -> bool:
        """Whether it passed, is waived, or is not required."""
        return self.passed or bool(self.waived) or not self.required

    @property
    def outcome(self) -> str:
        """``holds``, ``waived``, ``reported`` (broken, but not required) or ``broken``."""
        if self.passed:
            return "holds"
        return "waived" if self.waived else "broken" if self.required else "reported"

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
    deployment : str
        For which sensors the rules of robustness count, in a sentence.
    challenger : int or None
        The version that was challenger then, if that was another one.
    displaces : bool
        Whether it takes that version's place, or would have taken it.
    rivalry : str
        Who is challenger now and why, in a sentence; empty where nobody was.
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
    deployment: str = ""
    challenger: int | None = None
    displaces: bool = True
    rivalry: str = ""

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
        comparison = [str(rule) for rule in self.rules if rule.name in (BETTER, NOT_WORSE)]
        return comparison[0] if comparison else "all floors and bounds hold; no champion before it"

    @property
    def remedy(self) -> str:
        """What would make a refused version pass, in one sentence; empty if it passed."""
        needs = [rule.needs or str(rule) for rule in self.rules if not rule.holds]
        return f"to pass, {'; '.join(needs)}" if needs else ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data, with the verdict spelt out."""
        told = {"verdict": self.verdict, "reason": self.reason, "remedy": self.remedy}
        return {**asdict(self), **told}

    @classmethod
    def from_json(cls, text: str) -> "Decision":
        """Read what `to_dict` gave, as JSON."""
        data = json.loads(text)
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        rules = tuple(Rule(**rule) for rule in data["rules"])
        return cls(**{**known, "rules": rules, "bent": tuple(known.get("bent", ()))})
