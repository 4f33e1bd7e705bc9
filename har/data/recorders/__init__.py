"""Recorders, one module each: apps and devices whose files are known by their content.

A module ``my_app.py`` that defines ``RECORDER`` is the recorder ``my-app``. Nothing else is
needed to add one. What they share is in `parts`: the beginning of a file, tables of text,
clocks, files of one recording.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from har.data.ingest.files import RawFiles
from har.data.recorders.base import Recorder
from har.data.recorders.parts.heads import Head, heads
from har.data.sources.base import Item


def names() -> list[str]:
    """Return the names of the recorders whose files are known."""
    modules = (module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return sorted(name.replace("_", "-") for name in modules if name != "base")


def get(name: str) -> Recorder:
    """Return a recorder by name."""
    recorder: Recorder = import_module(f"{__name__}.{name.replace('-', '_')}").RECORDER
    return recorder


def recognise(files: RawFiles) -> Iterator[tuple[Recorder, Item]]:
    """Yield the recordings of recorders among files, each with the recorder that wrote it.

    The beginning of each file is read once. No file is in two recordings.
    """
    recorders = [get(name) for name in names()]
    own: dict[str, list[str]] = {recorder.name: [] for recorder in recorders}
    for head in heads(files):
        if recorder := _of(head, recorders):
            own[recorder.name].append(head.name)
    for recorder in recorders:
        if own[recorder.name]:
            for item in recorder.items(files, own[recorder.name]):
                yield recorder, item


def _of(head: Head, recorders: list[Recorder]) -> Recorder | None:
    return next((recorder for recorder in recorders if recorder.recognises(head)), None)
