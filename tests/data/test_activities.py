"""The taxonomy is one tree, and every data set's words lead into it."""

import tomllib
from pathlib import Path

import pytest

from har.data import activities, sources
from har.data.activities import ALL, BASIC, TRANSITIONS, class_names, common, labels, lift, parents

TAXONOMY = tomllib.loads(Path(activities.__file__).with_name("taxonomy.toml").read_text())


@pytest.mark.parametrize("dataset", sorted(TAXONOMY["labels"]))
def test_every_label_is_an_activity_or_left_out(dataset: str) -> None:
    """No word leads out of the taxonomy, and the data set is one that can be ingested."""
    assert {*TAXONOMY["labels"][dataset].values()} <= {*ALL, ""}
    assert dataset in sources.names()
    assert set(labels(dataset)) == set(TAXONOMY["labels"][dataset])


def test_every_data_set_has_labels() -> None:
    """A source without words of its own would be unlabelled throughout."""
    assert set(sources.names()) == set(TAXONOMY["labels"])
    assert labels("nobody's") == {}


def test_left_out_is_none() -> None:
    """PAMAP2's transient rows have no activity, which is not the same as an unknown word."""
    assert labels("pamap2")["0"] is None
    assert labels("pamap2")["4"] == "walking"
    assert "8" not in labels("pamap2")


def test_every_parent_exists_and_none_is_its_own_ancestor() -> None:
    """Following parents ends at a root."""
    tree = TAXONOMY["activities"]
    assert set(tree.values()) <= {*tree, ""}
    for name in tree:
        path = [name]
        while above := tree[path[-1]]:
            assert above not in path
            path.append(above)
        assert parents(name) == tuple(path[1:])


def test_names_are_plain() -> None:
    """Lower case with hyphens, as words of the data sets are brought to."""
    assert all(name == name.lower() and not set(name) & set(" _") for name in ALL)


def test_codes_of_stored_tables_do_not_move() -> None:
    """The first twelve are those of HAPT; later ones may only be appended."""
    assert ALL[:12] == (
        *("walking", "stairs-up", "stairs-down", "sitting", "standing", "lying"),
        *("stand-to-sit", "sit-to-stand", "sit-to-lie"),
        *("lie-to-sit", "stand-to-lie", "lie-to-stand"),
    )
    assert ALL[:12] == BASIC + TRANSITIONS == class_names(12)
    assert class_names(6) == BASIC
    assert len(ALL) == len(set(ALL)) == len(TAXONOMY["activities"])


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
    assert lift(activity, classes) == lifted


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
    assert common(sets) == shared
    assert common(reversed(sets)) == shared
