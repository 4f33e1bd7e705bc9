"""A Prefect server that is named is asked before anything is made."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.server import server
from har.errors import MissingError


class _Refusal(BaseHTTPRequestHandler):
    """Lets nobody in."""

    def do_GET(self) -> None:
        self.send_error(401)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    """Return the address of a server that asks for another password."""
    there = HTTPServer(("127.0.0.1", 0), _Refusal)
    threading.Thread(target=there.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{there.server_port}/api"
    there.shutdown()
    there.server_close()


def use(url: str) -> None:
    with temporary_settings({PREFECT_API_URL: url}), server():
        pytest.fail("nothing is run without a server")


def test_one_that_refuses_is_told(refusing: str) -> None:
    """With what it answers and what holds a password."""
    with pytest.raises(MissingError, match="cannot be used") as caught:
        use(refusing)
    assert "401" in str(caught.value.found)
    assert "PREFECT_API_AUTH_STRING" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "http://bob:pw@127.0.0.1:1/api"])
def test_one_that_is_not_there_is_told(url: str) -> None:
    """Without the password in its address."""
    with pytest.raises(MissingError, match=r"http://127\.0\.0\.1:1/api cannot be used") as caught:
        use(url)
    assert "pw" not in str(caught.value)


def test_what_is_no_address_is_told() -> None:
    """As it was written."""
    with pytest.raises(MissingError, match="nonsense cannot be used"):
        use("nonsense")
