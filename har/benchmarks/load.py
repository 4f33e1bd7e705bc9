"""Requests at a server from many connections, and how long each answer takes.

The client is asyncio's own, with the request made beforehand, so that it takes little of the
processors that it shares with the server.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

import numpy as np


@dataclass(frozen=True)
class Load:
    """What came of some seconds of requests.

    Attributes
    ----------
    answers : int
        How many.
    per_s : float
        Answers in a second.
    p50_ms, p99_ms : float
        Of the time to the answer, ms; where requests come at a rate, from when each was due.
    failed : int
        Answers whose status is not 200.
    """

    answers: int
    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int


def as_fast_as_possible(url: str, body: bytes, connections: int, seconds: float) -> Load:
    """Send from every connection as soon as its last request is answered."""

    async def client(own: "_Connection", end: float, took: list[float]) -> None:
        while (start := time.perf_counter()) < end:
            await own.ask()
            took.append(time.perf_counter() - start)

    return asyncio.run(_measured(url, body, connections, seconds, client))


def at_a_rate(url: str, body: bytes, connections: int, seconds: float, per_s: float) -> Load:
    """Send at even times, whether or not the last request is answered.

    A request that has to wait for a free connection counts from when it was due, so that a
    server that stops for a moment is not spared the requests that it held up.
    """
    step = connections / per_s

    async def client(own: "_Connection", end: float, took: list[float]) -> None:
        due = time.perf_counter() + step * own.share
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await own.ask()
            took.append(time.perf_counter() - due)
            due += step

    return asyncio.run(_measured(url, body, connections, seconds, client))


_Client = Callable[["_Connection", float, list[float]], Awaitable[None]]


async def _measured(
    url: str, body: bytes, connections: int, seconds: float, client: _Client
) -> Load:
    pool = [await _Connection.opened(url, body, i / connections) for i in range(connections)]
    try:
        took: list[float] = []
        start = time.perf_counter()
        await asyncio.gather(*(client(one, start + seconds, took) for one in pool))
        passed = time.perf_counter() - start
    finally:
        for one in pool:
            one.close()
    p50, p99 = 1000 * np.percentile(took, [50, 99])
    failed = sum(one.failed for one in pool)
    return Load(len(took), len(took) / passed, float(p50), float(p99), failed)


class _Connection:
    """A connection that sends one request again and again.

    Attributes
    ----------
    share : float
        Which part of a step it begins at, 0 to 1.
    failed : int
        Answers whose status is not 200.
    """

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        request: bytes,
        share: float,
    ) -> None:
        self._reader, self._writer = streams
        self._request = request
        self.share = share
        self.failed = 0

    @classmethod
    async def opened(cls, url: str, body: bytes, share: float) -> "_Connection":
        """Connect to where a URL leads."""
        address = urlsplit(url)
        head = (
            f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        streams = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
        return cls(streams, head.encode() + body, share)

    async def ask(self) -> None:
        """Send the request and read the answer."""
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            self.failed += 1
        _, found, length = head.partition(b"content-length:")
        if not found:
            raise HTTPException("an answer without its length")
        await self._reader.readexactly(int(length.partition(b"\r\n")[0]))

    def close(self) -> None:
        """Leave."""
        self._writer.close()
