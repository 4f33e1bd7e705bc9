"""What an ingestion wrote is read as every `har` so far wrote it."""

import json
from pathlib import Path
from typing import Any

import pytest

from har.data.ingested import Accounts, Datasets
from har.errors import VerificationError

ACCOUNT: dict[str, Any] = {
    "item": "one",
    "files": {"a.csv": "00"},
    "rows_in": 100,
    "rows_kept": 80,
    "rows_repaired": 5,
    "rows_quarantined": 15,
    "rows_left_out": 0,
    "samples": 85,
    "repairs": {"clock went back": 5},
    "reasons": {"not a number": 15},
    "rejected": {"b": "no rows"},
    "warnings": [{"recording": "a", "kind": "rate", "detail": "49 Hz"}],
}
DATASET: dict[str, Any] = {
    "name": "lab",
    "source": "lab",
    "title": "Laboratório",
    "licence": "CC0 1.0",
    "citation": "A. Person: Laboratory, 2026.",
    "homepage": "https://example.org/lab",
    "placements": ["wrist"],
    "rate_hz": 50,
    "units": "m/s²",
    "faults": [["clock goes back", "sorted"]],
    "classes": [],
    "test_subjects": ["lab-01"],
    "validation_subjects": [],
    "archive_url": None,
    "root": "lab.zip",
    "root_sha256": None,
    "rejected_items": {},
    "recordings": 2,
    "subjects": 2,
    "activities": ["walking"],
    "single_activity": ["lab-01"],
    "copies": [{"recording": "b", "same_as": "a", "share": 0.5}],
}


def test_accounts_are_a_list_and_keep_their_bytes(tmp_path: Path) -> None:
    """An ingestion has the same digest, whichever `har` wrote it."""
    second = {**ACCOUNT, "item": "two", "reasons": {"not a number": 1}}
    written = json.dumps([ACCOUNT, second], indent=1) + "\n"
    (tmp_path / "accounts.json").write_text(written)
    accounts = Accounts.read(tmp_path)
    assert accounts.counts["rows_in"] == 200
    assert accounts.reasons == {"not a number": 16}
    assert accounts.repairs == {"clock went back": 10}
    assert accounts.rejected == {"b": "no rows"}
    accounts.write(tmp_path)
    assert (tmp_path / "accounts.json").read_text() == written


@pytest.mark.parametrize("content", [DATASET, [DATASET, {**DATASET, "name": "lab2"}]])
def test_facts_of_one_and_of_several_keep_their_bytes(tmp_path: Path, content: Any) -> None:
    """One data set is written as it is, joined ones as a list."""
    written = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (tmp_path / "dataset.json").write_text(written, encoding="utf-8")
    found = Datasets.read(tmp_path)
    assert found.datasets[0].copies[0].share == 0.5
    found.write(tmp_path)
    assert (tmp_path / "dataset.json").read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"rows_in": "100"}, r"items\.0\.rows_in: "),
        ({"reasons": {"copy": 1.5}}, r"items\.0\.reasons\.copy: "),
        ({"warnings": [{"kind": "rate"}]}, r"items\.0\.warnings\.0\.recording: "),
    ],
)
def test_a_wrong_type_in_an_account_is_refused_by_name(
    tmp_path: Path, changed: dict[str, Any], named: str
) -> None:
    (tmp_path / "accounts.json").write_text(json.dumps([{**ACCOUNT, **changed}]))
    with pytest.raises(VerificationError, match=rf"accounts\.json: {named}"):
        Accounts.read(tmp_path)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"title": 1}, "title"), ({"faults": [["one"]]}, r"faults\.0\.1"), ({"copies": {}}, "copies")],
)
def test_a_wrong_type_in_facts_is_refused_by_name(
    tmp_path: Path, changed: dict[str, Any], named: str
) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({**DATASET, **changed}))
    with pytest.raises(VerificationError, match=rf"dataset\.json: datasets\.0\.{named}: "):
        Datasets.read(tmp_path)
