"""Data sets, one module each; `get` finds one by name."""

from har.data.sources import hapt
from har.data.sources.base import Source
from har.errors import MissingError

_SOURCES: dict[str, Source] = {hapt.SOURCE.name: hapt.SOURCE}


def names() -> list[str]:
    """Return the names of the data sets that can be ingested."""
    return sorted(_SOURCES)


def get(name: str) -> Source:
    """Return a data set by name.

    Raises
    ------
    MissingError
        If there is no such data set.
    """
    if name not in _SOURCES:
        raise MissingError(f"no data set {name!r}", expected=", ".join(names()))
    return _SOURCES[name]
