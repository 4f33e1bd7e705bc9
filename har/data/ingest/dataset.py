"""A whole data set into the store: item by item, each once, then together.

``<store>/item/…`` holds each item's recordings, ``<store>/ingest/…`` all of them
with their accounts, and ``<store>/datasets/<name>.json`` says where a name's latest
ingestion is and which raw files it read.
"""

import functools
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from har.data import sources
from har.data.activities import ALL
from har.data.ingest import catalogue
from har.data.ingest.copies import Copy, find_copies
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import ACCOUNT, QUARANTINE, write_item
from har.data.ingest.mapping import ColumnMapping
from har.data.recording import read_meta
from har.data.sources.base import Item, Source
from har.errors import DataError, MissingError
from har.lineage import digest
from har.store import Artifact, Store

CODE = ["har.data"]
MIN_PARALLEL = 4  # items; starting a process takes as long as reading some
Watch = Callable[[Iterator[Artifact | DataError], int], Iterable[Artifact | DataError]]
LIBRARIES = ["numpy", "pandas", "pyarrow"]
ACCOUNTS = "accounts.json"
DATASET = "dataset.json"
QUARANTINED = "quarantine"
COPIED = "copy of another recording"
COUNTED = (
    *("rows_in", "rows_kept", "rows_repaired", "rows_quarantined", "rows_left_out"),
    "samples",
)


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
        For tables of the user's own; without it, `name` is a known data set.
    """

    name: str
    root: Path
    only: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    mapping: ColumnMapping | None = None

    @property
    def source(self) -> Source:
        """The data set's reader."""
        if self.mapping is None:
            return sources.get(self.name)
        from har.data.ingest import tables

        return tables.source(self.name, self.mapping)


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
        Why, by item that could not be read at all.
    """

    artifact: Artifact
    items_read: int
    items_found: int
    rejected: dict[str, str]

    @property
    def totals(self) -> dict[str, Any]:
        """Counts of rows, and of repairs, reasons and warnings, over all items."""
        accounts = json.loads((self.artifact.path / ACCOUNTS).read_text())
        facts = json.loads((self.artifact.path / DATASET).read_text())
        total: dict[str, Counter[str]] = {part: Counter() for part in ("repairs", "reasons")}
        for account in accounts:
            for part, counter in total.items():
                counter.update(account[part])
        warned = {(w["kind"], w["recording"]) for a in accounts for w in a["warnings"]}
        warned |= {("single activity", subject) for subject in facts["single_activity"]}
        return {
            "counts": {key: sum(account[key] for account in accounts) for key in COUNTED}
            | {"recordings": facts["recordings"], "subjects": facts["subjects"]},
            **{part: dict(counter) for part, counter in total.items()},
            "warnings": dict(Counter(kind for kind, _ in sorted(warned))),
            "rejected": {name: why for a in accounts for name, why in a["rejected"].items()},
            "copies": facts["copies"],
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
    source = request.source
    if unknown := sorted(set(request.placements) - set(source.placements)):
        raise DataError(
            f"{request.name}: no placement {', '.join(unknown)}",
            expected=", ".join(source.placements),
        )
    opened.cache_clear()  # the files may be others than last time
    files = opened(request.root, request.only)
    items = source.items(files)
    if not items:
        raise _unknown_layout(request, files)
    names = [name for item in items for name in item.files]
    digests = catalogue.digests(store, request.name, files, names)
    made: dict[str, Artifact] = {}
    rejected: dict[str, DataError] = {}
    outcomes = _read_all(store, request, items, digests, jobs)
    for item, outcome in zip(items, watch(outcomes, len(items)), strict=True):
        if isinstance(outcome, DataError):
            rejected[item.name] = outcome
        else:
            made[item.name] = outcome
    if not made:
        raise _nothing_left(request, rejected)
    reasons = {name: str(error) for name, error in rejected.items()}
    artifact = _assemble(store, request, made, reasons)
    catalogue.remember(store, request.name, files, digests, artifact)
    reused = sum(part.reused for part in made.values())
    return Ingestion(artifact, len(made) - reused, reused, reasons)


def find(store: Store, name: str) -> Artifact:
    """Return an ingested data set by name.

    The bundled one is ingested when it is asked for, and again when the code that reads
    it has changed; of others the raw files may be gone, so they stay as they were read.

    Raises
    ------
    MissingError
        If no data set of that name was ingested.
    """
    entry = catalogue.entry(store, name)
    artifact = store.find("ingest", entry["key"]) if entry else None
    bundled = sources.get(name).bundled if name in sources.names() else None
    ours = bundled and (entry is None or entry["root"] == str(bundled.resolve()))
    if artifact and not (ours and artifact.manifest["code"] != digest.of_code(*CODE)):
        return artifact
    if bundled:
        return ingest(store, Request(name, bundled)).artifact
    raise MissingError(
        f"data set {name!r} is not ingested",
        hint=f"`har data ingest {name} PATH` reads its files; `har data list` shows what there is",
    )


def _read_all(
    store: Store, request: Request, items: Sequence[Item], digests: dict[str, str], jobs: int
) -> Iterator[Artifact | DataError]:
    """Yield each item's artifact, or why it cannot be read, in the order of the items."""
    recipes = [_recipe(request, item, digests) for item in items]
    found = [store.find("item", store.key("item", **recipe)) for recipe in recipes]
    new = [item for item, artifact in zip(items, found, strict=True) if artifact is None]
    made = _make_all(partial(_make, store, request, digests), new, jobs)
    for artifact in found:
        yield artifact or next(made)


def _make_all(
    make: Callable[[Item], Artifact | DataError], items: Sequence[Item], jobs: int
) -> Iterator[Artifact | DataError]:
    if jobs == 1 or len(items) < MIN_PARALLEL:
        yield from map(make, items)
        return
    spawn = multiprocessing.get_context("spawn")  # a fork would inherit locks and threads
    with ProcessPoolExecutor(min(jobs, len(items)), mp_context=spawn) as pool:
        yield from pool.map(make, items)


def _make(
    store: Store, request: Request, digests: dict[str, str], item: Item
) -> Artifact | DataError:
    own = {name: digests[name] for name in item.files}
    origin = Origin(request.name, request.source, own, request.placements)
    try:
        return store.get_or_make(
            "item",
            lambda out: write_item(out, opened(request.root, request.only), item, origin),
            quiet=True,
            **_recipe(request, item, digests),
        )
    except DataError as error:
        return error


def _recipe(request: Request, item: Item, digests: dict[str, str]) -> dict[str, Any]:
    return {
        "inputs": {name: digests[name] for name in item.files},
        "params": {
            "dataset": request.name,
            "item": item.name,
            "placements": list(request.placements),
            "mapping": request.mapping.model_dump() if request.mapping else None,
        },
        "code": CODE,
        "libraries": LIBRARIES,
    }


@functools.lru_cache(maxsize=1)
def opened(root: Path, only: tuple[str, ...]) -> RawFiles:
    """Return the raw files below a root, opened once a process."""
    return open_files(root, only)


def _assemble(
    store: Store, request: Request, made: dict[str, Artifact], rejected: dict[str, str]
) -> Artifact:
    """Join the items in one folder; recordings that are copies of others go to quarantine."""
    stated = _facts(request, rejected)

    def build(out: Path) -> None:
        (out / QUARANTINED).mkdir()
        for name, item in made.items():
            for path in (item.path / "recordings").iterdir():
                _place(path, out)
            if (item.path / QUARANTINE).exists():
                link(item.path / QUARANTINE, out / QUARANTINED / f"{name}.parquet")
        accounts = [json.loads((item.path / ACCOUNT).read_text()) for item in made.values()]
        copies = _set_copies_aside(out, accounts)
        facts = {**stated, **_found(out), "copies": [asdict(copy) for copy in copies]}
        (out / ACCOUNTS).write_text(json.dumps(accounts, indent=1) + "\n")
        (out / DATASET).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")

    return store.get_or_make(
        "ingest", build, inputs=made, params=stated, code=CODE, libraries=LIBRARIES
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
        "archive_url": source.archive.url if source.archive else None,
        "root": request.root.name,
        "root_sha256": digest.of_file(archive) if archive else None,
        "rejected_items": rejected,
    }


def _place(path: Path, folder: Path) -> None:
    target = folder / path.name
    if target.exists():
        raise DataError(
            f"two recordings are named {path.stem}",
            hint="give their files, subjects or recordings names of their own",
        )
    link(path, target)


def _set_copies_aside(out: Path, accounts: list[dict[str, Any]]) -> list[Copy]:
    """Move recordings that are others under another name to quarantine; return all copies."""
    copies = find_copies(out)
    for name, same in {c.recording: c.same_as for c in copies if c.share == 1.0}.items():
        meta, samples = read_meta(out / f"{name}.parquet")
        (out / QUARANTINED / "copies").mkdir(exist_ok=True)
        (out / f"{name}.parquet").rename(out / QUARANTINED / "copies" / f"{name}.parquet")
        account = next(a for a in accounts if a["files"] == meta.source)
        rows = meta.rows_kept + meta.rows_repaired
        account["rows_kept"] -= meta.rows_kept
        account["rows_repaired"] -= meta.rows_repaired
        account["rows_quarantined"] += rows
        account["samples"] -= samples
        account["reasons"][COPIED] = account["reasons"].get(COPIED, 0) + rows
        account["rejected"][name] = f"the same samples as {same}"
    return copies


def _found(folder: Path) -> dict[str, Any]:
    """Return what the recordings hold: counts, activities, subjects with but one of them."""
    by_subject: dict[str, set[str]] = {}
    paths = sorted(folder.glob("*.parquet"))
    for path in paths:
        meta, _ = read_meta(path)
        names = pq.read_table(path, columns=["activity"])[0].unique().to_pylist()
        by_subject.setdefault(meta.subject_id, set()).update(filter(None, names))
    present = set[str]().union(*by_subject.values())
    return {
        "recordings": len(paths),
        "subjects": len(by_subject),
        "activities": [name for name in ALL if name in present],
        "single_activity": [who for who, names in by_subject.items() if len(names) == 1],
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
        for batch in pq.ParquetFile(path).iter_batches():
            for reason, rows in batch.to_pandas().groupby("reason", sort=False):
                empty: dict[str, Any] = {"reason": reason, "rows": 0, "examples": []}
                entry = found.setdefault(str(reason), empty)
                entry["rows"] += len(rows)
                wanted = rows.head(n - len(entry["examples"]))
                entry["examples"] += wanted[["file", "line", "content"]].to_dict("records")
    return list(found.values())


def link(source: Path, target: Path) -> None:
    """Give a file a second name; copy it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        target.write_bytes(source.read_bytes())


def _unknown_layout(request: Request, files: RawFiles) -> DataError:
    return DataError(
        f"{request.root}: not the layout of {request.name}",
        expected=f"the files as published, see {request.source.homepage}",
        found=", ".join(files.names[:5]) + (", …" if len(files.names) > 5 else "") or "no file",
        hint="`har data show` describes a data set; for tables of your own choose another name",
    )


def _nothing_left(request: Request, rejected: dict[str, DataError]) -> DataError:
    first = next(iter(rejected.values()))
    if len(rejected) == 1:
        return first
    return DataError(
        f"{request.root}: none of {len(rejected)} items can be trusted",
        found=f"of the first: {first}",
    )
