"""What an ingestion wrote beside its recordings: facts of the data sets, and accounts."""

import json
import os
from pathlib import Path
from typing import Any

ACCOUNTS = "accounts.json"
DATASET = "dataset.json"
QUARANTINED = "quarantine"


def read_facts(folder: Path) -> list[dict[str, Any]]:
    """Return what each data set in a folder states of itself."""
    facts = json.loads((folder / DATASET).read_text())
    return facts if isinstance(facts, list) else [facts]


def read_accounts(folder: Path) -> list[dict[str, Any]]:
    """Return the account of each item: rows read, kept, repaired, quarantined."""
    accounts: list[dict[str, Any]] = json.loads((folder / ACCOUNTS).read_text())
    return accounts


def link(source: Path, target: Path) -> None:
    """Give a file a second name; copy it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        target.write_bytes(source.read_bytes())
