"""A temporary Prefect server, where none is named."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import get_client
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL, temporary_settings

from har.errors import MissingError


@contextmanager
def server() -> Iterator[None]:
    """Let a block use the server that a variable or a Prefect profile names, else one of its own.

    A flow would start one itself, but so would each of its worker processes. It ends with
    this process, when Prefect has sent it all that it has to send.

    Raises
    ------
    MissingError
        If the server that is named does not answer, or refuses.
    """
    if url := PREFECT_API_URL.value():
        _require_answer(url)
        yield
        return
    own = SubprocessASGIServer()
    own.start()
    with temporary_settings({PREFECT_API_URL: own.api_url}):
        yield


def _require_answer(url: str) -> None:
    try:
        with get_client(sync_client=True) as client:
            client.api_version()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise MissingError(
            f"the Prefect server at {url} cannot be used",
            found=(str(error) or type(error).__name__).splitlines()[0],
            hint="start it (`prefect server start`), correct PREFECT_API_URL or the profile, or "
            "unset it to run with a temporary one; PREFECT_API_AUTH_STRING holds a password",
        ) from None
