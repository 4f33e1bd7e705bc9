"""What a version was made of, as far as it is on this machine, beside its record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from har.data.assignment import Proof
from har.data.ingest import catalogue
from har.data.ingest.files import RawFiles, open_files
from har.data.windows import Windows
from har.errors import HarError
from har.lineage.manifest import Manifest
from har.lineage.record import Descriptor, Record, Step
from har.registry.verify.finding import Finding
from har.registry.verify.registered import compared
from har.store import Store


def steps(known: Record, store: Store) -> Iterator[Finding]:
    """Compare the store's entries of all steps with the record, file by file."""
    for name, step in known.predicate.steps.items():
        place = _place(store, step)
        if place is None:
            yield Finding(f"step {name}", "not looked at", "its output is not in this store")
        else:
            yield from _entry(f"step {name}", step, place)


def _place(store: Store, step: Step) -> Path | None:
    places = store.root.glob(f"*/{step.key[:16]}/{Manifest.FILE}")
    return next((path.parent for path in places), None)


def _entry(what: str, step: Step, place: Path) -> Iterator[Finding]:
    try:
        manifest = Manifest.read(place)
    except HarError as error:
        yield Finding(what, "changed", error.message)
        return
    if (manifest.key, manifest.content) != (step.key, step.content):
        detail = f"its content is {manifest.content}, the record's {step.content}"
        yield Finding(what, "changed", detail)
        return
    found = [compared(f"{what}, {n}", place / n, f.sha256) for n, f in manifest.files.items()]
    yield from [one for one in found if not one.good] or [
        Finding(what, "whole", f"{len(found)} files")
    ]


def windows(known: Record, store: Store) -> Iterator[Finding]:
    """Compare the arrays of each split with the record: content, whatever file they are in."""
    step = known.predicate.steps.get("windows")
    place = _place(store, step) if step else None
    if place is None or not known.predicate.splits:
        return
    cut = Windows.load(place)
    for name, split in known.predicate.splits.items():
        yield Finding.of(f"windows of {name}", split.arrays, cut.select(name).digest)


def split(known: Record, folder: Path) -> Iterator[Finding]:
    """Prove anew that no two splits have a person or samples in common.

    Parameters
    ----------
    known : Record
        The lineage record.
    folder : Path
        Of the version's files.
    """
    people = known.predicate.people
    parts = [name for name in ("train", "validation", "test") if name in people]
    twice = [who for who, n in Counter(p for name in parts for p in people[name]).items() if n > 1]
    if not (folder / "split" / Proof.FILE).is_file():
        yield Finding("split", "not looked at", "the version has no proof of it")
        return
    proof = Proof.read(folder / "split")
    shared = [f"{pair}: {name}" for pair, both in proof.shared.items() for name in both.names]
    counts = {name: len(people[name]) for name in parts}
    if twice or shared:
        yield Finding("split", "disagrees", f"in two splits: {', '.join([*twice, *shared])}")
    elif any(proof.subjects.get(name, 0) < n for name, n in counts.items()):
        detail = f"the proof is of {dict(proof.subjects)} people, the record of {counts}"
        yield Finding("split", "disagrees", detail)
    else:
        yield Finding("split", "whole", ", ".join(f"{name}: {n}" for name, n in counts.items()))


def raw_files(known: Record, store: Store) -> Iterator[Finding]:
    """Hash raw files where they were ingested from."""
    raw = [item for item in known.predicate.build.dependencies if item.role == "raw data"]
    by_set: dict[str, list[Descriptor]] = {}
    for item in raw:
        by_set.setdefault(str(item.annotations.get("dataset", "")), []).append(item)
    for dataset, items in by_set.items():
        entry = catalogue.entry(store, dataset)
        if entry is None:
            why = f"{dataset} is not ingested here"
            yield from (Finding(f"raw file {i.name}", "not looked at", why) for i in items)
        else:
            yield from _raw(Path(entry["root"]), items)


def _raw(root: Path, items: list[Descriptor]) -> Iterator[Finding]:
    try:
        files: RawFiles | None = open_files(root)
    except HarError:
        files = None
    names: Mapping[str, str] = {n.rpartition("/")[2]: n for n in files.names} if files else {}
    for item in items:
        what = f"raw file {item.name}"
        name = item.name if files and item.name in files.names else names.get(item.name)
        if files is None or name is None:
            yield Finding(what, "missing", f"of {root}")
        else:
            yield Finding.of(what, item.digest["sha256"], files.digest(name))
