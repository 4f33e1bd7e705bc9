"""Judgements as files of a version's run, so that a kill loses none that the history names.

A judgement is written to ``gate/<digest>.json`` before the event ``gate`` names its digest.
What follows the event, ``gate.json`` and the tag (`har.registry.versions.gate_file`), is made of
the two by whoever comes next. So no version is judged twice, and every judgement of the history
can be read.
"""

from collections.abc import Sequence
from dataclasses import replace

from har.errors import VerificationError
from har.lineage import digest
from har.registry.handle import Registry
from har.registry.history.events import Event, GateDecided
from har.registry.history.placement import judged_content, of_version
from har.registry.locations import log_json
from har.registry.reading import RegisteredVersion
from har.registry.versions import gate_file
from har.registry.versions.decision import Decision
from har.registry.versions.version import LINEAGE_DIGEST, Version

# In a version's run.
FOLDER = "gate"


def write_down(registry: Registry, run: str, decision: Decision) -> str:
    """Keep a judgement before the history names it; return the digest of its content."""
    content = digest.of_json(decision.to_dict())
    log_json(registry, run, _file(content), decision.to_dict())
    return content


def publish(registry: Registry, run: str, decision: Decision, event: GateDecided) -> Decision:
    """Write a judgement that the history names where MLflow's pages show it; return it."""
    decision = replace(decision, at=event.time, audit=event.sha256)
    gate_file.keep(registry, run, decision)
    return decision


def complete(registry: Registry, events: Sequence[Event]) -> list[Decision]:
    """Publish the judgements that a killed process recorded and did not publish.

    Returns
    -------
    list of Decision
        Those judgements. One whose file is not there, as an earlier `har` wrote none, is not
        among them: its version is judged again.
    """
    completed = []
    for version in registry.reader.versions(registry.model):
        event = last_judgement(events, version.number)
        if event is None or _is_published(version, event):
            continue
        if decision := _read(registry, version.run_id, event):
            completed.append(publish(registry, version.run_id, decision, event))
    return completed


def last_judgement(events: Sequence[Event], number: int) -> GateDecided | None:
    """Return the event of a version's last judgement, or None if it was never judged."""
    judged = [
        event
        for event in of_version(events, number)
        if isinstance(event, GateDecided) and event.version == number
    ]
    return judged[-1] if judged else None


def require_judged(version: Version, events: Sequence[Event]) -> Version:
    """Refuse another version of the number of one that was judged; return the version.

    What counts is the history. A tag lies beside the file that it is about, and whoever can
    change the one can change the other.

    Raises
    ------
    VerificationError
        If its lineage record is not the one of the last judgement.
    """
    judged, found = judged_content(events, version.number), version.tags.get(LINEAGE_DIGEST)
    if judged is not None and judged != found:
        raise VerificationError(
            f"version {version.number} is not the one that was judged under this number",
            expected=f"the lineage record {judged[:12]}…",
            found=f"{found[:12]}…" if found else "none",
            hint="see `har registry reconcile`",
        )
    return version


def _is_published(version: RegisteredVersion, event: GateDecided) -> bool:
    """Whether its tag is of this judgement, or it is another version of this number."""
    if version.tags.get(LINEAGE_DIGEST) != event.lineage_digest:
        return True
    return gate_file.event_of(version.tags) == event.sha256


def _read(registry: Registry, run: str, event: GateDecided) -> Decision | None:
    """Read a judgement whose content is the one that the history names; None if there is none."""
    try:
        data = gate_file.read(registry, run, _file(event.content))
        if data is None:
            return None
        decision = Decision.from_json(data.decode())
    except (ValueError, LookupError, TypeError):
        return None
    return decision if digest.of_json(decision.to_dict()) == event.content else None


def _file(content: str) -> str:
    return f"{FOLDER}/{content[:16]}.json"
