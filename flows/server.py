"""A temporary Prefect server, where none is named."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL, temporary_settings


@contextmanager
def server() -> Iterator[None]:
    """Let a block use the server that a variable or a Prefect profile names, else one of its own.

    A flow would start one itself, but so would each of its worker processes. It ends with
    this process, when Prefect has sent it all that it has to send.
    """
    if PREFECT_API_URL.value():
        yield
        return
    own = SubprocessASGIServer()
    own.start()
    with temporary_settings({PREFECT_API_URL: own.api_url}):
        yield
