"""How a window classifier does on continuous recordings, answering hop by hop.

Scores of labelled windows leave out what a stream meets: transitions, unlabelled time,
windows that straddle two activities, and the delay of an answer. Here every sample of
a recording counts: `har.evaluation.timeline` says what is answered when,
`har.evaluation.events` what is an error and how unlabelled time is treated. A label
outside the classes (a transition, for a model of 6 classes) counts as unlabelled time.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.config import IntervalSettings, WindowGrid
from har.data.activities import TAXONOMY, Taxonomy
from har.data.recording import Recording
from har.data.windows import Windows
from har.evaluation import continuous_plots
from har.evaluation.events import Comparison, compare, event_counts, frame_counts
from har.evaluation.metrics import Counts, interval, macro_f1, resample, subject_confusions
from har.evaluation.results.continuous import (
    Answers,
    ClassAnswers,
    ContinuousScores,
    Delay,
    Example,
    FrameScores,
    Grid,
    Outcomes,
    Span,
    SubjectAnswers,
    Unlabelled,
)
from har.evaluation.timeline import Timelines, make_timelines
from har.models.smoothing import Smoothing, fit_smoothing
from har.page.plots import png

# As much of a recording as can be read in one picture.
EXAMPLE_S = 480.0


def score_answers(
    windows: Windows,
    probabilities: npt.NDArray[np.floating[Any]],
    recordings: Iterable[Recording],
    classes: tuple[str, ...],
    *,
    smoothing: Smoothing,
    window: WindowGrid,
    settings: IntervalSettings,
    taxonomy: Taxonomy = TAXONOMY,
) -> ContinuousScores:
    """Score a classifier on continuous recordings: raw, averaged and filtered answers.

    Parameters
    ----------
    windows : Windows
        All windows of one split: ``select(split, labelled=False)``.
    probabilities : ndarray of shape (n_windows, n_classes)
        The classifier's, of these windows.
    recordings : iterable of Recording
        Clean, at the windows' rate; those of other subjects are left out.
    classes : tuple of str
        The classifier's.
    smoothing : Smoothing
        Fitted on training subjects.
    window : WindowGrid
        How the windows were cut.
    settings : IntervalSettings
        Of the intervals over subjects.
    taxonomy : Taxonomy
        Says which activity is an ancestor of which.

    Raises
    ------
    DataError
        If the windows are not all of their recordings', the probabilities are not
        theirs, or nothing is labelled.
    """
    lines = make_timelines(
        windows,
        probabilities,
        recordings,
        classes,
        smoothing=smoothing,
        window=window,
        taxonomy=taxonomy,
    )
    compared = {k: compare(lines.truth, v, lines.pieces) for k, v in lines.answers.items()}
    return ContinuousScores(
        classes=classes,
        n_recordings=len(lines.recordings),
        n_subjects=len(set(lines.subjects)),
        labelled_s=lines.seconds(lines.truth >= 0),
        unlabelled_s=lines.seconds(lines.truth < 0),
        outside_classes_s=lines.seconds(lines.other),
        window=Grid(rate_hz=window.rate_hz, length_s=window.length_s, hop_s=window.hop_s),
        smoothing=smoothing.to_dict(),
        confidence=settings.confidence,
        answers=_answers(compared, lines, settings),
        example=_example(compared, lines),
    )


def write(out: Path, scores: ContinuousScores) -> None:
    """Write ``continuous.json``, ``timeline.png`` and ``events.png`` into a folder."""
    scores.write(out)
    (out / "timeline.png").write_bytes(png(continuous_plots.timeline(scores)))
    (out / "events.png").write_bytes(png(continuous_plots.events(scores)))


def evaluate_continuous(
    windows: Windows,
    out: Path,
    *,
    probabilities: Mapping[str, npt.NDArray[np.floating[Any]]],
    recordings: Callable[[], Iterable[Recording]],
    window: WindowGrid,
    settings: IntervalSettings,
    taxonomy: Taxonomy = TAXONOMY,
) -> None:
    """Score models on the test subjects' recordings; write a folder for each, as `write` does.

    Parameters
    ----------
    windows : Windows
        All windows: training subjects' fit the smoothers, test subjects' are answered.
    out : Path
        Gets one folder per model.
    probabilities : mapping of str to ndarray of shape (n_test_windows, n_classes)
        Of all test windows, labelled or not, by model.
    recordings : callable
        Gives the clean recordings anew at every call.
    window : WindowGrid
        How the windows were cut.
    settings : IntervalSettings
        Of the intervals.
    taxonomy : Taxonomy
        Says which activity is an ancestor of which.
    """
    test, classes = windows.select("test", labelled=False), windows.classes
    smoothing = fit_smoothing(windows)
    for name, answers in probabilities.items():
        scores = score_answers(
            test,
            answers,
            recordings(),
            classes,
            smoothing=smoothing,
            window=window,
            settings=settings,
            taxonomy=taxonomy,
        )
        (out / name).mkdir()
        write(out / name, scores)


def _answers(
    compared: dict[str, Comparison], lines: Timelines, settings: IntervalSettings
) -> dict[str, Answers]:
    confusions = {name: _confusions(found, lines) for name, found in compared.items()}
    resampled = {k: macro_f1(resample(c, settings)) for k, (_, c) in confusions.items()}
    raw = _scores(confusions["raw"][1].sum(0))
    answers = {}
    for name, found in compared.items():
        scores = _scores(confusions[name][1].sum(0))
        gain = resampled[name] - resampled["raw"]
        answers[name] = Answers(
            **dict(scores),
            macro_f1_interval=interval(resampled[name], settings),
            macro_f1_gain=scores.macro_f1 - raw.macro_f1,
            macro_f1_gain_interval=interval(gain, settings),
            changes_per_minute=_changes_per_minute(found, lines),
            events=_outcomes(found.true_events, found.returned_events),
            delay=_delay(found.true_events, lines.rate_hz),
            per_class=_per_class(found, lines),
            per_subject=_per_subject(found, lines, *confusions[name]),
        )
    return answers


def _confusions(found: Comparison, lines: Timelines) -> tuple[npt.NDArray[np.str_], Counts]:
    """Return labelled subjects and their matrices of frames; the last class is no answer."""
    labelled = found.truth >= 0
    n = len(lines.classes)
    answered = np.where(found.predicted < 0, n, found.predicted)[labelled]
    subjects = lines.subjects[lines.pieces[labelled]]
    return subject_confusions(found.truth[labelled], answered, subjects, n + 1)


def _scores(matrix: Counts) -> FrameScores:
    return FrameScores(
        accuracy=float(np.trace(matrix) / matrix.sum()),
        macro_f1=float(macro_f1(matrix)),
        unanswered=float(matrix[:, -1].sum() / matrix.sum()),
    )


def _changes_per_minute(found: Comparison, lines: Timelines) -> float:
    """Return how often an answer follows another one in a recording, 1/min."""
    pieces = lines.pieces[found.returned_events["start"]]
    changes = int(np.count_nonzero(np.diff(pieces) == 0))
    return 60 * changes / max(lines.seconds(found.predicted >= 0), 1 / lines.rate_hz)


def _outcomes(true: pd.DataFrame, returned: pd.DataFrame) -> Outcomes:
    fragmented = true["outcome"].isin(["fragmented", "fragmented_and_merged"])
    merged = true["outcome"].isin(["merged", "fragmented_and_merged"])
    return Outcomes(
        n=len(true),
        fragmented=int(fragmented.sum()),
        merged=int(merged.sum()),
        deleted=int((true["outcome"] == "deleted").sum()),
        inserted=int((returned["outcome"] == "inserted").sum()),
        spilling=int((returned["outcome"] == "spilling").sum()),
    )


def _delay(events: pd.DataFrame, rate_hz: float) -> Delay:
    seconds = events["delay"].dropna() / rate_hz
    median, p90 = seconds.quantile([0.5, 0.9]) if len(seconds) else (None, None)
    never = 1 - len(seconds) / len(events) if len(events) else None
    return Delay(median_s=median, p90_s=p90, never=never)


def _per_class(found: Comparison, lines: Timelines) -> dict[str, ClassAnswers]:
    n = len(lines.classes)
    true, returned = found.true_events, found.returned_events
    frames, truths, answers = (
        frame_counts(found, n),
        event_counts(true, n),
        event_counts(returned, n),
    )
    unlabelled_s = max(lines.seconds(found.truth < 0), 1 / lines.rate_hz)
    starts = returned["label"][found.truth[returned["start"]] < 0]
    result = {}
    for label, name in enumerate(lines.classes):
        answered_s = lines.seconds((found.truth < 0) & (found.predicted == label))
        result[name] = ClassAnswers(
            frames=frames.loc[label].to_dict(),
            true_events=truths.loc[label].to_dict(),
            returned_events=answers.loc[label].to_dict(),
            delay=_delay(true[true["label"] == label], lines.rate_hz),
            unlabelled=Unlabelled(
                share=answered_s / unlabelled_s,
                events_per_hour=3600 * int((starts == label).sum()) / unlabelled_s,
            ),
        )
    return result


def _per_subject(
    found: Comparison, lines: Timelines, names: npt.NDArray[np.str_], confusions: Counts
) -> dict[str, SubjectAnswers]:
    result = {}
    of_true, of_returned = (
        lines.subjects[lines.pieces[events["start"]]]
        for events in (found.true_events, found.returned_events)
    )
    for name, matrix in zip(names, confusions, strict=True):
        mine = found.true_events[of_true == name], found.returned_events[of_returned == name]
        result[str(name)] = SubjectAnswers(**dict(_scores(matrix)), events=_outcomes(*mine))
    return result


def _example(compared: dict[str, Comparison], lines: Timelines) -> Example:
    """Return the runs of the recording whose raw accuracy is the median, s.

    Of a long recording, the stretch in which most events start.
    """
    chosen = _median_recording(compared["raw"], lines)
    begin, end = np.searchsorted(lines.pieces, [chosen, chosen + 1])
    tables = {"truth": compared["raw"].true_events}
    tables |= {name: found.returned_events for name, found in compared.items()}
    starts = tables["truth"]["start"].to_numpy()
    starts = starts[(starts >= begin) & (starts < end)]
    length = round(EXAMPLE_S * lines.rate_hz)
    offered = np.append(begin, starts)
    inside = np.searchsorted(starts, offered + length) - np.searchsorted(starts, offered)
    first = offered[inside.argmax()]
    last = min(first + length, end)
    return Example(
        recording_id=str(lines.recordings[chosen]),
        start_s=float((first - begin) / lines.rate_hz),
        stop_s=float((last - begin) / lines.rate_hz),
        runs={name: _clipped(table, first, last, lines) for name, table in tables.items()},
    )


def _median_recording(raw: Comparison, lines: Timelines) -> int:
    labelled = raw.truth >= 0
    total = np.bincount(lines.pieces[labelled], minlength=len(lines.recordings))
    right = np.bincount(lines.pieces[labelled & (raw.missed < 0)], minlength=len(total))
    (scored,) = np.nonzero(total)
    ranked = scored[np.argsort(right[scored] / total[scored], kind="stable")]
    return int(ranked[len(ranked) // 2])


def _clipped(events: pd.DataFrame, first: int, last: int, lines: Timelines) -> tuple[Span, ...]:
    """Return the events of a stretch, cut where it begins and ends."""
    shown = events[(events["start"] < last) & (events["stop"] > first)]
    begin = np.searchsorted(lines.pieces, lines.pieces[first])
    seconds = (shown[["start", "stop"]].clip(first, last) - begin) / lines.rate_hz
    rows = zip(seconds["start"], seconds["stop"], shown["label"], strict=True)
    return tuple(
        Span(start_s=start, stop_s=stop, activity=lines.classes[label])
        for start, stop, label in rows
    )
