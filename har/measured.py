"""Measured times and hosts: they lie beside the content and are not part of its digest.

What a step makes is a function of its inputs, to the byte. How long it took, and where,
is not; it goes into a file of its own, which the digest of a folder leaves out.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MEASURED = "measured.json"


def write_measured(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``measured.json`` into the folder of what was made.

    Parameters
    ----------
    folder : Path
        Where the content is.
    facts : mapping
        JSON-able, as ``seconds``.
    """
    text = json.dumps(dict(facts), indent=1, allow_nan=False)
    (folder / MEASURED).write_text(text + "\n", encoding="utf-8")


def read_measured(folder: Path) -> dict[str, Any]:
    """Return what was measured when a folder was made; nothing if nobody wrote it down."""
    path = folder / MEASURED
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return facts
