"""How versions came into Production: who asked, who approved, why, and what was waived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from har.registry.history.events import Event, GateDecided
from har.registry.history.placement import carried_out, of_version
from har.registry.history.production import ProductionPeriod, production_periods


@dataclass(frozen=True)
class Promotion:
    """A move by which a version came into Production.

    Attributes
    ----------
    version : int
        The version.
    time : str
        When it was there, UTC.
    kind : str
        ``promotion``, ``rollback`` or another kind of move.
    asked_by, reason : str
        Who wanted it, and why.
    approved_by, approval : str
        Who approved it, and why; empty where nobody had to.
    own, same_account : bool
        Whether that was the same person, who said so, or another name on the same account.
    account : str
        From which the move was made.
    waived : mapping of str to str
        Rules that did not have to hold, each with the reason.
    """

    version: int
    time: str
    kind: str
    asked_by: str
    reason: str
    approved_by: str = ""
    approval: str = ""
    own: bool = False
    same_account: bool = False
    account: str = ""
    waived: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, str]:
        """What people read of it, by title."""
        approved = f"{self.approved_by}: {self.approval}" if self.approved_by else "nobody"
        approved += " (the same person, who said so)" if self.own else ""
        approved += " (the same account)" if self.same_account else ""
        waived = "; ".join(f"{rule}: {why}" for rule, why in self.waived.items())
        return {
            "came by": f"{self.kind}, {self.time}",
            "asked for by": f"{self.asked_by}: {self.reason}",
            "approved by": approved,
            "waived": waived or "nothing",
        }


def promotions(events: Sequence[Event]) -> list[Promotion]:
    """Return every move that put a version in Production, oldest first."""
    judged = {event.sha256: event for event in events if isinstance(event, GateDecided)}
    found = []
    for move, end in carried_out(events):
        if not move.changes_champion or (version := move.champions[1]) is None:
            continue
        gate, answer = judged.get(move.decision), move.approval
        found.append(
            Promotion(
                version=version,
                time=end.time,
                kind=move.kind,
                asked_by=answer.asked_by if answer else move.by,
                reason=move.reason,
                approved_by=move.by if answer else "",
                approval=answer.reason if answer else "",
                own=answer.own if answer else False,
                same_account=answer.same_account if answer else False,
                account=move.account,
                waived=gate.waived if gate else {},
            )
        )
    return found


def promotion_into(events: Sequence[Event], period: ProductionPeriod) -> Promotion | None:
    """Return the promotion that began a period; None if nobody was in Production in it."""
    occupied = [known for known in production_periods(events) if known.version is not None]
    pairs = zip(promotions(events), occupied, strict=True)
    return next((came for came, known in pairs if known == period), None)


def promotion_of(events: Sequence[Event], number: int) -> Promotion | None:
    """Return how a version came into Production last; None if it never was there."""
    own = [p for p in promotions(of_version(events, number)) if p.version == number]
    return own[-1] if own else None
