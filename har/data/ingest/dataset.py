"""A whole data set into the store: item by item, each once, then together.

``<store>/item/…`` holds each item's recordings, ``<store>/ingest/…`` all of them
with their accounts, and ``<store>/datasets/<name>.json`` says where a name's latest
ingestion is and which raw files it read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from har.config import current
from har.data import sources
from har.data.ingest import catalogue
from har.data.ingest.assemble import assemble
from har.data.ingest.files import RawFiles
from har.data.ingest.making import look, opened, read_all
from har.data.ingest.refusal import Refusal, Refused
from har.data.ingest.request import Request
from har.data.ingested import Accounts, Datasets
from har.errors import DataError, MissingError, VerificationError
from har.lineage import digest
from har.store import Artifact, Store

__all__ = ["Ingestion", "Request", "find", "ingest"]

Watch = Callable[[Iterator[Artifact | Refusal], int], Iterable[Artifact | Refusal]]
ASSEMBLE = "har.data.ingest.assemble:assemble"


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
    files = opened(request.root, request.only, current().limits)
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
    seen, found = look(store, request, files, items)
    made: dict[str, Artifact] = {}
    rejected: dict[str, Refusal] = {}
    outcomes = read_all(store, request, seen, list(zip(items, found, strict=True)), jobs)
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
