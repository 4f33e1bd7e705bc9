"""What an ingested data set holds, at a glance: how much of what, and what recorded it."""

from pathlib import Path
from typing import Any

from har import parquet
from har.data.activities import in_order
from har.data.ingested import Accounts, Datasets
from har.data.recording import RecordingMeta, read_meta


def contents(ingested: Path) -> dict[str, Any]:
    """Return what is in the folder of an ingestion.

    Parameters
    ----------
    ingested : Path
        Folder with recordings, accounts and facts of one data set.

    Returns
    -------
    dict
        ``title``, ``units``, ``recordings``, ``subjects``, ``samples``, ``time_s`` (without
        gaps), ``labelled_s``, ``rows_quarantined``; what differs between recordings as lists,
        each value once: ``placements``, ``rates_hz``, ``recorders``, ``devices``, ``apps``,
        ``clocks``, ``gravity``; and ``activities``: ``seconds``, ``subjects``, ``parent`` and
        ``words`` of the raw files, by name.
    """
    (facts,) = Datasets.read(ingested).datasets
    metas: list[RecordingMeta] = []
    time_s = 0.0
    seconds: dict[str, float] = {}
    subjects: dict[str, set[str]] = {}
    for path in sorted(ingested.glob("*.parquet")):
        meta, n_samples = read_meta(path)
        metas.append(meta)
        time_s += n_samples / meta.rate_hz
        for name, n in _samples(path).items():
            seconds[name] = seconds.get(name, 0.0) + n / meta.rate_hz
            subjects.setdefault(name, set()).add(meta.subject_id)
    hierarchy = Datasets.read(ingested).taxonomy
    counts = Accounts.read(ingested).counts
    return {
        "title": facts.title,
        "units": facts.units,
        "recordings": len(metas),
        "subjects": len({meta.subject_id for meta in metas}),
        "samples": counts["samples"],
        "time_s": round(time_s, 2),
        "labelled_s": round(sum(seconds.values()), 2),
        "rows_quarantined": counts["rows_quarantined"],
        **_each_once(metas),
        "activities": {
            name: {
                "seconds": round(seconds[name], 2),
                "subjects": len(subjects[name]),
                "parent": next(iter(hierarchy.parents(name)), ""),
                "words": list(facts.own_words.get(name, ())),
            }
            for name in in_order(seconds)
        },
    }


def _samples(path: Path) -> dict[str, int]:
    """Return the labelled samples of a recording by activity."""
    counted = parquet.read(path, ["activity"])[0].value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in counted if entry["values"] is not None}


def _each_once(metas: list[RecordingMeta]) -> dict[str, list[Any]]:
    """Return what recordings say of themselves, each value once, without what is not known."""
    said: dict[str, list[Any]] = {
        "placements": [meta.placement for meta in metas],
        "rates_hz": [round(meta.rate_hz, 2) for meta in metas],
        "recorders": [meta.recorder for meta in metas],
        "devices": [meta.device for meta in metas],
        "apps": [meta.app for meta in metas],
        "clocks": [meta.clock for meta in metas],
        "gravity": ["with gravity" if meta.gravity else "without gravity" for meta in metas],
    }
    return {what: sorted({value for value in values if value}) for what, values in said.items()}
