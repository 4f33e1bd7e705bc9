"""The four steps from a data set to windows, each reading and writing folders."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from har.config import CleanSettings, SplitSettings, WindowSettings
from har.data import splits
from har.data.clean import clean
from har.data.recording import read_recordings, write_recording
from har.data.schema import CleanTable, RawTable, validate
from har.data.sources.base import Source
from har.data.windows import cut_all


def ingest(out: Path, source: Source, *, subjects: tuple[str, ...] | None = None) -> None:
    """Write every recording of a data set, validated, and what the set is.

    Parameters
    ----------
    out : Path
        Gets ``<recording_id>.parquet`` for each recording, and ``source.json``.
    source : Source
        The data set.
    subjects : tuple of str, optional
        Take these subjects only.
    """
    for recording in source.read(source.file):
        if subjects is not None and recording.meta.subject_id not in subjects:
            continue
        validate(recording, RawTable)
        write_recording(recording, out)
    facts = {k: v for k, v in asdict(source).items() if k not in ("file", "read")}
    _write_json(out / "source.json", facts)


def clean_recordings(out: Path, ingested: Path, settings: CleanSettings) -> None:
    """Write the cleaned recordings, and ``report.json`` with every change counted."""
    reports = []
    for recording in read_recordings(ingested):
        parts, report = clean(recording, max_gap_s=settings.max_gap_s)
        for part in parts:
            validate(part, CleanTable)
            write_recording(part, out)
        reports.append(asdict(report))
    _write_json(out / "report.json", reports)


def split(out: Path, cleaned: Path, source: Source, settings: SplitSettings) -> None:
    """Write ``split.json`` (subjects per split) and ``proof.json`` (that they are disjoint)."""
    contents = {
        recording.meta.recording_id: (recording.meta.subject_id, splits.content_digest(recording))
        for recording in read_recordings(cleaned)
    }
    assigned = splits.split_subjects(
        {subject for subject, _ in contents.values()},
        test=_or_default(settings.test_subjects, source.test_subjects),
        validation=_or_default(settings.validation_subjects, source.validation_subjects),
    )
    _write_json(out / "proof.json", splits.prove_disjoint(assigned, contents))
    _write_json(out / "split.json", assigned)


def windows(out: Path, cleaned: Path, split_folder: Path, settings: WindowSettings) -> None:
    """Write the windows of all recordings, each with its split."""
    assigned = json.loads((split_folder / "split.json").read_text())
    cut_all(read_recordings(cleaned), assigned, settings).save(out)


def _or_default(chosen: tuple[str, ...] | None, default: tuple[str, ...]) -> tuple[str, ...]:
    return default if chosen is None else chosen


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
