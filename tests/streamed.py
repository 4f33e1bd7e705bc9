"""Samples of a made person, read whole as `har predict` does, and pushed into a session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.data.ingest import own
from har.data.ingest.harmonise import Origin, harmonise
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Group, Plan
from har.data.recording import ACC, GYRO, Recording
from har.data.sources.base import Raw
from har.models.answers import Answers
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, UserRecording
from har.serving.session import Chunk, Segment, Session, Update, Window
from har.serving.timeline import Predicted, predict_recording

_MAPPING = ColumnMapping(time="t", acc=("x", "y", "z"))
_ORIGIN = Origin("user", own.source("user", Plan((Group("tables", (), mapping=_MAPPING),))), {})


class Watched(Predictor):
    """A predictor that keeps the windows that it was asked about."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[np.ndarray] = []

    def answer(self, X: Any) -> Answers:
        """Answer, and keep the windows."""
        self.asked.append(np.asarray(X))
        return super().answer(X)

    @property
    def windows(self) -> np.ndarray:
        """All windows so far, which are forgotten."""
        asked, self.asked = self.asked, []
        return np.concatenate(asked) if asked else np.empty((0, self.n_samples, len(self.channels)))


@dataclass(frozen=True)
class Person:
    """Samples of both sensors, each in the order in which they arrive."""

    acc: tuple[np.ndarray, np.ndarray]
    gyro: tuple[np.ndarray, np.ndarray]

    def recordings(self) -> list[Recording]:
        """Read all at once, as files are read."""
        tables = [_table(*self.acc, ACC).assign(label=None), _table(*self.gyro, GYRO)]
        raw = Raw("p1", "walk", "unknown", tuple(tables))
        return list(harmonise(raw, _ORIGIN, Ledger()))

    def predicted(self, predictor: Predictor, **options: Any) -> Predicted:
        """Predict all at once, as files are predicted."""
        recordings = self.recordings()
        reports: list[Any] = []
        parts = Aim.of(predictor).cleaned(recordings, "walk", reports)
        meta = recordings[0].meta
        recording = UserRecording("walk", "p1", (), meta, parts, reports)
        smoother = predictor.smoother(options.pop("smoother", predictor.default_smoother))
        return predict_recording(predictor, recording, smoother, **options)

    def chunks(self, sizes: Sequence[int]) -> Iterator[list[Chunk]]:
        """Yield the samples in pushes of so many, both sensors as they arrive together."""
        done, arrived = [0, 0], (self.acc[0], self.gyro[0])
        turn = 0
        while done[0] < len(arrived[0]) or done[1] < len(arrived[1]):
            n = sizes[turn % len(sizes)]
            turn += 1
            share = (done[0] + n) / max(1, len(arrived[0]))
            stops = (done[0] + n, int(np.ceil(share * len(arrived[1]))))
            pushed = []
            sensors = (("acc", self.acc), ("gyro", self.gyro))
            for i, (sensor, (time, values)) in enumerate(sensors):
                rows = slice(done[i], stops[i])
                pushed.append(Chunk.of(sensor, time[rows], values[rows]))
                done[i] = min(stops[i], len(time))
            yield pushed


@dataclass
class Streamed:
    """All that came of a stream."""

    windows: list[Window] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    def add(self, update: Update) -> None:
        """Add what came of a push, in which nothing may be refused."""
        assert update.refused is None
        self.windows += update.windows
        self.segments += update.segments
        self.events += update.events


def stream(session: Session, pushes: Iterator[list[Chunk]]) -> Streamed:
    """Push all of it, and end the session."""
    streamed = Streamed()
    for chunks in pushes:
        streamed.add(session.push(*chunks))
    streamed.add(session.finish())
    return streamed


def _table(time: np.ndarray, values: np.ndarray, channels: tuple[str, ...]) -> pd.DataFrame:
    table = pd.DataFrame({"time_s": time, **dict(zip(channels, values.T, strict=True))})
    file = pd.Categorical(["a.csv"] * len(table))
    return table.assign(file=file, line=np.arange(len(table)) + 2, repaired=False)


def made(
    seed: int,
    *,
    seconds: float = 8.0,
    acc_hz: float = 100.0,
    gyro_hz: float = 100.0,
    jitter: float = 0.1,
    drift: float = 0.0,
    gaps: Sequence[tuple[float, float]] = (),
    late_s: float = 0.0,
    copies: int = 0,
    start_s: float = 1.7e9,
) -> Person:
    """Return a person who walks (gyro_x is 1 rad/s) and sits in turns of some seconds.

    Parameters
    ----------
    jitter : float
        Of times, in sampling intervals.
    drift : float
        By which share the clock runs faster and faster until the end.
    gaps : sequence of (float, float)
        Where both sensors have no samples, s.
    late_s : float
        By how much samples are late at most.
    copies : int
        Samples that arrive twice.
    """
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.uniform(0.5, 3, 40))

    def sensor(rate_hz: float, *, is_gyro: bool) -> tuple[np.ndarray, np.ndarray]:
        time = np.arange(int(seconds * rate_hz)) / rate_hz
        time = time + rng.uniform(0, jitter, len(time)) / rate_hz
        time = time + drift * time**2 / (2 * seconds)
        for start, end in gaps:
            time = time[(time < start) | (time > end)]
        walks = np.searchsorted(turns, time) % 2
        noise = rng.normal(0, 0.1, (len(time), 3))
        rest = np.array([0.0, 0.0, 9.8])
        values = np.column_stack([walks, 0 * walks, 0 * walks]) if is_gyro else rest + 0 * noise
        rows = np.concatenate([np.arange(len(time)), rng.integers(0, len(time), copies)])
        arrives = time[rows] + rng.uniform(0, 1, len(rows)) * late_s
        order = rows[np.argsort(arrives, kind="stable")]
        return time[order] + start_s, (values + noise)[order]

    return Person(sensor(acc_hz, is_gyro=False), sensor(gyro_hz, is_gyro=True))
