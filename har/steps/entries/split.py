"""Subjects for training, validation and test."""

from collections.abc import Iterable
from pathlib import Path

from har.config import SplitSettings
from har.data import splits
from har.data.ingested import Copy, Datasets
from har.data.recording import read_meta, read_recordings


def split(out: Path, *, cleaned: Path, ingested: Path, settings: SplitSettings) -> None:
    """Write ``split.json`` (subjects per split) and ``proof.json`` (that they are disjoint)."""
    contents = {}
    subjects_of: dict[str, set[str]] = {}
    for recording in read_recordings(cleaned):
        meta = recording.meta
        contents[meta.recording_id] = (meta.subject_id, splits.content_digest(recording))
        subjects_of.setdefault(meta.dataset, set()).add(meta.subject_id)
    held: dict[str, list[str]] = {"test": [], "validation": []}
    copied: list[tuple[str, str]] = []
    for facts in Datasets.read(ingested).datasets:
        copied += _copied_subjects(ingested, facts.copies)
        chosen = splits.held_out(
            subjects_of.get(facts.name, set()),
            test=facts.test_subjects,
            validation=facts.validation_subjects,
        )
        for part, who in chosen.items():
            held[part] += who
    assigned = splits.split_subjects(
        {subject for subject, _ in contents.values()},
        test=_or_default(settings.test_subjects, held["test"]),
        validation=_or_default(settings.validation_subjects, held["validation"]),
    )
    proof = splits.prove_disjoint(assigned, contents, copied)
    proof.write(out)
    assigned.write(out)


def _copied_subjects(ingested: Path, copies: Iterable[Copy]) -> list[tuple[str, str]]:
    """Return whose recordings share samples; a whole copy is not among the recordings."""
    paths = [
        [ingested / f"{name}.parquet" for name in (copy.recording, copy.same_as)] for copy in copies
    ]
    kept = [(a, b) for a, b in paths if a.exists() and b.exists()]
    return [(read_meta(a)[0].subject_id, read_meta(b)[0].subject_id) for a, b in kept]


def _or_default(chosen: tuple[str, ...] | None, default: list[str]) -> tuple[str, ...]:
    return tuple(default) if chosen is None else chosen
