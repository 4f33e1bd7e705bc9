"""Activities over time from one ONNX file, which says itself how windows are cut."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pandas as pd

from har.arrays import Float32 as Floats
from har.config import WindowGrid
from har.data.recording import CHANNELS, GYRO, Recording
from har.data.windows import cut
from har.errors import DataError, MissingError
from har.models.unlike import Unlikeness

BATCH = 256
UNKNOWN = "unknown"


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
    unlikeness : Unlikeness or None
        Tells windows that are like nothing seen in training; None in a file without it.

    Raises
    ------
    MissingError
        If the file is not there.
    DataError
        If the file lacks the metadata of a model of this project.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        if not path.is_file():
            raise MissingError(f"{path}: no such model", hint="run `har run` to make one")
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        facts = self._session.get_modelmeta().custom_metadata_map
        names = ("classes", "rate_hz", "n_samples", "n_hop", "channels", "units")
        if missing := [name for name in names if name not in facts]:
            raise DataError(
                f"{path}: not a model of this project",
                expected=f"metadata {', '.join(names)}",
                found=f"no {', '.join(missing)}",
            )
        self.classes: tuple[str, ...] = tuple(json.loads(facts["classes"]))
        self.channels: tuple[str, ...] = tuple(json.loads(facts["channels"]))
        self.units: dict[str, str] = json.loads(facts["units"])
        self.rate_hz = float(facts["rate_hz"])
        self.n_samples, self.n_hop = int(facts["n_samples"]), int(facts["n_hop"])
        known = facts.get("unlikeness")
        self.unlikeness = Unlikeness.from_dict(json.loads(known)) if known else None

    @property
    def needs_gyro(self) -> bool:
        """Whether the model reads angular velocity."""
        return any(channel in GYRO for channel in self.channels)

    @property
    def window(self) -> WindowGrid:
        """How recordings are cut for this model."""
        length, hop = self.n_samples / self.rate_hz, self.n_hop / self.rate_hz
        return WindowGrid(rate_hz=self.rate_hz, length_s=length, hop_s=hop)

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_samples, n_channels)
            In the order and units of the model's channels.

        Returns
        -------
        ndarray of shape (n_windows, n_classes), float32

        Raises
        ------
        DataError
            If the shape does not fit the model.
        """
        X = np.ascontiguousarray(X, dtype=np.float32)
        if X.shape[1:] != (self.n_samples, len(self.channels)):
            raise DataError(
                "windows do not fit the model",
                expected=f"shape (n_windows, {self.n_samples}, {len(self.channels)})",
                found=f"shape {X.shape}",
            )
        batches = [X[start : start + BATCH] for start in range(0, max(len(X), 1), BATCH)]
        parts = [self._session.run(["probabilities"], {"windows": batch})[0] for batch in batches]
        return np.concatenate(parts)

    def predict(self, recording: Recording) -> pd.DataFrame:
        """Return the activity in every window of one recording without gaps.

        A window that is like nothing seen in training is ``unknown``, of probability 0.

        Parameters
        ----------
        recording : Recording
            Clean, at the model's rate.

        Returns
        -------
        DataFrame
            One row a window, none if the recording is shorter than one: ``start_s``,
            ``end_s`` (on the clock of the source), ``activity`` and its ``probability``.
        """
        X, index = cut(recording, self.window)
        if not len(X):
            return pd.DataFrame(columns=["start_s", "end_s", "activity", "probability"])
        order = [CHANNELS.index(channel) for channel in self.channels]
        probabilities = self.predict_proba(X[:, :, order])
        unknown = self.unlikeness.is_unknown(X) if self.unlikeness else np.zeros(len(X), bool)
        answers = np.array(self.classes)[probabilities.argmax(1)]
        time = recording.table["time_s"].to_numpy()
        last = np.arange(len(X)) * self.n_hop + self.n_samples - 1
        return pd.DataFrame(
            {
                "start_s": recording.meta.start_s + index["start_s"],
                "end_s": recording.meta.start_s + time[last] + 1 / self.rate_hz,
                "activity": np.where(unknown, UNKNOWN, answers),
                "probability": np.where(unknown, 0.0, probabilities.max(1).astype(float)),
            }
        )

    def predict_parts(self, parts: Iterable[Recording]) -> pd.DataFrame:
        """Return the activity in every window of the parts of a recording.

        No window reaches across the gap between two parts.

        Parameters
        ----------
        parts : iterable of Recording
            As `har.serving.recordings.read_user_recording` returns them.

        Raises
        ------
        DataError
            If no part is as long as one window.
        """
        parts = list(parts)
        frames = [frame for part in parts if len(frame := self.predict(part))]
        if not frames:
            longest = max((len(part.table) for part in parts), default=0) / self.rate_hz
            raise DataError(
                "the recording is too short for one window",
                expected=f"at least {self.n_samples / self.rate_hz:g} s without a gap",
                found=f"{longest:.2f} s",
                hint="record for longer",
            )
        return pd.concat(frames, ignore_index=True)

    def timeline(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Merge consecutive windows of one activity into segments.

        Windows overlap, so where the activity changes the boundary is put in the middle
        of the overlap. A gap in the recording ends a segment.

        Parameters
        ----------
        frame : DataFrame
            One row a window, as `predict_parts` returns.

        Returns
        -------
        DataFrame
            One row a segment: ``start_s``, ``end_s``, ``activity``, ``windows`` (how
            many) and their mean ``probability``.
        """
        changed = frame["activity"] != frame["activity"].shift()
        behind_gap = frame["start_s"] - frame["end_s"].shift() > 0.75 / self.rate_hz
        segments = frame.groupby((changed | behind_gap).cumsum(), sort=False).agg(
            start_s=("start_s", "first"),
            end_s=("end_s", "last"),
            activity=("activity", "first"),
            windows=("activity", "size"),
            probability=("probability", "mean"),
        )
        following = segments["start_s"].shift(-1)
        overlap = segments["end_s"] > following
        middle = (segments["end_s"] + following) / 2
        segments["end_s"] = segments["end_s"].mask(overlap, middle)
        segments["start_s"] = segments["start_s"].mask(
            overlap.shift(fill_value=False), middle.shift()
        )
        return segments.reset_index(drop=True)
