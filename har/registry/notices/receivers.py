"""Who hears of what happens to a model: webhooks, and a Prefect server where there is one."""

import json
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from har.addresses import without_credentials
from har.config import RegistrySettings
from har.errors import MissingError, UsageError
from har.lineage import digest
from har.page.markdown import plain
from har.registry.history.events import ApprovalRequested
from har.registry.notices.messages import Notice

# For one step of a connection; the time of the whole of it is kept in `delivery`.
STEP_S = 5.0
_AGAIN = "it is sent again by the next move, or by `har registry notify`"


class Receiver(Protocol):
    """Somebody who shall hear of a model's history.

    Attributes
    ----------
    name : str
        For people; without secrets.
    key : str
        Tells it from the other receivers.
    library : str
        The module that sending imports: seconds that are no part of a receiver's time.
    """

    name: str
    key: str
    library: str

    def send(self, notice: Notice, waiting: Sequence[ApprovalRequested]) -> None:
        """Send a notice, and what waits for approval then.

        Raises
        ------
        MissingError
            If it was not taken.
        """


class Webhook:
    """A URL that is sent every notice as JSON, signed as Standard Webhooks says.

    Parameters
    ----------
    url : str
        http or https. Chats take it as it is: they show ``text``.
    secret : str
        Base64, with or without ``whsec_`` before it.

    Notes
    -----
    https://www.standardwebhooks.com: the header ``webhook-signature`` has an HMAC-SHA256 of
    ``webhook-id``, ``webhook-timestamp`` and the body.
    """

    library = "requests"

    def __init__(self, url: str, secret: str) -> None:
        from standardwebhooks.webhooks import Webhook as Signer

        self.name = f"webhook at {urlsplit(url).hostname}"  # the path may be a secret
        self.key = digest.of_bytes(url.encode())[:16]
        self._url, self._signer = url, Signer(secret)

    def send(self, notice: Notice, waiting: Sequence[ApprovalRequested]) -> None:
        """Post a notice; see `Receiver`. Of the answer, nothing but its head is read."""
        import requests

        body, now = json.dumps(notice.to_dict(), ensure_ascii=False), datetime.now(UTC)
        headers = {
            "accept-encoding": "identity",
            "content-type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(notice.id, now, body),
        }
        try:
            with requests.Session() as session:
                # Also with `allow_redirects=False` it reads the whole body of a redirect.
                session.get_redirect_target = _nowhere  # type: ignore[assignment,method-assign]
                answer = session.post(
                    self._url, body.encode(), headers=headers, timeout=STEP_S, stream=True
                )
                status = answer.status_code
                answer.close()
        except (requests.RequestException, UnicodeError) as error:
            # Its text has the whole URL in it.
            raise not_taken(self.name, type(error).__name__) from None
        if not 200 <= status < 300:
            raise not_taken(self.name, f"HTTP {status}")


class PrefectServer:
    """A Prefect server: every notice is an event there, and what waits is an artifact."""

    library = "prefect.client.orchestration"

    def __init__(self, url: str, model: str) -> None:
        self.name = f"Prefect server at {without_credentials(url)}"
        self.key = digest.of_bytes(url.encode())[:16]
        self._url = url
        self._model = model

    def send(self, notice: Notice, waiting: Sequence[ApprovalRequested]) -> None:
        """Record an event and the artifact; see `Receiver`."""
        try:
            import httpx
            from prefect.client.orchestration import get_client
            from prefect.settings import (
                PREFECT_API_URL,
                PREFECT_CLIENT_MAX_RETRIES,
                temporary_settings,
            )
        except ImportError:
            raise not_taken(self.name, "prefect is not installed here") from None
        event = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, notice.id)),
            "occurred": notice.time,
            "event": f"har.{notice.type}",
            "resource": {
                "prefect.resource.id": f"har.model.{self._model}.{notice.data['version']}",
                "prefect.resource.name": f"{self._model} version {notice.data['version']}",
            },
            "payload": notice.to_dict(),
        }
        artifact = {
            "key": "waiting-" + re.sub("[^a-z0-9]+", "-", self._model.lower()),
            "type": "markdown",
            "description": f"Versions of {plain(self._model)} that wait for approval",
            "data": _waiting_page(self._model, waiting),
        }
        # Whoever comes next tries again.
        settings = {PREFECT_API_URL: self._url, PREFECT_CLIENT_MAX_RETRIES: 0}
        http = {"timeout": STEP_S, "follow_redirects": False}
        try:
            with (
                temporary_settings(settings),
                get_client(sync_client=True, httpx_settings=http) as client,
            ):
                client.request("POST", "/events", json=[event]).raise_for_status()
                client.request("POST", "/artifacts/", json=artifact).raise_for_status()
        except httpx.HTTPStatusError as error:
            raise not_taken(self.name, f"HTTP {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise not_taken(self.name, type(error).__name__) from None


def _nowhere(_answer: object) -> None:
    """Return where a redirect leads: a receiver sends nobody elsewhere."""


def receivers(settings: RegistrySettings) -> Iterator[Receiver]:
    """Yield who shall hear of the history.

    Raises
    ------
    UsageError
        If a webhook has no secret, or what is said of it makes no sense.
    """
    for url in settings.webhooks:
        if settings.webhook_secret is None:
            raise UsageError(
                "registry.webhooks without registry.webhook_secret",
                expected="a secret that the receiver knows: `openssl rand -base64 32` makes one",
                hint="keep it out of har.toml: HAR_REGISTRY__WEBHOOK_SECRET=…",
            )
        yield Webhook(url.get_secret_value(), settings.webhook_secret.get_secret_value())
    if server := os.environ.get("PREFECT_API_URL"):
        yield PrefectServer(server, settings.model)


def _waiting_page(model: str, waiting: Sequence[ApprovalRequested]) -> str:
    if not waiting:
        return f"No version of {plain(model)} waits for approval."
    rows = [
        f"| {request.version} | {plain(request.by)} | {request.time} | {plain(request.reason)} |"
        for request in waiting
    ]
    return "\n".join(
        [
            f"Versions of {plain(model)} that somebody asked to put in Production:",
            "",
            "| version | asked by | since | reason |",
            "|---|---|---|---|",
            *rows,
            "",
            "Answer with `har registry approve VERSION --reason …`, or `reject`.",
        ]
    )


def not_taken(name: str, found: str) -> MissingError:
    """Return the error that a receiver did not take a notice, which is not lost by that."""
    return MissingError(f"{name} did not take a notice", found=found, hint=_AGAIN)
