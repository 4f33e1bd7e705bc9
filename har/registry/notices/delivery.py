"""Notices to whoever shall hear of them: each hears every notice once at least, in order.

The history is the outbox. How far each receiver has heard it is kept beside it in the
registry; what could not be delivered is sent by the next command that moves a version,
or by ``har registry notify``.
"""

from collections.abc import Iterable

from har.errors import MissingError
from har.registry.history.placement import pending
from har.registry.history.trail import Trail
from har.registry.notices.messages import notices
from har.registry.notices.receivers import Receiver


def deliver(trail: Trail, to: Iterable[Receiver], *, since: int) -> dict[str, int | MissingError]:
    """Send what was not sent yet; what is not taken stays to be sent.

    Parameters
    ----------
    trail : Trail
        The history.
    to : iterable of Receiver
        Who shall hear of it.
    since : int
        Position in the history from which a new receiver is sent it.

    Returns
    -------
    dict of str to int or MissingError
        By receiver, how many notices it was sent, or why it did not take one.
    """
    outcome: dict[str, int | MissingError] = {}
    waiting = pending(trail.events)
    for receiver in to:
        heard = trail.heard(receiver.key)
        if heard is None:
            heard = since
            trail.mark_heard(receiver.key, heard)
        sent = 0
        try:
            for notice in notices(trail.events, since=heard):
                receiver.send(notice, waiting)
                trail.mark_heard(receiver.key, notice.number + 1)
                sent += 1
            outcome[receiver.name] = sent
        except MissingError as error:
            outcome[receiver.name] = error
    return outcome
