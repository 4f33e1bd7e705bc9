"""Recordings as timelines: the truth, and what a window classifier answers, per frame.

A window's answer is given at its end and holds until the next one: a stream knows no
later windows. So an answer is about the past, and comes at least a part of a window
late; until the first window of a recording has ended there is no answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from har.arrays import Probabilities
from har.config import WindowGrid
from har.data.activities import TAXONOMY, Taxonomy
from har.data.cutting import class_codes
from har.data.recording import Recording
from har.data.windows import Labels, Windows, count_windows
from har.errors import DataError
from har.models.answers import Answers
from har.models.smoothing import Name, Smoothing

# Names of the answers, each with that of its smoother.
SMOOTHERS: dict[str, Name] = {"raw": "none", "average": "average", "hmm": "hmm"}


@dataclass(frozen=True)
class Timelines:
    """The frames of all recordings, one after the other.

    Attributes
    ----------
    recordings, subjects : ndarray of shape (n_recordings,)
        Ids.
    pieces : ndarray of shape (n_frames,)
        Index of each frame's recording.
    truth : ndarray of shape (n_frames,)
        Class of each frame, -1 if it has no label or one outside the classes.
    other : ndarray of shape (n_frames,)
        Whether it has a label outside the classes, such as a transition for a 6-class model.
    answers : dict of str to ndarray of shape (n_frames,)
        Class answered, -1 before the first answer, for each way of smoothing.
    classes : tuple of str
        Class names.
    rate_hz : float
        Frames in a second.
    """

    recordings: npt.NDArray[np.str_]
    subjects: npt.NDArray[np.str_]
    pieces: Labels
    truth: Labels
    other: npt.NDArray[np.bool_]
    answers: dict[str, Labels]
    classes: tuple[str, ...]
    rate_hz: float

    def seconds(self, frames: npt.NDArray[np.bool_]) -> float:
        """Return how long these frames last."""
        return float(np.count_nonzero(frames) / self.rate_hz)


def make_timelines(
    windows: Windows,
    probabilities: Probabilities,
    recordings: Iterable[Recording],
    classes: tuple[str, ...],
    *,
    smoothing: Smoothing,
    window: WindowGrid,
    taxonomy: Taxonomy = TAXONOMY,
) -> Timelines:
    """Lay the answers, as they are and smoothed, beside the truth.

    Parameters
    ----------
    windows : Windows
        All windows of a split, unlabelled ones too.
    probabilities : ndarray of shape (n_windows, n_classes)
        A classifier's, of these windows.
    recordings : iterable of Recording
        Clean; those of other subjects than the windows' are left out. One too short for
        a window is kept, without an answer.
    classes : tuple of str
        The classifier's. A label belongs to itself or to its nearest ancestor among them.
    smoothing : Smoothing
        Fitted on training subjects.
    window : WindowGrid
        How the windows were cut.
    taxonomy : Taxonomy
        Says which activity is an ancestor of which.

    Raises
    ------
    DataError
        If windows of a recording are missing or out of order, if
        the probabilities are of other windows or classes, or nothing is labelled.
    """
    shape = (len(windows.index), len(classes))
    if probabilities.shape != shape:
        raise DataError(
            "not one probability for each window and class",
            expected=f"shape {shape}",
            found=str(probabilities.shape),
        )
    chosen = set(windows.subjects)
    kept = [recording for recording in recordings if recording.meta.subject_id in chosen]
    names = np.array([recording.meta.recording_id for recording in kept])
    lengths = [len(recording.table) for recording in kept]
    rows_of = windows.index.groupby("recording_id").indices
    rows = [np.asarray(rows_of.get(name, ()), np.int64) for name in names]
    for name, n, mine in zip(names, lengths, rows, strict=True):
        _check_complete(windows, name, mine, n, window)
    activities = [recording.table["activity"] for recording in kept]
    truth = np.concatenate([class_codes(column, classes, taxonomy) for column in activities])
    labelled = np.concatenate([column.notna() for column in activities])
    if (truth < 0).all():
        raise DataError("nothing is labelled", expected=f"some of {', '.join(classes)}")
    pieces = windows.index["recording_id"].to_numpy()
    raw = Answers.known(classes, probabilities)
    answers = {}
    for name, kind in SMOOTHERS.items():
        smoother = smoothing.named(kind)
        label = (smoother.smooth(raw, pieces) if smoother else raw).label
        held = [_hold(label[mine], n, window) for mine, n in zip(rows, lengths, strict=True)]
        answers[name] = np.concatenate(held)
    return Timelines(
        names,
        np.array([recording.meta.subject_id for recording in kept]),
        np.repeat(np.arange(len(kept)), lengths),
        truth,
        (truth < 0) & labelled,
        answers,
        classes,
        window.rate_hz,
    )


def _check_complete(
    windows: Windows, name: str, rows: Labels, n_frames: int, window: WindowGrid
) -> None:
    """Refuse a recording some of whose windows are missing or out of order."""
    expected = count_windows(n_frames, window)
    starts = windows.index["start_s"].to_numpy()[rows]
    in_order = (np.diff(rows) == 1).all() and (np.diff(starts) > 0).all()
    if len(rows) != expected or not in_order:
        raise DataError(
            f"{name}: windows are missing or out of order",
            expected=f"{expected} windows, one every {window.hop_s:g} s, in order",
            found=f"{len(rows)} windows",
            hint='take unlabelled windows too: windows.select("test", labelled=False)',
        )


def _hold(answers: Labels, n_frames: int, window: WindowGrid) -> Labels:
    """Return each frame's answer: that of the last window that has ended before it."""
    ended = (np.arange(n_frames) - window.n_samples) // window.n_hop
    return np.append(answers, -1)[np.clip(ended, -1, len(answers) - 1)]
