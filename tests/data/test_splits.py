"""No person and no recording in two splits."""

import pytest

from har.data.assignment import Assignment, Shared
from har.data.splits import prove_disjoint, split_subjects
from har.errors import DataError


def test_everyone_is_in_one_split() -> None:
    """Who is not held out trains."""
    found = split_subjects("abcde", test=["b"], validation=["d"])
    assert found == Assignment(train=("a", "c", "e"), validation=("d",), test=("b",))


@pytest.mark.parametrize(
    ("test", "validation", "message"),
    [
        (["z"], ["a"], "not in the data: z"),
        (["a"], ["a"], "both test and validation: a"),
        ([], ["a"], "no subject left for: test"),
        (["a", "b"], ["c"], "no subject left for: train"),
    ],
)
def test_impossible_splits_are_refused(
    test: list[str], validation: list[str], message: str
) -> None:
    """Unknown, doubled and empty choices are named."""
    with pytest.raises(DataError, match=message):
        split_subjects("abc", test=test, validation=validation)


def test_proof_shows_empty_intersections() -> None:
    """The proof lists every pair of splits and what they share: nothing."""
    splits = split_subjects("abc", test=["b"], validation=["c"])
    proof = prove_disjoint(splits, {"a1": ("a", "01"), "b1": ("b", "02"), "c1": ("c", "03")})
    assert proof.subjects == {"train": 1, "validation": 1, "test": 1}
    assert set(proof.shared) == {"train and validation", "train and test", "validation and test"}
    assert all(shared == Shared() for shared in proof.shared.values())


def test_a_copied_part_is_found() -> None:
    """A stretch of one subject's recording in another's is a leak between splits only."""
    splits = split_subjects("abc", test=["b"], validation=["c"])
    contents = {"a1": ("a", "01"), "b1": ("b", "02"), "c1": ("c", "03")}
    with pytest.raises(DataError, match="b = a"):
        prove_disjoint(splits, contents, [("b", "a")])
    assert prove_disjoint(splits, contents, [("a", "a")]).subjects["train"] == 1


def test_copied_recording_is_found() -> None:
    """The same samples under two subjects' names are a leak."""
    splits = split_subjects("abc", test=["b"], validation=["c"])
    contents = {"a1": ("a", "01"), "b1": ("b", "01"), "c1": ("c", "03")}
    with pytest.raises(DataError, match="a1 = b1"):
        prove_disjoint(splits, contents)
