"""What a model answers on files: activities over time, probabilities, and signals to draw."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from har.app.contents import Contents
from har.app.thinning import Signals
from har.app.understanding import Stated, plan_of
from har.arrays import Float32
from har.data.ingest.files import open_files
from har.data.recording import Recording
from har.errors import HarError
from har.models.answers import Answers
from har.models.smoothing import Name
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, UserFiles, UserRecording
from har.serving.timeline import Predicted, predict_recording

# Rows of a part that are kept to be drawn: enough for a look at every minute of a day.
KEPT = 50_000


@dataclass(frozen=True, eq=False)
class Answered:
    """A recording, answered.

    Attributes
    ----------
    predicted : Predicted
        Its activities over time.
    probabilities : DataFrame
        One row per window, one column per class: the model's own, before smoothing.
    signals : tuple of Signals
        Of each stretch between gaps, in the order of `channels`.
    channels : tuple of str
        What the model reads.
    """

    predicted: Predicted
    probabilities: pd.DataFrame
    signals: tuple[Signals, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Analysis:
    """All recordings of some files, answered.

    Attributes
    ----------
    recordings : tuple of Answered
        At least one.
    account : dict
        What became of all rows, as `har.serving.account.Account.to_dict` tells it.
    refused : tuple of (str, Exception)
        Recordings that the model cannot use, and files that cannot be read.
    """

    recordings: tuple[Answered, ...]
    account: dict[str, Any]
    refused: tuple[tuple[str, Exception], ...]


def analyse(
    contents: Contents, stated: Stated, predictor: Predictor, smoothing: Name, *, anyway: bool
) -> Analysis:
    """Answer files.

    Parameters
    ----------
    contents : Contents
        The files, of which nothing is in doubt.
    stated : Stated
        What a person said of them.
    predictor : Predictor
        The model.
    smoothing : {"none", "average", "hmm"}
        How answers are smoothed over time.
    anyway : bool
        Whether a recording that is unlike training is answered nevertheless.

    Raises
    ------
    HarError
        If nothing in them can be answered.
    """
    smoother = predictor.smoother(smoothing)

    def answer(recording: UserRecording) -> Answered:
        signals: list[Signals] = []
        answers: list[Answers] = []
        seen = replace(recording, _parts=_kept(recording.parts(), predictor.channels, signals))
        predicted = predict_recording(predictor, seen, smoother, anyway=anyway, keep=answers)
        own = np.concatenate([block.probabilities for block in answers])
        table = pd.DataFrame(own, columns=list(predictor.classes))
        return Answered(predicted, table, tuple(signals), predictor.channels)

    with contents.on_disk() as path:
        opened = open_files(path)
        plan = plan_of(opened, stated, contents.title)
        plan.refuse_doubts(contents.title)
        files = UserFiles(opened, plan, contents.title)
        answered = tuple(files.each(answer, Aim.of(predictor)))
        refused = tuple(files.account.refused.items())
        return Analysis(answered, files.account.to_dict(), refused)


def _kept(
    parts: Iterator[Recording], channels: tuple[str, ...], signals: list[Signals]
) -> Iterator[Recording]:
    """Yield the parts of a recording, and keep of each what a picture can show."""
    for part in parts:
        time = part.table["time_s"].to_numpy(np.float64) + part.meta.start_s
        values: Float32 = part.table[list(channels)].to_numpy(np.float32)
        signals.append(Signals.of(time, values).thinned(KEPT))
        yield part


def try_analyse(
    contents: Contents, stated: Stated, predictor: Predictor, smoothing: Name, *, anyway: bool
) -> Analysis | HarError:
    """Return what `analyse` does, or why it cannot."""
    try:
        return analyse(contents, stated, predictor, smoothing, anyway=anyway)
    except HarError as error:
        return error
