"""Who may ask: keys that clients send, and the one place to put another rule.

`authorised` is the dependency of every route that answers. An app that has users log in
(OpenID Connect) overrides it: ``app.dependency_overrides[authorised] = my_rule``.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from starlette.requests import HTTPConnection

from har.config import ServeSettings
from har.config.secrets import problem_of_key
from har.errors import MissingError, UsageError
from har.foreign import require_regular
from har.serving.http.errors import HttpError

HEADER = "x-api-key"
_BEARER = "bearer "
_STREAMS = "/v1/sessions/"


class Keys:
    """Keys of clients, of which memory holds digests alone.

    Parameters
    ----------
    keys : iterable of str
        None: everybody may ask.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = tuple(map(_digest, keys))

    @classmethod
    def of(cls, settings: ServeSettings) -> "Keys":
        """Return the keys that settings name, in themselves and in a file.

        Raises
        ------
        MissingError
            If the file is not there.
        UsageError
            If a key in the file can be guessed or sent by nobody, or it has none.
        """
        keys = [key.get_secret_value() for key in settings.api_keys]
        if settings.api_keys_file:
            keys += _of_file(settings.api_keys_file)
        return cls(keys)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def know(self, key: str) -> bool:
        """Tell whether a key is one of them, in the same time whatever is wrong with it."""
        given = _digest(key)
        # A sum compares with all of them.
        return sum(hmac.compare_digest(given, own) for own in self._digests) > 0


def require_keys(settings: ServeSettings, keys: Keys) -> None:
    """Refuse to serve other machines without keys.

    Raises
    ------
    UsageError
        If the address is not this machine's own and there is no key.
    """
    if keys or _is_loopback(settings.host):
        return
    raise UsageError(
        f"no key protects the service at {settings.host}",
        expected="API keys wherever other machines can ask",
        hint="set HAR_SERVE__API_KEYS='[\"…\"]' (`openssl rand -hex 32` makes a key) or "
        "serve.api_keys_file, or serve at 127.0.0.1",
    )


async def authorised(connection: HTTPConnection) -> None:
    """Refuse who sends no key that is known; needs none where there are none.

    Asynchronous as all dependencies here: FastAPI hands others to a thread, which takes longer
    than a prediction.

    Raises
    ------
    HttpError
        401.
    """
    keys: Keys = connection.app.state.service.keys
    if not keys:
        return
    given = connection.headers.get(HEADER, "")
    bearer = connection.headers.get("authorization", "")
    if not given and bearer.lower().startswith(_BEARER):
        given = bearer[len(_BEARER) :].strip()
    if not given and connection.url.path.startswith(_STREAMS):
        # Neither browsers' EventSource nor their WebSocket can send a header.
        given = connection.query_params.get("key", "")
    if not keys.know(given):
        raise HttpError(
            HTTPStatus.UNAUTHORIZED,
            "no key that is known here" if given else "a key is needed",
            expected=f"the header Authorization: Bearer KEY, or {HEADER}: KEY",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _of_file(path: Path) -> list[str]:
    if path.exists():
        require_regular(path)
    try:
        # Some editors begin a file with a byte order mark.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise MissingError(
            f"{path}: cannot be read", found=error.strerror, hint="see serve.api_keys_file"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a file of keys", expected="text in UTF-8") from None
    keys = {n: line.strip() for n, line in enumerate(lines, 1) if line.strip()[:1] not in ("", "#")}
    if not keys:
        raise UsageError(f"{path}: no key in it", expected="one key on each line")
    for number, key in keys.items():
        if problem := problem_of_key(key):
            raise UsageError(f"{path}, line {number}: {problem}")
    return list(keys.values())


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
