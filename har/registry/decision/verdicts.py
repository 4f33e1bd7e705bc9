"""What a decision turns on beside scores: the gate's rules, and what a rollback would restore."""

from collections.abc import Sequence
from dataclasses import dataclass

from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import pending, placement
from har.registry.history.returning import last_good
from har.registry.history.stages import CHAMPION
from har.registry.moves.rollback import Restored, restored
from har.registry.versions.decision import Decision, Rule
from har.registry.versions.lookup import find
from har.registry.versions.version import Version


@dataclass(frozen=True)
class Held:
    """A rule with the distance of its value from its bound.

    Attributes
    ----------
    rule : Rule
        As the gate decided.
    distance : float or None
        How far the value lies on the right side of the bound, negative on the wrong one; None
        of a rule that has no numbers.
    """

    rule: Rule
    distance: float | None

    @classmethod
    def of(cls, rule: Rule) -> "Held":
        """Measure the distance; which side is right, its outcome says."""
        if rule.value is None or rule.bound is None:
            return cls(rule, None)
        distance = abs(rule.value - rule.bound)
        return cls(rule, distance if rule.passed else -distance)


def held(decision: Decision) -> list[Held]:
    """Return the rules of a decision, broken ones first, then the closest to their bounds."""
    rules = [Held.of(rule) for rule in decision.rules]
    return sorted(rules, key=_closeness)


def _closeness(one: Held) -> tuple[bool, bool, float]:
    """Sort by outcome, then by the distance relative to the bound; what has none comes last."""
    bound = abs(one.rule.bound or 1.0)
    return one.rule.passed, not one.distance, abs(one.distance or 0.0) / bound


def way_back(registry: Registry, events: Sequence[Event], number: int) -> Restored | None:
    """Return what a rollback would restore if a version, once it serves, turned out bad.

    Parameters
    ----------
    registry : Registry
        The model.
    events : sequence of Event
        Its history.
    number : int
        The version; where it does not serve, it takes the champion's place in mind.

    Returns
    -------
    Restored or None
        None: there is nothing to go back to.
    """
    champion = placement(events).aliases.get(CHAMPION)
    back = last_good(events) if champion == number else champion
    if back is None:
        return None
    return restored(registry, find(registry, str(back)), find(registry, str(number)))


def next_step(version: Version, events: Sequence[Event]) -> tuple[str, str]:
    """Return what can be done about a version now: in words, and the command."""
    number = version.number
    for request in pending(events):
        if request.version == number:
            return (
                f"{request.by} asked for version {number} ({request.reason}); it waits for "
                "somebody else to approve or reject it.",
                f'har registry approve {number} --reason "…"',
            )
    decision, champion = version.gate, placement(events).aliases.get(CHAMPION)
    if champion == number:
        return f"Version {number} is the champion: it serves.", ""
    if decision is None:
        words = f"The gate has not judged version {number}."
    elif champion not in (None, decision.champion):
        words = (
            f"The gate judged version {number} {_against(decision)}, and version {champion} is "
            "champion now: have it judged again."
        )
    elif decision.passed:
        words = f"The gate let version {number} pass, but it is not the champion."
    else:
        words = f"The gate refused version {number}. {remedy(decision)}"
    return words, f'har registry promote {number} --reason "…" --dry-run'


def remedy(decision: Decision) -> str:
    """Say what would make a refused version pass; empty of a decision that does not know."""
    told = any(rule.needs for rule in decision.rules if not rule.holds)
    return f"{decision.remedy[:1].upper()}{decision.remedy[1:]}." if told else ""


def _against(decision: Decision) -> str:
    return f"against version {decision.champion}" if decision.champion else "without a champion"
