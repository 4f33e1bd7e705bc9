"""From the answers for windows to what a person reads: segments over time and their sums."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pandas as pd

from har.data.cleaning import CleanReport
from har.data.recording import Clock
from har.data.windows import count_windows
from har.models.answers import UNKNOWN
from har.models.smoothing import Smoother
from har.serving.predictor import ROW, UNLIKE, Predictor
from har.serving.recordings import UserRecording
from har.serving.unlike import Judge, Likeness

GAP, TOO_SHORT = "gap", "too short"


@dataclass(frozen=True)
class Predicted:
    """What was predicted of one recording.

    Attributes
    ----------
    name, subject : str
        Of the recording and the person.
    clock : {"", "utc", "local"}
        What times count from, as `har.data.recording.RecordingMeta` says.
    rows : CleanReport
        What cleaning changed.
    unanswered : int
        Samples in no window.
    likeness : Likeness
        How the recording compares with the training recordings.
    windows : DataFrame
        One row per window, as `Predictor.predict` returns them.
    segments : DataFrame
        One row per segment: ``start_s``, ``end_s``, ``activity``, ``windows`` (how many),
        their mean ``probability``, and the ``reason`` where it is ``unknown``.
    """

    name: str
    subject: str
    clock: Clock
    rows: CleanReport
    unanswered: int
    likeness: Likeness
    windows: pd.DataFrame
    segments: pd.DataFrame

    @property
    def summary(self) -> pd.DataFrame:
        """One row per activity: ``minutes``, ``share``, ``segments``, mean ``probability``.

        Sorted by time, what is ``unknown`` last, by reason.
        """
        return summary(self.segments)


def predict_recording(
    predictor: Predictor,
    recording: UserRecording,
    smoother: Smoother | None,
    *,
    anyway: bool = False,
) -> Predicted:
    """Predict a recording, and tell whether it is like those that the model was trained on.

    Parameters
    ----------
    predictor : Predictor
        The model.
    recording : UserRecording
        Clean, at the model's rate.
    smoother : Smoother, optional
        Smooths the answers over each stretch between gaps.
    anyway : bool, default=False
        Whether a recording that is unlike training is answered nevertheless.
    """
    judge = Judge(predictor.reference, predictor.rate_hz)
    windows = predictor.predict_parts(recording.parts, smoother, judge)
    likeness = judge.verdict(recording.meta)
    if likeness.is_unlike and not anyway:
        windows = windows.assign(activity=UNKNOWN, probability=0.0, reason=UNLIKE)
    holes = pd.DataFrame(_holes(predictor, recording), columns=list(ROW))
    segments = timeline(windows, predictor.rate_hz)
    if len(holes):
        segments = pd.concat([segments, holes.assign(windows=0)], ignore_index=True)
        segments = segments.sort_values("start_s", kind="stable", ignore_index=True)
    return Predicted(
        name=recording.name,
        subject=recording.subject,
        clock=recording.meta.clock,
        rows=recording.rows,
        unanswered=predictor.unanswered(recording.parts),
        likeness=likeness,
        windows=windows,
        segments=segments,
    )


def timeline(frame: pd.DataFrame, rate_hz: float) -> pd.DataFrame:
    """Merge consecutive windows of one activity into segments.

    Windows overlap, so where the activity changes the boundary is put in the middle
    of the overlap. A gap in the recording ends a segment.

    Parameters
    ----------
    frame : DataFrame
        One row per window, as `Predictor.predict_parts` returns.
    rate_hz : float
        Of the recording, Hz.

    Returns
    -------
    DataFrame
        One row per segment: ``start_s``, ``end_s``, ``activity``, ``windows`` (how
        many), their mean ``probability``, and ``reason``.
    """
    changed = frame["activity"] != frame["activity"].shift()
    behind_gap = frame["start_s"] - frame["end_s"].shift() > 0.75 / rate_hz
    segments = frame.groupby((changed | behind_gap).cumsum(), sort=False).agg(
        start_s=("start_s", "first"),
        end_s=("end_s", "last"),
        activity=("activity", "first"),
        windows=("activity", "size"),
        probability=("probability", "mean"),
        reason=("reason", "first"),
    )
    following = segments["start_s"].shift(-1)
    overlap = segments["end_s"] > following
    middle = (segments["end_s"] + following) / 2
    segments["end_s"] = segments["end_s"].mask(overlap, middle)
    segments["start_s"] = segments["start_s"].mask(overlap.shift(fill_value=False), middle.shift())
    return segments.reset_index(drop=True)


def summary(segments: pd.DataFrame) -> pd.DataFrame:
    """Sum segments by activity: see `Predicted.summary`."""
    seconds = segments["end_s"] - segments["start_s"]
    weighted = segments.assign(seconds=seconds, weight=segments["probability"] * seconds)
    sums = weighted.groupby(["activity", "reason"], as_index=False, sort=False).agg(
        seconds=("seconds", "sum"), segments=("seconds", "size"), weight=("weight", "sum")
    )
    sums["minutes"] = sums["seconds"] / 60
    sums["share"] = sums["seconds"] / sums["seconds"].sum()
    sums["probability"] = sums["weight"] / sums["seconds"]
    order = sums.assign(last=sums["activity"] == UNKNOWN).sort_values(
        ["last", "seconds"], ascending=[True, False], kind="stable"
    )
    columns = ["activity", "reason", "minutes", "share", "segments", "probability"]
    return order[columns].reset_index(drop=True)


def time_of_day(seconds: float, clock: Clock) -> str:
    """Return a time since 1970 as ISO 8601 to the second; empty where the clock is its own.

    >>> time_of_day(1764178859.5, "utc"), time_of_day(60.0, "local"), time_of_day(60.0, "")
    ('2025-11-26T17:40:59Z', '1970-01-01T00:01:00', '')
    """
    if not clock:
        return ""
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}Z" if clock == "utc" else text


def _holes(predictor: Predictor, recording: UserRecording) -> Iterator[dict[str, Any]]:
    """Yield the time between the stretches of a recording, and stretches without a window."""
    spans = [_span(part, predictor.rate_hz) for part in recording.parts]
    unknown = {"activity": UNKNOWN, "probability": 0.0}
    for part, (start, end) in zip(recording.parts, spans, strict=True):
        if not count_windows(len(part.table), predictor.window):
            yield {"start_s": start, "end_s": end, **unknown, "reason": TOO_SHORT}
    for (_, end), (start, _) in pairwise(spans):
        yield {"start_s": end, "end_s": start, **unknown, "reason": GAP}


def _span(part: Any, rate_hz: float) -> tuple[float, float]:
    start = float(part.meta.start_s)
    return start, start + float(part.table["time_s"].iloc[-1]) + 1 / rate_hz
