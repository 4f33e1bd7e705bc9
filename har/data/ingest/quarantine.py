"""Why rows are in quarantine, with examples."""

from pathlib import Path
from typing import Any

import pandas as pd

from har import parquet


def quarantine_reasons(folder: Path) -> list[dict[str, Any]]:
    """Return the reasons for which rows are in quarantine, with counts and a first row."""
    found = quarantine_examples(folder, 1)
    return [{"reason": e["reason"], "rows": e["rows"], **e["examples"][0]} for e in found]


def quarantine_examples(folder: Path, n: int) -> list[dict[str, Any]]:
    """Return why rows are in quarantine: ``reason``, ``rows`` and up to n ``examples``.

    An example has ``file``, ``line`` and ``content``.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.parquet")):
        with parquet.open_file(path, str(path)) as file:
            for batch in file.iter_batches():
                _count(batch.to_pandas(), n, found)
    return list(found.values())


def _count(rows: pd.DataFrame, n: int, found: dict[str, dict[str, Any]]) -> None:
    """Add rows in quarantine to what was found, by reason, with up to n examples of each."""
    for reason, alike in rows.groupby("reason", sort=False):
        empty: dict[str, Any] = {"reason": reason, "rows": 0, "examples": []}
        entry = found.setdefault(str(reason), empty)
        # An entry of a file that could not be read stands for all its rows.
        entry["rows"] += int(alike["rows"].sum()) if "rows" in alike else len(alike)
        wanted = alike.head(n - len(entry["examples"]))
        entry["examples"] += wanted[["file", "line", "content"]].to_dict("records")
