"""Who is held out of a data set is known before anybody looks at it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.data import sources
from har.data.sources.base import Source
from har.data.splits import held_out, split_subjects


def canonical(source: Source) -> dict[str, tuple[str, ...]]:
    """Return a data set's own split."""
    return {"test": source.test_subjects, "validation": source.validation_subjects}


def test_canonical_subjects_are_held_out() -> None:
    """HAPT's own test subjects; of a part of it, those who are there."""
    hapt = sources.get("hapt")
    everyone = [f"hapt-{n:02}" for n in range(1, 31)]
    found = held_out(everyone, **canonical(hapt))
    assert sorted(found["test"]) == sorted(hapt.test_subjects)
    assert sorted(found["validation"]) == sorted(hapt.validation_subjects)
    few = held_out(["hapt-01", "hapt-02", "hapt-07"], **canonical(hapt))
    assert few == {"test": ["hapt-02"], "validation": ["hapt-07"]}


@pytest.mark.parametrize("name", sources.names())
def test_canonical_splits_are_disjoint(name: str) -> None:
    """No data set's own split shares a person, and all names are its own."""
    source = sources.get(name)
    assert not set(source.test_subjects) & set(source.validation_subjects)
    assert all(
        who.startswith(f"{name}-") for who in source.test_subjects + source.validation_subjects
    )


def test_others_are_chosen_by_digest() -> None:
    """Three of ten for the test and two for validation: the smallest digests of the ids."""
    everyone = [f"mine-{n}" for n in range(10)]
    ranked = sorted(everyone, key=lambda who: hashlib.sha256(who.encode()).hexdigest())
    assert held_out(everyone) == {"test": ranked[:3], "validation": ranked[3:5]}


def test_choice_by_hand() -> None:
    """SHA-256 of a is ca97…, b 3e23…, c 2e7d…, d 18ac…: d, then c."""
    assert held_out("abcd") == {"test": ["d"], "validation": ["c"]}


def test_absent_canonical_subjects_give_way_to_digests() -> None:
    """Where none of the data set's own are there, somebody is held out all the same."""
    hapt = sources.get("hapt")
    found = held_out(["hapt-01", "hapt-03", "hapt-05"], **canonical(hapt))
    assert found == held_out(["hapt-01", "hapt-03", "hapt-05"])
    assert len(found["test"]) == len(found["validation"]) == 1


@given(st.data())
def test_order_does_not_matter_and_nobody_is_in_two(data: st.DataObject) -> None:
    """The same people give the same split, and enough of them train."""
    people = data.draw(st.lists(st.text(min_size=1, max_size=5), min_size=3, unique=True))
    found = held_out(people)
    assert held_out(data.draw(st.permutations(people))) == found
    assert held_out(people * 2) == found
    splits = split_subjects(people, test=found["test"], validation=found["validation"])
    assert sorted(who for part in splits.by_split.values() for who in part) == sorted(people)
    assert len(splits.test) == max(1, round(0.3 * len(people)))
    assert len(splits.validation) == max(1, round(0.2 * len(people)))
