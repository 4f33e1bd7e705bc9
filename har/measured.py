"""What a machine measured, beside the content that it was measured on.

Seconds and latencies differ each time and on each machine. They are kept in a file of
their own, which is no part of a result's digest.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MEASURED = "measured.json"


def write_measured(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write facts into ``measured.json`` of a folder."""
    (folder / MEASURED).write_text(json.dumps(dict(facts), indent=1) + "\n")


def read_measured(folder: Path) -> dict[str, Any]:
    """Return what was measured in a folder, nothing if nobody measured."""
    path = folder / MEASURED
    facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return facts
