"""Ingested recordings, cleaned and at one rate."""

from pathlib import Path

from har.data.clean import clean as clean_recording
from har.data.cleaning import Cleaning
from har.data.gravity import common_kind
from har.data.recording import read_meta, read_recording, write_recording
from har.data.schema import CleanTable, validate
from har.errors import DataError


def clean(
    out: Path,
    *,
    ingested: Path,
    max_gap_s: float,
    rate_hz: float,
    subjects: tuple[str, ...] | None,
    placements: tuple[str, ...] | None,
) -> None:
    """Write the cleaned recordings, and ``cleaning.json`` with every change counted.

    Raises
    ------
    DataError
        If no recording is of the subjects and placements asked for, or some hold gravity and
        others do not.
    """
    metas = {path: read_meta(path)[0] for path in sorted(ingested.glob("*.parquet"))}
    wanted = {
        path: meta
        for path, meta in metas.items()
        if (subjects is None or meta.subject_id in subjects)
        and (placements is None or meta.placement in placements)
    }
    if not wanted:
        raise DataError(
            "no recording of these subjects and placements",
            found=f"data.subjects {subjects}, data.placements {placements}",
            hint="`har data recordings` lists what there is",
        )
    common_kind(wanted.values())
    reports = []
    for path in wanted:
        recording = read_recording(path)
        parts, report = clean_recording(recording, max_gap_s=max_gap_s, rate_hz=rate_hz)
        for part in parts:
            validate(part, CleanTable, units=False)
            write_recording(part, out)
        reports.append(report)
    Cleaning(recordings=tuple(reports)).write(out)
