"""Answers hop by hop: a recording worked out by hand, and a real one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from har.config import IntervalSettings, WindowSettings
from har.data.activities import BASIC
from har.data.cutting import cut_all
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table
from har.data.windows import Windows
from har.errors import DataError
from har.evaluation.continuous import score_answers, write
from har.evaluation.results.continuous import ContinuousScores, Span
from har.features.transformer import FeatureTransformer
from har.models.smoothing import HMM, Average, Smoothing, fit_smoothing

SETTINGS = IntervalSettings(bootstrap=200)
CLASSES = ("standing", "walking")
WINDOW = WindowSettings(rate_hz=10, length_s=1.0, hop_s=0.5)
FORGETFUL = Smoothing(Average(3), HMM(np.full((2, 2), 0.5), np.full(2, 0.5)))


def recording(name: str, activity: list[str | None]) -> Recording:
    """Return a recording of 10 Hz with these labels; the signals do not matter."""
    meta = RecordingMeta("lab", name, name.partition("@")[0], 10.0, "waist", "CC0")
    zeros = {channel: np.zeros(len(activity), np.float32) for channel in CHANNELS}
    time = {"time_s": np.arange(len(activity)) / 10}
    return Recording(make_table(meta, zeros | time, activity), meta)


def run(recordings: list[Recording], answers: list[int], **options: Any) -> ContinuousScores:
    """Return the result for these answers, one per window."""
    subjects = sorted({r.meta.subject_id for r in recordings})
    windows = cut_all(recordings, {"test": subjects}, WINDOW, CLASSES)
    arguments = {"smoothing": FORGETFUL, "window": WINDOW, "settings": SETTINGS, **options}
    return score_answers(windows, np.eye(2)[answers], recordings, CLASSES, **arguments)


def test_a_recording_worked_out_by_hand() -> None:
    """2 s standing, 2 s walking; windows end at 1.0, 1.5, …, 4.0 s, each right at its end.

    No answer in the first second, and walking is answered at 2.5 s, half a second late.
    """
    found = run([recording("a", ["standing"] * 20 + ["walking"] * 20)], [0, 0, 0, 1, 1, 1, 1])
    raw = found.answers["raw"]
    assert raw.accuracy == pytest.approx((10 + 15) / 40)
    assert raw.macro_f1 == pytest.approx((20 / 35 + 30 / 35) / 2)
    assert raw.unanswered == pytest.approx(10 / 40)
    assert raw.changes_per_minute == pytest.approx(1 / 3 * 60)
    assert raw.delay.to_dict() == {
        "median_s": pytest.approx(0.75),
        "p90_s": pytest.approx(0.95),
        "never": 0,
    }
    assert raw.events.to_dict() == {
        "n": 2,
        "fragmented": 0,
        "merged": 0,
        "deleted": 0,
        "inserted": 0,
        "spilling": 0,
    }
    standing = raw.per_class["standing"].frames
    assert (standing["underfill_start"], standing["overfill_end"]) == (10, 5)
    assert found.answers["hmm"] == raw
    assert (raw.macro_f1_gain, raw.macro_f1_gain_interval) == (0, (0, 0))
    assert (found.labelled_s, found.unlabelled_s, found.n_subjects) == (4, 0, 1)


def test_averaged_answers_are_smoother_and_later() -> None:
    """The mean of 3 windows overrules one, and needs two to follow a change."""
    activity = ["standing"] * 40 + ["walking"] * 40
    answers = [0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    found = run([recording("a", activity)], answers).answers
    assert found["raw"].events.inserted == 1
    assert found["raw"].events.fragmented == 1
    assert found["average"].events.inserted == 0
    assert found["average"].events.fragmented == 0
    delays = [found[k].per_class["walking"].delay.median_s for k in ("raw", "average")]
    assert delays == [pytest.approx(0.5), pytest.approx(1.0)]


def test_transitions_are_unlabelled_time_for_a_model_without_them() -> None:
    """A second of no label and one of a transition: walking is answered there throughout."""
    activity = ["standing"] * 20 + [None] * 10 + ["stand-to-sit"] * 10 + ["standing"] * 20
    answers = [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    found = run([recording("a", activity)], answers)
    assert (found.unlabelled_s, found.outside_classes_s) == (2, 1)
    raw = found.answers["raw"]
    assert raw.accuracy == pytest.approx((10 + 15) / 40)
    walking = raw.per_class["walking"]
    assert walking.unlabelled.to_dict() == {
        "share": pytest.approx(0.75),
        "events_per_hour": pytest.approx(1800),
    }
    assert walking.returned_events["spilling"] == raw.events.spilling == 1
    assert raw.events.inserted == 0


def test_finer_labels_count_as_their_ancestor() -> None:
    """Nordic walking is walking for a model that knows no more."""
    found = run([recording("a", ["standing"] * 20 + ["nordic-walking"] * 20)], [0] * 3 + [1] * 4)
    assert found.answers["raw"].per_class["walking"].true_events["correct"] == 1


def test_answers_do_not_outlive_a_recording() -> None:
    """A part after a gap starts without an answer; one too short never gets any."""
    parts = [
        recording("a@1", ["standing"] * 20),
        recording("a@2", ["standing"] * 20),
        recording("a@3", ["walking"] * 5),
    ]
    raw = run(parts, [0] * 6).answers["raw"]
    assert raw.unanswered == pytest.approx(25 / 45)
    assert raw.events.n == 3
    assert raw.delay.never == pytest.approx(1 / 3)
    assert raw.changes_per_minute == 0


def test_of_a_long_recording_the_liveliest_stretch_is_drawn() -> None:
    """Ten minutes of standing, then changes every 10 s: 480 s from the first change on."""
    activity = ["standing"] * 6000 + (["walking"] * 100 + ["standing"] * 100) * 25
    example = run([recording("a", activity)], [0] * 2199).example
    assert (example.start_s, example.stop_s) == (600, 1080)
    assert len(example.runs["truth"]) == 48
    everything = Span(start_s=600, stop_s=1080, activity="standing")
    assert example.runs["raw"] == (everything,)


def test_subjects_are_told_apart() -> None:
    """One is always right once answered, the other never: the interval spans both."""
    both = [recording(name, ["standing"] * 20 + ["walking"] * 20) for name in "ab"]
    raw = run(both, [0, 0, *[1] * 8, 0, 0, 0, 0]).answers["raw"]
    a, b = (raw.per_subject[name] for name in "ab")
    assert (a.events.deleted, b.events.deleted) == (0, 1)
    low, high = raw.macro_f1_interval
    assert low == pytest.approx(b.macro_f1)
    assert high == pytest.approx(a.macro_f1)


def test_what_is_no_stream_is_refused() -> None:
    """Labelled windows alone are no stream, and time without any label tells nothing."""
    mixed = [recording("a", ["standing"] * 20 + ["walking"] * 20)]
    windows = cut_all(mixed, {"test": ["a"]}, WINDOW, CLASSES)
    for some in (windows.select("test"), reversed_windows(windows)):
        with pytest.raises(DataError, match="a: windows are missing or out of order"):
            score_answers(
                some,
                np.eye(2)[np.zeros(len(some.y), int)],
                mixed,
                CLASSES,
                smoothing=FORGETFUL,
                window=WINDOW,
                settings=SETTINGS,
            )
    with pytest.raises(DataError, match="not one probability for each window and class"):
        run(mixed, [0] * 6)
    with pytest.raises(DataError, match="nothing is labelled"):
        run([recording("a", [None] * 40)], [0] * 7)


def reversed_windows(windows: Windows) -> Windows:
    index = windows.index[::-1].reset_index(drop=True)
    return Windows(windows.X[::-1], windows.y[::-1], index, windows.classes)


@pytest.fixture(scope="module")
def result(recordings: list[Recording]) -> ContinuousScores:
    """Score a logistic regression of two training subjects on a validation subject."""
    splits = {"train": ["hapt-01", "hapt-03"], "validation": ["hapt-07"]}
    known = {who for subjects in splits.values() for who in subjects}
    chosen = [r for r in recordings if r.meta.subject_id in known]
    windows = cut_all(chosen, splits, WindowSettings(), BASIC)
    labelled = windows.select("train")
    stream = windows.select("validation", labelled=False)
    features = FeatureTransformer().fit()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    model.fit(features.transform(labelled.X), labelled.y)
    return score_answers(
        stream,
        model.predict_proba(features.transform(stream.X)),
        chosen,
        BASIC,
        smoothing=fit_smoothing(windows),
        window=WindowSettings(),
        settings=SETTINGS,
    )


def test_smoothing_makes_real_answers_steadier(result: ContinuousScores) -> None:
    """Fewer changes per minute and no more insertions, at the price of some delay."""
    raw, average, hmm = (result.answers[name] for name in ("raw", "average", "hmm"))
    for smoothed in (average, hmm):
        assert smoothed.changes_per_minute < raw.changes_per_minute
        assert smoothed.events.inserted <= raw.events.inserted
        assert smoothed.delay.median_s >= raw.delay.median_s
    assert raw.accuracy > 0.8


def test_numbers_of_a_real_recording_add_up(result: ContinuousScores) -> None:
    """Frames of every class are all frames; shares of unlabelled time are at most all of it."""
    n_frames = round((result.labelled_s + result.unlabelled_s) * 50)
    for answer in result.answers.values():
        for row in answer.per_class.values():
            subsets = row.frames["substituted"] + row.frames["answered_unlabelled"]
            assert sum(row.frames.values()) - subsets == n_frames
        shares = [row.unlabelled.share for row in answer.per_class.values()]
        assert 0.9 < sum(shares) <= 1
    assert 0 < result.outside_classes_s < result.unlabelled_s
    runs = result.example.runs
    assert list(runs) == ["truth", "raw", "average", "hmm"]
    assert all(0 <= e.start_s < e.stop_s for events in runs.values() for e in events)


def test_result_is_written_with_its_pictures(result: ContinuousScores, tmp_path: Path) -> None:
    """The file holds the result as it is; both pictures are PNGs."""
    write(tmp_path, result)
    assert ContinuousScores.read(tmp_path) == result
    for name in ("timeline.png", "events.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
