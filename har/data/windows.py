"""Windows: fixed-length cuts of recordings, with at most one activity each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har import parquet
from har.arrays import Float32, Float64, Int64
from har.config import WindowGrid, WindowShape
from har.data.channels import NO_CHOICE, ChannelChoice
from har.data.recording import CHANNELS, Recording
from har.lineage import digest

Labels = Int64
# Windows that are copied at once, to bound memory.
BLOCK = 4096


@dataclass(frozen=True)
class Windows:
    """Cut windows.

    Attributes
    ----------
    X : ndarray of shape (n_windows, n_samples, n_channels), float32
        Acceleration in m/s² and, where it is among the channels, angular velocity in rad/s.
    y : ndarray of shape (n_windows,), int64
        Index into `classes`, or -1: unlabelled, mixed or outside the class set.
    index : DataFrame
        ``window_id, dataset, subject_id, recording_id, placement, device, start_s, activity,
        purity, split``, and ``extra``: whether it starts between two windows of the grid.
    classes : tuple of str
        Class names.
    choice : ChannelChoice
        The channels, and why these.
    """

    X: Float32
    y: Labels
    index: pd.DataFrame
    classes: tuple[str, ...]
    choice: ChannelChoice = NO_CHOICE

    @property
    def digest(self) -> str:
        """SHA-256 of the arrays' content, whatever file they are in."""
        return digest.of_mapping({"X": digest.of_array(self.X), "y": digest.of_array(self.y)})

    def select(self, split: str, *, labelled: bool = True) -> "Windows":
        """Return the windows of one split, by default those with a label."""
        rows = (self.index["split"] == split).to_numpy()
        if labelled:
            rows = rows & (self.y >= 0)
        return self.take(np.flatnonzero(rows))

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
        return replace(self, y=y)

    def at_most(self, n: int) -> "Windows":
        """Return the labelled windows, those of a class with more than `n` thinned evenly."""
        rows = [np.flatnonzero(self.y == label) for label in range(len(self.classes))]
        kept = [r if len(r) <= n else r[np.linspace(0, len(r) - 1, n).astype(int)] for r in rows]
        return self.take(np.sort(np.concatenate(kept)))

    def take(self, rows: npt.NDArray[Any]) -> "Windows":
        """Return the windows at some rows, in their order."""
        index = self.index.iloc[rows].reset_index(drop=True)
        return replace(self, X=self.X[rows], y=self.y[rows], index=index)

    @property
    def channels(self) -> tuple[str, ...]:
        """What the last axis of `X` is: columns of recordings."""
        return self.choice.channels

    @property
    def subjects(self) -> npt.NDArray[np.str_]:
        """The subject of each window."""
        return self.index["subject_id"].to_numpy(dtype=np.str_)

    def save(self, folder: Path) -> None:
        """Write ``X.npy`` and what `save_labels` does."""
        np.save(folder / "X.npy", self.X)
        self.save_labels(folder)

    def save_labels(self, folder: Path) -> None:
        """Write all but ``X.npy``: ``y.npy``, ``index.parquet``, classes and channels."""
        np.save(folder / "y.npy", self.y)
        parquet.write(self.index, folder / "index.parquet")
        (folder / "classes.txt").write_text("\n".join(self.classes) + "\n", encoding="utf-8")
        self.choice.write(folder)

    @classmethod
    def load(cls, folder: Path) -> "Windows":
        """Read what `save` wrote; ``X`` stays on disk until it is used."""
        return cls(
            np.load(folder / "X.npy", mmap_mode="r"),
            np.load(folder / "y.npy"),
            parquet.read_frame(folder / "index.parquet"),
            tuple((folder / "classes.txt").read_text(encoding="utf-8").split()),
            ChannelChoice.beside(folder),
        )


def cut(
    recording: Recording,
    settings: WindowGrid,
    *,
    density: int = 1,
    channels: Sequence[str] = CHANNELS,
) -> tuple[Float32, pd.DataFrame]:
    """Cut one recording on a regular grid that starts at its first sample.

    Parameters
    ----------
    recording : Recording
        Clean: without gaps, at the settings' rate.
    settings : WindowGrid
        Length and hop.
    density : int, default=1
        Windows that start within one hop; all but the first of them are ``extra``.
    channels : sequence of str, optional
        Columns of the recording, in the order of the last axis of `X`.

    Returns
    -------
    X : ndarray of shape (n_windows, n_samples, n_channels)
    index : DataFrame
        With the commonest activity of each window, its share (``purity``) and ``extra``.
    """
    index = index_of(recording, settings, density)
    if index.empty:
        return np.empty((0, settings.n_samples, len(channels)), np.float32), index
    starts = index["start_s"].to_numpy()
    return np.concatenate(list(samples_of(recording, starts, settings, channels))), index


def count_windows(n_samples: int, settings: WindowGrid) -> int:
    """Return how many windows of the grid lie in samples that follow one another."""
    return max(0, (n_samples - settings.n_samples) // settings.n_hop + 1)


def index_of(recording: Recording, settings: WindowGrid, density: int = 1) -> pd.DataFrame:
    """Return where the windows of a recording start and what is in them.

    Parameters
    ----------
    recording, settings, density
        As `cut` has them.

    Returns
    -------
    DataFrame
        One row per window, as `Windows.index` has them, but for the split; empty where the
        recording is shorter than a window.
    """
    table, meta = recording.table, recording.meta
    size, hop = settings.n_samples, settings.n_hop
    if len(table) < size:
        return pd.DataFrame()
    places = np.arange((len(table) - size) * density // hop + 1)
    starts = places * hop // density
    activity = table["activity"].cat
    codes, purity = _by_block(activity.codes.to_numpy(), len(activity.categories), starts, size)
    return pd.DataFrame(
        {
            "window_id": [f"{meta.recording_id}@{start}" for start in starts],
            "dataset": meta.dataset,
            "subject_id": meta.subject_id,
            "recording_id": meta.recording_id,
            "placement": meta.placement,
            "device": meta.device,
            "start_s": table["time_s"].to_numpy()[starts],
            "activity": pd.Categorical.from_codes(codes, categories=activity.categories),
            "purity": purity,
            "extra": places % density > 0,
        }
    )


def samples_of(
    recording: Recording, start_s: Float64, settings: WindowShape, channels: Sequence[str]
) -> Iterator[Float32]:
    """Yield the samples of windows that start at some times, a block at a time.

    Parameters
    ----------
    recording : Recording
        Clean, at the settings' rate.
    start_s : ndarray of shape (n_windows,)
        As `index_of` has them, s.
    settings : WindowShape
        Length of a window.
    channels : sequence of str
        Columns of the recording.

    Yields
    ------
    ndarray of shape (at most `BLOCK`, n_samples, n_channels)
    """
    starts = np.searchsorted(recording.table["time_s"], start_s)
    values = recording.table[list(channels)].to_numpy(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(values, settings.n_samples, axis=0)
    for first in range(0, len(starts), BLOCK):
        yield np.ascontiguousarray(views[starts[first : first + BLOCK]].swapaxes(1, 2))


def _by_block(
    codes: npt.NDArray[Any], n_activities: int, starts: Int64, size: int
) -> tuple[Int64, Float64]:
    """Return what `_majority` does, which counts every sample once for each activity."""
    parts = [starts[first : first + BLOCK] for first in range(0, len(starts), BLOCK)]
    found = [_majority(codes[p[0] : p[-1] + size], n_activities, p - p[0], size) for p in parts]
    common, share = zip(*found, strict=True)
    return np.concatenate(common), np.concatenate(share)


def _majority(
    codes: npt.NDArray[Any], n_activities: int, starts: Int64, size: int
) -> tuple[Int64, Float64]:
    """Return each window's commonest activity (-1: unlabelled) and its share."""
    one_hot = codes[:, None] == np.arange(-1, n_activities)
    total = np.cumsum(np.vstack([np.zeros((1, one_hot.shape[1]), np.int64), one_hot]), axis=0)
    counts = total[starts + size] - total[starts]
    return counts.argmax(1) - 1, counts.max(1) / size
