"""What the gate asks beside scores, gathered from what the steps wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from har.registry.gate.checks import write_checks


def write(path: Path, value: Any) -> Path:
    """Write JSON; return its folder."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))
    return path.parent


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    """Write two files' accounts, two recordings' cleaning, a proof and a model's scores."""
    accounts = [
        {"rows_in": 100, "rows_quarantined": 7, "rejected": {}},
        {"rows_in": 50, "rows_quarantined": 0, "rejected": {"b.csv": "no rows"}},
    ]
    counts = {"rows_in": 90, "duplicate_rows": 1, "repeated_times": 2, "rows_interpolated": 3}
    scores = {"perturbations": [{"name": "gain +5 %"}]}
    shared = {"train and test": {"subjects": [], "parts": ["s1 = s4"]}}
    return {
        "ingested": write(tmp_path / "ingest" / "accounts.json", accounts),
        "cleaned": write(tmp_path / "clean" / "report.json", [counts, counts]),
        "split": write(tmp_path / "split" / "proof.json", {"shared": shared}),
        "robustness": write(tmp_path / "robustness" / "robustness.json", scores),
    }


def test_totals_and_own_robustness(inputs: dict[str, Path], tmp_path: Path) -> None:
    """Counts are summed over files and recordings; the scores are the candidate's own."""
    write_checks(tmp_path, **inputs)
    assert json.loads((tmp_path / "data.json").read_text()) == {
        **{"rows_in": 150, "rows_quarantined": 7, "files_rejected": ["b.csv"]},
        **{"samples_in": 180, "samples_mended": 12, "shared": ["train and test: s1 = s4"]},
    }
    found = json.loads((tmp_path / "robustness.json").read_text())
    assert found == {"perturbations": [{"name": "gain +5 %"}]}
