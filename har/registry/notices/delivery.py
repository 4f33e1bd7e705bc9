"""Notices to whoever shall hear of them: each hears every notice once at least, in order.

The history is the outbox. How far each receiver has heard it is kept beside it in the
registry; what could not be delivered is sent by the next command that moves a version,
or by ``har registry notify``. Receivers are strangers: each is sent its notices in a thread
of its own, and is left behind when its time is over.
"""

import math
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread

from har.errors import MissingError
from har.registry.history.events import ApprovalRequested
from har.registry.history.placement import pending
from har.registry.history.trail import Trail
from har.registry.notices.messages import Notice, notices
from har.registry.notices.receivers import Receiver, not_taken

# A receiver has so long for one notice, from looking its name up to its answer.
NOTICE_S = 10.0


def deliver(
    trail: Trail, to: Iterable[Receiver], *, since: int, within_s: float = math.inf
) -> dict[str, int | MissingError]:
    """Send what was not sent yet, to all receivers at once; what is not taken stays to be sent.

    Parameters
    ----------
    trail : Trail
        The history.
    to : iterable of Receiver
        Who shall hear of it.
    since : int
        Position in the history from which a new receiver is sent it.
    within_s : float, optional
        After so long it returns, whatever the receivers do; 0: nothing is sent, and new receivers
        are noted. A single notice never has more than `NOTICE_S`.

    Returns
    -------
    dict of str to int or MissingError
        By receiver, how many notices it was sent, or why it did not take one.
    """
    waiting = pending(trail.events)
    taken: SimpleQueue[_Result] = SimpleQueue()
    posts = [_Post(r, _unheard(trail, r, since), waiting, taken) for r in to]
    if within_s:
        for post in posts:
            # What is wrong with it, the receiver tells when it sends.
            with suppress(Exception):
                import_module(post.receiver.library)
        _run(posts, trail, taken, end=time.monotonic() + within_s)
    return {post.receiver.name: post.outcome for post in posts}


@dataclass(frozen=True, eq=False)
class _Result:
    """A notice was taken (its number), was not (why), or there are no more (None)."""

    post: "_Post"
    said: int | MissingError | None


@dataclass(eq=False)
class _Post:
    """The notices for one receiver, on their way."""

    receiver: Receiver
    notices: Sequence[Notice]
    waiting: Sequence[ApprovalRequested]
    taken: "SimpleQueue[_Result]"
    outcome: int | MissingError = 0
    deadline: float = math.inf
    is_left: Flag = field(default_factory=Flag)

    def start(self) -> None:
        """Begin to send; a thread that hangs keeps no process from ending."""
        self.deadline = time.monotonic() + NOTICE_S
        Thread(target=self._send, name="har-notices", daemon=True).start()

    def leave(self, found: str) -> None:
        """Send nothing more."""
        self.is_left.set()
        self.outcome = not_taken(self.receiver.name, found)

    def _send(self) -> None:
        said: int | MissingError | None = None
        try:
            for notice in self.notices:
                if self.is_left.is_set():
                    return
                self.receiver.send(notice, self.waiting)
                self.taken.put(_Result(self, notice.number))
        except MissingError as error:
            said = error
        except Exception as error:
            # Of its text, nobody knows what is in it.
            said = not_taken(self.receiver.name, type(error).__name__)
        self.taken.put(_Result(self, said))


def _run(posts: Sequence[_Post], trail: Trail, taken: SimpleQueue[_Result], *, end: float) -> None:
    """Send all notices, and note what is taken, until a moment of the monotonic clock."""
    under_way = {post for post in posts if post.notices}
    for post in under_way:
        post.start()
    while under_way:
        wait_s = min(end, *(post.deadline for post in under_way)) - time.monotonic()
        try:
            result = taken.get(timeout=max(0.0, wait_s))
        except Empty:
            now = time.monotonic()
            late = {post for post in under_way if now >= min(end, post.deadline)}
            for post in late:
                post.leave("no answer in time")
            under_way -= late
            continue
        if result.post in under_way and not _note(result, trail):
            under_way.remove(result.post)


def _note(result: _Result, trail: Trail) -> bool:
    """Keep what came of a notice; return whether others follow it."""
    post, said = result.post, result.said
    if isinstance(said, int):
        trail.mark_heard(post.receiver.key, said + 1)
        assert isinstance(post.outcome, int)
        post.outcome += 1
        post.deadline = time.monotonic() + NOTICE_S
        return True
    if said is not None:
        post.outcome = said
    return False


def _unheard(trail: Trail, receiver: Receiver, since: int) -> list[Notice]:
    heard = trail.heard(receiver.key)
    if heard is None:
        heard = since
        trail.mark_heard(receiver.key, heard)
    return list(notices(trail.events, since=heard))
