"""Which pages a browser may ask for: none of strangers, where no key keeps them out.

A page of any site can post to a service of this machine, open its WebSockets, and, if its own
name is made to lead here (DNS rebinding), read all answers. Browsers say where a page is from
(``Origin``) and whom it asks (``Host``). Where a key is asked for, no such page has it.
"""

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from har.config import ServeSettings
from har.serving.http.errors import HttpError, response
from har.serving.http.keys import Keys, authorised

# RFC 6455, 7.4.1: a policy is broken.
_POLICY = 1008


class Origins:
    """Middleware that refuses pages of other sites, and names that are not this machine's.

    Parameters
    ----------
    app : ASGI app
        What is guarded.
    settings : ServeSettings
        Other names of the service, and other pages that may ask.
    keys : Keys
        Where there are any, they guard it.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings, keys: Keys) -> None:
        self._app, self._keys = app, keys
        self._hosts, self._origins = settings.hosts, settings.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await response(refusal, scope["path"])(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": _POLICY, "reason": refusal.message})

    def _refusal(self, scope: Scope) -> HttpError | None:
        if self._keys or authorised in scope["app"].dependency_overrides:
            return None
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host and not _is_own(host) and _name_of(host) not in self._hosts:
            return _refused("host", host, "serve.hosts")
        if origin and origin not in self._origins and urlsplit(origin).netloc != host:
            return _refused("origin", origin, "serve.origins")
        return None


def _is_own(host: str) -> bool:
    name = _name_of(host)
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _name_of(host: str) -> str:
    """Return a host's name without its port; nothing of what is no host.

    >>> _name_of("Lab.example.org:8000"), _name_of("[::1]:8000"), _name_of("[x")
    ('lab.example.org', '::1', '')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refused(header: str, found: str, setting: str) -> HttpError:
    return HttpError(
        HTTPStatus.FORBIDDEN,
        f"{header}: not one that may ask a service without keys",
        expected="this machine's own (localhost, 127.0.0.1)",
        found=found[:80],
        hint=f"name it in {setting}, or give the service keys",
        field=header,
    )
