"""The gate's last decision on a version: a file of its run, which one small tag names.

The tag ``har.gate`` says ``passed`` or ``refused``, by which event of the history, and which
``gate.json`` holds what the rules found; in words, the version's description has it. An earlier
`har` kept all of it in the tag.
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
TAG = "har.gate"


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
    sha256 = digest.of_bytes(json.dumps(content, indent=2).encode())
    text = f"{decision.verdict} event={decision.audit} sha256={sha256}"
    number = str(decision.version)
    registry.writer.set_model_version_tag(registry.model, number, TAG, text)


def event_of(tags: Mapping[str, str]) -> str:
    """Return the digest of the event in the history whose decision a version's tag names."""
    return _named(tags).get("event", "")


def verdict_of(tags: Mapping[str, str]) -> str:
    """Return ``passed`` or ``refused``; empty of a version that was not judged."""
    return _named(tags).get("verdict", "")


def kept(registry: "Registry | None", run: str, tags: Mapping[str, str]) -> Decision | None:
    """Return the decision that a version's tag names; None if the file is not that one."""
    if _is_of_earlier(tags):
        return Decision.from_json(tags[TAG])
    sha256 = _named(tags).get("sha256")
    if registry is None or sha256 is None:
        return None
    data = read(registry, run, FILE)
    if data is None or digest.of_bytes(data) != sha256:
        return None
    return Decision.from_json(data.decode())


def _is_of_earlier(tags: Mapping[str, str]) -> bool:
    return tags.get(TAG, "").startswith("{")


def _named(tags: Mapping[str, str]) -> dict[str, str]:
    if _is_of_earlier(tags):
        decision = Decision.from_json(tags[TAG])
        return {"verdict": decision.verdict, "event": decision.audit}
    verdict, *others = tags.get(TAG, "").split()[:3] or [""]
    return {"verdict": verdict, **dict(part.split("=", 1) for part in others if "=" in part)}


def read(registry: "Registry", run: str, name: str) -> bytes | None:
    """Return a file of a version's run; None if it is not there."""
    location = registry.reader.run_location(run)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return download(registry, location, Path(folder), name).read_bytes()
        except OSError:
            return None
        except Exception as error:
            # MLflow's own is known by its name: importing MLflow takes seconds.
            if type(error).__name__ != "MlflowException":
                raise
            return None
