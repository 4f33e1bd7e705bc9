"""The activities of `taxonomy.toml`: their hierarchy, and what data sets call them.

>>> parents("stairs-up")
('stairs', 'locomotion')
>>> common([("walking", "nordic-walking"), ("walking", "sitting")])
('walking',)
"""

import functools
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

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


@functools.cache
def _taxonomy() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


ALL: tuple[str, ...] = tuple(_taxonomy()["activities"])
"""Every activity; the codes of stored tables are indices into it."""


def class_names(n_classes: int) -> tuple[str, ...]:
    """Return the names of the 6 basic activities, or of 12 with the transitions.

    Examples
    --------
    >>> class_names(6)[-1]
    'lying'
    """
    return (BASIC + TRANSITIONS)[:n_classes]


def labels(dataset: str) -> dict[str, str | None]:
    """Return a data set's labels: its word -> activity, or None for one left out on purpose.

    Examples
    --------
    >>> labels("wisdm")["Upstairs"], labels("pamap2")["0"]
    ('stairs-up', None)
    """
    return {k: v or None for k, v in _taxonomy()["labels"].get(dataset, {}).items()}


def parents(activity: str) -> tuple[str, ...]:
    """Return an activity's ancestors, nearest first."""
    tree = _taxonomy()["activities"]
    found: list[str] = []
    while activity := tree[activity]:
        found.append(activity)
    return tuple(found)


def lift(activity: str, classes: Sequence[str]) -> str | None:
    """Return the activity or its nearest ancestor among classes, or None.

    Examples
    --------
    >>> lift("jogging", ["walking", "running"]), lift("lying", ["walking"])
    ('running', None)
    """
    return next((name for name in (activity, *parents(activity)) if name in classes), None)


def common(label_sets: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the activities that every data set labels, itself or as a finer one.

    Parameters
    ----------
    label_sets : iterable of iterable of str
        The activities that each data set labels.

    Returns
    -------
    tuple of str
        In the order of the taxonomy.
    """
    sets: list[set[str]] = [set(labels) for labels in label_sets]
    known = [labels.union(*map(parents, labels)) for labels in sets]
    shared = set[str]().union(*sets).intersection(*known)
    return tuple(name for name in ALL if name in shared)
