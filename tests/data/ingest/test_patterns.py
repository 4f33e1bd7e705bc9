"""Patterns of a mapping: RE2's, with letters of every language."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.data.ingest.mapping import make_entries
from har.data.ingest.patterns import LONGEST, first_group, n_groups
from har.errors import DataError

# What people write, of docs and tests; Python's own `re` is the reference.
USUAL = (
    *(r"s(\d+)", r"s(\d+)/", r"P([0-9]+)", r"^([^/]+)/", r"^(.*?)/", r"s(\d+)\.csv", r"(\w+)/"),
    *(r"gait-([a-z]+)", r"(trial[0-9]+)", r"(k[0-9])/", r"([\w-]+)_\d", r"(?:a|b)+(c?)"),
)
NAMES = st.text(st.sampled_from("aSs1k9_-./µüß漢trialP"), max_size=30)


@given(st.sampled_from(USUAL), NAMES)
def test_usual_patterns_find_what_python_finds(pattern: str, name: str) -> None:
    """The same group, whatever the case of letters."""
    match = re.search(pattern, name, re.IGNORECASE)
    assert first_group(pattern, name) == ((match[1] or "") if match else "")


def test_time_is_linear_to_the_path() -> None:
    """A pattern for which Python would need longer than the universe has been there."""
    start = time.perf_counter()
    assert first_group("^(a+)+$", "a" * 100_000 + "!") == ""
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(?=s)(\d)", "look-around, references to groups and the like are not known"),
        (r"(a)\1", "are not known"),
        ("((", r"is no regular expression: missing \)"),
        ("(a{1000}){1000}", "repetition size"),
        ("(a)" * LONGEST, "longer than 10,000 characters"),
        ("(\ud800)", "a character that is none"),
        ("no group", "needs one group"),
        ("(a)(b)", "needs one group"),
    ],
)
def test_patterns_that_cannot_be_searched_are_refused(pattern: str, why: str) -> None:
    """With what is wrong, before a file is read."""
    for entry in ("subject_pattern", "recording_pattern", "activity_pattern"):
        with pytest.raises(DataError, match=why):
            make_entries({entry: pattern}, "flags")


def test_a_name_that_is_no_utf8_is_searched() -> None:
    """Its odd byte is no letter that a pattern would name."""
    assert first_group(r"s(\d+)", "\udcff/s12.csv") == "12"
    assert n_groups(r"[(](\w)") == 1
