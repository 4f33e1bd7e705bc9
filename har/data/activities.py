"""Activities: the shared hierarchy of `taxonomy.toml`, and what data sets add to it.

No list says what an activity may be. `taxonomy.toml` names those that data sets share; a
label that it lacks is an activity of its data set, which a user may hang under a parent.

>>> TAXONOMY.parents("stairs-up")
('stairs', 'locomotion')
>>> TAXONOMY.common([("walking", "nordic-walking"), ("walking", "sitting")])
('walking',)
>>> Taxonomy({"biceps-curl": "exercise"}).lift("biceps-curl", ["exercise", "walking"])
'exercise'
"""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from har.errors import DataError
from har.lineage import digest

_FILE = Path(__file__).parent / "taxonomy.toml"

BASIC = ("walking", "stairs-up", "stairs-down", "sitting", "standing", "lying")
TRANSITIONS = (
    "stand-to-sit",
    "sit-to-stand",
    "sit-to-lie",
    "lie-to-sit",
    "stand-to-lie",
    "lie-to-stand",
)
LONGEST_NAME = 60  # characters; names stand in tables, plots and files


@functools.cache
def _shared() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


SHARED: tuple[str, ...] = tuple(_shared()["activities"])
"""The activities of `taxonomy.toml`, in its order."""

SYNONYMS: Mapping[str, str] = _shared()["synonyms"]
"""Activities by the everyday words that they are known by, as `name_of` spells them."""

_RANK = {name: rank for rank, name in enumerate(SHARED)}


def class_names(n_classes: int) -> tuple[str, ...]:
    """Return the names of the 6 basic activities, or of 12 with the transitions.

    Examples
    --------
    >>> class_names(6)[-1]
    'lying'
    """
    return (BASIC + TRANSITIONS)[:n_classes]


def labels(dataset: str) -> dict[str, str | None]:
    """Return a known data set's labels: its word -> activity, or None for one left out.

    Examples
    --------
    >>> labels("wisdm")["Upstairs"], labels("pamap2")["0"]
    ('stairs-up', None)
    """
    return {k: v or None for k, v in _shared()["labels"].get(dataset, {}).items()}


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return activities each once: those of the taxonomy in its order, then others by name.

    Examples
    --------
    >>> in_order(["biceps-curl", "sitting", "abduction", "walking"])
    ('walking', 'sitting', 'abduction', 'biceps-curl')
    """
    return tuple(sorted(set(names), key=lambda name: (_RANK.get(name, len(_RANK)), name)))


def name_of(word: str) -> str:
    """Return the activity that a word in a file names.

    It is in lower case, with hyphens for blanks, underscores and brackets. Whole numbers have
    no fraction. What else had to be left out is told apart by a digest, as in "<5 kg".

    Examples
    --------
    >>> name_of(" Biceps_Curl (left) "), name_of("1.0"), name_of("-1")
    ('biceps-curl-left', '1', 'minus-1')
    """
    text = unicodedata.normalize("NFKC", word).strip().casefold()
    text = re.sub(r"^-(?=\d)", "minus-", re.sub(r"^(-?\d+)\.0+$", r"\1", text))
    spaced = re.sub(r"[\s_\-/,;:&()\[\]'\"]+", "-", text)
    plain = re.sub("-+", "-", re.sub(r"[^\w.+\-]+", "", spaced)).strip("-.")
    if plain == spaced.strip("-.") and 0 < len(plain) <= LONGEST_NAME:
        return plain
    short = plain[: LONGEST_NAME - 9].strip("-.")
    return f"{short}-{digest.of_bytes(text.encode())[:8]}".strip("-")


@dataclass(frozen=True)
class Taxonomy:
    """The hierarchy of activities: the shared one, and what data sets add to it.

    Attributes
    ----------
    own : mapping of str to str
        Activities that the shared hierarchy lacks, with their parents; "" for a root. An
        activity that neither knows is a root.

    Raises
    ------
    DataError
        If it changes the shared hierarchy, names a parent that does not exist, or an
        activity is its own ancestor.
    """

    own: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no hierarchy."""
        for name, parent in self.own.items():
            known = _shared()["activities"].get(name)
            if known not in (None, parent):
                raise _not_a_tree(f"{name} is {_under(known)} already", name, parent)
            if parent not in (*self.own, *SHARED, ""):
                raise _not_a_tree(
                    f"no activity {parent!r}", name, parent, f'a new one is stated: {parent} = ""'
                )
            if name in _line(parent, self.own):
                raise _not_a_tree(f"{name} is its own ancestor", name, parent)

    @classmethod
    def joined(cls, parts: Iterable[Mapping[str, str]]) -> "Taxonomy":
        """Return the hierarchy of several data sets, each with its own activities.

        Raises
        ------
        DataError
            If two of them hang an activity under different parents.
        """
        own: dict[str, str] = {}
        for part in parts:
            for name, parent in part.items():
                if own.get(name) and parent and own[name] != parent:
                    raise DataError(
                        f"data sets disagree on the activity {name}",
                        expected="one parent",
                        found=f"{own[name]} and {parent}",
                        hint="state the same parent in the [activities] of their mappings",
                    )
                own[name] = parent or own.get(name, "")
        return cls(own)

    def parents(self, activity: str) -> tuple[str, ...]:
        """Return an activity's ancestors, nearest first."""
        found: list[str] = []
        while activity := self._parent(activity):
            found.append(activity)
        return tuple(found)

    def lift(self, activity: str, classes: Sequence[str]) -> str | None:
        """Return the activity or its nearest ancestor among classes, or None.

        Examples
        --------
        >>> classes = ["walking", "running"]
        >>> TAXONOMY.lift("jogging", classes), TAXONOMY.lift("lying", classes)
        ('running', None)
        """
        line = (activity, *self.parents(activity))
        return next((name for name in line if name in classes), None)

    def common(self, label_sets: Iterable[Iterable[str]]) -> tuple[str, ...]:
        """Return the activities that every data set labels, itself or as a finer one.

        Parameters
        ----------
        label_sets : iterable of iterable of str
            The activities that each data set labels.

        Returns
        -------
        tuple of str
            As `in_order` puts them.
        """
        sets: list[set[str]] = [set(labels) for labels in label_sets]
        known = [labels.union(*map(self.parents, labels)) for labels in sets]
        return in_order(set[str]().union(*sets).intersection(*known))

    def _parent(self, activity: str) -> str:
        parent: str = self.own.get(activity) or _shared()["activities"].get(activity, "")
        return parent


def _line(name: str, parents: Mapping[str, str]) -> list[str]:
    """Return a name and its ancestors, up to a root or to one that is there already."""
    line: list[str] = []
    while name and name not in line:
        line.append(name)
        name = parents.get(name, "")
    return line


def _under(parent: str) -> str:
    return f"under {parent}" if parent else "a root"


def _not_a_tree(what: str, name: str, parent: str, hint: str | None = None) -> DataError:
    return DataError(
        f"the activities are no hierarchy: {what}",
        expected="each activity under one parent, which exists",
        found=f'{name} = "{parent}"',
        hint=hint or "correct [activities] in the mapping",
    )


TAXONOMY = Taxonomy()
"""The shared hierarchy alone."""
