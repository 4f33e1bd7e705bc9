"""How much a client may ask: size of a body, time, requests and bodies at once.

Requests without a body (GET) are neither timed nor counted: they are short, or streams.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from har.config import ServeSettings
from har.serving.http.errors import HttpError, response

MB = 10**6
JSON = "application/json"
_UPLOADS = "/v1/recordings"
# Uploads for each reader: those that wait lie on the disk.
QUEUE = 4
# Bodies that are held in memory at once, each as large as it may be.
HELD = 8


class Limits:
    """Middleware that refuses what is too much, before a route reads it.

    Parameters
    ----------
    app : ASGI app
        What is guarded.
    settings : ServeSettings
        The limits.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings
        self._clients: Counter[str] = Counter()
        self._n = self._uploads = self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 408, 413, 429 or 503."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        client = (scope.get("client") or ("",))[0]
        if refusal := self._refusal(scope, client):
            await response(refusal)(scope, receive, send)
            return
        is_upload = scope["path"] == _UPLOADS
        self._n += 1
        self._uploads += is_upload
        self._clients[client] += 1
        try:
            await self._guarded(scope, receive, send)
        finally:
            self._n -= 1
            self._uploads -= is_upload
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    def _refusal(self, scope: Scope, client: str) -> HttpError | None:
        most = self._most_bytes(scope)
        headers = Headers(scope=scope)
        if (coding := headers.get("content-encoding", "identity")) != "identity":
            return _encoded(coding)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            return _too_large(most, int(length))
        waiting = self._uploads if scope["path"] == _UPLOADS else 0
        if self._n >= self._settings.concurrency or waiting >= QUEUE * self._settings.readers:
            return _busy(HTTPStatus.SERVICE_UNAVAILABLE, "the service is busy")
        if self._clients[client] >= self._settings.per_client:
            return _busy(HTTPStatus.TOO_MANY_REQUESTS, "too many requests of yours at once")
        return None

    def _most_bytes(self, scope: Scope) -> int:
        own = self._settings
        return round((own.max_upload_mb if _goes_to_disk(scope) else own.max_json_mb) * MB)

    def _hold(self, n: int) -> None:
        """Count bytes that are kept in memory; refuse what would be too many of all requests."""
        if self._held + n > HELD * self._settings.max_json_mb * MB:
            raise _busy(HTTPStatus.SERVICE_UNAVAILABLE, "the service is busy")
        self._held += n

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        hold = _hold_nothing if _goes_to_disk(scope) else self._hold
        body = _Body(receive, self._most_bytes(scope), hold)
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._app(scope, body.receive, sent)
        except TimeoutError:
            # What has begun cannot be taken back: the connection is closed.
            if not started:
                error = _late() if body.is_whole else _slow()
                await response(error)(scope, receive, send)
        finally:
            self._held -= body.held


class _Body:
    """A body as it arrives, of which no more than so many bytes are taken."""

    def __init__(self, receive: Receive, most: int, hold: Callable[[int], object]) -> None:
        self._receive, self._most, self._hold = receive, most, hold
        self._n = self.held = 0
        self.is_whole = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            n = len(message.get("body", b""))
            self._n += n
            self.is_whole = not message.get("more_body", False)
            if self._n > self._most:
                raise _too_large(self._most, None)
            self._hold(n)
            self.held += n
        return message


def media_type(connection: Request) -> str:
    """Return what a body is said to be, without parameters."""
    return connection.headers.get("content-type", "").partition(";")[0].strip().lower()


def _goes_to_disk(scope: Scope) -> bool:
    return scope["path"] == _UPLOADS and media_type(Request(scope)) != JSON


def _hold_nothing(n: int) -> None:
    """Let bytes pass that go to the disk."""


def _encoded(coding: str) -> HttpError:
    return HttpError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "content-encoding: none is taken",
        expected="a body as it is; recordings may be archives",
        found=coding[:40],
        field="content-encoding",
        headers={"Connection": "close"},
    )


def _too_large(most: int, found: int | None) -> HttpError:
    return HttpError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "the body is too large",
        expected=f"at most {most / MB:g} MB",
        found=f"{found / MB:.3g} MB" if found else None,
        hint="send it in parts, or raise serve.max_json_mb or serve.max_upload_mb",
        headers={"Connection": "close"},
    )


def _busy(status: HTTPStatus, message: str) -> HttpError:
    return HttpError(status, message, hint="try again in a second", headers={"Retry-After": "1"})


def _late() -> HttpError:
    return HttpError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the answer took too long",
        hint="send less at once, or raise serve.timeout_s",
        headers={"Retry-After": "5"},
    )


def _slow() -> HttpError:
    return HttpError(
        HTTPStatus.REQUEST_TIMEOUT,
        "the body did not arrive in time",
        hint="send less at once, or raise serve.timeout_s",
        headers={"Connection": "close"},
    )
