"""What Prometheus reads: requests, latency, batches, answers, unknown share, the model.

Where several processes serve, ``PROMETHEUS_MULTIPROC_DIR`` names the folder in which they keep
their numbers, and any of them answers for all.
"""

import os
import time
from collections import deque
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from har.models.answers import Answers
from har.serving.http.holder import Holder
from har.serving.served import Served

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Windows of which the share of unknown ones is told.
RECENT = 1000
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
WINDOWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counts what one process serves."""

    def __init__(self) -> None:
        own = self._own = CollectorRegistry()
        self.requests = Counter(
            "har_requests", "Requests", ("method", "route", "status"), registry=own
        )
        self.seconds = Histogram(
            "har_request_seconds", "Until the answer", ("route",), buckets=SECONDS, registry=own
        )
        self.batches = Histogram(
            "har_batch_windows", "Windows of one call of the model", buckets=WINDOWS, registry=own
        )
        self.predictions = Counter(
            "har_predictions", "Windows by answered activity", ("activity",), registry=own
        )
        self.in_progress = self._gauge(
            "requests_in_progress", "Requests without an answer yet", "livesum"
        )
        share = f"Share of unknown windows among the last {RECENT}"
        self.unknown = self._gauge("unknown_share", share, "livemostrecent")
        labels = ("model", "version", "sha256")
        self.model = self._gauge("model_info", "1 for the served model", "livemax", labels)
        failures = "Looks for another model that failed since the start"
        self.failures = self._gauge("model_look_failures", failures, "livemax")
        stale = "1 while looks for another model fail"
        self.stale = self._gauge("model_look_failed", stale, "livemax")
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._served: Served | None = None

    def _gauge(
        self,
        name: str,
        text: str,
        among_processes: Literal["livesum", "livemax", "livemostrecent"],
        labels: tuple[str, ...] = (),
    ) -> Gauge:
        return Gauge(
            f"har_{name}", text, labels, registry=self._own, multiprocess_mode=among_processes
        )

    def answered(self, answers: Answers) -> None:
        """Count the answers for some windows."""
        self.named(answers.activity.tolist(), answers.unknown.tolist())

    def named(self, activities: list[str], unknown: list[bool]) -> None:
        """Count activities, and which of them are unknown."""
        for activity in set(activities):
            self.predictions.labels(activity).inc(activities.count(activity))
        self._recent.extend(unknown)
        self.unknown.set(sum(self._recent) / len(self._recent))

    def tell(self, holder: Holder) -> None:
        """Take over what is known of the model."""
        self.failures.set(holder.failures)
        self.stale.set(holder.problem is not None)
        if self._served is not holder.current:
            if self._served:
                self.model.labels(**self._served.to_dict()).set(0)
            self.model.labels(**holder.current.to_dict()).set(1)
            self._served = holder.current

    def text(self) -> bytes:
        """Return all numbers as Prometheus reads them, those of other processes too."""
        if FOLDER not in os.environ:
            return generate_latest(self._own)
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        return generate_latest(every)


class Measured:
    """Middleware that counts requests and their time.

    Parameters
    ----------
    app : ASGI app
        What is measured.
    metrics : Metrics
        Where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        start = time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.in_progress.inc()
        try:
            await self._app(scope, receive, sent)
        finally:
            self._metrics.in_progress.dec()
            route = _route(scope)
            self._metrics.seconds.labels(route).observe(time.perf_counter() - start)
            method = scope["method"] if route != _NO_ROUTE else "any"
            method = method if method in _METHODS else "other"
            self._metrics.requests.labels(method, route, status).inc()


_NO_ROUTE = "none"
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "DELETE", "any")


def _route(scope: Scope) -> str:
    """Return the path as the app declares it: clients cannot make new ones up."""
    route: Any = scope.get("route")
    return str(route.path) if route is not None else _NO_ROUTE
