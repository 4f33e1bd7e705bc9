"""Who hears of what happens to a model: webhooks, and a Prefect server where there is one."""

import json
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from har.config import RegistrySettings
from har.errors import MissingError, UsageError
from har.lineage import digest
from har.page.markdown import plain, table
from har.registry.history.events import ApprovalRequested
from har.registry.notices.messages import Notice

TIMEOUT_S = 5.0
_AGAIN = "it is sent again by the next move, or by `har registry notify`"


class Receiver(Protocol):
    """Somebody who shall hear of a model's history.

    Attributes
    ----------
    name : str
        For people; without secrets.
    key : str
        Tells it from the other receivers.
    """

    name: str
    key: str

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

    def __init__(self, url: str, secret: str) -> None:
        from standardwebhooks.webhooks import EmptyWebhookSecretError
        from standardwebhooks.webhooks import Webhook as Signer

        where = urlsplit(url)
        self.name = f"webhook at {where.hostname}"  # the path may be a secret
        self.key = digest.of_bytes(url.encode())[:16]
        self._url = url
        try:
            self._signer = Signer(secret)
        except (ValueError, EmptyWebhookSecretError):
            raise UsageError(
                "registry.webhook_secret: not a secret",
                expected="base64, as `openssl rand -base64 32` prints it",
            ) from None
        if where.scheme not in ("http", "https") or not where.hostname:
            raise UsageError(
                "registry.webhooks: not the address of a webhook", expected="https://…"
            )

    def send(self, notice: Notice, waiting: Sequence[ApprovalRequested]) -> None:
        """Post a notice; see `Receiver`."""
        import requests

        body, now = json.dumps(notice.to_dict(), ensure_ascii=False), datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(notice.id, now, body),
        }
        try:
            answer = requests.post(
                self._url,
                body.encode(),
                headers=headers,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Its text has the whole URL in it.
            raise _not_taken(self.name, type(error).__name__) from None
        if not 200 <= answer.status_code < 300:
            raise _not_taken(self.name, f"HTTP {answer.status_code}")


class PrefectServer:
    """A Prefect server: every notice is an event there, and what waits is an artifact."""

    def __init__(self, url: str, model: str) -> None:
        self.name = f"Prefect server at {url}"
        self.key = digest.of_bytes(url.encode())[:16]
        self._url = url
        self._model = model

    def send(self, notice: Notice, waiting: Sequence[ApprovalRequested]) -> None:
        """Record an event and the artifact; see `Receiver`."""
        try:
            import httpx
            from prefect.client.orchestration import get_client
            from prefect.settings import PREFECT_API_URL, temporary_settings
        except ImportError:
            raise _not_taken(self.name, "prefect is not installed here") from None
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
        try:
            with (
                temporary_settings({PREFECT_API_URL: self._url}),
                get_client(sync_client=True) as client,
            ):
                client.request("POST", "/events", json=[event]).raise_for_status()
                client.request("POST", "/artifacts/", json=artifact).raise_for_status()
        except httpx.HTTPError as error:
            raise _not_taken(self.name, str(error).splitlines()[0]) from None


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
        [plain(cell) for cell in (request.version, request.by, request.time, request.reason)]
        for request in waiting
    ]
    return "\n".join(
        [
            f"Versions of {plain(model)} that somebody asked to put in Production:",
            "",
            table(["version", "asked by", "since", "reason"], rows),
            "",
            "Answer with `har registry approve VERSION --reason …`, or `reject`.",
        ]
    )


def _not_taken(name: str, found: str) -> MissingError:
    return MissingError(f"{name} did not take a notice", found=found, hint=_AGAIN)
