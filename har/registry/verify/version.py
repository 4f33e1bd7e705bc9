"""Everything that is looked at of a version, in one list."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from har.lineage.record import FILE, Record
from har.registry.handle import Registry
from har.registry.locations import download
from har.registry.verify import registered, sources
from har.registry.verify.finding import Finding
from har.registry.versions.signature import trusted
from har.registry.versions.version import REGISTERED, Version
from har.store import Store


def verify(registry: Registry, version: Version) -> list[Finding]:
    """Compute anew, from bytes, whether a version is what was judged and what it was made of.

    Parameters
    ----------
    registry : Registry
        The model.
    version : Version
        A version with a lineage record.

    Returns
    -------
    list of Finding
        All that was looked at, also what is whole, and what could not be looked at.
    """
    findings, events = registered.history(registry)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        folder.mkdir()
        download(registry, registry.reader.run_location(version.run_id), folder, "")
        own, known = registered.record(version, folder / FILE, events)
        findings.append(own)
        findings += registered.judgement(version, folder, events)
        if known is None:
            return [*findings, Finding("files", "not looked at", "there is no record of them")]
        findings += registered.files(known, folder)
        findings += registered.signature(known, folder, trusted(registry))
        findings += registered.served(registry, version, known, Path(scratch))
        findings += _shown(registry, version, known, folder)
        findings += sources.split(known, folder)
    store = Store(registry.store)
    for look in (sources.steps, sources.windows, sources.raw_files):
        findings += look(known, store)
    return findings


def _shown(registry: Registry, version: Version, known: Record, folder: Path) -> Iterator[Finding]:
    if REGISTERED not in known.files:
        yield Finding(
            "MLflow's entries", "not looked at", "the version does not say what they were"
        )
    elif (folder / REGISTERED).is_file():
        stated = json.loads((folder / REGISTERED).read_bytes())
        yield from registered.shown(registry, version, stated)
