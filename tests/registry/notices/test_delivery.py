"""Who hears of a promotion: signed, in order, once at least, whatever the receiver does."""

import json
import logging
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import support
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from support import Setup, opened, promote

from har.errors import MissingError, UsageError
from har.registry.gate.approval import approve
from har.registry.history.trail import Trail
from har.registry.moves.mover import Mover
from har.registry.moves.rollback import rollback
from har.registry.notices.delivery import deliver
from har.registry.notices.receivers import receivers
from har.registry.versions.lookup import find
from har.registry.versions.registration import register

SECRET = "whsec_aGVhcmQgYnkgbm9ib2R5IGVsc2U="


@dataclass
class Inbox:
    """A receiver of webhooks that answers with a status."""

    address: str
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came, every signature checked by the standard's own library."""
        return [Webhook(SECRET).verify(body, headers) for headers, body in self.got]


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, *arguments: Any, inbox: list[Inbox]) -> None:
        (self.inbox,) = inbox
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.inbox.status < 300:
            self.inbox.got.append((dict(self.headers), body))
        self.send_response(self.inbox.status)
        self.send_header("location", f"{self.inbox.address}/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """Listen on a free port of this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    box: list[Inbox] = []
    listener = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, inbox=box))
    box.append(Inbox(f"http://127.0.0.1:{listener.server_port}"))
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield box[0]
    listener.shutdown()
    thread.join()


def heard_by(settings: Setup, inbox: Inbox, who: str = "ana") -> Setup:
    """Return the settings of a person whose moves the inbox hears of, under approval."""
    own = Setup(
        registry={
            **settings.registry.model_dump(),
            **{"webhooks": [f"{inbox.address}/T0/hidden"], "webhook_secret": SECRET},
            **{"identity": who, "audit": Path(f"{who}.jsonl").resolve()},
        },
        gate={**settings.gate.model_dump(), "approval": "replacing"},
    )
    return settings.model_copy(update={"registry": own.registry, "gate": own.gate})


def test_told_signed_and_in_order(rivals: Setup, inbox: Inbox) -> None:
    """Request, approval and rollback are told as they happen, each once, with who and why."""
    ana, ben = (heard_by(rivals, inbox, who) for who in ("ana", "ben"))
    promote(find(opened(ana), "2"), ana, reason="new season")
    approve(opened(ben), "2", reason="looked at it")
    rollback(opened(ana), "previous", reason="stairs")
    assert [(m["type"], m["text"].partition(": ")[2]) for m in inbox.messages] == [
        ("registry.moved", "version 2 is at Staging; staging by ana (new season)"),
        (
            "registry.requested",
            "ana asks to put version 2 in Production: it waits for approval (new season)",
        ),
        (
            "registry.moved",
            "version 2 is in Production in place of version 1; promotion by ben, "
            "who approved what ana asked for (new season)",
        ),
        (
            "registry.moved",
            "version 1 is in Production in place of version 2; rollback by ana (stairs)",
        ),
    ]
    events = Trail(opened(ana)).events
    assert inbox.messages[-1]["data"] == events[-2].to_dict()
    assert inbox.messages[-1]["timestamp"] == events[-1].time


def test_another_secret_is_noticed(local: Setup, inbox: Inbox, make_candidate) -> None:
    """Whoever does not know the secret cannot sign, nor change what was signed."""
    ana = heard_by(local, inbox)
    promote(register(opened(ana), make_candidate("svm")), ana, reason="first")
    headers, body = inbox.got[-1]
    for secret, content in (("b3RoZXI=", body), (SECRET, body.replace(b"version 1", b"version 2"))):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(content, headers)


@pytest.mark.parametrize("status", [500, 302])
def test_deaf_receiver(
    rivals: Setup, inbox: Inbox, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is lost and nothing fails: what was not taken is sent when it is asked for again."""
    ana = heard_by(rivals, inbox)
    inbox.status = status
    with caplog.at_level(logging.WARNING, "har.registry"):
        promote(find(opened(ana), "2"), ana, reason="new season")
    assert find(opened(ana), "2").stage == "Staging"
    assert inbox.got == []
    assert "webhook at 127.0.0.1 did not take a notice" in caplog.text
    assert f"HTTP {status}" in caplog.text
    assert "hidden" not in caplog.text
    inbox.status = 200
    trail = Trail(opened(ana))
    assert deliver(trail, receivers(ana.registry), since=0) == {"webhook at 127.0.0.1": 2}
    assert [m["type"] for m in inbox.messages] == ["registry.moved", "registry.requested"]
    assert deliver(trail, receivers(ana.registry), since=0) == {"webhook at 127.0.0.1": 0}


def test_nobody_listens(local: Setup, inbox: Inbox, make_candidate) -> None:
    """A receiver that cannot be reached is told of, without the rest of its address."""
    ana = heard_by(local, Inbox("http://127.0.0.1:9"))
    promote(register(opened(ana), make_candidate("svm")), ana, reason="first")
    assert find(opened(ana), "champion").number == 1
    (found,) = deliver(Trail(opened(ana)), receivers(ana.registry), since=0).values()
    assert isinstance(found, MissingError)
    assert "ConnectionError" in str(found)
    assert "hidden" not in str(found)


def test_new_receiver_hears_what_comes(rivals: Setup, inbox: Inbox) -> None:
    """It is not told what happened before it was named."""
    ana = heard_by(rivals, inbox)
    trail = Trail(opened(ana))
    assert deliver(trail, receivers(ana.registry), since=len(trail.events)) == {
        "webhook at 127.0.0.1": 0
    }
    assert inbox.got == []
    assert deliver(trail, receivers(ana.registry), since=0) == {"webhook at 127.0.0.1": 0}


def test_notify(
    rivals: Setup, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`har registry notify` sends what is left, and ends with code 6 if it is not taken."""
    ana = heard_by(rivals, inbox)
    inbox.status = 503
    promote(find(opened(ana), "2"), ana, reason="new season")
    monkeypatch.setenv("HAR_REGISTRY__WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("HAR_REGISTRY__WEBHOOKS", json.dumps([f"{inbox.address}/T0/hidden"]))
    failed = support.registry_command(ana, "notify")
    assert isinstance(failed.exception, MissingError)
    assert "not taken" in failed.output
    assert "hidden" not in failed.output
    inbox.status = 200
    done = support.registry_command(ana, "notify", "--json")
    assert json.loads(done.output) == {"webhook at 127.0.0.1": 2}


def test_webhooks_without_a_secret(local: Setup) -> None:
    """They are refused before anything moves, with what is expected."""
    with pytest.raises(UsageError, match=r"without registry\.webhook_secret"):
        Mover(opened(Setup(registry={"webhooks": ["https://a.example"]})))


def test_waiting_request_in_prefect(
    local: Setup,
    make_candidate,
    inbox: Inbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Prefect server shows the request as an event, and all that wait as an artifact."""
    command = ["prefect", "server", "start", "--port", "{port}"]
    own = {
        "PREFECT_HOME": str(tmp_path / "home"),
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.1",
    }
    with support.server(command, "/api/health", **own) as url:
        monkeypatch.setenv("PREFECT_API_URL", f"{url}/api")
        ana, ben = (heard_by(local, inbox, who) for who in ("ana", "ben"))
        promote(
            register(opened(ana), make_candidate("svm", errors=2)),
            ana,
            reason="first",
        )
        register(opened(ana), make_candidate("encoder-small", errors=0))
        promote(find(opened(ana), "2"), ana, reason="new season")
        (page,) = _ask(f"{url}/api/artifacts/latest/filter")
        assert page["description"] == f"Versions of {ana.registry.model} that wait for approval"
        assert "| 2 | ana |" in page["data"]
        approve(opened(ben), "2", reason="looked at it")
        (page,) = _ask(f"{url}/api/artifacts/latest/filter")
        assert page["data"] == f"No version of {ana.registry.model} waits for approval."
        asked = {"filter": {"event": {"prefix": ["har."]}}}
        events = support.wait_for(
            lambda: _ask(f"{url}/api/events/filter", asked)["events"], lambda found: len(found) == 5
        )
        seen = Counter((e["event"], e["resource"]["prefect.resource.name"]) for e in events)
        assert seen == {
            ("har.registry.moved", "har version 1"): 2,
            ("har.registry.moved", "har version 2"): 2,
            ("har.registry.requested", "har version 2"): 1,
        }


def _ask(url: str, body: dict[str, Any] | None = None) -> Any:
    head = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body or {}).encode(), head)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
