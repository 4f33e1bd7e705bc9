"""What cleaning changed, as it is kept."""

import json
from pathlib import Path

import pytest

from har.data.cleaning import Changes, Cleaning, CleanReport
from har.errors import VerificationError


def report(recording: str, n: int) -> CleanReport:
    return CleanReport(recording_id=recording, **dict.fromkeys(Changes.model_fields, n))


CLEANING = Cleaning(recordings=(report("a", 1), report("b", 20)))


def test_totals_are_sums_over_recordings(tmp_path: Path) -> None:
    CLEANING.write(tmp_path)
    assert Cleaning.read(tmp_path) == CLEANING
    totals = CLEANING.totals
    assert totals.to_dict() == dict.fromkeys(Changes.model_fields, 21)
    assert totals.rows_repaired == 63


def test_a_wrong_type_is_refused_by_name(tmp_path: Path) -> None:
    first, second = CLEANING.to_dict()["recordings"]
    kept = {"recordings": [first, {**second, "gaps_filled": 1.5}]}
    (tmp_path / "cleaning.json").write_text(json.dumps(kept))
    with pytest.raises(VerificationError, match=r"cleaning\.json: recordings\.1\.gaps_filled: "):
        Cleaning.read(tmp_path)
