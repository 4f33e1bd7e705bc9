"""What all events have in common, and what those of somebody who acts on a version add."""

from typing import Any

from pydantic import StrictInt, StrictStr

from har.lineage.typed import Typed


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
    by : str
        The name of whoever acted.
    known_by : str
        What the name rests on: ``setting`` is asserted, ``server`` and ``account`` are proven;
        empty in what an earlier `har` recorded.
    account, server_user : str
        What was proven: the account of the operating system and its host, and the user of the
        MLflow server where it asks for a password.
    """

    version: StrictInt | None
    reason: StrictStr
    by: StrictStr = ""
    account: StrictStr = ""
    known_by: StrictStr = ""
    server_user: StrictStr = ""

    @property
    def who(self) -> str:
        """Whoever acted, for a row of the history; of an asserted name, what was proven too."""
        of_server = f"{self.server_user} of the server" if self.server_user else ""
        proven = of_server or f"account {self.account}"
        known = self.server_user or self.account.partition("@")[0]
        return (
            self.by if self.known_by != "setting" or self.by == known else f"{self.by} ({proven})"
        )

    @property
    def proof(self) -> tuple[str, str]:
        """What was proven of whoever acted: the account and the server's user."""
        return self.account, self.server_user

    @property
    def versions(self) -> frozenset[int]:
        """The versions that it names, which are therefore kept."""
        return frozenset() if self.version is None else frozenset({self.version})
