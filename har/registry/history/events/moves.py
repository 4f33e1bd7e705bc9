"""Events of a move: aliases and stages are about to change, have changed, or are as before."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from har.lineage.typed import Typed
from har.registry.history.events.base import Act, Event
from har.registry.history.stages import CHAMPION, Change


class Approval(Typed):
    """What a second person said of a request.

    Attributes
    ----------
    reason : str
        Why it was approved.
    asked_by : str
        Who asked.
    own : bool
        Whether the two are one person, who said that this is on purpose.
    same_account : bool
        Whether the two went by two names on one account: nothing proves that they are two.
    """

    reason: StrictStr
    asked_by: StrictStr
    own: StrictBool = Field(alias="self")
    same_account: StrictBool = False

    def __str__(self) -> str:
        marks = ["one person" if self.own else "", "same account" if self.same_account else ""]
        return ", ".join([f"asked by {self.asked_by}", *filter(None, marks)])


class MoveBegun(Act):
    """Aliases and stages are about to change.

    Attributes
    ----------
    kind : str
        What people call it, as ``promotion`` or ``rollback``.
    change : Change
        What changes.
    host, pid
        The process that carries it out.
    decision, request : str
        Digests of the events that it follows from, where there are any.
    approval : Approval or None
        Of a second person.
    since : str
        Where it was done by hand: a moment before which it had not happened.
    by_hand : mapping of str to int or None
        Where it was done by hand: the versions that somebody gave the aliases to.
    bent : tuple of str
        Bounds of the decision that were others than the registry's policy has, in words.
    """

    event: Literal["move"] = "move"
    kind: StrictStr
    change: Change
    host: StrictStr
    pid: StrictInt
    decision: StrictStr = ""
    request: StrictStr = ""
    approval: Approval | None = None
    since: StrictStr = ""
    by_hand: Mapping[StrictStr, StrictInt | None] = Field(default={}, alias="found")
    bent: tuple[StrictStr, ...] = ()

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        pairs = self.change.aliases.values()
        named = {number for pair in pairs for number in pair if number is not None}
        return super().versions | frozenset(self.change.stages) | named

    @property
    def label(self) -> str:
        """What people call it."""
        return self.kind

    @property
    def changes_champion(self) -> bool:
        """Whether another version is in Production afterwards, or was put back there."""
        return CHAMPION in self.change.aliases

    @property
    def champions(self) -> tuple[int | None, int | None]:
        """Who was champion before and after a move that changes it.

        Where a move by hand is taken back, whom it had put there comes first.
        """
        old, new = self.change.aliases[CHAMPION]
        return (self.by_hand.get(CHAMPION) if old == new else old), new

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        aliases = self.change.aliases
        moved = [
            f"{v}: {old} → {new}" for v, (old, new) in self.change.stages.items() if old != new
        ]
        what = ", ".join(moved) or _holders({alias: new for alias, (_, new) in aliases.items()})
        if self.approval:
            what += f"; {self.approval}: {self.reason}"
        what = "; ".join([what, *self.bent])
        by_hand = {alias: v for alias, v in self.by_hand.items() if v != aliases[alias][1]}
        return what + (f"; by hand {_holders(by_hand)}" if by_hand else "")

    def notice_of_end(self, ending: "MoveEnding") -> tuple[str, str]:
        """Return the type of the notice that others are sent when it has ended, and a sentence."""
        if isinstance(ending, MoveUndone):
            return "undone", f"a {self.kind} of version {self.version} by {self.by} was taken back"
        asked = f", who approved what {self.approval.asked_by} asked for" if self.approval else ""
        return "moved", f"{self._outcome()}; {self.kind} by {self.by}{asked}"

    def _outcome(self) -> str:
        if self.changes_champion:
            old, new = self.champions
            instead = f" in place of version {old}" if old else ""
            return f"version {new} is in Production{instead}" if new else "nothing is in Production"
        moved = [f"version {v} is at {stage}" for v, (_, stage) in self.change.stages.items()]
        return ", ".join(moved) or "names were changed"


class MoveEnding(Event):
    """What ends the move that is the event before this one.

    Attributes
    ----------
    move : str
        Digest of that event.
    """

    move: StrictStr


class MoveCompleted(MoveEnding):
    """A move was carried out."""

    event: Literal["moved"] = "moved"


class MoveUndone(MoveEnding):
    """A move was taken back: versions are where they were before it."""

    event: Literal["undone"] = "undone"


def _holders(aliases: Mapping[str, int | None]) -> str:
    return ", ".join(f"{alias}: {version or 'nobody'}" for alias, version in aliases.items())
