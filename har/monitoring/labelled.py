"""What a served build answers on labelled recordings, and how often it is right.

A recording is answered as `har predict` answers it: by the build that serves, smoothed, and
``unknown`` where it is unlike training. A window counts if all of it (``window.purity``) has one
label; an answer is right if it is that label or, where the model knows coarser activities
alone, what the label belongs to. ``unknown`` is never right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from har.config import IntervalSettings
from har.data.activities import Taxonomy, in_order
from har.data.ingest import own
from har.data.recording import Clock, Recording
from har.data.windows import count_windows, index_of
from har.errors import DataError
from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.scores import Interval
from har.models.answers import UNKNOWN
from har.models.smoothing import Name
from har.serving.account import DATASET
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, UserFiles, UserRecording
from har.serving.timeline import predict_recording

# Columns of stretches: of one answer, or of one label.
STRETCH = ("start_s", "end_s", "activity")


@dataclass(frozen=True)
class Answered:
    """What one build answered on one labelled recording.

    Attributes
    ----------
    name, subject : str
        Of the recording and the person.
    files : tuple of str
        That it is read from.
    clock : {"", "utc", "local"}
        What times count from.
    windows : DataFrame
        One row per window: ``window_id``, ``start_s``, ``activity`` as the files have it,
        ``predicted``, and ``label``: the activity as the model knows it, else as one of those
        that are scored beside it does; null of what none of them knows, and without a label.
    segments, labels : DataFrame
        One row per stretch of one answer, and of one label: `STRETCH`.
    withheld : bool
        Whether nothing was answered, as the recording is far unlike training.
    """

    name: str
    subject: str
    files: tuple[str, ...]
    clock: Clock
    windows: pd.DataFrame
    segments: pd.DataFrame
    labels: pd.DataFrame
    withheld: bool


def answer_labelled(
    predictor: Predictor,
    files: UserFiles,
    *,
    classes: Sequence[str],
    purity: float,
    smoothing: Name,
) -> list[Answered]:
    """Let a build answer all recordings of labelled files.

    Parameters
    ----------
    predictor : Predictor
        The build.
    files : UserFiles
        Whatever `har data ingest` reads; those that the build cannot use are in their account.
    classes : sequence of str
        Activities that it is to know, those of the builds beside it among them: others are
        left out of the scores.
    purity : float
        Smallest share of a window that has its label.
    smoothing : str
        Name of the smoother; ``none``: the windows' own answers.

    Raises
    ------
    DataError
        If nothing can be read, or no window has a label that one of the builds knows.
    """
    source = own.source(DATASET, files.plan)
    taxonomy = Taxonomy.joined([source.own_activities or {}])
    one = _One(predictor, predictor.smoother(smoothing), classes, purity, taxonomy)
    found = list(files.each(one.answered, Aim.of(predictor)))
    if not any(answered.windows["label"].notna().any() for answered in found):
        others = ", ".join(left_out(found)) or "no labels"
        raise DataError(
            f"{files.where}: no window has a label that the models know",
            expected=f"recordings that say what was done, as {', '.join(classes)}",
            found=f"{sum(len(answered.windows) for answered in found)} windows with {others}",
            hint="--map activity=COLUMN names the column of labels, [labels] in a --mapping what "
            "its words mean; `har predict` needs none",
        )
    return found


@dataclass(frozen=True)
class _One:
    """A build that answers one recording after another."""

    predictor: Predictor
    smoother: Any
    classes: Sequence[str]
    purity: float
    taxonomy: Taxonomy

    def answered(self, recording: UserRecording) -> Answered:
        seen: list[pd.DataFrame] = []
        labels: list[pd.DataFrame] = []

        def look(part: Recording) -> None:
            labels.append(_runs(part))
            if count_windows(len(part.table), self.predictor.window):
                seen.append(self._labelled(part))

        recording.show_each(look)
        predicted = predict_recording(self.predictor, recording, self.smoother)
        own_labels = pd.concat(seen, ignore_index=True)
        windows = own_labels.assign(predicted=predicted.windows["activity"].astype(str))
        segments = predicted.segments[predicted.segments["windows"] > 0]
        return Answered(
            name=recording.name,
            subject=recording.subject,
            files=recording.files,
            clock=recording.meta.clock,
            windows=windows.assign(
                window_id=[f"{recording.name}@{start:.3f}" for start in windows["start_s"]]
            ),
            segments=segments[[*STRETCH]].reset_index(drop=True),
            labels=pd.concat(labels, ignore_index=True),
            withheld=predicted.likeness.is_withheld,
        )

    def _labelled(self, part: Recording) -> pd.DataFrame:
        index = index_of(part, self.predictor.window)
        activity = index["activity"].where(index["purity"] >= self.purity).astype(object)
        lift = self.taxonomy.lift
        known = {
            name: lift(name, self.predictor.classes) or lift(name, self.classes)
            for name in index["activity"].cat.categories
        }
        label = activity.map(known, na_action="ignore")
        start_s = part.meta.start_s + index["start_s"]
        return pd.DataFrame({"start_s": start_s, "activity": activity, "label": label})


def _runs(part: Recording) -> pd.DataFrame:
    """Return the stretches of a part with one label each."""
    activity = part.table["activity"].astype(object).where(part.table["activity"].notna(), "")
    first = (activity != activity.shift()).to_numpy()
    starts = part.meta.start_s + part.table["time_s"].to_numpy()[first]
    end = part.meta.start_s + float(part.table["time_s"].iloc[-1]) + 1 / part.meta.rate_hz
    names = activity.to_numpy()[first]
    return pd.DataFrame(dict(zip(STRETCH, (starts, [*starts[1:], end], names), strict=True)))


@dataclass(frozen=True)
class Total:
    """Scores over the labelled windows of some people.

    Attributes
    ----------
    windows, people : int
        How many.
    macro_f1, accuracy : float
        Macro-F1 over the activities that are labelled.
    interval : tuple of float or None
        Of macro-F1, over people; None of one person, who shows no spread.
    unknown : int
        Windows that were answered with ``unknown``, which count as wrong.
    """

    windows: int
    people: int
    macro_f1: float
    accuracy: float
    interval: Interval | None
    unknown: int


@dataclass(frozen=True)
class ActivityScore:
    """How one activity is recognised: labelled windows, F1, the share of them that is right."""

    windows: int
    f1: float
    right: float


@dataclass(frozen=True)
class LabelledScores:
    """How often one build is right.

    Attributes
    ----------
    overall : Total
        On all people.
    unseen : Total or None
        On those whom the model has not seen; None if it has seen nobody, or all.
    by_person : dict of str to Total
        By person.
    by_activity : dict of str to ActivityScore
        By label.
    not_known : dict of str to int
        Labelled windows of activities that a model beside it knows, and it does not: always wrong.
    seen : dict of str to str
        How it has seen people, by person.
    withheld : tuple of str
        Recordings that it did not answer, as they are far unlike training.
    """

    overall: Total
    unseen: Total | None
    by_person: dict[str, Total]
    by_activity: dict[str, ActivityScore]
    not_known: dict[str, int]
    seen: dict[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()


def scores(
    answered: Sequence[Answered],
    classes: Sequence[str],
    *,
    seen: dict[str, str],
    settings: IntervalSettings,
) -> LabelledScores:
    """Score the answers of one build.

    Parameters
    ----------
    answered : sequence of Answered
        Its answers.
    classes : sequence of str
        What it knows.
    seen : dict of str to str
        How it has seen people, by person: their scores are no evidence.
    settings : IntervalSettings
        Of the intervals over people.
    """
    frame = labelled_windows(answered)
    others = frame[~frame["subject_id"].isin(list(seen))]
    is_part = 0 < len(others) < len(frame)
    strange = frame.loc[~frame["label"].isin(list(classes)), "label"]
    return LabelledScores(
        overall=_total(frame, settings),
        unseen=_total(others, settings) if is_part else None,
        by_person={str(who): _total(rows, settings) for who, rows in frame.groupby("subject_id")},
        by_activity=_by_activity(frame),
        not_known={str(name): int(n) for name, n in strange.value_counts().items()},
        seen=seen,
        withheld=tuple(one.name for one in answered if one.withheld),
    )


def labelled_windows(answered: Sequence[Answered]) -> pd.DataFrame:
    """Return the windows with a label: ``window_id, subject_id, label, predicted``."""
    parts = [one.windows.assign(subject_id=one.subject) for one in answered]
    frame = pd.concat(parts, ignore_index=True)
    columns = ["window_id", "subject_id", "label", "predicted"]
    return frame.loc[frame["label"].notna(), columns].reset_index(drop=True)


def left_out(answered: Sequence[Answered]) -> dict[str, int]:
    """Return the windows of activities that no model knows, which are in no score."""
    frame = pd.concat([one.windows for one in answered], ignore_index=True)
    counts = frame.loc[frame["label"].isna(), "activity"].dropna().value_counts()
    return {str(name): int(n) for name, n in counts.items()}


def names_in(*frames: pd.DataFrame) -> tuple[str, ...]:
    """Return all labels and answers, ``unknown`` among them."""
    return in_order(
        str(name) for frame in frames for c in ("label", "predicted") for name in frame[c].unique()
    )


def difference(
    a: pd.DataFrame, b: pd.DataFrame, settings: IntervalSettings
) -> PairedDifference | None:
    """Compare two builds person by person, a minus b; None if they cut or name windows otherwise.

    Parameters
    ----------
    a, b : DataFrame
        As `labelled_windows` returned them.
    """
    from har.evaluation.metrics import paired_difference

    keys = ["window_id", "subject_id", "label"]
    if not len(a) or not a[keys].equals(b[keys]):
        return None
    return paired_difference(a, b, names_in(a, b), settings=settings)


def _confusions(frame: pd.DataFrame) -> Any:
    from har.evaluation.metrics import subject_confusions

    code = pd.Index(names_in(frame)).get_indexer
    who = frame["subject_id"].to_numpy(dtype=np.str_)
    y, predicted = code(frame["label"]), code(frame["predicted"])  # type: ignore[arg-type]
    return subject_confusions(y, predicted, who, len(names_in(frame)))[1]


def _total(frame: pd.DataFrame, settings: IntervalSettings) -> Total:
    from har.evaluation.metrics import interval, macro_f1, resample

    each = _confusions(frame)
    spread = interval(macro_f1(resample(each, settings)), settings) if len(each) > 1 else None
    return Total(
        windows=len(frame),
        people=len(each),
        macro_f1=float(macro_f1(each.sum(0))),
        accuracy=float((frame["label"] == frame["predicted"]).mean()),
        interval=spread,
        unknown=int((frame["predicted"] == UNKNOWN).sum()),
    )


def _by_activity(frame: pd.DataFrame) -> dict[str, ActivityScore]:
    found = {}
    for name in in_order(str(label) for label in frame["label"].unique()):
        labelled, said = frame["label"] == name, frame["predicted"] == name
        hits = int((labelled & said).sum())
        f1 = 2 * hits / int(labelled.sum() + said.sum())
        found[name] = ActivityScore(int(labelled.sum()), f1, hits / int(labelled.sum()))
    return found
