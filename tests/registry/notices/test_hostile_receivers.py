"""Receivers are strangers: none holds a move up, fills memory or leads anybody elsewhere."""

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from har.config import RegistrySettings
from har.errors import MissingError
from har.lineage import audit
from har.registry.history.events import Event, read_event
from har.registry.notices.delivery import deliver
from har.registry.notices.messages import notices
from har.registry.notices.receivers import PrefectServer, Receiver, receivers

HISTORY = Path(__file__).parents[1] / "history" / "history-1.jsonl"
SECRET = "whsec_aGVhcmQgYnkgbm9ib2R5IGVsc2U="
# What a move is to wait in these tests, and what it may take at most: a bound on hanging alone.
WITHIN_S, HANGS_S = 1.0, 5.0
MB = 2**20
BOMB = gzip.compress(bytes(256 * MB // 4), 1) * 4
Answer = Callable[[socket.socket], object]


@dataclass
class KeptTrail:
    """The history as a registry keeps it, in memory."""

    events: tuple[Event, ...]
    counts: dict[str, int] = field(default_factory=dict)

    def heard(self, receiver: str) -> int | None:
        """Return how many events a receiver has heard of."""
        return self.counts.get(receiver)

    def mark_heard(self, receiver: str, count: int) -> None:
        """Keep it."""
        self.counts[receiver] = count


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> KeptTrail:
    """Return a stored history, whose receivers are reached without a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    entries = audit.verify(audit.read(HISTORY), "the stored history")
    return KeptTrail(tuple(read_event(entry, "the stored history") for entry in entries))


@contextlib.contextmanager
def listening(answer: Answer) -> Iterator[int]:
    """Answer every connection in a thread of its own; yield the port."""
    clients: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(client: socket.socket) -> None:
            clients.append(client)
            with client, contextlib.suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(65536)
                answer(client)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for client in clients:
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def webhook(port: int) -> Receiver:
    """Return a receiver at a port of this machine."""
    address = f"http://127.0.0.1:{port}/T0/hidden"
    (receiver,) = receivers(RegistrySettings(webhooks=[address], webhook_secret=SECRET))
    return receiver


def takes(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 204 OK\r\ncontent-length: 0\r\n\r\n")


def _for_ever(client: socket.socket, start: bytes, more: bytes, pause_s: float = 0.0) -> None:
    client.sendall(start)
    while True:
        client.sendall(more)
        time.sleep(pause_s)


def answers_nothing(client: socket.socket) -> None:
    while client.recv(65536):
        pass


def drips_its_head(client: socket.socket) -> None:
    _for_ever(client, b"HTTP/1.1 200 OK\r\nx: ", b"x", 0.05)


def sends_headers_for_ever(client: socket.socket) -> None:
    _for_ever(client, b"HTTP/1.1 200 OK\r\n", b"x: " + b"x" * 60_000 + b"\r\n")


def says_continue_for_ever(client: socket.socket) -> None:
    _for_ever(client, b"", b"HTTP/1.1 100 Continue\r\n\r\n")


def resets(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def speaks_something_else(client: socket.socket) -> None:
    client.sendall(b"220 smtp.example.org ready\r\n")


def drips_its_body(client: socket.socket) -> None:
    _for_ever(client, b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n", b"x", 0.05)


def sends_400_mb(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 419430400\r\n\r\n")
    for _ in range(400):
        client.sendall(b"x" * MB)


def sends_a_bomb(client: socket.socket) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB)
    client.sendall(head + BOMB)


def deliver_to(answer: Answer, trail: KeptTrail) -> tuple[int | MissingError, float]:
    """Return what came of the notices for one receiver, and how long it took."""
    with listening(answer) as port:
        start = time.monotonic()
        (outcome,) = deliver(trail, [webhook(port)], since=0, within_s=WITHIN_S).values()
        return outcome, time.monotonic() - start


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (answers_nothing, "no answer in time"),
        (drips_its_head, "no answer in time"),
        (says_continue_for_ever, "no answer in time"),
        (sends_headers_for_ever, "ConnectionError"),
        (resets, "ConnectionError"),
        (speaks_something_else, "ConnectionError"),
    ],
)
def test_who_does_not_answer_is_left(answer: Answer, found: str, trail: KeptTrail) -> None:
    """After the time of the whole delivery, or at once; the notices stay to be sent."""
    outcome, seconds = deliver_to(answer, trail)
    assert isinstance(outcome, MissingError)
    assert outcome.found == found
    assert "hidden" not in str(outcome)
    assert seconds < HANGS_S
    assert set(trail.counts.values()) == {0}


@pytest.mark.parametrize("answer", [drips_its_body, sends_400_mb, sends_a_bomb])
def test_nothing_of_a_body_is_read(answer: Answer, trail: KeptTrail) -> None:
    """Its length and its end are nobody's business: the head says that the notice was taken."""
    before = psutil.Process().memory_info().rss
    outcome, seconds = deliver_to(answer, trail)
    assert outcome == len(list(notices(trail.events, since=0)))
    assert seconds < HANGS_S
    assert psutil.Process().memory_info().rss - before < 100 * MB


def test_nobody_is_led_elsewhere(trail: KeptTrail) -> None:
    """A redirect is an error, its target hears nothing, and its body of 400 MB is not read."""
    visited: list[socket.socket] = []
    before = psutil.Process().memory_info().rss
    with listening(visited.append) as target:

        def redirects(client: socket.socket) -> None:
            where = b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:%d/\r\n" % target
            client.sendall(where + b"content-length: 419430400\r\n\r\n")
            for _ in range(400):
                client.sendall(b"x" * MB)

        outcome, seconds = deliver_to(redirects, trail)
    assert isinstance(outcome, MissingError)
    assert outcome.found == "HTTP 307"
    assert (visited, seconds < HANGS_S) == ([], True)
    assert psutil.Process().memory_info().rss - before < 100 * MB


def test_all_receivers_share_the_time(trail: KeptTrail) -> None:
    """Twenty that hang delay nobody twenty times, and one that answers hears everything."""
    with contextlib.ExitStack() as open_ports:
        ports = [open_ports.enter_context(listening(answers_nothing)) for _ in range(20)]
        good = webhook(open_ports.enter_context(listening(takes)))
        to: list[Receiver] = [*map(webhook, ports), good]
        for number, receiver in enumerate(to):
            receiver.name = f"{number}"
        start = time.monotonic()
        outcome = deliver(trail, to, since=0, within_s=WITHIN_S)
    assert time.monotonic() - start < HANGS_S
    assert outcome["20"] == len(list(notices(trail.events, since=0)))
    assert trail.counts[good.key] == list(notices(trail.events, since=0))[-1].number + 1
    assert all(isinstance(outcome[f"{number}"], MissingError) for number in range(20))


def test_a_name_that_nobody_resolves(trail: KeptTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs is left as well."""
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(HANGS_S * 5) or [])
    start = time.monotonic()
    (outcome,) = deliver(trail, [webhook(9)], since=0, within_s=WITHIN_S).values()
    released.set()
    assert isinstance(outcome, MissingError)
    assert time.monotonic() - start < HANGS_S


def test_a_prefect_server_has_the_same_time(trail: KeptTrail) -> None:
    """It is a receiver like others; its address is shown without a password."""
    with listening(answers_nothing) as port:
        server = PrefectServer(f"http://bob:CANARY@127.0.0.1:{port}/api", "har")
        start = time.monotonic()
        outcome = deliver(trail, [server], since=0, within_s=WITHIN_S)
        # Beside the time of the delivery, the import of its client.
        assert time.monotonic() - start < 10 * HANGS_S
    assert "CANARY" not in str(outcome)
    assert isinstance(outcome[f"Prefect server at http://127.0.0.1:{port}/api"], MissingError)


def test_nothing_is_sent_where_moves_do_not_wait(trail: KeptTrail) -> None:
    """With no time at all a new receiver is noted, and `har registry notify` sends."""
    with listening(takes) as port:
        told = webhook(port)
        assert deliver(trail, [told], since=2, within_s=0) == {told.name: 0}
        assert trail.counts == {told.key: 2}
        n = len(list(notices(trail.events, since=2)))
        assert deliver(trail, [told], since=len(trail.events)) == {told.name: n}


def test_what_was_taken_before_a_failure_is_not_sent_again(trail: KeptTrail) -> None:
    """How far a receiver has heard the history is kept notice by notice."""
    answers = [takes, takes, resets]

    def fails_at_the_third(client: socket.socket) -> None:
        answers.pop(0)(client)

    outcome, _ = deliver_to(fails_at_the_third, trail)
    assert isinstance(outcome, MissingError)
    assert set(trail.counts.values()) == {list(notices(trail.events, since=0))[1].number + 1}
