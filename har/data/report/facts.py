"""Everything that the report says, as JSON-able values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.data.activities import in_order
from har.data.ingest.quarantine import quarantine_examples
from har.data.ingested import QUARANTINED, Account, Accounts, Datasets, Warn
from har.data.recording import GYRO, Recording

# A longer step in time is shown as a gap, unless the rate is so low that it is none.
GAP_S = 0.1
GAP_PERIODS = 2.5
# Steps in which a recording's timeline is drawn.
BINS = 240
EXAMPLES = 3
LONGEST = 5


@dataclass(frozen=True)
class RecordingFacts:
    """What the report says of one recording.

    Attributes
    ----------
    recording, subject, placement : str
        Names.
    rate_hz : float
        Sampling rate, Hz.
    samples : int
        Rows.
    seconds : float
        From the first sample to the end of the last, gaps included.
    start_s : float
        Time in the source's recording at which it starts, s.
    gyroscope : bool
        Whether angular velocity was measured.
    labelled : float
        Share of the time without gaps that has a label, 0 to 1.
    unlabelled_s, missing_s : float
        Time without a label, and time in gaps.
    gaps : int
        How many.
    longest_gaps : tuple of (float, float)
        Start and length of a few, s, the longest first.
    activities : dict
        Labelled seconds by activity.
    conversions : tuple of str
        What was applied to the source's values.
    """

    recording: str
    subject: str
    placement: str
    rate_hz: float
    samples: int
    seconds: float
    start_s: float
    gyroscope: bool
    labelled: float
    unlabelled_s: float
    missing_s: float
    gaps: int
    longest_gaps: tuple[tuple[float, float], ...]
    activities: dict[str, float]
    conversions: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """Where a recording has samples and labels.

    Attributes
    ----------
    seconds : float
        Its length.
    recorded, labelled : ndarray of shape (BINS + 1,)
        Seconds with samples, and with labels, up to the edges of equal bins.
    """

    seconds: float
    recorded: Float64
    labelled: Float64


def gap_s(rate_hz: float) -> float:
    """Return the length of step, s, above which a recording of a rate has a gap."""
    return max(GAP_S, GAP_PERIODS / rate_hz)


def describe(recording: Recording) -> tuple[RecordingFacts, Timeline]:
    """Return the facts of a recording, and its timeline."""
    meta, table = recording.meta, recording.table
    time = table["time_s"].to_numpy()
    lasts = _lasts(time, meta.rate_hz)
    names, codes = table["activity"].cat.categories, table["activity"].cat.codes.to_numpy()
    steps = np.diff(time)
    gaps = np.flatnonzero(steps > gap_s(meta.rate_hz))
    longest = gaps[np.argsort(-steps[gaps], kind="stable")][:LONGEST]
    by_activity = np.bincount(codes.astype(int) + 1, weights=lasts, minlength=len(names) + 1)
    recorded = float(lasts.sum())
    facts = RecordingFacts(
        recording=meta.recording_id,
        subject=meta.subject_id,
        placement=meta.placement,
        rate_hz=meta.rate_hz,
        samples=len(table),
        seconds=float(time[-1] - time[0] + lasts[-1]),
        start_s=meta.start_s,
        gyroscope=not bool(table[list(GYRO)].isna().all(axis=None)),
        labelled=float(by_activity[1:].sum() / recorded),
        unlabelled_s=float(by_activity[0]),
        missing_s=float(steps[gaps].sum() - lasts[gaps].sum()),
        gaps=len(gaps),
        longest_gaps=tuple((float(time[i]), float(steps[i])) for i in longest),
        activities={a: float(s) for a, s in zip(names, by_activity[1:], strict=True) if s},
        conversions=meta.conversions,
    )
    return facts, _timeline(time, lasts, codes >= 0)


def _lasts(time: Float64, rate_hz: float) -> Float64:
    """Return how long each sample stands for: until the next, before a gap one period."""
    steps = np.diff(time, append=time[-1] + 1 / rate_hz)
    return np.where(steps > gap_s(rate_hz), 1 / rate_hz, steps)


def _timeline(time: Float64, lasts: Float64, labelled: npt.NDArray[np.bool_]) -> Timeline:
    ends = time + lasts
    # Nothing is recorded from an end to the next start.
    knots = np.maximum.accumulate(np.column_stack([time, ends]).ravel())
    edges = np.linspace(time[0], ends[-1], BINS + 1)

    def until_edges(seconds: Float64) -> Float64:
        total = np.cumsum(seconds)
        values = np.column_stack([total - seconds, total]).ravel()
        return np.interp(edges, knots, values)

    return Timeline(float(ends[-1] - time[0]), until_edges(lasts), until_edges(lasts * labelled))


def gather(ingested: Path, recordings: Sequence[RecordingFacts]) -> dict[str, Any]:
    """Return all facts of an ingested data set.

    Parameters
    ----------
    ingested : Path
        Its folder.
    recordings : sequence of RecordingFacts
        Of every recording in it.

    Returns
    -------
    dict
        ``dataset`` (as it states itself), ``totals``, ``items``, ``repairs`` and
        ``warnings`` by kind, ``quarantine`` by reason, ``rejected`` recordings and
        ``rejected_items``, ``recordings``, ``subjects``, ``activities``, ``copies``
        (and whether they were kept), ``conversions``.
    """
    (dataset,) = Datasets.read(ingested).datasets
    accounts = Accounts.read(ingested)
    rejected = accounts.rejected
    copies = [{**c.to_dict(), "kept": c.recording not in rejected} for c in dataset.copies]
    told_apart = ("copies", "rejected_items", "recordings", "subjects", "activities")
    return {
        "dataset": {
            key: value for key, value in dataset.to_dict().items() if key not in told_apart
        },
        "totals": _totals(accounts, recordings),
        "items": [_item(account) for account in accounts.items],
        "repairs": dict(accounts.repairs.most_common()),
        "quarantine": _quarantine(ingested / QUARANTINED, accounts.reasons),
        "rejected": rejected,
        "rejected_items": dict(dataset.rejected_items),
        "warnings": _warnings(w for account in accounts.items for w in account.warnings),
        "recordings": [_recording(recording) for recording in recordings],
        "subjects": _subjects(recordings),
        "activities": _activities(recordings),
        "copies": copies,
        "conversions": sorted({text for r in recordings for text in r.conversions}),
    }


def _recording(facts: RecordingFacts) -> dict[str, Any]:
    return {key: value for key, value in asdict(facts).items() if key != "conversions"}


def _item(account: Account) -> dict[str, Any]:
    return {"item": account.item, "files": len(account.files), **account.counts}


def _totals(accounts: Accounts, recordings: Sequence[RecordingFacts]) -> dict[str, Any]:
    recorded = sum(r.seconds - r.missing_s for r in recordings)
    unlabelled = sum(r.unlabelled_s for r in recordings)
    return {
        **accounts.counts,
        "files": sum(len(account.files) for account in accounts.items),
        "samples": sum(r.samples for r in recordings),
        "recordings": len(recordings),
        "subjects": len({r.subject for r in recordings}),
        "seconds": sum(r.seconds for r in recordings),
        "recorded_s": recorded,
        "unlabelled_s": unlabelled,
        "missing_s": sum(r.missing_s for r in recordings),
        "gaps": sum(r.gaps for r in recordings),
        "labelled": 1 - unlabelled / recorded if recorded else 0.0,
        "with_gyroscope": sum(r.gyroscope for r in recordings),
        "placements": sorted({r.placement for r in recordings}),
        "rates_hz": sorted({r.rate_hz for r in recordings}),
    }


def _quarantine(folder: Path, reasons: Counter[str]) -> dict[str, Any]:
    """Return rows and the first examples by reason, the commonest first."""
    examples = {
        entry["reason"]: entry["examples"] for entry in quarantine_examples(folder, EXAMPLES)
    }
    return {
        reason: {"rows": n, "examples": examples.get(reason, [])}
        for reason, n in reasons.most_common()
    }


def _warnings(warnings: Iterable[Warn]) -> dict[str, Any]:
    kinds: dict[str, list[dict[str, str]]] = {}
    for warning in warnings:
        kinds.setdefault(warning.kind, []).append(
            {"recording": warning.recording, "detail": warning.detail}
        )
    return {
        kind: {
            "times": len(found),
            "recordings": len({w["recording"] for w in found}),
            "examples": found[:EXAMPLES],
        }
        for kind, found in sorted(kinds.items(), key=lambda pair: -len(pair[1]))
    }


def _subjects(recordings: Sequence[RecordingFacts]) -> dict[str, Any]:
    """Return recordings, seconds and activities by subject."""
    subjects: dict[str, Any] = {}
    for recording in sorted(recordings, key=lambda r: r.subject):
        facts = subjects.setdefault(
            recording.subject, {"recordings": 0, "seconds": 0.0, "activities": Counter()}
        )
        facts["recordings"] += 1
        facts["seconds"] += recording.seconds
        facts["activities"].update(recording.activities)
    return {who: {**f, "activities": _ordered(f["activities"])} for who, f in subjects.items()}


def _activities(recordings: Sequence[RecordingFacts]) -> dict[str, Any]:
    """Return seconds and the number of subjects by activity, in the order of the taxonomy."""
    seconds: Counter[str] = Counter()
    subjects: dict[str, set[str]] = {}
    for recording in recordings:
        seconds.update(recording.activities)
        for activity in recording.activities:
            subjects.setdefault(activity, set()).add(recording.subject)
    return {
        activity: {"seconds": total, "subjects": len(subjects[activity])}
        for activity, total in _ordered(seconds).items()
    }


def _ordered(seconds: Counter[str]) -> dict[str, float]:
    return {activity: seconds[activity] for activity in in_order(seconds)}
