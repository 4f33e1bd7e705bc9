"""Which data sets were ingested: one small file per name, beside the store's entries."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from har.data.ingest.files import RawFiles
from har.store import Artifact, Store


def entries(store: Store) -> dict[str, dict[str, Any]]:
    """Return the entries of all ingested data sets by name."""
    places = sorted(_place(store, "any").parent.glob("*.json"))
    return {place.stem: json.loads(place.read_text()) for place in places}


def entry(store: Store, name: str) -> dict[str, Any] | None:
    """Return a data set's entry: ``key`` of its artifact, ``root`` and ``files``."""
    place = _place(store, name)
    return json.loads(place.read_text()) if place.exists() else None


def digests(store: Store, name: str, files: RawFiles, names: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file; one that has not changed is not read for it."""
    old = (entry(store, name) or {}).get("files", {})
    found: dict[str, str] = {}
    for file in sorted(set(names)):
        known = old.get(file, {})
        same = known.get("stamp") == files.stamp(file) and known.get("root") == str(files.root)
        found[file] = known["sha256"] if same else files.digest(file)
    return found


def remember(
    store: Store, name: str, files: RawFiles, digests: dict[str, str], artifact: Artifact
) -> None:
    """Write that a name's latest ingestion is an artifact, made of these files."""
    content = {
        "key": artifact.key,
        "root": _from_here(files.root),
        "files": {
            file: {"stamp": files.stamp(file), "root": str(files.root), "sha256": sha256}
            for file, sha256 in digests.items()
        },
    }
    if entry(store, name) == content:
        return
    place = _place(store, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = place.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(content, indent=1) + "\n")
    scratch.replace(place)


def _from_here(root: Path) -> str:
    """Return a path as a project that moves keeps it: relative if it is below the folder."""
    path = root.resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _place(store: Store, name: str) -> Path:
    return store.root / "datasets" / f"{name}.json"
