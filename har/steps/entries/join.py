"""Several ingested data sets side by side."""

import json
from pathlib import Path

from har.data.ingested import ACCOUNTS, DATASET, link, read_accounts, read_facts


def join(out: Path, *, parts: dict[str, Path]) -> None:
    """Put the recordings of several ingested data sets in one folder, with their accounts."""
    facts, accounts = [], []
    for folder in parts.values():
        for path in folder.glob("*.parquet"):
            link(path, out / path.name)
        facts += read_facts(folder)
        accounts += read_accounts(folder)
    (out / DATASET).write_text(json.dumps(facts, indent=1) + "\n")
    (out / ACCOUNTS).write_text(json.dumps(accounts, indent=1) + "\n")
