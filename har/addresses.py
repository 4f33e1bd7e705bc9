"""Addresses of servers and databases, shown without what opens them."""

import re

# user:password@ after a scheme; a password may hold any character, so the last @ ends it. A number
# behind the colon is a port, unless an @ follows it at once.
_USER = re.compile(r"(?<=://)(?:[^\s/?#'\"]+|[^\s/?#'\":]*:(?!\d+[/?#])[^\s]*)@")
_QUERY = re.compile(r"(?<=[?&])(password|passwd|pwd|token)=[^&\s'\"]*", re.IGNORECASE)
# What a password is written without, as readers of addresses differ in where it ends.
_AMBIGUOUS = re.compile(r"[/?#@\[\]'\"\\\s]")


def without_credentials(text: str) -> str:
    """Return a text whose addresses name neither users nor passwords.

    >>> without_credentials("http://bob:secret@models.example.org:5000 does not answer")
    'http://models.example.org:5000 does not answer'
    >>> without_credentials("postgresql://db/har?user=bob&password=secret")
    'postgresql://db/har?user=bob&password=…'
    """
    return _QUERY.sub(r"\1=…", _USER.sub("", text))


def may_be_misread(address: str) -> bool:
    """Tell whether a user's name or password holds what should be percent-encoded.

    Libraries then differ in where the host begins, and may show part of a password as a host.

    >>> may_be_misread("postgresql://bob:pa%40ss@db/har"), may_be_misread("http://a:b@c@d/")
    (False, True)
    >>> may_be_misread("https://host/a@b"), may_be_misread("postgresql://bob:a/b@db/har")
    (False, True)
    """
    rest = address.partition("://")[2]
    shown = _USER.sub("", address).partition("://")[2]
    credentials = rest.removesuffix(shown).removesuffix("@")
    return bool(_AMBIGUOUS.search(credentials))
