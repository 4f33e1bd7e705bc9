"""Windows: fixed-length cuts of recordings, with at most one activity each."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.config import WindowSettings
from har.data.activities import ALL, lift
from har.data.recording import CHANNELS, GYRO, Recording
from har.errors import DataError

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Cut windows.

    Attributes
    ----------
    X : ndarray of shape (n_windows, n_samples, 6), float32
        Acceleration in m/s² and angular velocity in rad/s.
    y : ndarray of shape (n_windows,), int64
        Index into `classes`, or -1: unlabelled, mixed or outside the class set.
    index : DataFrame
        ``window_id, dataset, subject_id, recording_id, start_s, activity, purity, split``.
    classes : tuple of str
        Class names.
    """

    X: Floats
    y: Labels
    index: pd.DataFrame
    classes: tuple[str, ...]

    def select(self, split: str, *, labelled: bool = True) -> "Windows":
        """Return the windows of one split, by default those with a label."""
        rows = (self.index["split"] == split).to_numpy()
        if labelled:
            rows = rows & (self.y >= 0)
        index = self.index[rows].reset_index(drop=True)
        return Windows(self.X[rows], self.y[rows], index, self.classes)

    def with_labels(self, share: float, seed: int) -> "Windows":
        """Return the windows with a share of the training and validation labels.

        Labels are drawn by split and class, at least one of each.
        """
        if share == 1:
            return self
        rng = np.random.default_rng(seed)
        y = self.y.copy()
        held = self.index["split"].to_numpy()
        for split in ("train", "validation"):
            for label in range(len(self.classes)):
                rows = rng.permutation(np.flatnonzero((held == split) & (self.y == label)))
                y[rows[max(1, round(share * len(rows))) :]] = -1
        return Windows(self.X, y, self.index, self.classes)

    @property
    def subjects(self) -> npt.NDArray[np.str_]:
        """The subject of each window."""
        return self.index["subject_id"].to_numpy(dtype=np.str_)

    def save(self, folder: Path) -> None:
        """Write ``X.npy``, ``y.npy`` and ``index.parquet``."""
        np.save(folder / "X.npy", self.X)
        np.save(folder / "y.npy", self.y)
        self.index.to_parquet(folder / "index.parquet", index=False)
        (folder / "classes.txt").write_text("\n".join(self.classes) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Windows":
        """Read what `save` wrote; ``X`` stays on disk until it is used."""
        return cls(
            np.load(folder / "X.npy", mmap_mode="r"),
            np.load(folder / "y.npy"),
            pd.read_parquet(folder / "index.parquet"),
            tuple((folder / "classes.txt").read_text().split()),
        )


def cut(recording: Recording, settings: WindowSettings) -> tuple[Floats, pd.DataFrame]:
    """Cut one recording on a regular grid that starts at its first sample.

    Parameters
    ----------
    recording : Recording
        Clean: without gaps, at the settings' rate.
    settings : WindowSettings
        Length and hop.

    Returns
    -------
    X : ndarray of shape (n_windows, n_samples, 6)
    index : DataFrame
        With the commonest activity of each window and its share (``purity``).
    """
    table, meta = recording.table, recording.meta
    size, hop = settings.n_samples, settings.n_hop
    starts = np.arange(0, len(table) - size + 1, hop)
    values = table[list(CHANNELS)].to_numpy(np.float32)
    if not len(starts):
        return np.empty((0, size, len(CHANNELS)), np.float32), pd.DataFrame()
    X = np.lib.stride_tricks.sliding_window_view(values, size, axis=0)[starts].swapaxes(1, 2)
    codes, purity = _majority(table["activity"].cat.codes.to_numpy(), starts, size)
    start_s = table["time_s"].to_numpy()[starts]
    index = pd.DataFrame(
        {
            "window_id": [f"{meta.recording_id}@{i * hop}" for i in range(len(starts))],
            "dataset": meta.dataset,
            "subject_id": meta.subject_id,
            "recording_id": meta.recording_id,
            "start_s": start_s,
            "activity": pd.Categorical.from_codes(codes, categories=pd.Index(ALL)),
            "purity": purity,
        }
    )
    return np.ascontiguousarray(X), index


def cut_all(
    recordings: Iterable[Recording],
    splits: dict[str, list[str]],
    settings: WindowSettings,
    classes: tuple[str, ...] = ALL,
    *,
    drop_missing: bool = False,
) -> Windows:
    """Cut recordings and label windows whose purity reaches the settings' threshold.

    Parameters
    ----------
    recordings : iterable of Recording
        Clean, at the settings' rate.
    splits : dict
        Subjects per split.
    settings : WindowSettings
        Length, hop and purity.
    classes : tuple of str
        An activity belongs to itself or to its nearest ancestor among them.
    drop_missing : bool, default=False
        Leave out the classes that a split has no pure window of.

    Raises
    ------
    DataError
        If a recording has no gyroscope, none is as long as a window, or fewer than two
        classes are left.
    """
    cuts = [cut(_with_gyro(recording), settings) for recording in recordings]
    parts = [part for X, part in cuts if len(X)]
    if not parts:
        raise DataError(
            f"no recording is as long as a window of {settings.length_s:g} s",
            found=f"{len(cuts)} recordings between gaps",
            hint="a shorter window, as --set window.length_s=1.28, or a longer clean.max_gap_s",
        )
    index = pd.concat(parts, ignore_index=True)
    split_of = {who: split for split, subjects in splits.items() for who in subjects}
    index["split"] = index["subject_id"].map(split_of)
    pure = index["purity"] >= settings.purity
    chosen = _in_every_split(index[pure], classes) if drop_missing else classes
    if len(chosen) < 2:
        raise DataError(
            "fewer than two classes to tell apart",
            expected="activities with labelled windows in training, validation and test",
            found=", ".join(chosen) or "none",
            hint=f"short activities need shorter windows (window.length_s, now "
            f"{settings.length_s:g}) or a lower window.purity (now {settings.purity:g})",
        )
    y = np.where(pure, class_codes(chosen)[index["activity"].cat.codes], -1)
    return Windows(np.concatenate([X for X, _ in cuts]), y.astype(np.int64), index, chosen)


def class_codes(classes: tuple[str, ...]) -> Labels:
    """Return the class of each activity of the taxonomy, and -1 for none at the end.

    Indexed with a table's activity codes, where -1 is unlabelled, it gives classes.
    """
    lifted = [lift(name, classes) for name in ALL]
    return np.array([classes.index(name) if name else -1 for name in lifted] + [-1])


def _with_gyro(recording: Recording) -> Recording:
    if recording.table[list(GYRO)].isna().any(axis=None):
        raise DataError(
            f"{recording.meta.recording_id} has no gyroscope",
            expected="angular velocity in every recording: the models read both sensors",
            hint="choose placements that have one, as --set 'data.placements=[\"wrist\"]'",
        )
    return recording


def _in_every_split(index: pd.DataFrame, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the classes that every split has a window of."""
    codes = class_codes(classes)[index["activity"].cat.codes]
    present = [set(codes[(index["split"] == split).to_numpy()]) for split in set(index["split"])]
    shared = set[int]().union(*present).intersection(*present)
    return tuple(name for code, name in enumerate(classes) if code in shared)


def _majority(
    codes: npt.NDArray[Any], starts: npt.NDArray[np.int64], size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return each window's commonest activity (-1: unlabelled) and its share."""
    one_hot = codes[:, None] == np.arange(-1, len(ALL))
    total = np.cumsum(np.vstack([np.zeros((1, one_hot.shape[1]), np.int64), one_hot]), axis=0)
    counts = total[starts + size] - total[starts]
    return counts.argmax(1) - 1, counts.max(1) / size
