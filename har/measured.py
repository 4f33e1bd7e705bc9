"""What was measured of a step: times, hosts and the like, beside its content.

They differ from one making to the next, so the store leaves their file out of the
digest of a step's content.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MEASURED = "measured.json"


def write_measured(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``measured.json`` into a step's folder."""
    (folder / MEASURED).write_text(json.dumps(dict(facts), indent=1) + "\n")


def read_measured(folder: Path) -> dict[str, Any]:
    """Read ``measured.json``; nothing of a step that measured nothing."""
    path = folder / MEASURED
    facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return facts
