"""Events of the gate's policy: the bounds that a registry keeps were set, are to be, are not."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import StrictStr

from har.registry.history.events.base import Act
from har.registry.history.events.moves import Approval


class PolicyRequested(Act):
    """Somebody asks for other bounds; a second person has to approve them.

    Attributes
    ----------
    settings : mapping
        All bounds as they shall be, by section and name.
    changes : tuple of str
        What is different then, in words.
    """

    event: Literal["policy-request"] = "policy-request"
    settings: Mapping[StrictStr, Mapping[StrictStr, Any]]
    changes: tuple[StrictStr, ...]

    @property
    def label(self) -> str:
        """What people call it."""
        return "policy asked for"

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        return "; ".join(self.changes)

    def notice(self) -> tuple[str, str] | None:
        """Return the type of the notice that others are sent, and a sentence."""
        asks = f"{self.by} asks to change the gate's policy: {self.describe()}"
        return "requested", f"{asks}; it waits for approval"


class PolicySet(Act):
    """The bounds that versions are held against from here on.

    Attributes
    ----------
    settings : mapping
        All bounds, by section and name.
    changes : tuple of str
        What is different now, in words; empty of the first.
    request : str
        Digest of the event that asked for it, where one did.
    approval : Approval or None
        Of a second person.
    """

    event: Literal["policy"] = "policy"
    settings: Mapping[StrictStr, Mapping[StrictStr, Any]]
    changes: tuple[StrictStr, ...]
    request: StrictStr = ""
    approval: Approval | None = None

    def describe(self) -> str:
        """Say what came of it, for a row of the history."""
        what = "; ".join(self.changes) or "settings of the first judgement"
        return f"{what}; {self.approval}" if self.approval else what

    def notice(self) -> tuple[str, str] | None:
        """Return a notice of a change; the first policy changes nothing."""
        if not self.changes:
            return None
        asked = f", who approved what {self.approval.asked_by} asked for" if self.approval else ""
        return "policy", f"the gate's policy is {'; '.join(self.changes)}; set by {self.by}{asked}"


class PolicyRejected(Act):
    """A second person turned a change of the bounds down, or its own author withdrew it.

    Attributes
    ----------
    request : str
        Digest of the request.
    """

    event: Literal["policy-rejected"] = "policy-rejected"
    request: StrictStr

    @property
    def label(self) -> str:
        """What people call it."""
        return "policy rejected"

    def notice(self) -> tuple[str, str] | None:
        """Return the type of the notice that others are sent, and a sentence."""
        return "rejected", f"{self.by} turned down the change of the gate's policy"
