"""Which data sets were ingested: one small file per name, beside the store's entries."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from har.config.section import DATASET_NAME
from har.data.ingest.files import RawFiles
from har.disk import write_text
from har.store import Artifact, Store

# Of raw files by name: ``stamp``, ``root`` and ``sha256``.
Seen = dict[str, dict[str, str]]


def entries(store: Store) -> dict[str, dict[str, Any]]:
    """Return the entries of all ingested data sets by name."""
    places = sorted(_place(store, "any").parent.glob("*.json"))
    return {place.stem: json.loads(place.read_text(encoding="utf-8")) for place in places}


def entry(store: Store, name: str) -> dict[str, Any] | None:
    """Return a data set's entry: ``key`` of its artifact, ``root`` and ``files``."""
    if not DATASET_NAME.fullmatch(name):
        return None  # it would be the path of another file
    place = _place(store, name)
    return json.loads(place.read_text(encoding="utf-8")) if place.exists() else None


def known(store: Store, name: str, files: RawFiles, names: Iterable[str]) -> Seen:
    """Return what the latest ingestion saw, of those files whose stamp is still the same."""
    old = (entry(store, name) or {}).get("files", {})
    now = {file: _seen(files, file) for file in sorted(set(names))}
    return {
        file: old[file]
        for file, seen in now.items()
        if file in old and seen == {key: old[file].get(key) for key in seen}
    }


def hashed(files: RawFiles, names: Iterable[str]) -> Seen:
    """Return what files are now, by reading them."""
    # The stamp is older than the digest: a file that changes in between is read next time.
    return {
        file: {**_seen(files, file), "sha256": files.digest(file)} for file in sorted(set(names))
    }


def _seen(files: RawFiles, file: str) -> dict[str, str]:
    return {"stamp": files.stamp(file), "root": str(files.root)}


def remember(store: Store, name: str, files: RawFiles, seen: Seen, artifact: Artifact) -> None:
    """Write that a name's latest ingestion is an artifact, made of these files."""
    content = {
        "key": artifact.key,
        "root": _from_here(files.root),
        "files": {file: seen[file] for file in sorted(seen)},
    }
    if entry(store, name) == content:
        return
    write_text(_place(store, name), json.dumps(content, indent=1) + "\n")


def _from_here(root: Path) -> str:
    """Return a path as a project that moves keeps it: relative if it is below the folder."""
    path = root.resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _place(store: Store, name: str) -> Path:
    return store.root / "datasets" / f"{name}.json"
