"""What is known of a checkpoint, as it is kept."""

import json
from pathlib import Path

import pytest
from records import pretraining

from har.errors import VerificationError
from har.training.base import BaseCheckpoint

KNOWN = BaseCheckpoint(refused=None, revision="abc", licence="mit", people=None, datasets=("hapt",))


def test_what_is_known_is_read_as_it_was_written(tmp_path: Path) -> None:
    KNOWN.write(tmp_path)
    assert BaseCheckpoint.read(tmp_path) == KNOWN
    assert KNOWN.is_taken


def test_a_pretraining_of_ours_says_whom_it_has_seen(tmp_path: Path) -> None:
    pretraining(subjects=("s1", "s2")).write(tmp_path)
    known = BaseCheckpoint.read(tmp_path)
    assert (known.people, known.datasets) == (("s1", "s2"), ("tiny",))


def test_a_wrong_type_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text(json.dumps({**KNOWN.to_dict(), "revision": 7}))
    with pytest.raises(VerificationError, match=r"checkpoint\.json: revision: "):
        BaseCheckpoint.read(tmp_path)
