"""The kinds of event in a model's history: what each holds, and what it says to people.

===============================  ==================================================
`GateDecided`                    a version was judged
`MoveBegun`                      aliases and stages are about to change
`MoveCompleted`, `MoveUndone`    they have changed, or are as before
`ApprovalRequested`              a version waits for a second person
`RequestRejected`                that person said no
`ShadowScored`                   a version answered recordings beside the champion
`VersionPruned`                  a version is removed, with its files
===============================  ==================================================

A new kind is one class here and whoever writes it: the history, the notices and the
retention ask the event. An approval, a rollback, an adoption and what was moved by hand
are moves of that ``kind``. What a later `har` adds to an event, and kinds that only a later
`har` knows, are kept and written again byte for byte (`Event.to_dict`).
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from har.lineage.typed import Number, Texts, Typed
from har.registry.history.stages import CHAMPION, Change, Stage


class Event(Typed):
    """What all events have in common.

    Attributes
    ----------
    event : str
        The kind.
    model : str
        The registered model.
    time : str
        UTC.
    sequence : int
        Position in the history, from 0.
    previous, sha256 : str
        Digests of the line before and of its own.
    nonce : str
        Tells two events apart whose writers say the same in the same second.
    """

    event: StrictStr
    model: StrictStr = ""
    time: StrictStr = ""
    sequence: StrictInt = -1
    previous: StrictStr = ""
    sha256: StrictStr = ""
    nonce: StrictStr = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data: what was read or stated, and nothing else."""
        return {**super().to_dict(), "event": self.event}

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return frozenset()

    @property
    def label(self) -> str:
        """What people call it."""
        return self.event

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        return ""

    def notice(self) -> tuple[str, str] | None:
        """Return the type of the notice that others are sent, and a sentence; None for none.

        The two events that end a move have none of their own: see `MoveBegun.notice_of_end`.
        """
        return None


class Act(Event):
    """An event of somebody who acts on a version.

    Attributes
    ----------
    version : int or None
        The version that it is about.
    reason : str
        Why.
    by, account : str
        Who, and the account of the operating system that it was done from.
    """

    version: StrictInt | None
    reason: StrictStr
    by: StrictStr = ""
    account: StrictStr = ""

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return frozenset() if self.version is None else frozenset({self.version})


class GateDecided(Act):
    """A version was judged.

    Attributes
    ----------
    verdict : str
        ``passed`` or ``refused``.
    stage : str
        Where it goes.
    champion : int or None
        The version that it was held against.
    broken : tuple of str
        Rules that did not hold.
    waived : mapping of str to str
        Rules that need not hold, each with the reason.
    finding : str
        Why it goes where it goes.
    test_digest, content, lineage_digest : str
        Digests of the test windows, of the decision and of the lineage record.
    """

    event: Literal["gate"] = "gate"
    verdict: StrictStr
    stage: Stage
    champion: StrictInt | None
    test_digest: StrictStr
    broken: tuple[StrictStr, ...]
    waived: Texts
    finding: StrictStr
    content: StrictStr
    lineage_digest: StrictStr

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return super().versions | _one(self.champion)

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        waived = ", ".join(self.waived)
        return f"{self.verdict}; waived: {waived}" if waived else self.verdict

    def notice(self) -> tuple[str, str] | None:
        """Return a notice of a refusal; what passed is told of as it moves."""
        if self.verdict != "refused":
            return None
        text = f"the gate refused version {self.version}: {self.finding}; asked by {self.by}"
        return "refused", text


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
    """

    reason: StrictStr
    asked_by: StrictStr
    own: StrictBool = Field(alias="self")


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
            what += f"; asked by {self.approval.asked_by}"
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


class ApprovalRequested(Act):
    """A version that earned Production waits for a second person.

    Attributes
    ----------
    version : int
        The version.
    champion : int or None
        The version that it was held against.
    decision : str
        Digest of the gate's event.
    """

    event: Literal["request"] = "request"
    version: StrictInt
    champion: StrictInt | None
    decision: StrictStr

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return super().versions | _one(self.champion)

    def notice(self) -> tuple[str, str] | None:
        """Return the type of the notice that others are sent, and a sentence."""
        asks = f"{self.by} asks to put version {self.version} in Production"
        return "requested", f"{asks}: it waits for approval"


class RequestRejected(Act):
    """A second person turned a request down, or its own author withdrew it.

    Attributes
    ----------
    version : int
        The version.
    request : str
        Digest of the request.
    """

    event: Literal["rejected"] = "rejected"
    version: StrictInt
    request: StrictStr

    def notice(self) -> tuple[str, str] | None:
        """Return the type of the notice that others are sent, and a sentence."""
        return "rejected", f"{self.by} turned down the request for version {self.version}"


class ShadowScored(Act):
    """A version answered recordings beside the champion.

    Attributes
    ----------
    version, champion : int
        The two versions.
    windows : int
        Of all recordings of the report.
    agreement : float
        Share of them on which both say the same.
    report : str
        Digest of the report in the version's run.
    part : tuple of (int, int)
        Which part of the report's recordings these are, and of how many.
    recordings : mapping of str to int
        Windows by the first 16 hexadecimal digits of the file's SHA-256.
    """

    event: Literal["shadow"] = "shadow"
    version: StrictInt
    champion: StrictInt
    windows: StrictInt
    agreement: Number
    report: StrictStr
    part: tuple[StrictInt, StrictInt]
    recordings: Mapping[StrictStr, StrictInt]

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return super().versions | {self.champion}

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        number, parts = self.part
        part = f" ({number} of {parts})" if parts > 1 else ""
        return f"{self.windows} windows, {100 * self.agreement:.1f} % agree{part}"


class VersionPruned(Act):
    """A version that nobody needs is removed, with its run and its files.

    Attributes
    ----------
    version : int
        The version.
    run : str
        Its MLflow run.
    candidate, candidate_digest, lineage_digest : str
        What it was.
    """

    event: Literal["pruned"] = "pruned"
    version: StrictInt
    run: StrictStr
    candidate: StrictStr
    candidate_digest: StrictStr
    lineage_digest: StrictStr

    @property
    def versions(self) -> frozenset[int]:
        """None: a removal is no reason to keep what it removes."""
        return frozenset()


_KINDS: tuple[type[Event], ...] = (
    *(GateDecided, MoveBegun, MoveCompleted, MoveUndone, ApprovalRequested),
    *(RequestRejected, ShadowScored, VersionPruned),
)
KINDS: Mapping[str, type[Event]] = {kind.model_fields["event"].default: kind for kind in _KINDS}


def read_event(data: Mapping[str, Any], where: str) -> Event:
    """Read an event as its kind; of a kind that is not known here, what all have in common.

    Parameters
    ----------
    data : mapping
        As `Event.to_dict` returned it, or as JSON keeps it.
    where : str
        What it is called in errors.

    Raises
    ------
    VerificationError
        If a field is not there or has another type; it names the field.
    """
    return KINDS.get(str(data.get("event")), Event).from_dict(data, where)


def _one(version: int | None) -> frozenset[int]:
    return frozenset() if version is None else frozenset({version})


def _holders(aliases: Mapping[str, int | None]) -> str:
    return ", ".join(f"{alias}: {version or 'nobody'}" for alias, version in aliases.items())
