"""Events of a version that stays where it is: judged, asked for, turned down, scored, removed."""

from collections.abc import Mapping
from typing import Literal

from pydantic import StrictInt, StrictStr

from har.lineage.typed import Number, Texts
from har.registry.history.events.base import Act
from har.registry.history.stages import Stage


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
    bent : tuple of str
        Bounds that were others than the registry's policy has, in words.
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
    bent: tuple[StrictStr, ...] = ()

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return super().versions | _one(self.champion)

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        waived = f"waived: {', '.join(self.waived)}" if self.waived else ""
        return "; ".join(filter(None, [self.verdict, waived, *self.bent]))

    def notice(self) -> tuple[str, str] | None:
        """Return a notice of a refusal; what passed is told of as it moves."""
        if self.verdict != "refused":
            return None
        text = f"the gate refused version {self.version}: {self.finding}; asked by {self.by}"
        return "refused", text


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
    bent : tuple of str
        Bounds of the decision that were others than the registry's policy has, in words.
    """

    event: Literal["request"] = "request"
    version: StrictInt
    champion: StrictInt | None
    decision: StrictStr
    bent: tuple[StrictStr, ...] = ()

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return super().versions | _one(self.champion)

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        return "; ".join(self.bent)

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


def _one(version: int | None) -> frozenset[int]:
    return frozenset() if version is None else frozenset({version})
