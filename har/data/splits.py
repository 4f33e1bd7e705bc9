"""Splits by subject, with the proof that no two of them share a person or a recording."""

from collections.abc import Collection, Iterable
from itertools import combinations, product

import numpy as np

from har.data.assignment import Assignment, Proof, Shared
from har.data.channels import columns_of
from har.data.recording import Recording
from har.errors import DataError
from har.lineage import digest

SPLITS = tuple(Assignment.model_fields)


def split_subjects(
    subjects: Iterable[str], *, test: Iterable[str], validation: Iterable[str]
) -> Assignment:
    """Assign every subject to one split.

    Parameters
    ----------
    subjects : iterable of str
        All subjects of the data.
    test, validation : iterable of str
        Subjects held out; the others train.

    Raises
    ------
    DataError
        If a named subject is not in the data, is named twice, or none is left to train.
    """
    present = set(subjects)
    held = {"test": sorted(set(test)), "validation": sorted(set(validation))}
    if unknown := sorted((set(held["test"]) | set(held["validation"])) - present):
        raise DataError(f"split names subjects that are not in the data: {', '.join(unknown)}")
    if both := sorted(set(held["test"]) & set(held["validation"])):
        raise DataError(f"subjects in both test and validation: {', '.join(both)}")
    train = sorted(present - set(held["test"]) - set(held["validation"]))
    if empty := [name for name, who in {"train": train, **held}.items() if not who]:
        raise DataError(
            f"no subject left for: {', '.join(empty)}",
            expected="at least three people: models learn from some, and are chosen and tested "
            "on others",
            found=f"{len(present)}: {', '.join(sorted(present)[:5])}",
            hint="ingest recordings of more people, or join data sets with several --dataset",
        )
    return Assignment(
        train=tuple(train), validation=tuple(held["validation"]), test=tuple(held["test"])
    )


def held_out(
    subjects: Iterable[str], *, test: Collection[str] = (), validation: Collection[str] = ()
) -> dict[str, list[str]]:
    """Return the subjects to hold out of one data set.

    They are the canonical ones of those present. A set that has none gives three of ten
    subjects to the test and two of ten to validation (at least one each), those whose
    ids have the smallest digests: chosen once and for all, by nobody.

    Parameters
    ----------
    subjects : iterable of str
        All subjects of the data set.
    test, validation : collection of str
        Its canonical split, if the field has one.
    """
    ranked = sorted(set(subjects), key=lambda who: digest.of_bytes(who.encode()))
    tested = [who for who in ranked if who in test] or ranked[: max(1, round(0.3 * len(ranked)))]
    rest = [who for who in ranked if who not in tested]
    own = [who for who in rest if who in validation]
    return {"test": tested, "validation": own or rest[: max(1, round(0.2 * len(ranked)))]}


def content_digest(recording: Recording) -> str:
    """Return the digest of a recording's samples, whatever its name."""
    return digest.of_array(recording.table[list(columns_of(recording.table))].to_numpy(np.float32))


def prove_disjoint(
    assigned: Assignment,
    contents: dict[str, tuple[str, str]],
    copied: Iterable[tuple[str, str]] = (),
) -> Proof:
    """Prove that splits share neither a subject nor a recording's samples.

    Parameters
    ----------
    assigned : Assignment
        The subjects of each split.
    contents : dict
        Recording id -> (subject, digest of its samples).
    copied : iterable of (str, str)
        Pairs of subjects of whom one has a part of the other's samples.

    Raises
    ------
    DataError
        If two splits share a subject, or the same samples under two names.
    """
    splits = assigned.by_split
    digests = {
        split: {d: name for name, (who, d) in contents.items() if who in subjects}
        for split, subjects in splits.items()
    }
    shared: dict[str, Shared] = {}
    for a, b in combinations(splits, 2):
        same = sorted(set(digests[a]) & set(digests[b]))
        across = {frozenset(pair) for pair in product(splits[a], splits[b])}
        shared[f"{a} and {b}"] = Shared(
            subjects=tuple(sorted(set(splits[a]) & set(splits[b]))),
            recordings=tuple(f"{digests[a][d]} = {digests[b][d]}" for d in same),
            parts=tuple(" = ".join(pair) for pair in copied if frozenset(pair) in across),
        )
    if leaks := {pair: s.to_dict() for pair, s in shared.items() if s.names}:
        raise DataError(f"splits share data: {leaks}", expected="no shared subject or recording")
    return Proof(
        subjects={split: len(who) for split, who in splits.items()},
        recordings={split: len(d) for split, d in digests.items()},
        shared=shared,
        sample_digests={name: d for name, (_, d) in sorted(contents.items())},
    )
