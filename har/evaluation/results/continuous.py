"""Scores of a model's answers on continuous recordings."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import StrictFloat, StrictInt, StrictStr

from har.evaluation.results.scores import Interval
from har.lineage.typed import Typed, TypedFile

Counts = Mapping[StrictStr, StrictInt]


class Delay(Typed):
    """From the start of a true event to the first right answer in it.

    Attributes
    ----------
    median_s, p90_s : float or None
        Median and 90th percentile, s; None if no event was detected.
    never : float or None
        Share of events without a right answer; None if there is no event.
    """

    median_s: StrictFloat | None
    p90_s: StrictFloat | None
    never: StrictFloat | None


class Outcomes(Typed):
    """Events: how many there are, what became of them, and how many were made up."""

    n: StrictInt
    fragmented: StrictInt
    merged: StrictInt
    deleted: StrictInt
    inserted: StrictInt
    spilling: StrictInt


class Unlabelled(Typed):
    """Answers in unlabelled time: share of it, and events that start in an hour of it."""

    share: StrictFloat
    events_per_hour: StrictFloat


class ClassAnswers(Typed):
    """Of one class: all counts of `har.evaluation.events`, and more."""

    frames: Counts
    true_events: Counts
    returned_events: Counts
    delay: Delay
    unlabelled: Unlabelled


class FrameScores(Typed):
    """Over labelled time; ``unanswered`` is the share without an answer."""

    accuracy: StrictFloat
    macro_f1: StrictFloat
    unanswered: StrictFloat


class SubjectAnswers(FrameScores):
    """Of one subject."""

    events: Outcomes


class Answers(FrameScores):
    """Raw answers, averaged ones, or those of a hidden Markov model.

    Attributes
    ----------
    macro_f1_gain : float
        On the raw answers.
    macro_f1_interval, macro_f1_gain_interval : tuple of float
        Over the same resampled subjects.
    changes_per_minute : float
        Of the answer.
    events : Outcomes
        Of all classes.
    delay : Delay
        Of all classes.
    per_class : mapping of str to ClassAnswers
        By class.
    per_subject : mapping of str to SubjectAnswers
        By subject.
    """

    macro_f1_interval: Interval
    macro_f1_gain: StrictFloat
    macro_f1_gain_interval: Interval
    changes_per_minute: StrictFloat
    events: Outcomes
    delay: Delay
    per_class: Mapping[StrictStr, ClassAnswers]
    per_subject: Mapping[StrictStr, SubjectAnswers]


class Span(Typed):
    """From when to when, s from the recording's start, an activity was done or answered."""

    start_s: StrictFloat
    stop_s: StrictFloat
    activity: StrictStr


class Example(Typed):
    """A stretch of one recording.

    Attributes
    ----------
    recording_id : str
        Of the recording.
    start_s, stop_s : float
        The stretch, s from the recording's start.
    runs : mapping of str to tuple of Span
        ``truth``, then the answers by kind.
    """

    recording_id: StrictStr
    start_s: StrictFloat
    stop_s: StrictFloat
    runs: Mapping[StrictStr, tuple[Span, ...]]


class Grid(Typed):
    """How the windows were cut: rate in Hz, length and step in s."""

    rate_hz: StrictFloat
    length_s: StrictFloat
    hop_s: StrictFloat


class ContinuousScores(TypedFile):
    """``continuous.json``.

    Attributes
    ----------
    classes : tuple of str
        The classifier's.
    n_recordings, n_subjects : int
        That were answered.
    labelled_s, unlabelled_s : float
        Time with and without a label of these classes, s.
    outside_classes_s : float
        Unlabelled time that has a label outside the classes, as a transition, s.
    window : Grid
        How often it answers.
    smoothing : mapping
        Parameters of the smoothers, as `har.models.smoothing.Smoothing.to_dict` has them.
    confidence : float
        Of the intervals over subjects.
    answers : mapping of str to Answers
        ``raw``, ``average`` and ``hmm``.
    example : Example
        Of the recording whose raw accuracy is the median.
    """

    FILE: ClassVar[str] = "continuous.json"

    classes: tuple[StrictStr, ...]
    n_recordings: StrictInt
    n_subjects: StrictInt
    labelled_s: StrictFloat
    unlabelled_s: StrictFloat
    outside_classes_s: StrictFloat
    window: Grid
    smoothing: Mapping[StrictStr, Any]
    confidence: StrictFloat
    answers: Mapping[StrictStr, Answers]
    example: Example
