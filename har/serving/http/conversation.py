"""One WebSocket of a session: samples one way, updates and events the other."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from har.config import ServeSettings
from har.errors import HarError
from har.serving.http.errors import HttpError, content, refused
from har.serving.http.samples import SamplesRequest, told
from har.serving.http.schemas import validated
from har.serving.http.sessions import Live, Sessions

# RFC 6455, 7.4.1: done, and try again later.
_DONE, _LATER = 1000, 1013
_EXPECTED = (asyncio.CancelledError, WebSocketDisconnect, TimeoutError, HttpError)


class Conversation:
    """What is said over one connection.

    A client that stops reading is not read from either, and is left after ``timeout_s``.

    Parameters
    ----------
    socket : WebSocket
        Accepted.
    sessions : Sessions
        All of them.
    live : Live
        The one that is spoken of.
    settings : ServeSettings
        How long to wait for a client to read.
    """

    def __init__(
        self, socket: WebSocket, sessions: Sessions, live: Live, settings: ServeSettings
    ) -> None:
        self._socket, self._sessions, self._live = socket, sessions, live
        self._patience_s = settings.timeout_s
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Speak until the client leaves or the session ends."""
        followed, received = (
            asyncio.create_task(self._follow()),
            asyncio.create_task(self._receive()),
        )
        tasks = (followed, received)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_done = followed.done()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        await self._close(results, is_done=is_done)

    async def _follow(self) -> None:
        after = self._socket.query_params.get("after", "")
        last = int(after) if after.isdecimal() else 0
        async with aclosing(self._sessions.follow(self._live, last)) as events:
            async for event in events:
                if event:
                    await self._send({"event": event})

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"])
            await self._send(await self._answer(message.get("text") or message.get("bytes") or ""))

    async def _send(self, message: Mapping[str, Any]) -> None:
        async with asyncio.timeout(self._patience_s), self._sending:
            await self._socket.send_text(to_json(message, inf_nan_mode="null").decode())

    async def _answer(self, text: str | bytes) -> dict[str, Any]:
        try:
            chunks = validated(text, SamplesRequest).chunks()
            work = partial(self._live.session.push, *chunks)
            update = await self._sessions.push(self._live, work)
            if update.refused:
                raise refused(update.refused, **told(update))
        except HarError as error:
            return content(error)
        return {"update": told(update)}

    async def _close(self, results: Sequence[BaseException | None], *, is_done: bool) -> None:
        for result in results:
            if result is not None and not isinstance(result, _EXPECTED):
                raise result
        if not any(isinstance(result, WebSocketDisconnect) for result in results):
            told_off = any(isinstance(result, TimeoutError | HttpError) for result in results)
            await self._socket.close(_LATER if told_off or not is_done else _DONE)
