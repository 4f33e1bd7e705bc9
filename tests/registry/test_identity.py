"""Who acts: what is asserted, and what the kernel or a server proves."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from har.config import RegistrySettings
from har.lineage import origin
from har.registry.history.events import RequestRejected
from har.registry.history.rows import rows
from har.registry.identity import Actor, acting


class Guarded(BaseHTTPRequestHandler):
    """Lets in who names a user."""

    def do_POST(self) -> None:
        """Answer as a server does that asks for a password."""
        self.send_response(200 if "Authorization" in self.headers else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Open(Guarded):
    """Lets in everybody."""

    def do_POST(self) -> None:
        """Answer as a server does that asks nobody."""
        self.send_response(200)
        self.end_headers()


@pytest.fixture(params=[Guarded, Open])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, bool]]:
    """Run a server; yield its address and whether it asks for a password."""
    with HTTPServer(("127.0.0.1", 0), request.param) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", request.param is Guarded
        running.shutdown()
        thread.join()


def test_a_variable_changes_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the name nor the account follows LOGNAME; a setting is a name, and is marked."""
    before = acting(RegistrySettings(), "sqlite:///x.db")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert acting(RegistrySettings(), "sqlite:///x.db") == before
    assert (before.name, before.known_by) == (origin.user(), "account")
    named = acting(RegistrySettings(identity="mallory"), "sqlite:///x.db")
    assert named == Actor("mallory", "setting", before.account)


def test_a_user_of_a_server(server: tuple[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """The user is proven where the server refuses who names none, and else is a name."""
    uri, asks = server
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ana")
    own = acting(RegistrySettings(), uri)
    assert (own.name, own.known_by) == ("ana", "server" if asks else "setting")
    assert own.server_user == ("ana" if asks else "")
    named = acting(RegistrySettings(identity="ben"), uri)
    assert (named.name, named.known_by, named.server_user) == ("ben", "setting", own.server_user)
    assert acting(RegistrySettings(), "sqlite:///x.db").name == origin.user()


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        ({}, "ana"),
        ({"known_by": "account", "account": "ana@lab"}, "ana"),
        ({"known_by": "setting", "account": "ana@lab"}, "ana"),
        ({"known_by": "setting", "account": "root@lab"}, "ana (account root@lab)"),
        (
            {"known_by": "setting", "account": "root@lab", "server_user": "ben"},
            "ana (ben of the server)",
        ),
    ],
)
def test_how_a_row_names_somebody(proof: dict[str, str], said: str) -> None:
    """A name that nothing proves stands beside what is proven."""
    (row,) = rows([RequestRejected(version=1, by="ana", reason="", request="", **proof)])
    assert row.by == said
