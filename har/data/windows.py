"""Windows: fixed-length cuts of recordings, with at most one activity each."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har import parquet
from har.arrays import Float32, Float64, Int64
from har.config import WindowGrid, WindowSettings, WindowShape
from har.data.activities import TAXONOMY, Taxonomy, in_order
from har.data.channels import NO_CHOICE, ChannelChoice, measured
from har.data.gravity import common_kind
from har.data.recording import CHANNELS, Recording, RecordingMeta, named
from har.errors import DataError

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
    index = _index(recording, settings, density)
    if index.empty:
        return np.empty((0, settings.n_samples, len(channels)), np.float32), index
    starts = index["start_s"].to_numpy()
    return np.concatenate(list(_values(recording, starts, settings, channels))), index


def count_windows(n_samples: int, settings: WindowGrid) -> int:
    """Return how many windows of the grid lie in samples that follow one another."""
    return max(0, (n_samples - settings.n_samples) // settings.n_hop + 1)


def _index(recording: Recording, settings: WindowGrid, density: int = 1) -> pd.DataFrame:
    """Return where the windows of a recording start and what is in them."""
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


def _values(
    recording: Recording, start_s: Float64, settings: WindowShape, channels: Sequence[str]
) -> Iterator[Float32]:
    """Yield the samples of windows that start at some times, a block at a time.

    Each block has shape (n_windows, n_samples, n_channels).
    """
    starts = np.searchsorted(recording.table["time_s"], start_s)
    values = recording.table[list(channels)].to_numpy(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(values, settings.n_samples, axis=0)
    for first in range(0, len(starts), BLOCK):
        yield np.ascontiguousarray(views[starts[first : first + BLOCK]].swapaxes(1, 2))


@dataclass(frozen=True)
class _Plan:
    """Which windows there are, before any sample is copied.

    Attributes
    ----------
    place : ndarray of shape (n_windows,)
        Number of each window's recording; ascending.
    y, index, classes, choice
        As in `Windows`.
    settings : WindowSettings
        How they are cut.
    """

    place: Int64
    y: Labels
    index: pd.DataFrame
    classes: tuple[str, ...]
    choice: ChannelChoice
    settings: WindowSettings

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of all windows together."""
        return len(self.y), self.settings.n_samples, len(self.choice.channels)

    def blocks(self, recordings: Iterable[Recording]) -> Iterator[Float32]:
        """Yield the samples of all windows, in order; one recording is held at a time."""
        start_s = self.index["start_s"].to_numpy()
        for place, recording in enumerate(recordings):
            first, end = np.searchsorted(self.place, [place, place + 1])
            if first < end:
                channels = self.choice.channels
                yield from _values(recording, start_s[first:end], self.settings, channels)

    def windows(self, X: Float32) -> Windows:
        """Return the windows with their samples."""
        return Windows(X, self.y, self.index, self.classes, self.choice)


def cut_all(
    recordings: Collection[Recording],
    splits: Mapping[str, Collection[str]],
    settings: WindowSettings,
    classes: tuple[str, ...] | None = None,
    *,
    taxonomy: Taxonomy = TAXONOMY,
    drop_missing: bool = False,
) -> Windows:
    """Cut recordings and label windows whose purity reaches the settings' threshold.

    Recordings of training subjects are cut more densely, for classes that are short of
    windows; validation and test windows are those of the grid alone.

    Parameters
    ----------
    recordings : collection of Recording
        Clean, at the settings' rate.
    splits : mapping of str to collection of str
        Subjects per split.
    settings : WindowSettings
        Length, hop, purity and channels.
    classes : tuple of str, optional
        An activity belongs to itself or to its nearest ancestor among them; by default all
        that there are.
    taxonomy : Taxonomy
        Says which activity is an ancestor of which.
    drop_missing : bool, default=False
        Leave out the classes that a split has no pure window of.

    Raises
    ------
    DataError
        If a recording has no gyroscope where one was asked for, some hold gravity and others
        do not, none is as long as a window, or fewer than two classes are left.
    """
    plan = _plan(recordings, splits, settings, classes, taxonomy, drop_missing=drop_missing)
    return plan.windows(np.concatenate(list(plan.blocks(recordings))))


def write_all(
    folder: Path,
    recordings: Callable[[], Iterable[Recording]],
    splits: Mapping[str, Collection[str]],
    settings: WindowSettings,
    classes: tuple[str, ...] | None = None,
    *,
    taxonomy: Taxonomy = TAXONOMY,
    drop_missing: bool = False,
) -> Windows:
    """Write what `cut_all` returns, and as `Windows.save` does, with one recording in memory.

    Parameters
    ----------
    folder : Path
        Gets the files.
    recordings : callable
        Begins to yield the recordings, always the same ones; called twice.
    splits, settings, classes, taxonomy, drop_missing
        As `cut_all` has them.

    Returns
    -------
    Windows
        Whose ``X`` stays on disk.
    """
    plan = _plan(recordings(), splits, settings, classes, taxonomy, drop_missing=drop_missing)
    with (folder / "X.npy").open("wb") as file:
        # Not through a map of the file, whose pages would count as this process's memory.
        header = {"descr": "<f4", "fortran_order": False, "shape": plan.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in plan.blocks(recordings()):
            file.write(block.tobytes())
    windows = plan.windows(np.load(folder / "X.npy", mmap_mode="r"))
    windows.save_labels(folder)
    return windows


def _plan(
    recordings: Iterable[Recording],
    splits: Mapping[str, Collection[str]],
    settings: WindowSettings,
    classes: tuple[str, ...] | None,
    taxonomy: Taxonomy,
    *,
    drop_missing: bool,
) -> _Plan:
    """Say which windows there are, going through the recordings once."""
    training = set(splits.get("train", ()))
    parts, found = [], []
    metas: list[RecordingMeta] = []
    for recording in recordings:
        dense = recording.meta.subject_id in training
        parts.append(_index(recording, settings, settings.train_density if dense else 1))
        found.append((recording.meta.recording_id, measured(recording)))
        metas.append(recording.meta)
    choice = ChannelChoice.of(settings.channels, found, gravity=common_kind(metas))
    if all(part.empty for part in parts):
        raise DataError(
            f"no recording is as long as a window of {settings.length_s:g} s",
            found=f"{len(parts)} stretches without a gap",
            hint="a shorter window, as --set window.length_s=1.28, or a longer clean.max_gap_s",
        )
    index = pd.concat(parts, keys=range(len(parts)), names=["place", None]).reset_index("place")
    index = index.reset_index(drop=True)
    index["activity"] = named(index["activity"])
    split_of = {who: split for split, subjects in splits.items() for who in subjects}
    index["split"] = index["subject_id"].map(split_of)
    pure = index["purity"] >= settings.purity
    if classes is None:
        classes = in_order(index["activity"].cat.categories)
    labels = class_codes(index["activity"], classes, taxonomy)
    chosen = _in_every_split(index[pure], labels[pure], classes) if drop_missing else classes
    if len(chosen) < 2:
        raise _too_few_classes(index, np.where(pure, labels, -1), labels, chosen, settings)
    y = np.where(pure, class_codes(index["activity"], chosen, taxonomy), -1)
    held = index["split"].to_numpy() != "train"
    kept = _enough(np.where(held, -1, y), index["extra"].to_numpy(), settings.train_class_windows)
    index, place = index.drop(columns="place").iloc[kept], index["place"].to_numpy()[kept]
    return _Plan(place, y[kept], index.reset_index(drop=True), chosen, choice, settings)


def _enough(y: Labels, extra: npt.NDArray[np.bool_], wanted: int) -> Labels:
    """Return rows: all of the grid, and extra ones of each class up to the number wanted.

    Labels are those of training windows; others have -1.
    """
    kept = [np.flatnonzero(~extra)]
    for label in range(int(y.max()) + 1):
        more = np.flatnonzero(extra & (y == label))
        n = min(len(more), max(0, wanted - int((~extra & (y == label)).sum())))
        kept.append(more[np.linspace(0, len(more) - 1, n).astype(int)])
    return np.sort(np.concatenate(kept))


def class_codes(activity: "pd.Series[Any]", classes: tuple[str, ...], taxonomy: Taxonomy) -> Labels:
    """Return the class of each row of a column of activities, -1 for none."""
    lifted = [taxonomy.lift(name, classes) for name in activity.cat.categories]
    # The last entry is what the code -1 of an unlabelled row picks.
    table = np.array([classes.index(name) if name else -1 for name in lifted] + [-1], np.int64)
    return table[activity.cat.codes]


def _too_few_classes(
    index: pd.DataFrame,
    pure: Labels,
    labels: Labels,
    chosen: tuple[str, ...],
    settings: WindowSettings,
) -> DataError:
    """Say why there are fewer than two classes: what is to be done depends on it.

    Labels are the class of each window's commonest activity; pure ones have those only of
    windows that are pure enough.
    """
    if index["activity"].isna().all():
        hint = "no window has a label: `har data ingest` names their column, --map activity=COLUMN"
    elif (labels < 0).all():
        names = ", ".join(index["activity"].cat.categories[:5])
        hint = f"the labels are others ({names}): choose window.classes, or hang them under a "
        hint += "common activity in the [activities] of a mapping"
    elif len(np.unique(labels[labels >= 0])) < 2:
        hint = "a second activity is needed: whoever only walks teaches no model what walking is"
    elif len(np.unique(pure[pure >= 0])) < 2:
        hint = (
            f"short activities need shorter windows (window.length_s, now {settings.length_s:g}) "
            f"or a lower window.purity (now {settings.purity:g})"
        )
    else:
        hint = (
            "each activity needs people in training, validation and test who do it: choose "
            "split.test_subjects and split.validation_subjects, or record more people"
        )
    return DataError(
        "fewer than two classes to tell apart",
        expected="activities with labelled windows in training, validation and test",
        found=", ".join(chosen) or "none",
        hint=hint,
    )


def _in_every_split(
    index: pd.DataFrame, labels: Labels, classes: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the classes that every split has a window of."""
    present = [set(labels[(index["split"] == split).to_numpy()]) for split in set(index["split"])]
    shared = set[int]().union(*present).intersection(*present)
    return tuple(name for code, name in enumerate(classes) if code in shared)


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
