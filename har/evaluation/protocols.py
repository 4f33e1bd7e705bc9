"""Protocols: who is tested by models trained on whom.

A fold is a split by subjects, so that everything that works on the canonical split
works on a fold, and what one fold has made is found again by the next call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from har.errors import UsageError
from har.lineage import digest

Protocol = Literal["canonical", "groups", "loso", "cross-dataset"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


@dataclass(frozen=True)
class Fold:
    """One split of a protocol.

    Attributes
    ----------
    name : str
        Unique in its protocol.
    test, validation : tuple of str
        Subjects held out; all others train.
    """

    name: str
    test: tuple[str, ...]
    validation: tuple[str, ...]


def make_folds(
    protocol: Protocol,
    subjects: Mapping[str, str],
    *,
    canonical: Fold,
    n_groups: int,
    n_validation: int,
) -> list[Fold]:
    """Return the folds of a protocol.

    Parameters
    ----------
    protocol : {"canonical", "groups", "loso", "cross-dataset"}
        The data's own split; every one of `n_groups` groups of subjects tested once;
        every subject tested alone; every data set tested by models of the others.
    subjects : mapping of str to str
        Data set of each subject.
    canonical : Fold
        The data's own split.
    n_groups : int
        Groups of the protocol ``groups``.
    n_validation : int
        Validation subjects of a fold of ``loso``; of ``groups`` it is the next group.

    Raises
    ------
    UsageError
        If there are too few subjects or data sets.
    """
    if protocol == "canonical":
        return [canonical]
    if protocol == "cross-dataset":
        return _by_dataset(subjects)
    n = n_groups if protocol == "groups" else len(subjects)
    ahead = 1 if protocol == "groups" else n_validation
    if not 2 + ahead <= n <= len(subjects):
        raise UsageError(
            f"protocol {protocol}: {n} groups of {len(subjects)} subjects",
            expected=f"{2 + ahead} groups or more, and a subject in each",
            hint="fewer groups (protocols.groups) or more people",
        )
    ranked = _ranked(subjects)
    groups = [tuple(ranked[i::n]) for i in range(n)]
    return [
        Fold(
            name=group[0] if protocol == "loso" else f"group {i + 1}",
            test=group,
            validation=tuple(who for j in range(1, 1 + ahead) for who in groups[(i + j) % n]),
        )
        for i, group in enumerate(groups)
    ]


def _by_dataset(subjects: Mapping[str, str]) -> list[Fold]:
    names = sorted(set(subjects.values()))
    if len(names) < 2:
        raise UsageError(
            "protocol cross-dataset: one data set", expected="two or more", found=names[0]
        )
    folds = []
    for name in names:
        rest = [who for who in _ranked(subjects) if subjects[who] != name]
        test = tuple(sorted(who for who, where in subjects.items() if where == name))
        folds.append(Fold(name, test, tuple(rest[: max(1, round(0.2 * len(rest)))])))
    return folds


def _ranked(subjects: Mapping[str, str]) -> list[str]:
    """Return the subjects, those of a data set together, in an order that nobody chose."""
    return sorted(subjects, key=lambda who: (subjects[who], digest.of_bytes(who.encode())))
