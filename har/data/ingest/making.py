"""Items into the store, in one process or several; what is there is not read again."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from har.config import LimitSettings, current
from har.data.ingest import catalogue
from har.data.ingest.catalogue import Seen
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import write_item
from har.data.ingest.refusal import Refusal
from har.data.ingest.request import Request
from har.data.sources.base import Item
from har.errors import DataError, VerificationError
from har.processes import pool
from har.store import Artifact, Store

MIN_PARALLEL = 4  # items; starting a process takes as long as reading some
READ = "har.data.ingest.items:write_item"


def look(
    store: Store, request: Request, files: RawFiles, items: Sequence[Item]
) -> tuple[Seen, list[Artifact | None]]:
    """Return what every raw file is, and what an earlier ingestion made of each item.

    What is to be read is hashed now, whatever was seen of it: the digest on record is that of
    the bytes that were read.
    """
    names = {name for item in items for name in item.files}
    known = catalogue.known(store, request.name, files, names)
    seen = known | catalogue.hashed(files, names - known.keys())
    recipes = [recipe_of(request, item, seen) for item in items]
    found = [store.find("item", store.key("item", **recipe)) for recipe in recipes]
    new = [item for item, artifact in zip(items, found, strict=True) if artifact is None]
    unread = {name for item in new for name in item.files}
    return seen | catalogue.hashed(files, unread & known.keys()), found


def read_all(
    store: Store,
    request: Request,
    seen: Seen,
    items: Sequence[tuple[Item, Artifact | None]],
    jobs: int,
) -> Iterator[Artifact | Refusal]:
    """Yield each item's artifact, or why it cannot be read, in the order of the items."""
    new = [item for item, artifact in items if artifact is None]
    made = _make_all(_Maker(store, request, seen, current().limits), new, jobs)
    for _, artifact in items:
        yield artifact or next(made)


@dataclass(frozen=True)
class _Maker:
    """Makes items; sent to another process, it takes along what one item needs."""

    store: Store
    request: Request
    seen: Seen
    limits: LimitSettings

    def __call__(self, item: Item) -> Artifact | Refusal:
        """Return an item's artifact, or why it cannot be read."""
        build = partial(_build, request=self.request, seen=self.seen, item=item, limits=self.limits)
        try:
            recipe = recipe_of(self.request, item, self.seen)
            return self.store.get_or_make("item", build, **recipe)
        except (DataError, VerificationError) as error:
            return error

    def of(self, item: Item) -> "_Maker":
        """Return the maker of one item."""
        plan = self.request.plan and self.request.plan.only(item)
        seen = {name: self.seen[name] for name in item.files}
        return _Maker(self.store, replace(self.request, plan=plan), seen, self.limits)


def _make_all(maker: _Maker, items: Sequence[Item], jobs: int) -> Iterator[Artifact | Refusal]:
    if jobs == 1 or len(items) < MIN_PARALLEL:
        yield from map(maker, items)
        return
    with pool(min(jobs, len(items))) as workers:
        yield from workers.map(_make, map(maker.of, items), items)


def _make(maker: _Maker, item: Item) -> Artifact | Refusal:
    return maker(item)


def _build(out: Path, *, request: Request, seen: Seen, item: Item, limits: LimitSettings) -> None:
    own = {name: seen[name]["sha256"] for name in item.files}
    origin = Origin(request.name, request.source, own, request.placements)
    files = opened(request.root, request.only, limits)
    write_item(out, files, item, origin)
    if changed := [name for name in item.files if files.stamp(name) != seen[name]["stamp"]]:
        raise DataError(
            f"{', '.join(changed)}: changed while it was read",
            hint="ingest it again when nothing writes to it",
        )


def recipe_of(request: Request, item: Item, seen: Seen) -> dict[str, Any]:
    """Return what determines an item's recordings, as the store's key has it."""
    return {
        "inputs": {name: seen[name]["sha256"] for name in item.files},
        "params": {
            "dataset": request.name,
            "item": item.name,
            "placements": list(request.placements),
            **({"reader": request.plan.reader(item)} if request.plan else {}),
        },
        "entries": [READ, request.reader(item)],
    }


@functools.lru_cache(maxsize=1)
def opened(root: Path, only: tuple[str, ...], limits: LimitSettings) -> RawFiles:
    """Return the raw files below a root, opened once per process."""
    return open_files(root, only, limits)
