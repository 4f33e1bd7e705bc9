"""What the gate asks of a model beside its scores: the quality of its data, its robustness.

========================  ====================================================
``data.json``             rows quarantined, samples repaired (removed, interpolated),
                          files that could not be read, what splits share
``robustness.json``       scores under every change of the sensors, as
                          `har.evaluation.robustness.robustness` returns them
========================  ====================================================
"""

import json
from pathlib import Path
from typing import Any

from har.data.ingested import read_accounts

DATA, ROBUSTNESS = "data.json", "robustness.json"
_REPAIRED = ("duplicate_rows", "repeated_times", "rows_interpolated")


def write_checks(
    out: Path, *, ingested: Path, cleaned: Path, split: Path, robustness: Path
) -> None:
    """Write both files of one candidate.

    Parameters
    ----------
    out : Path
        Folder that gets them.
    ingested, cleaned, split, robustness : Path
        Output folders of those steps, the last one the candidate's own.
    """
    accounts, cleaning = read_accounts(ingested), _json(cleaned / "report.json")
    data = {
        "rows_in": _total(accounts, "rows_in"),
        "rows_quarantined": _total(accounts, "rows_quarantined"),
        "files_rejected": sorted(name for account in accounts for name in account["rejected"]),
        "samples_in": _total(cleaning, "rows_in"),
        "samples_mended": _total(cleaning, *_REPAIRED),
        "shared": [
            f"{pair}: {name}"
            for pair, kinds in _json(split / "proof.json")["shared"].items()
            for names in kinds.values()
            for name in names
        ],
    }
    _write(out / DATA, data)
    _write(out / ROBUSTNESS, _json(robustness / ROBUSTNESS))


def _total(counts: list[dict[str, Any]], *names: str) -> int:
    return sum(int(count[name]) for count in counts for name in names)


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
