"""Addresses of servers and databases, shown without what opens them."""

import re

# user:password@ after a scheme; a password may hold any character, so the last @ ends it.
_USER = re.compile(r"(?<=://)[^\s/?#'\"]+@")
_QUERY = re.compile(r"(?<=[?&])(password|passwd|pwd|token)=[^&\s'\"]*", re.IGNORECASE)


def without_credentials(text: str) -> str:
    """Return a text whose addresses name neither users nor passwords.

    >>> without_credentials("http://bob:secret@models.example.org:5000 does not answer")
    'http://models.example.org:5000 does not answer'
    >>> without_credentials("postgresql://db/har?user=bob&password=secret")
    'postgresql://db/har?user=bob&password=…'
    """
    return _QUERY.sub(r"\1=…", _USER.sub("", text))
