"""Windows of all recordings of a run: which there are, their labels, then their samples.

All of them are found first, so that classes and numbers are known before a sample is copied.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float32, Int64
from har.config import WindowSettings
from har.data.activities import TAXONOMY, Taxonomy, in_order
from har.data.channels import ChannelChoice, measured
from har.data.gravity import common_kind
from har.data.recording import Recording, RecordingMeta, named
from har.data.upright import upright
from har.data.windows import Labels, Windows, index_of, samples_of
from har.errors import DataError


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
                worn, channels = upright(recording, self.settings.upright), self.choice.channels
                yield from samples_of(worn, start_s[first:end], self.settings, channels)

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
        parts.append(index_of(recording, settings, settings.train_density if dense else 1))
        found.append((recording.meta.recording_id, measured(recording)))
        metas.append(recording.meta)
    kind = common_kind(metas)
    choice = ChannelChoice.of(settings.channels, found, gravity=kind, upright=settings.upright)
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
