"""Data sets, one module each: `get` finds one by name.

A module ``my_set.py`` that defines ``SOURCE`` is the data set ``my-set``; its labels
stand in ``har/data/taxonomy.toml``. Nothing else is needed to add one.
"""

import pkgutil
from importlib import import_module

from har.data.sources.base import Source
from har.errors import MissingError


def names() -> list[str]:
    """Return the names of the data sets that can be ingested."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if name != "base")


def get(name: str) -> Source:
    """Return a data set by name.

    Raises
    ------
    MissingError
        If there is no such data set.
    """
    if name not in names():
        raise MissingError(f"no data set {name!r}", expected=", ".join(names()))
    source: Source = import_module(f"{__name__}.{name.replace('-', '_')}").SOURCE
    return source


def same_people(name: str) -> tuple[str, ...]:
    """Return the data sets that are known to hold the same people as another."""
    return get(name).same_people_as if name in names() else ()
