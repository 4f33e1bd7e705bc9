"""The taxonomy is one tree, and every data set's words lead into it."""

import tomllib
from pathlib import Path

import pytest

from har.data import activities, sources
from har.data.activities import (
    BASIC,
    SHARED,
    SYNONYMS,
    TAXONOMY,
    TRANSITIONS,
    Taxonomy,
    class_names,
    in_order,
    labels,
    name_of,
)
from har.errors import DataError

FILE = tomllib.loads(Path(activities.__file__).with_name("taxonomy.toml").read_text())


@pytest.mark.parametrize("dataset", sorted(FILE["labels"]))
def test_every_label_is_an_activity_or_left_out(dataset: str) -> None:
    """No word leads out of the taxonomy, and the data set is one that can be ingested."""
    assert {*FILE["labels"][dataset].values()} <= {*SHARED, ""}
    assert dataset in sources.names()
    assert set(labels(dataset)) == set(FILE["labels"][dataset])


def test_every_data_set_has_labels() -> None:
    """A source without words of its own would be unlabelled throughout."""
    assert set(sources.names()) == set(FILE["labels"])
    assert labels("nobody's") == {}


def test_left_out_is_none() -> None:
    """PAMAP2's transient rows have no activity, which is not the same as an unknown word."""
    assert labels("pamap2")["0"] is None
    assert labels("pamap2")["4"] == "walking"
    assert "8" not in labels("pamap2")


def test_every_parent_exists_and_none_is_its_own_ancestor() -> None:
    """Following parents ends at a root."""
    tree = FILE["activities"]
    assert set(tree.values()) <= {*tree, ""}
    for name in tree:
        path = [name]
        while above := tree[path[-1]]:
            assert above not in path
            path.append(above)
        assert TAXONOMY.parents(name) == tuple(path[1:])


def test_names_are_plain() -> None:
    """Lower case with hyphens, as words of the data sets are brought to."""
    assert all(name == name.lower() and not set(name) & set(" _") for name in SHARED)


def test_the_first_twelve_are_those_of_hapt() -> None:
    """Classes of models that were trained before stand in this order."""
    assert SHARED[:12] == (
        *("walking", "stairs-up", "stairs-down", "sitting", "standing", "lying"),
        *("stand-to-sit", "sit-to-stand", "sit-to-lie"),
        *("lie-to-sit", "stand-to-lie", "lie-to-stand"),
    )
    assert SHARED[:12] == BASIC + TRANSITIONS == class_names(12)
    assert class_names(6) == BASIC
    assert len(SHARED) == len(set(SHARED)) == len(FILE["activities"])


@pytest.mark.parametrize(
    ("activity", "classes", "lifted"),
    [
        ("walking", ["walking", "locomotion"], "walking"),
        ("nordic-walking", ["walking", "locomotion"], "walking"),
        ("stairs-up", ["locomotion"], "locomotion"),
        ("stairs-up", ["stairs-down"], None),
        ("stairs", ["stairs-up"], None),
        ("treadmill-running", ["running", "walking"], "running"),
        ("sitting", [], None),
    ],
)
def test_lift(activity: str, classes: list[str], lifted: str | None) -> None:
    """Itself or the nearest ancestor; never a child or a sibling."""
    assert TAXONOMY.lift(activity, classes) == lifted


@pytest.mark.parametrize(
    ("sets", "shared"),
    [
        ([["sitting", "walking"], ["walking", "lying"]], ("walking",)),
        # One tells stairs apart and the other does not.
        ([["walking", "stairs-up", "stairs-down"], ["stairs", "walking"]], ("walking", "stairs")),
        # Both tell them apart: no need for the coarser one.
        (
            [["stairs-up", "stairs-down"], ["stairs-up", "stairs-down"]],
            ("stairs-up", "stairs-down"),
        ),
        # Three sets: the coarsest decides.
        ([["jogging"], ["running"], ["treadmill-running", "jogging"]], ("running",)),
        # Siblings have a parent that nobody labels.
        ([["jogging"], ["treadmill-running"]], ()),
        ([["walking", "sitting"]], ("walking", "sitting")),
        ([["sitting", "walking"], []], ()),
    ],
)
def test_common(sets: list[list[str]], shared: tuple[str, ...]) -> None:
    """What every set labels, itself or finer, in the taxonomy's order."""
    assert TAXONOMY.common(sets) == shared
    assert TAXONOMY.common(reversed(sets)) == shared


def test_others_follow_by_name() -> None:
    """The taxonomy's come in its order, each once; then those that it lacks."""
    names = ["zumba", "lying", "abduction", "walking", "zumba"]
    assert in_order(names) == ("walking", "lying", "abduction", "zumba")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Walking", "walking"),
        (" stairs UP ", "stairs-up"),
        ("Biceps_Curl", "biceps-curl"),
        ("sit/stand (slow)", "sit-stand-slow"),
        ("Übung 1", "übung-1"),
        ("C++", "c++"),
        ("2.0", "2"),
        ("-1", "minus-1"),
        ("-1.0", "minus-1"),
        ("1.5", "1.5"),
    ],
)
def test_a_word_becomes_a_name(word: str, name: str) -> None:
    """Lower case, hyphens, no fraction of a whole number; a sign is no hyphen."""
    assert name_of(word) == name
    assert name_of(name) == name


def test_what_a_name_cannot_hold_tells_words_apart() -> None:
    """Signs are left out, but under and over 5 kg are not the same; no name is empty or long."""
    names = {name_of(word) for word in ("<5 kg", ">5 kg", "5 kg")}
    assert len(names) == 3
    assert "5-kg" in names
    assert all(len(name_of(word)) in range(8, 61) for word in ("???", "very " * 50))
    assert name_of("very " * 50) != name_of("very " * 51)


OWN = Taxonomy({"biceps-curl": "arms", "arms": "exercise", "juggling": ""})


def test_own_activities_have_their_place() -> None:
    """Below a new activity, which is below a shared one; what nobody placed is a root."""
    assert OWN.parents("biceps-curl") == ("arms", "exercise")
    assert OWN.lift("biceps-curl", ["exercise", "walking"]) == "exercise"
    assert OWN.parents("juggling") == OWN.parents("unheard-of") == ()
    assert OWN.lift("unheard-of", ["unheard-of"]) == "unheard-of"
    assert OWN.parents("jogging") == TAXONOMY.parents("jogging")
    sets = [["biceps-curl", "juggling"], ["waist-bending", "juggling"], ["exercise", "juggling"]]
    assert OWN.common(sets) == ("exercise", "juggling")


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"walking": "sport"}, "walking is under locomotion already"),
        ({"cycling": "sport"}, "cycling is a root already"),
        ({"curl": "gym"}, "no activity 'gym'"),
        ({"a": "b", "b": "a"}, "a is its own ancestor"),
        ({"a": "b", "b": "c", "c": "b"}, "b is its own ancestor"),
        ({"a": "a"}, "a is its own ancestor"),
    ],
)
def test_what_is_no_hierarchy_is_refused(own: dict[str, str], message: str) -> None:
    """The shared one does not change; a misspelt parent is no new one; there is no circle."""
    with pytest.raises(DataError, match=message):
        Taxonomy(own)
    assert Taxonomy({"walking": "locomotion", "curl": "exercise"}).parents("curl") == ("exercise",)


def test_hierarchies_are_joined() -> None:
    """A stated parent stands over none; two different ones are an error."""
    assert Taxonomy.joined([]) == TAXONOMY
    for parts in ([{"curl": ""}, {"curl": "exercise"}], [{"curl": "exercise"}, {"curl": ""}]):
        assert Taxonomy.joined(parts).parents("curl") == ("exercise",)
    with pytest.raises(DataError, match="disagree on the activity curl"):
        Taxonomy.joined([{"curl": "exercise"}, {"curl": "sport"}])


def test_synonyms_lead_into_the_taxonomy() -> None:
    """Each is spelled as words are brought to, and none is an activity itself."""
    assert set(SYNONYMS.values()) <= set(SHARED)
    assert all(name_of(word) == word for word in SYNONYMS)
    assert set(SYNONYMS).isdisjoint(SHARED)
