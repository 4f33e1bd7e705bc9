"""The gate's last decision on a version: a file of its run, found by three small tags.

The tag ``har.gate`` says ``passed`` or ``refused``; what the rules found is in ``gate.json``,
which the tags know by its digest, and in words in the version's description. An earlier `har`
kept all of it in the tag.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from har.lineage import digest
from har.registry.locations import download, log_json
from har.registry.versions.decision import Decision

if TYPE_CHECKING:
    from har.registry.handle import Registry

FILE = "gate.json"
TAG, _EVENT, _SHA256 = "har.gate", "har.gate_event", "har.gate_sha256"


def keep(registry: "Registry", run: str, decision: Decision) -> None:
    """Keep a decision that the history names; after a kill in between, there is none.

    Parameters
    ----------
    registry : Registry
        The model.
    run : str
        Of the version.
    decision : Decision
        With the digest of its event.
    """
    content = decision.to_dict()
    log_json(registry, run, FILE, content)
    tags = {
        _SHA256: digest.of_bytes(json.dumps(content, indent=2).encode()),
        _EVENT: decision.audit,
        TAG: decision.verdict,
    }
    for name, value in tags.items():
        number = str(decision.version)
        registry.writer.set_model_version_tag(registry.model, number, name, value)


def event_of(tags: Mapping[str, str]) -> str | None:
    """Return the digest of the event in the history whose decision a version's tags name."""
    if tags.get(TAG, "").startswith("{"):
        return Decision.from_json(tags[TAG]).audit
    return tags.get(_EVENT)


def kept(registry: "Registry | None", run: str, tags: Mapping[str, str]) -> Decision | None:
    """Return the decision that a version's tags name; None if the file is not that one."""
    if tags.get(TAG, "").startswith("{"):
        return Decision.from_json(tags[TAG])
    if registry is None or _SHA256 not in tags:
        return None
    data = _read(registry, run)
    if data is None or digest.of_bytes(data) != tags[_SHA256]:
        return None
    return Decision.from_json(data.decode())


def _read(registry: "Registry", run: str) -> bytes | None:
    location = registry.reader.run_location(run)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return download(registry, location, Path(folder), FILE).read_bytes()
        except OSError:
            return None
        except Exception as error:
            # MLflow's own is known by its name: importing MLflow takes seconds.
            if type(error).__name__ != "MlflowException":
                raise
            return None
