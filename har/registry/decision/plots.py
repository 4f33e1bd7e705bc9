"""A stretch of disagreement, drawn: what was labelled, what either says, and the signal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from har.arrays import Float64
from har.data.windows import Windows
from har.evaluation.predictions import test_digest
from har.lineage.record import Record
from har.registry.decision.stretches import Answered, Stretch, counted
from har.store import Store

# Of the picture, in its own units: x is time in s.
HEIGHT = 100.0
# Points of a signal that are drawn at most.
MOST_POINTS = 500
LANES = ("label", "a", "b")


@dataclass(frozen=True)
class Block:
    """Neighbouring windows of one activity in a lane.

    Attributes
    ----------
    x, width : float
        s from the beginning of the picture.
    name : str
        The activity.
    """

    x: float
    width: float
    name: str


@dataclass(frozen=True)
class Picture:
    """A stretch as lanes over time.

    Attributes
    ----------
    width : float
        s.
    lanes : mapping of str to tuple of Block
        By what they are of: ``label``, ``a``, ``b``.
    marked : tuple of float
        Start and length of what the two disagree on, s from the beginning of the picture.
    signal : tuple of str
        Points of the acceleration's magnitude, as SVG wants them, a line for each piece without
        a gap; none where the windows are not in the store any more.
    low, high : float
        The least and the greatest value of the signal, m/s².
    words : mapping of str to str
        By lane, what it says where the two disagree.
    """

    width: float
    lanes: Mapping[str, tuple[Block, ...]]
    marked: tuple[float, float]
    signal: tuple[str, ...]
    low: float
    high: float
    words: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """The activities in it, in the order of the alphabet."""
        return sorted({block.name for lane in self.lanes.values() for block in lane})


SignalOf = Callable[[Stretch], Float64 | None]


def signals(store: Store, lineage: Record, expected: str) -> SignalOf:
    """Return what reads the signal of a stretch from the windows that a version was tested on.

    They are in the store of whoever made the version, as long as nobody tidied it. They are
    used if they are the test windows by their digest, and else not.

    Parameters
    ----------
    store : Store
        Where they may be.
    lineage : Record
        Of the version.
    expected : str
        Digest of its test windows.
    """
    step = lineage.predicate.steps.get("windows")
    kept = step and store.find("windows", step.key)
    test = Windows.load(kept.path).select("test") if kept else None
    if test is None or test_digest(test) != expected:
        return lambda stretch: None
    rate_hz = lineage.predicate.build.external_parameters.settings["window"]["rate_hz"]
    rows = {window_id: row for row, window_id in enumerate(test.index["window_id"])}
    axes = [at for at, name in enumerate(test.choice.channels) if name.startswith("acc_")]

    def signal(stretch: Stretch) -> Float64 | None:
        n_hop = round(stretch.hop_s * rate_hz)
        samples = test.X[[rows[window.window_id] for window in stretch.windows]][:, :n_hop, axes]
        return np.asarray(np.linalg.norm(samples, axis=2), np.float64)

    return signal


def picture(stretch: Stretch, magnitudes: Float64 | None) -> Picture:
    """Draw a stretch, each window over the hop from its start.

    Parameters
    ----------
    stretch : Stretch
        What is drawn.
    magnitudes : ndarray of shape (n_windows, n_samples), optional
        Of the acceleration in that hop, m/s².
    """
    windows, hop = stretch.windows, stretch.hop_s
    begin, differing = windows[0].start_s, stretch.differing
    pieces = list(_pieces(windows, hop))
    lanes = {
        name: tuple(block for piece in pieces for block in _blocks(windows, piece, name, hop))
        for name in LANES
    }
    low, high = (0.0, 0.0) if magnitudes is None else (magnitudes.min(), magnitudes.max())
    return Picture(
        width=round(windows[-1].start_s - begin + hop, 3),
        lanes=lanes,
        marked=(
            round(differing[0].start_s - begin, 3),
            round(differing[-1].start_s - differing[0].start_s + hop, 3),
        ),
        signal=() if magnitudes is None else _lines(windows, pieces, magnitudes, hop),
        low=float(low),
        high=float(high),
        words={name: counted([getattr(w, name) for w in differing]) for name in LANES},
    )


def _pieces(windows: Sequence[Answered], hop: float) -> Iterator[range]:
    """Yield the positions of windows that follow each other without a gap."""
    first = 0
    for at in range(1, len(windows) + 1):
        ended = at == len(windows)
        if ended or windows[at].start_s - windows[at - 1].start_s > 1.5 * hop:
            yield range(first, at)
            first = at


def _blocks(windows: Sequence[Answered], piece: range, lane: str, hop: float) -> Iterator[Block]:
    for name, group in groupby(piece, key=lambda at: str(getattr(windows[at], lane))):
        first, *others = (windows[at].start_s for at in group)
        width = (others[-1] if others else first) - first + hop
        yield Block(round(first - windows[0].start_s, 3), round(width, 3), name)


def _lines(
    windows: Sequence[Answered], pieces: Sequence[range], magnitudes: Float64, hop: float
) -> tuple[str, ...]:
    """Return the points of the signal, a line for each piece without a gap."""
    low, high = magnitudes.min(), magnitudes.max()
    y = HEIGHT * (1 - (magnitudes - low) / ((high - low) or 1.0))
    starts = np.array([window.start_s - windows[0].start_s for window in windows])
    x = starts[:, np.newaxis] + hop * np.arange(y.shape[1]) / y.shape[1]
    thin = max(1, y.size // MOST_POINTS)
    return tuple(
        " ".join(
            f"{at:.2f},{value:.1f}"
            for at, value in zip(x[piece].ravel()[::thin], y[piece].ravel()[::thin], strict=True)
        )
        for piece in pieces
    )
