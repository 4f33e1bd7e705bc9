"""A temporary Prefect server, where none is named."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL, temporary_settings


@contextmanager
def server() -> Iterator[None]:
    """Let a block use the server that ``PREFECT_API_URL`` names, else one of its own.

    A flow would start one itself, but so would each of its worker processes.
    """
    if PREFECT_API_URL.value():
        yield
        return
    with SubprocessASGIServer() as own, temporary_settings({PREFECT_API_URL: own.api_url}):
        yield
