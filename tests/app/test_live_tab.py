"""A session is read from a running service, whatever that answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from paging import RunPage, shown

from har.app.live_tab import list_sessions, read_session
from har.app.options import AppOptions
from har.errors import DataError, MissingError

STATE = {
    "activity": "walking <b>",
    "probability": 0.93,
    "since_s": 12.5,
    "segments": [
        {"start_s": 0, "end_s": 4, "activity": "sitting", "probability": 0.8, "reason": ""},
        {"start_s": 4, "end_s": 9, "activity": "unknown", "probability": 0.0, "reason": "gap"},
    ],
}


@pytest.fixture
def service() -> Iterator[str]:
    """Run a service that knows the session ``phone`` and one that it says nonsense of."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {
                "/v1/sessions": {"sessions": [{"id": "phone"}]},
                "/v1/sessions/phone": STATE,
                "/v1/sessions/odd": {"activity": "walking"},
            }
            if self.headers.get("Authorization", "Bearer right") != "Bearer right":
                known = {}
            body = json.dumps(known.get(self.path, {})).encode()
            self.send_response(200 if self.path in known else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def test_session_is_read(service: str, tmp_path: Path) -> None:
    """Every field, as the service says it, to whoever has the key."""
    assert list_sessions(AppOptions(service=service)) == ["phone"]
    key = tmp_path / "key"
    key.write_text("right\n", encoding="utf-8")
    assert read_session(AppOptions(service=service, service_key=str(key)), "phone") == STATE
    key.write_text("wrong", encoding="utf-8")
    with pytest.raises(MissingError, match="the service has none"):
        read_session(AppOptions(service=service, service_key=str(key)), "phone")


def test_other_answers_are_errors(service: str) -> None:
    """A session that is not there, an answer that is none, a service that is gone."""
    options = AppOptions(service=service)
    with pytest.raises(MissingError, match="the service has none"):
        read_session(options, "../sessions/phone")
    with pytest.raises(DataError, match="none of a session"):
        read_session(options, "odd")
    with pytest.raises(MissingError, match="does not answer"):
        read_session(AppOptions(service="http://127.0.0.1:9"), "phone")


def test_session_is_shown(run_page: RunPage, model: Path, service: str) -> None:
    """The activity of now, and the newest segments first, as text."""
    page = run_page(AppOptions(model=str(model), service=service))
    page.session_state["tab"] = "Live"
    page.run()
    assert not page.exception
    html = shown(page)
    assert "walking &lt;b&gt;" in html
    assert html.index("unknown (gap)") < html.index(">sitting<")
