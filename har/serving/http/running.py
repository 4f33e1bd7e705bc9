"""Processes that serve: one, or several that share a port; asked to end, they finish first."""

import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from har.config import ServeSettings
from har.errors import HarError, UsageError
from har.serving.http.connections import HttpConnection, SocketConnection
from har.serving.http.metrics import FOLDER

# A message of a WebSocket: two minutes of two sensors at 100 Hz. Each connection may hold two.
MESSAGE_MB = 1.0
# The name of a socket's option, where the system has it (Linux).
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


def serve(make: Callable[[], FastAPI], settings: ServeSettings, listening: socket.socket) -> None:
    """Serve an app until the process is asked to end (SIGTERM, SIGINT), then finish and return.

    Parameters
    ----------
    make : callable
        Makes the app, in each process anew; it can be pickled where there are several.
    settings : ServeSettings
        How many processes, and how long they may take to finish.
    listening : socket
        As `listen` returns it.
    """
    config = config_of(make, settings)
    with _ended_by_uvicorn():
        if settings.workers == 1:
            uvicorn.Server(config).run(sockets=[listening])
            return
        with tempfile.TemporaryDirectory(prefix="har-metrics-") as folder:
            os.environ[FOLDER] = folder
            supervisor = Multiprocess(config, sockets=[listening])
            supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise HarError("a process could not begin to serve; its error stands above")


def config_of(make: Callable[[], FastAPI], settings: ServeSettings) -> uvicorn.Config:
    """Return how uvicorn is to serve what a function makes."""
    return uvicorn.Config(
        make,
        factory=True,
        http=HttpConnection,
        ws=SocketConnection,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        ws_max_size=round(min(settings.max_json_mb, MESSAGE_MB) * 1e6),
        timeout_graceful_shutdown=round(settings.grace_s),
    )


def listen(settings: ServeSettings) -> socket.socket:
    """Return a socket at the address of the settings.

    Raises
    ------
    UsageError
        If it is taken, or none of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if _USER_TIMEOUT is not None:
        # A client that stops reading is left, also while an answer waits for it.
        wait_ms = round(1000 * settings.timeout_s)
        listening.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, wait_ms)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"cannot serve at {settings.host}, port {settings.port}",
            found=error.strerror or str(error),
            hint="name another with --host and --port; --port 0 takes any that is free",
        ) from None
    listening.set_inheritable(True)
    return listening


@contextmanager
def _ended_by_uvicorn() -> Iterator[None]:
    """Leave signals to uvicorn, which finishes requests, and go on behind it."""
    signals = (signal.SIGTERM, signal.SIGINT)
    # uvicorn raises a signal again for the handler that was there before.
    before = {number: signal.signal(number, lambda *_: None) for number in signals}
    told = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(told)
        for number, handler in before.items():
            signal.signal(number, handler)
