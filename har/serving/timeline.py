"""From the answers for windows to what a person reads: segments over time and their sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Self

import pandas as pd

from har.arrays import Float32
from har.data.cleaning import CleanReport
from har.data.recording import Clock, Recording
from har.models.answers import UNKNOWN, Answers
from har.models.smoothing import Smoother
from har.serving.predictor import UNLIKE, Predictor
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
    moments : ndarray of shape (n_windows, n_sensors, 4, 3)
        Mean and covariance of each sensor's axes in the windows.
    """

    name: str
    subject: str
    clock: Clock
    rows: CleanReport
    unanswered: int
    likeness: Likeness
    windows: pd.DataFrame
    segments: pd.DataFrame
    moments: Float32

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
    keep: list[Answers] | None = None,
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
        Whether a recording is answered although its answers mean nothing.
    keep : list of Answers, optional
        Gets the model's own answers, block by block, before they are smoothed.
    """
    judge = Judge(predictor.reference, predictor.window)
    frames, spans = [], []
    for part in recording.parts():
        frames.append(predictor.predict(part, smoother, judge, keep))
        spans.append(Span.of(part, predictor))
    windows = predictor.joined(frames, max((span.samples for span in spans), default=0))
    likeness = judge.verdict(recording.meta)
    if likeness.is_withheld and not anyway:
        windows = windows.assign(activity=UNKNOWN, probability=0.0, reason=UNLIKE)
    return Predicted(
        name=recording.name,
        subject=recording.subject,
        clock=recording.meta.clock,
        rows=recording.rows,
        unanswered=sum(span.unanswered for span in spans),
        likeness=likeness,
        windows=windows,
        segments=_with_holes(timeline(windows, predictor.rate_hz), spans, predictor.rate_hz),
        moments=judge.moments,
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
    behind_gap = apart(frame["end_s"].shift(), frame["start_s"], rate_hz)
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


def apart(end_s: Any, start_s: Any, rate_hz: float) -> Any:
    """Tell whether what ends and what starts then have a gap between them, one by one.

    >>> apart(1.0, 1.01, 50.0), apart(1.0, 1.02, 50.0)
    (False, True)
    """
    return start_s - end_s > 0.75 / rate_hz


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


@dataclass(frozen=True)
class Span:
    """Where a stretch without gaps lies, and how much of it has an answer.

    Attributes
    ----------
    start_s, end_s : float
        On the clock of the files.
    samples, unanswered : int
        All of them, and those in no window.
    """

    start_s: float
    end_s: float
    samples: int
    unanswered: int

    @classmethod
    def of(cls, part: Recording, predictor: Predictor) -> Self:
        """Return the span of a part."""
        start = float(part.meta.start_s)
        length = float(part.table["time_s"].iloc[-1]) + 1 / predictor.rate_hz
        return cls(start, start + length, len(part.table), predictor.unanswered([part]))


def _with_holes(segments: pd.DataFrame, spans: Sequence[Span], rate_hz: float) -> pd.DataFrame:
    """Add the time between the stretches of a recording, and stretches without a window."""
    holes = [(s.start_s, s.end_s, TOO_SHORT) for s in spans if s.unanswered == s.samples]
    for before, after in pairwise(spans):
        if apart(before.end_s, after.start_s, rate_hz):  # not where a long recording is parted
            holes.append((before.end_s, after.start_s, GAP))
    if not holes:
        return segments
    rows = pd.DataFrame(holes, columns=["start_s", "end_s", "reason"])
    rows = rows.assign(activity=UNKNOWN, probability=0.0, windows=0)
    return pd.concat([segments, rows]).sort_values("start_s", kind="stable", ignore_index=True)
