"""What every route needs, in one value."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Response
from pydantic_core import to_json
from starlette.requests import HTTPConnection

from har.arrays import Float32
from har.config import ServeSettings
from har.models.answers import Answers
from har.serving.http.batching import Batcher
from har.serving.http.holder import Holder
from har.serving.http.keys import Keys
from har.serving.http.metrics import Metrics
from har.serving.http.request_log import RequestLog
from har.serving.served import Served

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Service:
    """What serves requests.

    Attributes
    ----------
    settings : ServeSettings
        Limits and the like.
    holder : Holder
        The current model; a request reads ``holder.current`` once.
    keys : Keys
        Who may ask.
    metrics : Metrics
        What is counted.
    log : RequestLog
        What was answered.
    batcher : Batcher
        Calls the model.
    readers : ThreadPoolExecutor
        Threads in which uploaded recordings are read.
    """

    settings: ServeSettings
    holder: Holder
    keys: Keys
    metrics: Metrics
    log: RequestLog
    batcher: Batcher
    readers: ThreadPoolExecutor

    @classmethod
    def of(cls, holder: Holder, settings: ServeSettings) -> "Service":
        """Return the service of a model."""
        metrics = Metrics()
        wait_s = settings.wait_ms / 1000
        return cls(
            settings=settings,
            holder=holder,
            keys=Keys.of(settings),
            metrics=metrics,
            log=RequestLog.of(settings),
            batcher=Batcher(settings.batch, wait_s, metrics.batches.observe),
            readers=ThreadPoolExecutor(settings.readers, "har-reader"),
        )

    async def answer(self, served: Served, windows: Float32, client: str = "") -> Answers:
        """Return a model's answers for windows, counted and logged."""
        answers = await self.batcher.answer(served, windows)
        self.metrics.answered(answers)
        self.log.windows(served, windows, answers, client)
        return answers

    async def read(self, work: Callable[[], T], after: Callable[[], object]) -> T:
        """Return what work brings that is done in a thread; something follows it in any case.

        Also where nobody waits any longer: then work that has begun is ended first.
        """
        future = self.readers.submit(contextvars.copy_context().run, work)
        future.add_done_callback(lambda _: after())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Write what is still to be logged, and let threads end."""
        self.batcher.close()
        self.readers.shutdown(wait=False, cancel_futures=True)
        self.log.close()


def service_of(connection: HTTPConnection) -> Service:
    """Return the service of an app."""
    service: Service = connection.app.state.service
    return service


async def _needed(connection: HTTPConnection) -> Service:
    return service_of(connection)


Needed = Annotated[Service, Depends(_needed)]


def json_of(content: Mapping[str, Any], served: Served, status: int = 200) -> Response:
    """Return an answer whose headers name the model; numbers that are not finite are null."""
    body = to_json(content, inf_nan_mode="null")
    return Response(body, status, headers_of(served), "application/json")


def headers_of(served: Served) -> dict[str, str]:
    """Return the headers that name the model of an answer, in ASCII."""
    return {f"x-har-{name}": _ascii(text) for name, text in served.to_dict().items()}


def client_of(connection: HTTPConnection) -> str:
    """Return the address of who asks."""
    return connection.client.host if connection.client else ""


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
