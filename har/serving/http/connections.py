"""Connections: what a client may send before anybody has asked whether it may.

uvicorn bounds neither the head of a request nor the time that it takes, and reads as many
requests ahead as a client sends; these protocols of it do.
"""

import asyncio
import functools
import resource
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

# For the head of a request to arrive, s: from its first byte, or from the connection's begin.
HEAD_S = 10.0
# Bytes of a head, and of what is neither head nor body: extensions of chunks, trailers.
HEAD_BYTES = 65_536
# A body in chunks of a byte has five bytes beside each.
_BESIDE = 9
# Requests that are sent before the answer to the first.
AHEAD = 32
# Frames of one message of a WebSocket.
PIECES = 4096
# Connections of a process; of more, those are closed on which nothing is asked.
MOST = 10_000
# Files of the process that are no connections: models, logs, uploads.
_FILES = 200


class HttpConnection(HttpToolsProtocol):
    """A connection that is closed where its client sends no request, or sends one without end."""

    _n_beside = 0
    _idle_since = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; where there are too many connections, close an idle one."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > most_connections():
            idle = [c for c in self.connections if isinstance(c, HttpConnection) and c._is_idle]
            min(idle, key=lambda c: c._idle_since, default=self).transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some bytes, and close the connection if they lead to no request."""
        self._n_beside += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._n_beside > HEAD_BYTES or len(self.pipeline) > AHEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._is_idle and self._timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._head_is_there()
        self._n_beside = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, whose size others bound."""
        self._n_beside = max(0, self._n_beside - _BESIDE * len(body))
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Go on to what was sent ahead, before more is read."""
        self._idle_since = self.loop.time()
        super().on_response_complete()
        if self.pipeline and not self.transport.is_closing():
            self.flow.pause_reading()

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._idle_since = self.loop.time()
        self._timer = self.loop.call_later(HEAD_S, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _head_is_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Close the connection; with a word, where no answer is on its way."""
        self._head_is_there()
        if self.transport.is_closing():
            return
        if self._is_idle:
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{head}content-length: 0\r\nconnection: close\r\n\r\n".encode())
            self.transport.close()
        else:
            self.transport.abort()


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket that is closed where its client reads no pongs, or ends no message."""

    def handle_ping(self) -> None:
        """Answer a ping."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Take another frame of a message."""
        super().handle_cont(event)
        if len(self.frames) > PIECES:
            self.transport.abort()


@functools.cache
def most_connections() -> int:
    """Let this process have as many files as it may; return how many connections that makes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + _FILES if hard == resource.RLIM_INFINITY else min(hard, MOST + _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else max(AHEAD, min(MOST, soft - _FILES))
