"""Activities over time from one ONNX file, which says itself how windows are cut."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float32
from har.config import WindowGrid
from har.data.channels import has_gyro
from har.data.recording import Recording
from har.data.upright import upright
from har.data.windows import count_windows, cut
from har.errors import DataError, UsageError
from har.models.answers import Answers
from har.models.onnx_metadata import OnnxMetadata
from har.models.runtime import DISTANCE, PROBABILITIES, OnnxModel
from har.models.smoothing import Name, Smoother
from har.serving.unlike import Judge

ROW = ("start_s", "end_s", "activity", "probability", "reason")
UNLIKE = "unlike training"
# Windows that are answered at a time.
BLOCK = 4096


class Predictor:
    """Predicts with an ONNX build that `har.export` made.

    Parameters
    ----------
    path : Path
        The ONNX file.
    threads : int, default=1
        CPU threads of one call.

    Attributes
    ----------
    classes : tuple of str
        Class names, in the order of the probabilities.
    rate_hz : float
        Sampling rate that the model was trained at, Hz.
    n_samples, n_hop : int
        Length of a window and step between windows, samples.
    channels : tuple of str
        Columns of a recording that the model reads, in its order.
    units : dict of str to str
        Unit of each sensor.
    gravity : bool
        Whether the acceleration that it was trained on holds gravity; it does in older files.
    upright : str or None
        The axis along which recordings are turned upright; None: they are read as worn.
    threshold : float
        Distance from the training windows above which a window is unknown.
    reference : Reference or None
        What recordings are held against; None in a file made before there was one.
    smoothing : Smoothing or None
        The model's smoothers; None in a file made before they were part of it.

    metadata : OnnxMetadata
        All that the file says of itself; it was held against the graph.

    Raises
    ------
    MissingError
        If the file is not there.
    DataError
        If the file is no model of this project, or not what its metadata says.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._model = OnnxModel(path, threads=threads, is_foreign=True)
        self.metadata = facts = OnnxMetadata.from_dict(self._model.metadata, str(path))
        facts.require_fits(self._model)
        self.path = path
        self.classes, self.channels, self.units = facts.classes, facts.channels, facts.units
        self.gravity, self.upright = facts.gravity, facts.upright
        self.rate_hz, self.n_samples, self.n_hop = facts.rate_hz, facts.n_samples, facts.n_hop
        self.threshold = facts.threshold
        self.reference, self.smoothing = facts.reference, facts.smoothing

    @property
    def needs_gyro(self) -> bool:
        """Whether the model reads angular velocity."""
        return has_gyro(self.channels)

    @property
    def has_distance(self) -> bool:
        """Whether it tells how far windows are from those of training; older files do not."""
        return bool(np.isfinite(self.threshold))

    @property
    def window(self) -> WindowGrid:
        """How recordings are cut for this model."""
        return self.metadata.window

    @property
    def default_smoother(self) -> Name:
        """The smoother that was best on validation subjects; ``none`` where the file has none."""
        return self.metadata.smoother if self.smoothing else "none"

    def smoother(self, name: Name) -> Smoother | None:
        """Return the model's smoother of a name; None for ``none``.

        Raises
        ------
        UsageError
            If the file has no smoothers.
        """
        if name == "none":
            return None
        if self.smoothing is None:
            raise UsageError(
                f"{self.path.name}: this model cannot smooth its answers",
                expected="a file with the metadata `smoothing`",
                found="a file that was exported before there was any",
                hint="export and register the model again, or predict with --raw",
            )
        return self.smoothing.named(name)

    def require_as_worn(self, where: str, hint: str) -> None:
        """Raise `UsageError` if the model takes whole recordings, which a place has none of."""
        if self.upright:
            raise UsageError(
                f"this model turns whole recordings upright, and {where} has none yet",
                expected="a model of recordings as they are worn (without window.upright)",
                found=f"window.upright is {self.upright}",
                hint=hint,
            )

    def answer(self, X: npt.ArrayLike) -> Answers:
        """Return probabilities, activity and what is unknown for raw windows.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_samples, n_channels)
            In the order and units of the model's channels.

        Raises
        ------
        DataError
            If the shape does not fit the model.
        """
        X = np.asarray(X, dtype=np.float32)
        if X.shape[1:] != (self.n_samples, len(self.channels)):
            raise DataError(
                "windows do not fit the model",
                expected=f"shape (n_windows, {self.n_samples}, {len(self.channels)})",
                found=f"shape {X.shape}",
            )
        found = self._model.run(X)
        self._require_rows(found[PROBABILITIES].shape, len(X))
        if self.metadata.detector:
            distance = self.metadata.detector.score(X)
        elif DISTANCE in found:
            distance = found[DISTANCE].astype(np.float64)
        else:
            return Answers.known(self.classes, found[PROBABILITIES])
        # Not `>`: the distance of a window with missing values is NaN, and it is unknown too.
        unknown = ~(distance <= self.threshold)
        return Answers(self.classes, found[PROBABILITIES], distance, unknown)

    def _require_rows(self, shape: tuple[int, ...], n_windows: int) -> None:
        if shape != (n_windows, len(self.classes)):
            raise DataError(
                f"{self.path}: answers of another shape than its metadata says",
                expected=f"{n_windows} rows of {len(self.classes)} classes",
                found=f"shape {shape}",
                hint="export the model again with `har`",
            )

    def predict(
        self,
        recording: Recording,
        smoother: Smoother | None = None,
        judge: Judge | None = None,
        keep: list[Answers] | None = None,
    ) -> pd.DataFrame:
        """Return the activity in every window of one recording without gaps.

        Parameters
        ----------
        recording : Recording
            Clean, at the model's rate.
        smoother : Smoother, optional
            Smooths the answers over the recording.
        judge : Judge, optional
            Gets the windows, to tell whether the recording is like training.
        keep : list of Answers, optional
            Gets the model's own answers, block by block, before they are smoothed.

        Returns
        -------
        DataFrame
            One row per window, none if the recording is shorter than one: ``start_s``,
            ``end_s`` (on the clock of the source), ``activity``, its ``probability`` by the
            model alone, also where answers are smoothed, and the ``reason`` why it is
            ``unknown``, of probability 0.
        """
        frames, state = [], None
        for block in self._blocks(upright(recording, self.upright)):
            X, index = cut(block, self.window, channels=self.channels)
            own = answers = self.answer(X)
            if smoother:
                answers, state = smoother.step(own, state)
            if judge:
                judge.add(X, own.unknown)
            if keep is not None:
                keep.append(own)
            frames.append(self._rows(block, index, own, answers))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=ROW)

    def _blocks(self, recording: Recording) -> Iterator[Recording]:
        """Yield the rows of so many windows at a time that a day of them fits into memory."""
        n = count_windows(len(recording.table), self.window)
        for first in range(0, n, BLOCK):
            start = first * self.n_hop
            stop = (min(first + BLOCK, n) - 1) * self.n_hop + self.n_samples
            rows = recording.table.iloc[start:stop].reset_index(drop=True)
            yield replace(recording, table=rows)

    def _rows(
        self, block: Recording, index: pd.DataFrame, own: Answers, answers: Answers
    ) -> pd.DataFrame:
        start_s = block.meta.start_s
        time = block.table["time_s"].to_numpy()
        last = np.arange(len(answers)) * self.n_hop + self.n_samples - 1
        return pd.DataFrame(
            {
                "start_s": start_s + index["start_s"],
                "end_s": start_s + time[last] + 1 / self.rate_hz,
                **said(own, answers),
            }
        )

    def windows(self, recording: Recording) -> Float32:
        """Return the windows of one recording as the model takes them, none if it is too short."""
        X, _ = cut(upright(recording, self.upright), self.window, channels=self.channels)
        return X

    def predict_parts(
        self,
        parts: Iterable[Recording],
        smoother: Smoother | None = None,
        judge: Judge | None = None,
    ) -> pd.DataFrame:
        """Return the activity in every window of the parts of a recording.

        Neither a window nor smoothing reaches across the gap between two parts.

        Parameters
        ----------
        parts : iterable of Recording
            As a `har.serving.recordings.UserRecording` has them.
        smoother : Smoother, optional
            Smooths the answers over each part.
        judge : Judge, optional
            Gets the windows, to tell whether the recording is like training.

        Raises
        ------
        DataError
            If no part is as long as one window.
        """
        parts = list(parts)
        longest = max((len(part.table) for part in parts), default=0)
        return self.joined([self.predict(part, smoother, judge) for part in parts], longest)

    def joined(self, frames: Sequence[pd.DataFrame], longest: int) -> pd.DataFrame:
        """Return the answers for the parts of a recording as one table.

        Raises
        ------
        DataError
            If there are none, because the longest part, in samples, is shorter than a window.
        """
        answered = [frame for frame in frames if len(frame)]
        if not answered:
            raise DataError(
                "the recording is too short for one window",
                expected=f"at least {self.n_samples / self.rate_hz:g} s without a gap",
                found=f"{longest / self.rate_hz:.2f} s",
                hint="record for longer",
            )
        return pd.concat(answered, ignore_index=True)

    def unanswered(self, parts: Iterable[Recording]) -> int:
        """Return how many samples lie in no window: behind the last one, or in a short part."""
        lengths = [len(part.table) for part in parts]
        grid = self.window
        windows = [count_windows(n, grid) for n in lengths]
        reach = min(self.n_hop, self.n_samples)
        answered = [(n - 1) * reach + self.n_samples if n else 0 for n in windows]
        return sum(lengths) - sum(answered)


def said(own: Answers, answers: Answers) -> dict[str, npt.NDArray[Any]]:
    """Return ``activity``, ``probability`` and ``reason`` of windows, as `Predictor.predict` does.

    Parameters
    ----------
    own : Answers
        The model's.
    answers : Answers
        The same ones smoothed.
    """
    chosen = own.probabilities[np.arange(len(own)), answers.label].astype(float)
    return {
        "activity": answers.activity,
        "probability": np.where(answers.unknown, 0.0, chosen),
        "reason": np.where(answers.unknown, UNLIKE, ""),
    }
