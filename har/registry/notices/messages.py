"""What others hear of a model's history: one notice for each event that concerns them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from har.page.markdown import of_chat
from har.registry.history.events import Event, MoveBegun, MoveEnding


@dataclass(frozen=True)
class Notice:
    """One message.

    Attributes
    ----------
    number : int
        Position of its event in the history.
    id : str
        The same whenever it is sent again, so that a receiver can tell.
    type : str
        ``registry.moved``, ``.undone``, ``.requested``, ``.rejected``, ``.refused`` or
        ``.policy``.
    time : str
        Of the event, UTC.
    text : str
        One sentence for people, as chats show it: no name or reason in it is a command of theirs.
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
    """Yield a notice of each event that concerns others, from a position in the history on."""
    for number in range(since, len(events)):
        event = about = events[number]
        notice = event.notice()
        if isinstance(event, MoveEnding):
            about = events[number - 1]
            assert isinstance(about, MoveBegun)
            notice = about.notice_of_end(event)
        if notice is not None:
            kind, sentence = notice
            data = about.to_dict()
            yield Notice(
                number=number,
                id=f"har_{event.sha256[:32]}",
                type=f"registry.{kind}",
                time=event.time,
                text=of_chat(f"{event.model}: {sentence} ({data['reason']})"),
                data=data,
            )
