"""Recorders, one module each: apps and devices whose files are known by their content.

A module ``my_app.py`` that defines ``RECORDER`` is the recorder ``my-app``. Nothing else is
needed to add one.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from har.data.ingest.files import RawFiles
from har.data.recorders.base import Recorder
from har.data.sources.base import Item


def names() -> list[str]:
    """Return the names of the recorders whose files are known."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if name != "base")


def get(name: str) -> Recorder:
    """Return a recorder by name."""
    recorder: Recorder = import_module(f"{__name__}.{name.replace('-', '_')}").RECORDER
    return recorder


def recognise(files: RawFiles) -> Iterator[tuple[Recorder, Item]]:
    """Yield the recordings of recorders among files, each with the recorder that wrote it.

    No file is taken twice.
    """
    free = list(files.names)
    for recorder in map(get, names()):
        for item in recorder.items(files, tuple(free)):
            yield recorder, item
            free = [name for name in free if name not in item.files]
