"""Stretches of recordings on which two versions disagree, by answers that are stored."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

# Windows before and after a stretch that are shown with it.
AROUND = 6
# Windows whose starts lie further apart than so many hops are not of one stretch.
_APART = 1.5
_WHERE = ["recording_id", "start_s"]


@dataclass(frozen=True)
class Answered:
    """A window of a test subject: its label, and what either version says.

    Attributes
    ----------
    window_id : str
        The window.
    start_s : float
        Where it begins in its recording, s.
    label, a, b : str
        Activities.
    """

    window_id: str
    start_s: float
    label: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        """Whether the two say different things."""
        return self.a != self.b


@dataclass(frozen=True)
class Stretch:
    """Consecutive windows on which two versions disagree, with some before and after.

    Attributes
    ----------
    person, recording : str
        Whose.
    windows : tuple of Answered
        All of them, in order.
    hop_s : float
        Between the starts of two windows, s.
    """

    person: str
    recording: str
    windows: tuple[Answered, ...]
    hop_s: float

    @property
    def differing(self) -> tuple[Answered, ...]:
        """The windows on which the two disagree."""
        return tuple(window for window in self.windows if window.differs)

    @property
    def start_s(self) -> float:
        """Start of the first window on which they disagree, s."""
        return self.differing[0].start_s

    @property
    def right(self) -> tuple[int, int]:
        """On how many of the differing windows version a is right, and version b."""
        windows = self.differing
        return sum(w.a == w.label for w in windows), sum(w.b == w.label for w in windows)


@dataclass(frozen=True)
class Disagreement:
    """How often two versions say these two things, and how often either is right."""

    a: str
    b: str
    windows: int
    right_a: int
    right_b: int


def side_by_side(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled windows that both versions answered, one row each, in order.

    Parameters
    ----------
    a, b : DataFrame
        As `har.evaluation.predictions.predictions` returns them, of the same test windows.

    Returns
    -------
    DataFrame
        ``window_id, subject_id, recording_id, start_s, label, a, b``.
    """
    columns = ["window_id", "subject_id", *_WHERE, "label"]
    own = a[a["label"].notna()][[*columns, "predicted"]].rename(columns={"predicted": "a"})
    other = b[["window_id", "predicted"]].rename(columns={"predicted": "b"})
    both = own.merge(other, on="window_id", validate="one_to_one")
    return both.sort_values(_WHERE, kind="stable").reset_index(drop=True)


def stretches(both: pd.DataFrame) -> list[Stretch]:
    """Return the stretches of disagreement, those with the most windows first.

    Parameters
    ----------
    both : DataFrame
        As `side_by_side` returns it.
    """
    steps = both.groupby("recording_id")["start_s"].diff()
    hop_s = float(steps.min()) if steps.notna().any() else 0.0
    found = [
        stretch
        for (recording, person), rows in both.groupby(["recording_id", "subject_id"], sort=True)
        for stretch in _of_recording(str(person), str(recording), rows, hop_s)
    ]
    return sorted(found, key=lambda stretch: -len(stretch.differing))


def disagreements(both: pd.DataFrame) -> list[Disagreement]:
    """Return what either says where they disagree, the most frequent first."""
    differing = both[both["a"] != both["b"]]
    return sorted(
        (
            Disagreement(
                str(a),
                str(b),
                len(rows),
                int((rows["label"] == a).sum()),
                int((rows["label"] == b).sum()),
            )
            for (a, b), rows in differing.groupby(["a", "b"])
        ),
        key=lambda pair: -pair.windows,
    )


def differing_by(both: pd.DataFrame, column: str) -> dict[str, tuple[int, int]]:
    """Return how many windows there are, and on how many the two disagree, by a column."""
    differs = both["a"] != both["b"]
    return {
        str(name): (len(rows), int(differs[rows.index].sum()))
        for name, rows in both.groupby(column)
    }


def counted(names: Sequence[str]) -> str:
    """Say how often each name occurs, the most frequent first.

    >>> counted(["sitting", "standing", "sitting"])
    'sitting ×2, standing ×1'
    """
    return ", ".join(f"{name} ×{n}" for name, n in Counter(names).most_common())


def _of_recording(
    person: str, recording: str, rows: pd.DataFrame, hop_s: float
) -> Iterator[Stretch]:
    columns = ["window_id", "start_s", "label", "a", "b"]
    windows = [Answered(*values) for values in rows[columns].itertuples(index=False)]
    for first, last in _runs(windows, _APART * hop_s):
        shown = windows[max(0, first - AROUND) : last + 1 + AROUND]
        # Another stretch nearby has a plot of its own: its windows are not of this one.
        before = [w for w in shown if w.start_s < windows[first].start_s]
        after = [w for w in shown if w.start_s > windows[last].start_s]
        inside = windows[first : last + 1]
        yield Stretch(
            person, recording, (*_until(before[::-1])[::-1], *inside, *_until(after)), hop_s
        )


def _until(windows: Sequence[Answered]) -> list[Answered]:
    """Return the windows before the first on which the two disagree again."""
    kept = []
    for window in windows:
        if window.differs:
            break
        kept.append(window)
    return kept


def _runs(windows: Sequence[Answered], apart_s: float) -> Iterator[tuple[int, int]]:
    """Yield the first and the last position of every run of differing windows."""
    first = None
    for position, window in enumerate(windows):
        follows = position and window.start_s - windows[position - 1].start_s <= apart_s
        if first is not None and not (window.differs and follows):
            yield first, position - 1
            first = None
        if window.differs and first is None:
            first = position
    if first is not None:
        yield first, len(windows) - 1
