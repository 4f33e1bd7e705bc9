"""Sessions of one process: streams of samples that clients push and follow.

Each keeps the model that it began with. Its last events are kept for those who follow it: a
follower remembers which one it saw last and reads on from there, so that one who stops reading
costs no memory, and is told how many it missed.
"""

import asyncio
import logging
import secrets
import signal
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from har.arrays import Float32
from har.config import ServeSettings
from har.models.answers import Answers
from har.serving.http.errors import HttpError
from har.serving.http.metrics import Metrics
from har.serving.http.request_log import RequestLog
from har.serving.served import Served
from har.serving.session import Session, SessionSettings, Update
from har.serving.session.sensor_logger import Feed

T = TypeVar("T")
_log = logging.getLogger(__name__)
# Events of a session that whoever comes late can still be told.
KEPT = 1000
# Followers of one session at once.
MOST_FOLLOWERS = 16
# Between looks for sessions that nobody pushes to, and at whether the service ends.
LOOK_S, PULSE_S = 5.0, 1.0
ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
End = Literal["deleted", "idle", "shutdown"]
Followed = AsyncGenerator[dict[str, Any] | None, None]
"""Events of a session, and None about each second without any."""


@dataclass(eq=False)
class Live:
    """A session, and what its followers are told.

    Attributes
    ----------
    id : str
        Of its address.
    session : Session
        Used by one thread at a time: see `Sessions.do`.
    served : Served
        The model that it began with.
    events : deque
        The last ones, as JSON-able dicts with their ``id``.
    ended : str
        Why it ended; empty while it goes on.
    feed : Feed or None
        Of the app Sensor Logger, where it pushes.
    touched : float
        When samples came last, on the monotonic clock, s.
    followers : int
        Those who read the events now.
    """

    id: str
    session: Session
    served: Served
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    ended: End | Literal[""] = ""
    feed: Feed | None = None
    touched: float = field(default_factory=time.monotonic)
    followers: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, update: Update) -> Update:
        """Keep the events of an update for followers."""
        self.events.extend(event.to_dict() for event in update.events)
        return update

    def wake(self) -> None:
        """Let followers look."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def after(self, last: int) -> tuple[list[dict[str, Any]], int]:
        """Return the events behind one that was seen, and how many of them are gone."""
        kept = list(self.events)
        first = kept[0]["id"] if kept else last + 1
        return [event for event in kept if event["id"] > last], max(0, first - last - 1)

    def view(self, segments: int) -> dict[str, Any]:
        """Return what a page shows."""
        quiet_s = time.monotonic() - self.touched
        lost = self.feed.lost if self.feed else 0
        view = self.session.view(segments)
        return {"id": self.id, **self.served.to_dict(), "quiet_s": quiet_s, "unread": lost, **view}


class Sessions:
    """All sessions of a process.

    Parameters
    ----------
    settings : ServeSettings
        How many there may be, and when those that nobody pushes to end.
    metrics, log : Metrics, RequestLog
        Are told of the answers.
    """

    def __init__(self, settings: ServeSettings, metrics: Metrics, log: RequestLog) -> None:
        self._settings, self._metrics, self._log = settings, metrics, log
        self._live: dict[str, Live] = {}
        self._talking = 0
        self._threads = ThreadPoolExecutor(2, "har-session")
        self._sweeper: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._live)

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Count a WebSocket for the time of a block.

        Raises
        ------
        HttpError
            503 if there are too many of them.
        """
        if self._talking >= self._settings.concurrency:
            raise HttpError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many streams by WebSocket",
                expected=f"at most {self._settings.concurrency}",
                hint="push by HTTP, or raise serve.concurrency",
            )
        self._talking += 1
        try:
            yield
        finally:
            self._talking -= 1

    def start(self) -> None:
        """Begin to end sessions that nobody pushes to."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def close(self) -> None:
        """End all sessions."""
        if self._sweeper:
            self._sweeper.cancel()
        for live in list(self._live.values()):
            await self.end(live, "shutdown")
        self._threads.shutdown(wait=False)

    def all(self) -> list[Live]:
        """Return the sessions, the oldest first."""
        return list(self._live.values())

    def get(self, name: str) -> Live:
        """Return a session.

        Raises
        ------
        HttpError
            404.
        """
        if live := self._live.get(name):
            return live
        raise HttpError(
            HTTPStatus.NOT_FOUND,
            f"no session {name[:64]}",
            hint="POST /v1/sessions begins one; it ends when nobody pushes to it for "
            f"{self._settings.session_idle_s:g} s",
            field="id",
        )

    def find(self, name: str) -> Live | None:
        """Return a session, or None."""
        return self._live.get(name)

    def create(
        self,
        served: Served,
        settings: SessionSettings,
        *,
        name: str | None = None,
        client: str = "",
    ) -> Live:
        """Begin a session.

        Raises
        ------
        HttpError
            409, 422 or 429.
        HarError
            If the model does not fit the settings.
        """
        name = name or secrets.token_hex(8)
        self._check(name)

        def watch(windows: Float32, answers: Answers) -> None:
            self._metrics.answered(answers)
            self._log.windows(served, windows, answers, client)

        live = Live(name, Session(served.predictor, settings, watch), served)
        self._live[name] = live
        return live

    def _check(self, name: str) -> None:
        if self._settings.workers > 1:
            raise HttpError(
                HTTPStatus.CONFLICT,
                "sessions need a service of one process, which remembers them",
                expected="serve.workers = 1",
                found=str(self._settings.workers),
                hint="serve sessions with a `har serve` of their own",
            )
        if name in self._live:
            raise HttpError(HTTPStatus.CONFLICT, f"there is a session {name} already", field="id")
        if len(self._live) >= self._settings.sessions:
            raise HttpError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many sessions",
                expected=f"at most {self._settings.sessions}",
                hint="DELETE those that are done, or raise serve.sessions",
                headers={"Retry-After": "60"},
            )

    async def do(self, live: Live, work: Callable[[], T]) -> T:
        """Return what work on a session brings, done in a thread, one piece at a time.

        It is done to its end also where nobody waits any longer.
        """
        loop = asyncio.get_running_loop()

        def alone() -> T:
            with live.lock:
                try:
                    return work()
                finally:
                    loop.call_soon_threadsafe(live.wake)

        return await asyncio.wrap_future(self._threads.submit(alone))

    async def push(self, live: Live, work: Callable[[], Update]) -> Update:
        """Return what samples bring that some work pushes; followers are told.

        Raises
        ------
        HttpError
            404 if the session has ended.
        """

        def pushed() -> Update:
            if live.ended:
                self.get(live.id)
            live.touched = time.monotonic()
            return live.note(work())

        return await self.do(live, pushed)

    async def end(self, live: Live, why: End) -> Update:
        """End a session and return what was still to be told."""
        self._live.pop(live.id, None)

        def ended() -> Update:
            update = Update() if live.ended else live.note(live.session.finish())
            live.ended = live.ended or why
            return update

        return await self.do(live, ended)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK_S, self._settings.session_idle_s / 2))
            try:
                await self.end_idle()
            except Exception:
                _log.exception("sessions that nobody pushes to cannot be ended")

    async def end_idle(self) -> None:
        """End the sessions that nobody has pushed to for too long."""
        oldest = time.monotonic() - self._settings.session_idle_s
        for live in self.all():
            if live.touched < oldest:
                await self.end(live, "idle")

    async def follow(self, live: Live, last: int) -> Followed:
        """Yield the events of a session behind one, and None about each second without any.

        What a follower missed is an event of kind ``missed``; the last one is of kind ``end``.

        Raises
        ------
        HttpError
            429 if too many follow it.
        """
        if live.followers >= MOST_FOLLOWERS:
            raise HttpError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many follow this session",
                expected=f"at most {MOST_FOLLOWERS}",
            )
        live.followers += 1
        try:
            async with aclosing(_events(live, last)) as events:
                async for event in events:
                    yield event
        finally:
            live.followers -= 1


async def _events(live: Live, last: int) -> Followed:
    last = min(last, live.session.n_events)  # a number of another session says nothing
    while True:
        # In this order: what comes after a look wakes whoever waits.
        changed, ended = live.changed, live.ended
        events, missed = live.after(last)
        if missed:
            yield {"id": last + missed, "kind": "missed", "message": f"{missed} events"}
            last += missed
        for event in events:
            yield event
            last = event["id"]
        if ended or is_ending():
            yield {"id": last, "kind": "end", "message": ended or "shutdown"}
            return
        if events or missed:
            continue
        try:
            await asyncio.wait_for(changed.wait(), PULSE_S)
        except TimeoutError:
            yield None


def is_ending() -> bool:
    """Tell whether uvicorn was asked to end: it waits for streams, which must end themselves."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
