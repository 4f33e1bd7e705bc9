"""Settings that nobody may see: what they must look like, said without what they are.

A `SecretStr` shows its value in no error, log or record. It is checked where it is set, so
that a slip is told by the command that meets it first and not by the first use, weeks later.
"""

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from har.addresses import may_be_misread

# As HMAC-SHA256 and keys of the service ask for: nobody guesses 128 bits.
LEAST_BYTES = LEAST_CHARACTERS = 16
_PREFIX = "whsec_"
# What no address and no header holds: spaces, control characters, and what lies beyond ASCII.
_ODD = re.compile(r"[^\x21-\x7e]")


def _check_address(secret: SecretStr) -> SecretStr:
    """Refuse what is not the address of a webhook."""
    problem = _problem_of(secret.get_secret_value())
    if problem:
        raise ValueError(f"not the address of a webhook, as https://host/path: {problem}")
    return secret


def _problem_of(url: str) -> str | None:
    if _ODD.search(url) or "\\" in url:
        return "it holds a space, a backslash, or a character beyond ASCII"
    try:
        where = urlsplit(url)
        host, _ = where.hostname, where.port
    except ValueError:
        return "its host or port is none"
    if where.scheme not in ("http", "https"):
        return "it begins with neither https:// nor http://"
    if not host:
        return "it names no host"
    if may_be_misread(url):
        return "a user's name or password in it has to be percent-encoded"
    return None


def _check_signing(secret: SecretStr) -> SecretStr:
    """Refuse what is no secret of Standard Webhooks."""
    expected = "as `openssl rand -base64 32` prints it"
    text = secret.get_secret_value().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError(f"not base64, {expected}") from None
    if len(key) < LEAST_BYTES:
        raise ValueError(f"shorter than {LEAST_BYTES} bytes; {expected}")
    return secret


def _check_key(secret: SecretStr) -> SecretStr:
    """Refuse a key that can be guessed, or that no header can carry."""
    if problem := problem_of_key(secret.get_secret_value()):
        raise ValueError(problem)
    return secret


def problem_of_key(key: str) -> str | None:
    """Return what is wrong with a key of the service, without the key; None if nothing is."""
    expected = "`openssl rand -hex 32` makes one"
    if _ODD.search(key):
        return f"a key holds a space or a character beyond ASCII; {expected}"
    if len(key) < LEAST_CHARACTERS:
        return f"a key is shorter than {LEAST_CHARACTERS} characters; {expected}"
    return None


WebhookAddress = Annotated[SecretStr, AfterValidator(_check_address)]
SigningSecret = Annotated[SecretStr, AfterValidator(_check_signing)]
ApiKey = Annotated[SecretStr, AfterValidator(_check_key)]
