"""What others hear of a model's history: one notice for each event that concerns them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from har.lineage.audit import Event
from har.registry.history.placement import (
    GATE,
    MOVED,
    REJECTED,
    REQUEST,
    UNDONE,
    champions,
    change_of,
)
from har.registry.history.stages import CHAMPION


@dataclass(frozen=True)
class Notice:
    """One message.

    Attributes
    ----------
    number : int
        Place of its event in the history.
    id : str
        The same whenever it is sent again, so that a receiver can tell.
    type : str
        ``registry.moved``, ``.undone``, ``.requested``, ``.rejected`` or ``.refused``.
    time : str
        Of the event, UTC.
    text : str
        One sentence for people.
    data : dict
        The event as recorded; of what ended a move, the move.
    """

    number: int
    id: str
    type: str
    time: str
    text: str
    data: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the message: Standard Webhooks' fields, and the ``text`` that chats show."""
        return {"type": self.type, "timestamp": self.time, "text": self.text, "data": self.data}


def notices(events: Sequence[Event], *, since: int) -> Iterator[Notice]:
    """Yield a notice for each event from a place in the history on that others shall hear of."""
    for number in range(since, len(events)):
        event = events[number]
        about = events[number - 1] if event["event"] in (MOVED, UNDONE) else event
        if (kind := _kind(event)) is not None:
            yield Notice(
                number=number,
                id=f"har_{event['sha256'][:32]}",
                type=f"registry.{kind}",
                time=event["time"],
                text=f"{event['model']}: {_sentence(kind, about)} ({about['reason']})",
                data=about,
            )


def _kind(event: Event) -> str | None:
    if event["event"] == GATE:
        return "refused" if event["verdict"] == "refused" else None
    kinds = {MOVED: "moved", UNDONE: "undone", REQUEST: "requested", REJECTED: "rejected"}
    return kinds.get(event["event"])


def _sentence(kind: str, event: Event) -> str:
    version, by = f"version {event['version']}", event["by"]
    if kind == "moved":
        return f"{_moved(event)}; {event['kind']} by {by}{_approved(event)}"
    sentences = {
        "undone": f"a {event.get('kind')} of {version} by {by} was taken back",
        "requested": f"{by} asks to put {version} in Production: it waits for approval",
        "rejected": f"{by} turned down the request for {version}",
        "refused": f"the gate refused {version}: {event.get('finding', '')}; asked by {by}",
    }
    return sentences[kind]


def _moved(move: Event) -> str:
    change = change_of(move)
    if CHAMPION in change.aliases:
        old, new = champions(move)
        instead = f" in place of version {old}" if old else ""
        return f"version {new} is in Production{instead}" if new else "nothing is in Production"
    moved = [f"version {version} is at {stage}" for version, (_, stage) in change.stages.items()]
    return ", ".join(moved) or "names were changed"


def _approved(move: Event) -> str:
    approval = move.get("approval")
    return f", who approved what {approval['asked_by']} asked for" if approval else ""
