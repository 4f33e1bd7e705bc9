"""A whole data set into the store: item by item, each once, then together.

``<store>/item/…`` holds each item's recordings, ``<store>/ingest/…`` all of them
with their accounts, and ``<store>/datasets/<name>.json`` says where a name's latest
ingestion is and which raw files it read.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from har import parquet
from har.data import sources
from har.data.ingest import catalogue, own
from har.data.ingest.assemble import assemble
from har.data.ingest.catalogue import Seen
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import write_item
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Plan
from har.data.ingest.refusal import Refusal, Refused
from har.data.ingested import Accounts, Datasets
from har.data.sources.base import Item, Source
from har.errors import DataError, MissingError, VerificationError
from har.lineage import digest
from har.processes import pool
from har.store import Artifact, Store

MIN_PARALLEL = 4  # items; starting a process takes as long as reading some
Watch = Callable[[Iterator[Artifact | Refusal], int], Iterable[Artifact | Refusal]]
READ = "har.data.ingest.items:write_item"
ASSEMBLE = "har.data.ingest.assemble:assemble"


@dataclass(frozen=True)
class Request:
    """What a user asked to be ingested.

    Attributes
    ----------
    name : str
        Of the data set from now on.
    root : Path
        Folder, archive or file.
    only : tuple of str
        Of a folder, only these files; empty: all.
    placements : tuple of str
        Those wanted; empty: all.
    mapping : ColumnMapping, optional
        For tables of the user's own, all of one layout.
    plan : Plan, optional
        For files of the user's own, as `har.data.ingest.own.plan` understands them. Without
        it and without a mapping, `name` is a known data set.
    """

    name: str
    root: Path
    only: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    mapping: ColumnMapping | None = None
    plan: Plan | None = None

    def planned(self, files: RawFiles) -> "Request":
        """Return the request with a plan if it has a mapping."""
        if self.mapping is None or self.plan is not None:
            return self
        return replace(self, plan=own.plan(files, self.mapping, str(self.root)))

    @property
    def source(self) -> Source:
        """The data set's reader."""
        return own.source(self.name, self.plan) if self.plan else sources.get(self.name)

    def reader(self, item: Item) -> str:
        """Return the module that reads the files of an item."""
        if self.plan is None:
            return f"har.data.sources.{self.name.replace('-', '_')}"
        return self.plan.module(item)


@dataclass(frozen=True)
class Ingestion:
    """What became of a request.

    Attributes
    ----------
    artifact : Artifact
        The data set in the store.
    items_read, items_found : int
        Items that were read now, and that an earlier ingestion had read.
    rejected : dict
        Why, by item of which nothing could be taken.
    """

    artifact: Artifact
    items_read: int
    items_found: int
    rejected: dict[str, str]

    @property
    def totals(self) -> dict[str, Any]:
        """Counts of rows, and of repairs, reasons and warnings, over all items.

        ``rejected`` has every recording and item of which nothing could be taken, and
        ``refusals`` the same by reason, with one example of each.
        """
        accounts = Accounts.read(self.artifact.path)
        (facts,) = Datasets.read(self.artifact.path).datasets
        warned = {(w.kind, w.recording) for account in accounts.items for w in account.warnings}
        warned |= {("single activity", subject) for subject in facts.single_activity}
        counts = {"recordings": facts.recordings, "subjects": facts.subjects}
        return {
            "counts": accounts.counts | counts,
            "repairs": dict(accounts.repairs),
            "reasons": dict(accounts.reasons),
            "warnings": dict(Counter(kind for kind, _ in sorted(warned))),
            "rejected": accounts.rejected,
            "refusals": [asdict(group) for group in accounts.refusals],
            "own_words": {name: list(words) for name, words in facts.own_words.items()},
            "copies": [copy.to_dict() for copy in facts.copies],
        }


def ingest(
    store: Store, request: Request, *, jobs: int = 1, watch: Watch = lambda items, _: items
) -> Ingestion:
    """Ingest a data set; what an earlier ingestion has read is not read again.

    Parameters
    ----------
    store : Store
        Gets the recordings.
    request : Request
        What and from where.
    jobs : int, default=1
        Processes that read items at the same time.
    watch : callable, optional
        Passes items on as they are read, given how many there are: a progress bar.

    Raises
    ------
    MissingError
        If there is nothing at the path.
    DataError
        If it is no data set of this kind, or nothing of it can be trusted.
    """
    opened.cache_clear()  # the files may be others than last time
    files = opened(request.root, request.only)
    request = request.planned(files)
    source = request.source
    if unknown := sorted(set(request.placements) - set(source.placements)):
        raise DataError(
            f"{request.name}: no placement {', '.join(unknown)}",
            expected=", ".join(source.placements),
        )
    items = source.items(files)
    if not items:
        raise _unknown_layout(request, files)
    seen, found = _look(store, request, files, items)
    made: dict[str, Artifact] = {}
    rejected: dict[str, Refusal] = {}
    outcomes = _read_all(store, request, seen, list(zip(items, found, strict=True)), jobs)
    for item, outcome in zip(items, watch(outcomes, len(items)), strict=True):
        if isinstance(outcome, Refusal):
            rejected[item.name] = outcome
            continue
        made[item.name] = outcome
        if why := Refused.beside(outcome.path):
            rejected[item.name] = why
    if len(rejected) == len(items):
        raise _nothing_left(request, rejected)
    reasons = {name: str(error) for name, error in rejected.items()}
    artifact = _assemble(store, request, made, reasons)
    catalogue.remember(store, request.name, files, seen, artifact)
    taken = [part for name, part in made.items() if name not in rejected]
    reused = sum(part.reused for part in taken)
    return Ingestion(artifact, len(taken) - reused, reused, reasons)


def find(store: Store, name: str) -> Artifact:
    """Return an ingested data set by name.

    The bundled one is ingested when it is asked for, and again when the code that reads
    it has changed; of others the raw files may be gone, so they stay as they were read.

    Raises
    ------
    MissingError
        If no data set of that name was ingested.
    VerificationError
        If its recordings are no longer as they were ingested.
    """
    entry = catalogue.entry(store, name)
    bundled = sources.get(name).bundled if name in sources.names() else None
    if bundled and (entry is None or _is_bundled(entry["root"], bundled)):
        return ingest(store, Request(name, bundled)).artifact
    if entry is None:
        raise MissingError(
            f"data set {name!r} is not ingested",
            hint=f"`har data ingest {name} PATH` reads its files; "
            "`har data list` shows what there is",
        )
    artifact = store.find("ingest", entry["key"])
    if artifact is None or not _is_readable(artifact.path):
        raise VerificationError(
            f"data set {name!r} is not as it was ingested",
            expected=f"the recordings of {store.root / 'ingest' / entry['key'][:16]}, unchanged",
            hint=f"ingest it again: har data ingest {name} {entry['root']}",
        )
    return artifact


def _is_bundled(root: str, bundled: Path) -> bool:
    """Whether a root is the bundled file, of this package or of one that was elsewhere."""
    return Path(root).parts[-4:] == bundled.resolve().parts[-4:]


def _is_readable(folder: Path) -> bool:
    """Whether an ingestion has all facts; one of an early `har` lacks some."""
    try:
        Datasets.read(folder)
    except VerificationError:
        return False
    return True


def _look(
    store: Store, request: Request, files: RawFiles, items: Sequence[Item]
) -> tuple[Seen, list[Artifact | None]]:
    """Return what every raw file is, and what an earlier ingestion made of each item.

    What is to be read is hashed now, whatever was seen of it: the digest on record is that of
    the bytes that were read.
    """
    names = {name for item in items for name in item.files}
    known = catalogue.known(store, request.name, files, names)
    seen = known | catalogue.hashed(files, names - known.keys())
    recipes = [_recipe(request, item, seen) for item in items]
    found = [store.find("item", store.key("item", **recipe)) for recipe in recipes]
    new = [item for item, artifact in zip(items, found, strict=True) if artifact is None]
    unread = {name for item in new for name in item.files}
    return seen | catalogue.hashed(files, unread & known.keys()), found


def _read_all(
    store: Store,
    request: Request,
    seen: Seen,
    items: Sequence[tuple[Item, Artifact | None]],
    jobs: int,
) -> Iterator[Artifact | Refusal]:
    """Yield each item's artifact, or why it cannot be read, in the order of the items."""
    new = [item for item, artifact in items if artifact is None]
    made = _make_all(_Maker(store, request, seen), new, jobs)
    for _, artifact in items:
        yield artifact or next(made)


@dataclass(frozen=True)
class _Maker:
    """Makes items; sent to another process, it takes along what one item needs."""

    store: Store
    request: Request
    seen: Seen

    def __call__(self, item: Item) -> Artifact | Refusal:
        """Return an item's artifact, or why it cannot be read."""
        build = partial(_build, request=self.request, seen=self.seen, item=item)
        try:
            recipe = _recipe(self.request, item, self.seen)
            return self.store.get_or_make("item", build, **recipe)
        except (DataError, VerificationError) as error:
            return error

    def of(self, item: Item) -> "_Maker":
        """Return the maker of one item."""
        plan = self.request.plan and self.request.plan.only(item)
        seen = {name: self.seen[name] for name in item.files}
        return _Maker(self.store, replace(self.request, plan=plan), seen)


def _make_all(maker: _Maker, items: Sequence[Item], jobs: int) -> Iterator[Artifact | Refusal]:
    if jobs == 1 or len(items) < MIN_PARALLEL:
        yield from map(maker, items)
        return
    with pool(min(jobs, len(items))) as workers:
        yield from workers.map(_make, map(maker.of, items), items)


def _make(maker: _Maker, item: Item) -> Artifact | Refusal:
    return maker(item)


def _build(out: Path, *, request: Request, seen: Seen, item: Item) -> None:
    own = {name: seen[name]["sha256"] for name in item.files}
    origin = Origin(request.name, request.source, own, request.placements)
    files = opened(request.root, request.only)
    write_item(out, files, item, origin)
    if changed := [name for name in item.files if files.stamp(name) != seen[name]["stamp"]]:
        raise DataError(
            f"{', '.join(changed)}: changed while it was read",
            hint="ingest it again when nothing writes to it",
        )


def _recipe(request: Request, item: Item, seen: Seen) -> dict[str, Any]:
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
def opened(root: Path, only: tuple[str, ...]) -> RawFiles:
    """Return the raw files below a root, opened once per process."""
    return open_files(root, only)


def _assemble(
    store: Store, request: Request, made: dict[str, Artifact], rejected: dict[str, str]
) -> Artifact:
    stated = _facts(request, rejected)
    folders = {name: item.path for name, item in made.items()}
    return store.get_or_make(
        "ingest",
        partial(assemble, items=folders, stated=stated),
        inputs={name: item.content for name, item in made.items()},
        params=stated,
        entries=[ASSEMBLE],
        told="ingest",
    )


def _facts(request: Request, rejected: dict[str, str]) -> dict[str, Any]:
    source = request.source
    archive = request.root if request.root.is_file() else None
    return {
        "name": request.name,
        "source": source.name,
        "title": source.title,
        "licence": source.licence,
        "citation": source.citation,
        "homepage": source.homepage,
        "placements": list(request.placements or source.placements),
        "rate_hz": source.rate_hz,
        "units": source.units,
        "faults": [list(fault) for fault in source.faults],
        "classes": list(source.classes),
        "own_activities": source.own_activities or {},
        "test_subjects": list(source.test_subjects),
        "validation_subjects": list(source.validation_subjects),
        "archive_url": source.archive.url if source.archive else None,
        "root": request.root.name,
        "root_sha256": digest.of_file(archive) if archive else None,
        "rejected_items": rejected,
    }


def quarantine_reasons(folder: Path) -> list[dict[str, Any]]:
    """Return the reasons for which rows are in quarantine, with counts and a first row."""
    found = quarantine_examples(folder, 1)
    return [{"reason": e["reason"], "rows": e["rows"], **e["examples"][0]} for e in found]


def quarantine_examples(folder: Path, n: int) -> list[dict[str, Any]]:
    """Return why rows are in quarantine: ``reason``, ``rows`` and up to n ``examples``.

    An example has ``file``, ``line`` and ``content``.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.parquet")):
        with parquet.open_file(path, str(path)) as file:
            for batch in file.iter_batches():
                _count(batch.to_pandas(), n, found)
    return list(found.values())


def _count(rows: pd.DataFrame, n: int, found: dict[str, dict[str, Any]]) -> None:
    """Add rows in quarantine to what was found, by reason, with up to n examples of each."""
    for reason, alike in rows.groupby("reason", sort=False):
        empty: dict[str, Any] = {"reason": reason, "rows": 0, "examples": []}
        entry = found.setdefault(str(reason), empty)
        # An entry of a file that could not be read stands for all its rows.
        entry["rows"] += int(alike["rows"].sum()) if "rows" in alike else len(alike)
        wanted = alike.head(n - len(entry["examples"]))
        entry["examples"] += wanted[["file", "line", "content"]].to_dict("records")


def _unknown_layout(request: Request, files: RawFiles) -> DataError:
    return DataError(
        f"{request.root}: not the layout of {request.name}",
        expected=f"the files as published, see {request.source.homepage}",
        found=", ".join(files.names[:5]) + (", …" if len(files.names) > 5 else "") or "no file",
        hint="`har data show` describes a data set; for tables of your own choose another name",
    )


def _nothing_left(request: Request, rejected: dict[str, Refusal]) -> Refusal:
    first = next(iter(rejected.values()))
    if len(rejected) == 1:
        return first
    return DataError(
        f"{request.root}: none of {len(rejected)} items can be trusted",
        found=f"of the first: {first}",
    )
