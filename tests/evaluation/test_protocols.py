"""Folds test everybody once, and never train or judge on whom they test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.errors import UsageError
from har.evaluation.protocols import Fold, Protocol, make_folds

CANONICAL = Fold("canonical", ("s1",), ("s2",))


def people(n: int, *datasets: str) -> dict[str, str]:
    """Return subjects of data sets in turn."""
    names = datasets or ("lab",)
    return {f"s{i}": names[i % len(names)] for i in range(n)}


def folds(protocol: Protocol, subjects: dict[str, str], *, groups: int = 5) -> list[Fold]:
    """Return the folds with two validation subjects where one is left out."""
    return make_folds(protocol, subjects, canonical=CANONICAL, n_groups=groups, n_validation=2)


@given(st.integers(6, 40), st.integers(3, 6), st.sampled_from(["groups", "loso"]))
def test_everybody_is_tested_once(n: int, groups: int, protocol: Protocol) -> None:
    """Test subjects partition the people; validation is apart, and somebody is left to train."""
    subjects = people(n)
    found = folds(protocol, subjects, groups=groups)
    assert sorted(who for fold in found for who in fold.test) == sorted(subjects)
    for fold in found:
        assert fold.validation and not set(fold.test) & set(fold.validation)
        assert set(subjects) - set(fold.test) - set(fold.validation)
    assert len({fold.name for fold in found}) == len(found)


def test_groups_are_of_equal_size_and_mixed_over_data_sets() -> None:
    """Ten people in five groups: two each, one of either data set."""
    subjects = people(10, "a", "b")
    for fold in folds("groups", subjects):
        assert sorted(subjects[who] for who in fold.test) == ["a", "b"]


def test_the_order_of_the_subjects_does_not_matter() -> None:
    """Groups follow from the ids alone."""
    subjects = people(12)
    turned = dict(reversed(subjects.items()))
    assert folds("groups", subjects) == folds("groups", turned)


def test_one_subject_is_left_out() -> None:
    """As many folds as people, named by whom they test, with the validation asked for."""
    found = folds("loso", people(6))
    assert all(fold.test == (fold.name,) and len(fold.validation) == 2 for fold in found)


def test_one_data_set_is_left_out() -> None:
    """All of its people are tested, and the others' people train and validate."""
    subjects = people(20, "a", "b")
    first, second = folds("cross-dataset", subjects)
    assert (first.name, second.name) == ("a", "b")
    assert {subjects[who] for who in first.test} == {"a"} and len(first.test) == 10
    assert {subjects[who] for who in first.validation} == {"b"} and len(first.validation) == 2


def test_the_canonical_split_is_one_fold() -> None:
    """It is the data's own."""
    assert folds("canonical", people(3)) == [CANONICAL]


@pytest.mark.parametrize(("protocol", "n"), [("groups", 4), ("loso", 3), ("cross-dataset", 9)])
def test_too_few_people_or_data_sets(protocol: Protocol, n: int) -> None:
    """The error names the protocol and what it needs."""
    with pytest.raises(UsageError, match=f"protocol {protocol}"):
        folds(protocol, people(n))
