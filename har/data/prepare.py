"""The steps from ingested data sets to windows, each reading and writing folders."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from har.config import CleanSettings, DataSettings, SplitSettings, WindowSettings
from har.data import sources, splits
from har.data.activities import class_names, common
from har.data.clean import clean
from har.data.ingest.dataset import ACCOUNTS, DATASET, link
from har.data.recording import read_meta, read_recording, read_recordings, write_recording
from har.data.schema import CleanTable, validate
from har.data.windows import Windows, cut_all
from har.errors import DataError


def join(out: Path, ingested: dict[str, Path]) -> None:
    """Put the recordings of several ingested data sets side by side, with their accounts."""
    facts, accounts = [], []
    for folder in ingested.values():
        for path in folder.glob("*.parquet"):
            link(path, out / path.name)
        facts += dataset_facts(folder)
        accounts += json.loads((folder / ACCOUNTS).read_text())
    _write_json(out / DATASET, facts)
    _write_json(out / ACCOUNTS, accounts)


def dataset_facts(ingested: Path) -> list[dict[str, Any]]:
    """Return what the data sets in a folder state of themselves."""
    facts = json.loads((ingested / DATASET).read_text())
    return facts if isinstance(facts, list) else [facts]


def same_people(name: str) -> tuple[str, ...]:
    """Return the data sets that are known to hold the same people as another."""
    return sources.get(name).same_people_as if name in sources.names() else ()


def clean_recordings(
    out: Path, ingested: Path, data: DataSettings, settings: CleanSettings, rate_hz: float
) -> None:
    """Write the cleaned recordings, and ``report.json`` with every change counted.

    Raises
    ------
    DataError
        If no recording is of the subjects and placements asked for.
    """
    reports = []
    for path in sorted(ingested.glob("*.parquet")):
        meta, _ = read_meta(path)
        if data.subjects is not None and meta.subject_id not in data.subjects:
            continue
        if data.placements is not None and meta.placement not in data.placements:
            continue
        recording = read_recording(path)
        parts, report = clean(recording, max_gap_s=settings.max_gap_s, rate_hz=rate_hz)
        for part in parts:
            validate(part, CleanTable, units=False)
            write_recording(part, out)
        reports.append(asdict(report))
    if not reports:
        raise DataError(
            f"{data.name}: no recording of these subjects and placements",
            found=f"data.subjects {data.subjects}, data.placements {data.placements}",
            hint="`har data recordings` lists what there is",
        )
    _write_json(out / "report.json", reports)


def split(out: Path, cleaned: Path, ingested: Path, settings: SplitSettings) -> None:
    """Write ``split.json`` (subjects per split) and ``proof.json`` (that they are disjoint)."""
    contents = {}
    subjects_of: dict[str, set[str]] = {}
    for recording in read_recordings(cleaned):
        meta = recording.meta
        contents[meta.recording_id] = (meta.subject_id, splits.content_digest(recording))
        subjects_of.setdefault(meta.dataset, set()).add(meta.subject_id)
    held: dict[str, list[str]] = {"test": [], "validation": []}
    copied: list[tuple[str, str]] = []
    for facts in dataset_facts(ingested):
        copied += _copied_subjects(ingested, facts["copies"])
        name = facts["name"]
        source = sources.get(facts["source"]) if facts["source"] in sources.names() else None
        chosen = splits.held_out(subjects_of.get(name, set()), source)
        for part, who in chosen.items():
            held[part] += who
    assigned = splits.split_subjects(
        {subject for subject, _ in contents.values()},
        test=_or_default(settings.test_subjects, held["test"]),
        validation=_or_default(settings.validation_subjects, held["validation"]),
    )
    _write_json(out / "proof.json", splits.prove_disjoint(assigned, contents, copied))
    _write_json(out / "split.json", assigned)


def _copied_subjects(ingested: Path, copies: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return whose recordings share samples; a whole copy is not among the recordings."""
    places = [
        [ingested / f"{copy[key]}.parquet" for key in ("recording", "same_as")] for copy in copies
    ]
    kept = [(a, b) for a, b in places if a.exists() and b.exists()]
    return [(read_meta(a)[0].subject_id, read_meta(b)[0].subject_id) for a, b in kept]


def subjects(cleaned: Path) -> dict[str, str]:
    """Return the data set of every subject."""
    metas = [recording.meta for recording in read_recordings(cleaned)]
    return {meta.subject_id: meta.dataset for meta in metas}


def windows(
    out: Path, cleaned: Path, split_folder: Path, ingested: Path, settings: WindowSettings
) -> None:
    """Write the windows of all recordings, each with its split."""
    assigned = json.loads((split_folder / "split.json").read_text())
    classes, fixed = _classes(dataset_facts(ingested), settings)
    cut = cut_all(read_recordings(cleaned), assigned, settings, classes, drop_missing=not fixed)
    cut.save(out)


def foreign_windows(
    cleaned: Path, settings: WindowSettings, model_classes: tuple[str, ...]
) -> Windows:
    """Return the windows of a data set that models were not trained on, all for the test.

    Its classes are the activities that it and the models have in common.

    Raises
    ------
    DataError
        If they have none in common.
    """
    found = list(read_recordings(cleaned))
    labelled = {name for r in found for name in r.table["activity"].dropna().unique()}
    classes = common([model_classes, labelled])
    if not classes:
        raise DataError(
            "no activity in common",
            expected=", ".join(model_classes),
            found=", ".join(sorted(labelled)) or "no labels",
        )
    subjects = sorted({r.meta.subject_id for r in found})
    return cut_all(found, {"test": subjects}, settings, classes)


def _classes(facts: list[dict[str, Any]], settings: WindowSettings) -> tuple[tuple[str, ...], bool]:
    """Return the class set, and whether it stands whatever the splits hold.

    It is the one that was asked for, else a data set's own, else all its activities, and
    for several data sets what they have in common.
    """
    if isinstance(settings.classes, int):
        return class_names(settings.classes), True
    if settings.classes is not None:
        return settings.classes, True
    if len(facts) > 1:
        return common(entry["activities"] for entry in facts), False
    own = tuple(facts[0]["classes"])
    return own or tuple(facts[0]["activities"]), bool(own)


def _or_default(chosen: tuple[str, ...] | None, default: list[str]) -> tuple[str, ...]:
    return tuple(default) if chosen is None else chosen


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
