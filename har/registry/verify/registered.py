"""What the registry holds of a version, beside its record, and beside the history."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from har.errors import HarError, VerificationError
from har.lineage import digest
from har.lineage.record import FILE, Record
from har.lineage.signing import CLAIMS, claims
from har.lineage.signing import folder as signing
from har.lineage.signing.keys import PublicKey
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import placement
from har.registry.history.trail import Trail
from har.registry.moves.observation import Difference, differences, observe
from har.registry.verify.finding import Finding, instead
from har.registry.versions import gate_file
from har.registry.versions.files import MODEL, download_model
from har.registry.versions.judgement import last_judgement
from har.registry.versions.signature import LATER
from har.registry.versions.version import LINEAGE_DIGEST, ONNX_DIGEST, Version


def history(registry: Registry) -> tuple[list[Finding], Sequence[Event] | None]:
    """Verify the chain of the history, and that the registry stands where it says.

    Returns
    -------
    list of Finding
    sequence of Event or None
        None of a history that cannot be believed.
    """
    try:
        trail = Trail(registry)
    except VerificationError as error:
        return [Finding("history", "broken chain", str(error))], None
    head = trail.events[-1].sha256 if trail.events else "none"
    chain = Finding("history", "whole", f"{len(trail.events)} events, head {head}")
    found = differences(placement(trail.events), trail.events, observe(registry))
    return [chain, *map(_moved, found)], trail.events


def _moved(difference: Difference) -> Finding:
    what = f"{difference.what}, by the history"
    return Finding(what, "disagrees", instead(difference.expected, difference.found))


def record(
    version: Version, path: Path, events: Sequence[Event] | None
) -> tuple[Finding, Record | None]:
    """Compare the lineage record with the digest that the history has of it."""
    judged = last_judgement(events or (), version.number)
    expected = judged.lineage_digest if judged else version.tags.get(LINEAGE_DIGEST, "")
    if not path.is_file():
        return Finding(FILE, "missing"), None
    if (found := digest.of_file(path)) != expected:
        return Finding(FILE, "changed", instead(expected, found)), _readable(path)
    by = "as it was judged" if judged else "by its tag alone: the history has no judgement of it"
    return Finding(FILE, "whole", by), _readable(path)


def _readable(path: Path) -> Record | None:
    try:
        return Record.from_bytes(path.read_bytes())
    except HarError:
        return None


def files(known: Record, folder: Path) -> Iterator[Finding]:
    """Compare every file of a version with its record."""
    for name, sha256 in known.files.items():
        yield compared(name, folder / name, sha256)
    for name in signing.unknown(folder, known.files, (*LATER, signing.SIGNATURE)):
        yield Finding(name, "changed", "the record does not know this file")


def served(registry: Registry, version: Version, known: Record, folder: Path) -> Iterator[Finding]:
    """Compare the model that is served with its record."""
    sha256 = known.predicate.serving.sha256
    yield compared(
        f"served {MODEL}", download_model(registry, version.number, folder, MODEL), sha256
    )
    if (stated := version.tags.get(ONNX_DIGEST)) != sha256:
        yield Finding(f"tag {ONNX_DIGEST}", "disagrees", instead(sha256, stated))


def judgement(version: Version, folder: Path, events: Sequence[Event] | None) -> Iterator[Finding]:
    """Compare ``gate.json`` with the event of the last judgement."""
    if events is None:
        yield Finding(gate_file.FILE, "not looked at", "the history cannot be believed")
        return
    event = last_judgement(events, version.number)
    path = folder / gate_file.FILE
    if event is None:
        if path.exists():
            yield Finding(gate_file.FILE, "changed", "nobody judged this version")
        return
    if not path.is_file():
        yield Finding(gate_file.FILE, "missing")
        return
    try:
        content = json.loads(path.read_bytes())
        found = digest.of_json({**content, "at": "", "audit": ""})
        audit = content["audit"]
    except (ValueError, TypeError, KeyError):
        found = audit = "not a judgement"
    if event.content and (found, audit) != (event.content, event.sha256):
        yield Finding(gate_file.FILE, "changed", "not what the history's event was")
    else:
        yield Finding(gate_file.FILE, "whole", f"event {event.sha256}")
    if (tagged := gate_file.verdict_of(version.tags)) != event.verdict:
        yield Finding(f"tag {gate_file.TAG}", "disagrees", instead(event.verdict, tagged))


def signature(known: Record, folder: Path, trusted: Sequence[PublicKey]) -> Iterator[Finding]:
    """Verify the signature over a version's files, and every claim about them."""
    if not trusted and (folder / signing.SIGNATURE).exists():
        yield Finding(signing.SIGNATURE, "not looked at", "registry.trusted_keys names no keys")
        return
    checked = signing.check(folder, trusted)
    if checked.standing != "changed":
        yield Finding(signing.SIGNATURE, checked.standing, checked.signer)
    else:
        # What changed in the files themselves is found by their record.
        yield Finding(signing.SIGNATURE, "disagrees", "; ".join(checked.differences))
    path = folder / CLAIMS
    read = claims.verify_all(path.read_bytes(), trusted, CLAIMS) if path.exists() else ()
    for number, one in enumerate(read, 1):
        what = f"claim {number}, {one.claim.kind}"
        if one.claim.root != known.predicate.root:
            yield Finding(what, "disagrees", "it is about other files")
        elif one.standing == "valid":
            yield Finding(what, "whole", f"signed by {one.signer}")
        else:
            yield Finding(what, one.standing, one.signer)


def shown(registry: Registry, version: Version, stated: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare what MLflow shows with what was registered.

    Parameters
    ----------
    registry : Registry
        The model.
    version : Version
        The version.
    stated : mapping
        Content of ``registered.json``.
    """
    run = registry.client.get_run(version.run_id).data
    shown: dict[str, Mapping[str, Any]] = {
        "params": run.params,
        "metrics": run.metrics,
        "tags": version.tags,
    }
    for kind, values in shown.items():
        wrong = [
            Finding(f"MLflow's {kind[:-1]} {name}", "disagrees", instead(value, values.get(name)))
            for name, value in stated[kind].items()
            if values.get(name) != value
        ]
        yield from wrong or [Finding(f"MLflow's {kind}", "whole", f"{len(stated[kind])}")]


def compared(what: str, path: Path, sha256: str) -> Finding:
    """Compare the bytes of a file with a digest."""
    if not path.is_file():
        return Finding(what, "missing")
    return Finding.of(what, sha256, digest.of_file(path))
