"""The app of a source of models and its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

import har
from har.config import ServeSettings
from har.serving.http import errors
from har.serving.http.holder import Holder, Watcher
from har.serving.http.keys import HEADER
from har.serving.http.limits import Limits
from har.serving.http.metrics import Measured
from har.serving.http.origins import Origins
from har.serving.http.routes import mlflow, operations, recordings, sessions, v2, windows
from har.serving.http.service import Service
from har.serving.http.sessions import Sessions
from har.serving.served import Source

DESCRIPTION = (
    "What a person was doing, from accelerometer and gyroscope. Every answer names the model's "
    "version and the digest of its file, also in the headers x-har-model, x-har-version and "
    "x-har-sha256."
)
ROUTERS = (
    windows.router,
    recordings.router,
    sessions.router,
    mlflow.router,
    v2.health,
    v2.router,
    operations.router,
)


def make_app(source: Source, settings: ServeSettings) -> FastAPI:
    """Return the app that serves a source's model; it has loaded it already.

    Parameters
    ----------
    source : Source
        Where models come from.
    settings : ServeSettings
        Limits, keys and the like.

    Raises
    ------
    HarError
        If there is no model to begin with, or a setting does not fit.
    """
    holder = Holder(source)
    service = Service.of(holder, settings)
    watcher = Watcher(holder, settings.poll_s)
    kept = Sessions(settings, service.metrics, service.log)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watcher.start()
        service.log.start()
        kept.start()
        yield
        watcher.stop()
        await kept.close()
        service.close()

    # The page of routes, with its scripts from here and nobody asked whether they are valid.
    app = FastAPIOffline(
        title="HAR",
        version=har.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},
    )
    app.state.service = service
    app.state.sessions = kept
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Limits, settings=settings)
    app.add_middleware(Origins, settings=settings, keys=service.keys)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["authorization", HEADER, "content-type", "last-event-id"],
        )
    app.add_middleware(Measured, metrics=service.metrics)
    return app
