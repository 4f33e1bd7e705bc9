"""The service in the test's own process, at a free port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import uvicorn
from fastapi import FastAPI
from graphs import SIZE
from support import wait_for

from har.config import ServeSettings
from har.serving.http.app import make_app
from har.serving.http.running import config_of, listen
from har.serving.served import Source


@contextmanager
def serving(source: Source, **settings: Any) -> Iterator[httpx.Client]:
    """Serve a source's model until the block ends; yield a client of the service."""
    with serving_app(source, **settings) as (client, _):
        yield client


@contextmanager
def serving_app(source: Source, **settings: Any) -> Iterator[tuple[httpx.Client, FastAPI]]:
    """Serve a source's model until the block ends; yield a client and the app."""
    chosen = ServeSettings(**{"port": 0, "poll_s": 0, "grace_s": 5, **settings})
    app = make_app(source, chosen)
    server = uvicorn.Server(config_of(lambda: app, chosen))
    listening = listen(chosen)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive(), bool)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=address, timeout=30) as client:
            yield client, app
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def windows(*gyro_x: float) -> npt.NDArray[np.float32]:
    """Return windows of a device that lies flat, turning at a speed each, in rad/s."""
    found = np.zeros((len(gyro_x), SIZE, 6), np.float32)
    found[:, :, 2] = 9.8
    found[:, :, 3] = np.array(gyro_x)[:, None]
    return found
