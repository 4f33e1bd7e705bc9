"""Splits as they are kept."""

import json
from pathlib import Path

import pytest

from har.data.assignment import Assignment, Proof, Shared
from har.errors import VerificationError

ASSIGNED = Assignment(train=("a", "b"), validation=("c",), test=("d", "e"))
PROOF = Proof(
    subjects={"train": 1, "test": 1},
    recordings={"train": 2, "test": 1},
    shared={"train and test": Shared(parts=("a = b",))},
    sample_digests={"a-1": "00", "a-2": "01", "b-1": "02"},
)


def test_an_assignment_is_read_as_it_was_written(tmp_path: Path) -> None:
    ASSIGNED.write(tmp_path)
    assert Assignment.read(tmp_path) == ASSIGNED
    assert ASSIGNED.held_out == ("c", "d", "e")
    assert list(ASSIGNED.by_split) == ["train", "validation", "test"]


def test_a_proof_is_read_as_it_was_written(tmp_path: Path) -> None:
    PROOF.write(tmp_path)
    assert Proof.read(tmp_path) == PROOF
    assert PROOF.shared["train and test"].names == ("a = b",)


@pytest.mark.parametrize(
    ("kept", "changed", "named"),
    [
        (ASSIGNED, {"test": "d"}, "split.json: test: "),
        (ASSIGNED, {"train": ["a", 2]}, "split.json: train.1: "),
        (PROOF, {"subjects": {"train": "1"}}, "proof.json: subjects.train: "),
        (PROOF, {"shared": {"a": {"parts": [1]}}}, "proof.json: shared.a.parts.0: "),
    ],
)
def test_a_wrong_type_is_refused_by_name(
    tmp_path: Path, kept: Assignment | Proof, changed: dict[str, object], named: str
) -> None:
    (tmp_path / kept.FILE).write_text(json.dumps({**kept.to_dict(), **changed}))
    with pytest.raises(VerificationError) as caught:
        type(kept).read(tmp_path)
    assert named in str(caught.value)
